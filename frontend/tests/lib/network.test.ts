import { expect, test } from "vitest";
import { activationText, type Layer, layoutNetwork } from "../../src/lib/network";

const layer = (name: string, size: number): Layer => ({ name, size, activation: "relu" });
const layers = [layer("input", 784), layer("hidden", 64), layer("code", 2), layer("output", 784)];

test("layers stand side by side inside the drawing, the larger the taller", () => {
  const { columns } = layoutNetwork(layers, 240, 66);
  const heights = columns.map((c) => c.height);
  expect(heights[0]).toBeCloseTo(66);
  expect(heights[1]).toBeLessThan(heights[0] as number);
  expect(heights[2]).toBeLessThan(heights[1] as number);
  for (const [i, c] of columns.entries()) {
    expect(c.x).toBeGreaterThanOrEqual(0);
    expect(c.x + c.width).toBeLessThanOrEqual(240);
    expect(c.y + c.height / 2).toBeCloseTo(33);
    if (i > 0) expect(c.x).toBeGreaterThan((columns[i - 1] as typeof c).x + c.width);
  }
  expect(columns.map((c) => c.isCode)).toEqual([false, false, true, false]);
});

test("one band joins each pair of neighbours", () => {
  const { columns, bands } = layoutNetwork(layers, 240, 66);
  expect(bands.length).toBe(3);
  const [first] = columns;
  expect(bands[0]?.split(" ")[0]).toBe(
    `${((first?.x ?? 0) + (first?.width ?? 0)).toFixed(1)},${first?.y.toFixed(1)}`,
  );
});

test("text needs room", () => {
  expect(layoutNetwork(layers, 240, 66).roomy).toBe(true);
  const deep = Array.from({ length: 15 }, () => layer("hidden", 64));
  expect(layoutNetwork(deep, 240, 66).roomy).toBe(false);
});

test("a layer of one unit can be seen", () => {
  const { columns } = layoutNetwork([layer("input", 1), layer("code", 1)], 240, 66);
  expect(Math.min(...columns.map((c) => c.height))).toBeGreaterThan(5);
});

test("activations by the names people use", () => {
  expect(["identity", "leaky_relu", "tanh"].map(activationText)).toEqual([
    "linear",
    "leaky",
    "tanh",
  ]);
});

test("of a gated code only the part in use is filled", () => {
  const gated = [layer("input", 64), { ...layer("code", 16), active: 4 }, layer("output", 64)];
  const { columns } = layoutNetwork(gated, 240, 66);
  expect(columns.map((c) => c.filled / c.height)).toEqual([1, 0.25, 1]);
});
