import { expect, test } from "vitest";
import { activationText, hasRoom, type Layer, layoutNetwork } from "../../src/lib/network";

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

test("activations by the names of their fields", () => {
  expect(["identity", "leaky_relu", "tanh"].map(activationText)).toEqual([
    "identity",
    "leaky",
    "tanh",
  ]);
});

test("activations stand beneath hidden layers where they do not touch their neighbours", () => {
  const beneath = (hidden: string, n: number): boolean => {
    const layers = Array.from({ length: n }, (_, i) => ({
      ...layer("hidden", 8),
      activation: i === 0 ? "" : i === (n - 1) / 2 || i === n - 1 ? "identity" : hidden,
    }));
    const { columns } = layoutNetwork(layers, 240, 66);
    return columns.every((_, i) => hasRoom(columns, i));
  };
  expect(["relu", "leaky_relu", "tanh"].map((name) => beneath(name, 7))).toEqual([
    true,
    true,
    true,
  ]);
  expect(["identity", "sigmoid"].map((name) => beneath(name, 7))).toEqual([false, false]);
  expect(["identity", "sigmoid"].map((name) => beneath(name, 5))).toEqual([true, true]);
});

test("of a gated code only the part in use is filled", () => {
  const gated = [layer("input", 64), { ...layer("code", 16), active: 4 }, layer("output", 64)];
  const { columns } = layoutNetwork(gated, 240, 66);
  expect(columns.map((c) => c.filled / c.height)).toEqual([1, 0.25, 1]);
});
