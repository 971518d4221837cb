import { expect, test } from "vitest";
import {
  categoryColour,
  categoryShape,
  css,
  diverging,
  type Rgb,
  rampTable,
  robustRange,
  sequential,
} from "../../src/lib/palette";

const luminance = ([r, g, b]: Rgb): number => 0.2126 * r + 0.7152 * g + 0.0722 * b;

test.each([true, false])("fifty categories look different (dark: %s)", (dark) => {
  const looks = Array.from(
    { length: 50 },
    (_, i) => css(categoryColour(i, dark)) + categoryShape(i),
  );
  expect(new Set(looks).size).toBe(50);
});

test("ten digits need no colour twice", () => {
  const colours = Array.from({ length: 10 }, (_, i) => css(categoryColour(i, false)));
  expect(new Set(colours).size).toBe(10);
});

test("categories that are none are grey discs", () => {
  for (const kind of ["other", "none"] as const) {
    const [r, g, b] = categoryColour(kind, true);
    expect(Math.max(r, g, b) - Math.min(r, g, b)).toBeLessThan(25);
    expect(categoryShape(kind)).toBe(0);
  }
});

test.each([
  [true, 1],
  [false, -1],
])("the ramp moves steadily away from the paper (dark: %s)", (dark, sign) => {
  const steps = Array.from({ length: 33 }, (_, i) => sign * luminance(sequential(i / 32, dark)));
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
});

test("what is not on the ramp takes its ends", () => {
  expect(sequential(-3, true)).toEqual(sequential(0, true));
  expect(sequential(7, true)).toEqual(sequential(1, true));
  expect(sequential(Number.NaN, true)).toEqual(sequential(0, true));
  expect([...rampTable(false).slice(-3)]).toEqual([...sequential(1, false)]);
});

test("residuals are blue below and red above", () => {
  const [redBelow, , blueBelow] = diverging(-1, false);
  const [redAbove, , blueAbove] = diverging(1, false);
  expect(blueBelow).toBeGreaterThan(redBelow);
  expect(redAbove).toBeGreaterThan(blueAbove);
  const [r, g, b] = diverging(0, false);
  expect([r, g]).toEqual([b, b]);
});

test("one outlier does not take the whole scale", () => {
  const errors = Float32Array.from({ length: 1000 }, (_, i) => i / 1000);
  expect(robustRange(errors)).toMatchObject({ low: 0, clipped: false });
  errors[500] = 1e6;
  const { high, clipped } = robustRange(errors);
  expect(clipped).toBe(true);
  expect(high).toBeLessThan(1);
});

test("errors that are not finite are left out", () => {
  expect(robustRange(Float32Array.of(Number.NaN, 2, Infinity, 3))).toMatchObject({
    low: 2,
    high: 3,
  });
  expect(robustRange(new Float32Array(0))).toEqual({ low: 0, high: 0, clipped: false });
});
