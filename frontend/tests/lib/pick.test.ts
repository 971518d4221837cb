import { expect, test } from "vitest";
import { nearest, neighbour } from "../../src/lib/pick";

const box = { x0: 0, x1: 10, y0: 0, y1: 10 };
const size = { width: 100, height: 100 };
const positions = Float32Array.of(1, 1, 5, 5, 5.2, 5, 9, 9);
const all = new Uint8Array(4).fill(1);
const pick = (x: number, y: number, radius: number, visible = all): number =>
  nearest(positions, visible, box, size, x, y, radius);

test("the nearest point within reach", () => {
  expect(pick(49, 50, 8)).toBe(1);
  expect(pick(53, 50, 8)).toBe(2);
  expect(pick(30, 30, 8)).toBe(-1);
});

test("filtered points are not there", () => {
  expect(pick(49, 50, 8, Uint8Array.of(1, 0, 1, 1))).toBe(2);
  expect(pick(90, 10, 8, Uint8Array.of(1, 1, 1, 0))).toBe(-1);
});

test("of two points at one place the upper one", () => {
  expect(nearest(Float32Array.of(5, 5, 5, 5), all.subarray(2), box, size, 50, 50, 4)).toBe(1);
});

test("distance is measured on the screen, not in the data", () => {
  const wide = { width: 1000, height: 100 };
  // 0.4 to the left is 40 pixels away, 0.6 below only 6.
  expect(nearest(Float32Array.of(4.6, 5, 5, 4.4), all.subarray(2), box, wide, 500, 50, 50)).toBe(1);
});

test("points that are not finite are never picked", () => {
  expect(nearest(Float32Array.of(Number.NaN, 5), all.subarray(3), box, size, 50, 50, 99)).toBe(-1);
});

test("walking goes round and steps over filtered points", () => {
  const visible = Uint8Array.of(1, 0, 1, 1);
  expect(neighbour(visible, -1, 1)).toBe(0);
  expect(neighbour(visible, -1, -1)).toBe(3);
  expect(neighbour(visible, 0, 1)).toBe(2);
  expect(neighbour(visible, 3, 1)).toBe(0);
  expect(neighbour(visible, 2, -1)).toBe(0);
  expect(neighbour(new Uint8Array(3), 0, 1)).toBe(-1);
});
