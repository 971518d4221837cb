import { expect, test } from "vitest";
import { EASE_LIMIT, EASE_MS } from "../../src/lib/easing";
import { SELECTED, VISIBLE } from "../../src/widgets/scatter/points";
import { Scene } from "../../src/widgets/scatter/scene";
import type { ScatterModel } from "../../src/widgets/scatter/traits";
import { FakeModel } from "../fake_model";

const bytes = (array: Float32Array | Int32Array | Uint32Array): DataView =>
  new DataView(array.buffer as ArrayBuffer);

function setUp(changes: Record<string, unknown> = {}) {
  const model = new FakeModel<Record<string, unknown>>({
    positions: bytes(Float32Array.of(0, 0, 1, 1, 2, 2)),
    labels: bytes(Int32Array.of(0, 1, -1)),
    label_names: ["a", "b"],
    classes: new DataView(new ArrayBuffer(0)),
    clusters: new DataView(new ArrayBuffer(0)),
    errors: bytes(Float32Array.of(0, 1, 2)),
    selection: bytes(Uint32Array.of(1, 99)),
    color_by: "label",
    hidden: ["label:a"],
    ...changes,
  });
  const scene = new Scene(model as unknown as ScatterModel);
  scene.readFrame(0, true);
  scene.restyle(false);
  const mark = (i: number): number => scene.style[4 * i + 3] as number;
  return { model, scene, mark };
}

test("the first frame is there at once, the next one eases from it", () => {
  const { model, scene } = setUp();
  expect(scene.motion.running(0)).toBe(false);
  model.receive({ positions: bytes(Float32Array.of(8, 0, 1, 1, 2, 2)) });
  scene.readFrame(1000, true);
  expect(scene.at(0, 1000)).toEqual([0, 0]);
  expect(scene.at(0, 1000 + EASE_MS)).toEqual([8, 0]);
});

test("a frame that comes within the motion starts where the points are", () => {
  const { model, scene } = setUp();
  model.receive({ positions: bytes(Float32Array.of(8, 0, 1, 1, 2, 2)) });
  scene.readFrame(1000, true);
  const [x] = scene.at(0, 1100);
  model.receive({ positions: bytes(Float32Array.of(-8, 0, 1, 1, 2, 2)) });
  scene.readFrame(1100, true);
  expect(scene.at(0, 1100)[0]).toBeCloseTo(x, 4);
});

test("with calm motion, another number of points or very many, there is no easing", () => {
  const { model, scene } = setUp();
  model.receive({ positions: bytes(Float32Array.of(8, 0, 1, 1, 2, 2)) });
  scene.readFrame(1000, false);
  expect(scene.at(0, 1000)).toEqual([8, 0]);
  model.receive({ positions: bytes(new Float32Array(2 * (EASE_LIMIT + 1))) });
  scene.readFrame(2000, true);
  expect(scene.motion.running(2000)).toBe(false);
  scene.readFrame(3000, true);
  expect(scene.motion.running(3000)).toBe(false);
});

test("hidden labels are invisible, selected items marked, unknown indices ignored", () => {
  const { scene, mark } = setUp();
  expect([...scene.visible].map(Boolean)).toEqual([false, true, true]);
  expect([0, 1, 2].map((i) => mark(i) & VISIBLE)).toEqual([0, VISIBLE, VISIBLE]);
  expect([0, 1, 2].map((i) => mark(i) & SELECTED)).toEqual([0, SELECTED, 0]);
});

test("clusters are offered before there are any; until then there is one colour", () => {
  const { model, scene } = setUp({ color_by: "cluster" });
  expect(scene.choices()).toContain("cluster");
  expect(scene.colourBy).toBe("none");
  model.receive({ clusters: bytes(Int32Array.of(1, 1, 0)) });
  scene.restyle(false);
  expect(scene.grouping.groups.map((g) => [g.name, g.full])).toEqual([
    ["1", "cluster 1"],
    ["2", "cluster 2"],
  ]);
});

test("predicted classes are offered once there are some, and named as labels are", () => {
  const { model, scene } = setUp({ color_by: "class", hidden: ["class:b"] });
  expect(scene.choices()).not.toContain("class");
  expect(scene.colourBy).toBe("none");
  model.receive({ classes: bytes(Int32Array.of(1, 1, 0)) });
  scene.restyle(false);
  expect(scene.choices().slice(0, 2)).toEqual(["label", "class"]);
  expect(scene.grouping.groups.map((g) => [g.id, g.count])).toEqual([
    ["class:a", 1],
    ["class:b", 2],
  ]);
  expect([...scene.visible]).toEqual([0, 0, VISIBLE]);
});

test("without labels they are not offered", () => {
  const { scene } = setUp({ labels: new DataView(new ArrayBuffer(0)) });
  expect(scene.choices()).not.toContain("label");
});

test("errors colour from low to high", () => {
  const { scene } = setUp({ color_by: "error" });
  expect(scene.range).toEqual({ low: 0, high: 2, clipped: false });
  const colour = (i: number): string => [...scene.style.slice(4 * i, 4 * i + 3)].join();
  expect(new Set([0, 1, 2].map(colour)).size).toBe(3);
});

test("labels have names; an item may have none", () => {
  const { scene } = setUp();
  expect([0, 1, 2, 3].map((i) => scene.labelOf(i))).toEqual(["a", "b", "none", ""]);
});
