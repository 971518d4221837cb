import { expect, test } from "vitest";
import {
  boxFrom,
  boxToList,
  mixBoxes,
  pad,
  pan,
  toData,
  toPixel,
  zoom,
} from "../../src/lib/camera";

const box = { x0: -2, x1: 6, y0: 0, y1: 4 };
const size = { width: 400, height: 100 };

test("corners of the box are corners of the screen, y upwards", () => {
  expect(toPixel(box, size, -2, 4)).toEqual([0, 0]);
  expect(toPixel(box, size, 6, 0)).toEqual([400, 100]);
});

test("toData undoes toPixel", () => {
  const [px, py] = toPixel(box, size, 1.25, 3.5);
  const [x, y] = toData(box, size, px, py);
  expect(x).toBeCloseTo(1.25);
  expect(y).toBeCloseTo(3.5);
});

test("zoom leaves the point under the pointer where it is", () => {
  const before = toData(box, size, 300, 25);
  const near = zoom(box, size, 2, 300, 25, box);
  expect(near.x1 - near.x0).toBeCloseTo(4);
  const after = toData(near, size, 300, 25);
  expect(after[0]).toBeCloseTo(before[0]);
  expect(after[1]).toBeCloseTo(before[1]);
});

test("zoom ends at a tenth and at ten thousand times", () => {
  const out = zoom(box, size, 1e-9, 0, 0, box);
  expect((out.x1 - out.x0) / 8).toBeCloseTo(10);
  const inside = zoom(box, size, 1e9, 0, 0, box);
  expect(8 / (inside.x1 - inside.x0)).toBeCloseTo(1e4);
});

test("pan carries the points along with the pointer", () => {
  const [x, y] = toPixel(pan(box, size, 30, -10), size, 1, 1);
  const [x0, y0] = toPixel(box, size, 1, 1);
  expect(x - x0).toBeCloseTo(30);
  expect(y - y0).toBeCloseTo(-10);
});

test("a box is four finite numbers that span an area", () => {
  expect(boxFrom([-2, 6, 0, 4])).toEqual(box);
  expect(boxToList(box)).toEqual([-2, 6, 0, 4]);
  for (const bad of [[], [0, 0, 0, 1], [1, 0, 0, 1], [0, Number.NaN, 0, 1], null]) {
    expect(boxFrom(bad)).toBeNull();
  }
});

test("pad and mix", () => {
  expect(pad(box, 0.25)).toEqual({ x0: -4, x1: 8, y0: -1, y1: 5 });
  expect(mixBoxes(box, pad(box, 0.25), 0.5)).toEqual({ x0: -3, x1: 7, y0: -0.5, y1: 4.5 });
});
