import { expect, test } from "vitest";
import { endingBefore, niceStep, spacedTicks, ticks } from "../../src/lib/ticks";

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
  expect(ticks(0, 4e6, 2).map((t) => t.text)).toEqual(["0", "2e6", "4e6"]);
  expect(ticks(0, 4e-6, 2)[1]?.text).toBe("2e−6");
  expect(ticks(-1e8, 1e8, 4).map((t) => t.text)).toEqual([
    "−1.0e8",
    "−5.0e7",
    "0",
    "5.0e7",
    "1.0e8",
  ]);
});

test("ticks far from 0 differ in their digits", () => {
  expect(ticks(1e6, 1.004e6, 2).map((t) => t.text)).toEqual(["1.000e6", "1.002e6", "1.004e6"]);
});

test.each([
  [-7e23, 7e23],
  [-0.31, 0.42],
  [1e6, 1.004e6],
  [-40_000, 25_000],
  [9e-5, 1e-4],
])("texts between %d and %d do not touch", (low, high) => {
  const width = (text: string): number => 7 * text.length;
  for (let length = 40; length < 900; length += 7) {
    const found = spacedTicks(low, high, length, 80, width);
    const places = found.map((t) => ((t.value - low) / (high - low)) * length);
    for (const [i, { text }] of found.slice(1).entries()) {
      const room = (places[i + 1] as number) - (places[i] as number);
      expect(room).toBeGreaterThan(width(text));
    }
    if (length > 400) expect(found.length).toBeGreaterThan(1);
  }
});

test("texts that have room leave the ticks as they are", () => {
  const found = spacedTicks(0, 10, 480, 80, () => 20);
  expect(found).toEqual(ticks(0, 10, 6));
  expect(spacedTicks(1, 1, 480, 80, () => 20)).toEqual([]);
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
