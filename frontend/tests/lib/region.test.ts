import { expect, test } from "vitest";
import { boundsOf, inPolygon, pointsIn, shown, union } from "../../src/lib/region";

const triangle = [0, 0, 4, 0, 0, 4];
const positions = Float32Array.of(1, 1, 3, 3, 0.5, 3, 9, 9);
const all = new Uint8Array(4).fill(1);

test("inside and outside of a triangle", () => {
  expect(inPolygon(triangle, 1, 1)).toBe(true);
  expect(inPolygon(triangle, 3, 3)).toBe(false);
  expect(inPolygon(triangle, -1, 1)).toBe(false);
});

test("what a lasso encloses twice is outside", () => {
  const star = [0, 3, 2, -3, -3, 1, 3, 1, -2, -3];
  expect(inPolygon(star, 0, 0)).toBe(false);
  expect(inPolygon(star, 0, 2)).toBe(true);
});

test("a box takes its edges along, a lasso what is inside", () => {
  const box = boundsOf(triangle);
  expect(box).toEqual({ x0: 0, x1: 4, y0: 0, y1: 4 });
  expect([...pointsIn(positions, all, box)]).toEqual([0, 1, 2]);
  expect([...pointsIn(positions, all, box, triangle)]).toEqual([0, 2]);
});

test("filtered points are not selected", () => {
  expect([...pointsIn(positions, Uint8Array.of(0, 1, 1, 1), boundsOf(triangle))]).toEqual([1, 2]);
});

test("a click without area selects nothing", () => {
  expect(pointsIn(positions, all, boundsOf([]), []).length).toBe(0);
});

test("a union is ascending and has each index once", () => {
  expect([...union(Uint32Array.of(9, 2), Uint32Array.of(10, 2, 1))]).toEqual([1, 2, 9, 10]);
});

test("of a selection only what is shown is left", () => {
  const visible = Uint8Array.of(8, 0, 8, 0);
  expect([...shown(Uint32Array.of(0, 1, 2, 99), visible)]).toEqual([0, 2]);
});
