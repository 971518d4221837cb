import { expect, test } from "vitest";
import { endingBefore, niceStep, ticks } from "../../src/lib/ticks";

test("steps are 1, 2 or 5 times a power of ten", () => {
  expect(niceStep(10, 5)).toBe(2);
  expect(niceStep(0.93, 4)).toBeCloseTo(0.2);
  expect(niceStep(5000, 6)).toBe(1000);
});

test("ticks lie in the range and carry equally many digits", () => {
  const found = ticks(-0.31, 0.42, 4);
  expect(found.map((t) => t.text)).toEqual(["−0.2", "0.0", "0.2", "0.4"]);
});

test("both ends count", () => {
  expect(ticks(0, 10, 5).map((t) => t.text)).toEqual(["0", "2", "4", "6", "8", "10"]);
});

test("very large and very small numbers are written with an exponent", () => {
  expect(ticks(0, 4e6, 2).map((t) => t.text)).toEqual(["0", "2.0e+6", "4.0e+6"]);
  expect(ticks(0, 4e-6, 2)[1]?.text).toBe("2.0e−6");
});

test("no range, no ticks", () => {
  expect(ticks(1, 1, 5)).toEqual([]);
  expect(ticks(0, Number.NaN, 5)).toEqual([]);
  expect(ticks(0, Infinity, 5)).toEqual([]);
});

test("a text at the end of an axis moves in, others stay", () => {
  expect(endingBefore(108, 100, 30)).toBe(93);
  expect(endingBefore(108, 60, 30)).toBe(60);
});
