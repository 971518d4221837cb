import { expect, test } from "vitest";
import {
  completed,
  dotPath,
  filledIn,
  largestResiduals,
  linear,
  linePath,
  placesOf,
  splitItem,
  toUnit,
  valueExtent,
} from "../../src/lib/profile";

test("an item's values are three rows; without a network there is one", () => {
  const item = splitItem(Float32Array.of(1, 2, 3, 4, 5, 6), 2);
  expect([[...item.input], [...item.reconstruction], [...item.residual]]).toEqual([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  expect(splitItem(Float32Array.of(1, 2), 2).reconstruction.length).toBe(0);
});

test("a scale ends at its ends, either way round", () => {
  const up = linear(0, 10, 100, 0);
  expect([up(0), up(5), up(10), up(99), up(-1)]).toEqual([100, 50, 0, 0, 100]);
});

test("the extent holds the data's range and outputs beyond it", () => {
  expect(valueExtent([0, 1], Float32Array.of(0.5), Float32Array.of(-2, 3))).toEqual([-2, 3]);
  expect(valueExtent([2, 2], Float32Array.of(2))).toEqual([1, 3]);
});

test("a line breaks where a value is missing", () => {
  const at = (v: number): number => v;
  expect(linePath(Float32Array.of(1, 2, Number.NaN, 4), at, at)).toBe("M0.0 1.0L1.0 2.0M3.0 4.0");
});

test("the largest residuals come first, whatever their sign", () => {
  expect(largestResiduals(Float32Array.of(1, -5, 3, Number.NaN), 2)).toEqual([1, 2]);
});

test("features that are far apart are each measured by their own range", () => {
  const item = splitItem(Float32Array.of(1000, 0.5, 7, 1500, 1, 7, -500, -0.5, 0), 3);
  const unit = toUnit(item, Float32Array.of(0, 0, 7, 2000, 1, 7));
  expect([...unit.input]).toEqual([0.5, 0.5, 0]);
  expect([...unit.reconstruction]).toEqual([0.75, 1, 0]);
  expect([...unit.residual]).toEqual([-0.25, -0.5, 0]);
  expect(toUnit(item, new Float32Array())).toBe(item);
});

test("what is missing in the input is filled in with the reconstruction", () => {
  const item = splitItem(Float32Array.of(1, Number.NaN, 3, 4, 0, Number.NaN), 2);
  expect(filledIn(item)).toEqual([1]);
  expect([...completed(item)]).toEqual([1, 4]);
  const untrained = splitItem(Float32Array.of(1, Number.NaN), 2);
  expect(filledIn(untrained)).toEqual([]);
  expect(completed(untrained)[1]).toBeNaN();
});

test("dots stand where they are asked for", () => {
  const at = (v: number): number => v;
  expect(dotPath([5, 6, 7], [0, 2], at, at)).toBe("M0.0 5.0h0M2.0 7.0h0");
});

test("each feature has a place across a line, or shares one with its neighbours", () => {
  const residual = Float32Array.of(0, -9, 1, 2, 3);
  expect(placesOf(5, residual, 10).map((p) => [p.from, p.to, p.told])).toEqual(
    [0, 1, 2, 3, 4].map((i) => [i, i + 1, i]),
  );
  const shared = placesOf(5, residual, 2);
  expect(shared.map((p) => [p.from, p.to])).toEqual([
    [0, 3],
    [3, 5],
  ]);
  expect(shared.map((p) => p.told)).toEqual([1, 4]);
  expect(placesOf(3, new Float32Array(), 10).map((p) => p.told)).toEqual([0, 1, 2]);
});
