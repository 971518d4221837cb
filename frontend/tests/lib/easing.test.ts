import { expect, test } from "vitest";
import { EASE_MS, easeOut, Motion, mixArrays } from "../../src/lib/easing";

test("easing starts at 0, ends at 1 and never goes back", () => {
  expect([easeOut(-1), easeOut(0), easeOut(1), easeOut(9)]).toEqual([0, 0, 1, 1]);
  const steps = Array.from({ length: 11 }, (_, i) => easeOut(i / 10));
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
});

test("a motion is at rest until it is begun, and after its time", () => {
  const motion = new Motion();
  expect([motion.progress(0), motion.running(0)]).toEqual([1, false]);
  motion.begin(1000);
  expect([motion.progress(1000), motion.running(1000)]).toEqual([0, true]);
  expect(motion.running(1000 + EASE_MS)).toBe(false);
  motion.begin(5000);
  motion.end();
  expect(motion.progress(5000)).toBe(1);
});

test("arrays are mixed value by value", () => {
  const out = new Float32Array(2);
  mixArrays(Float32Array.of(0, 10), Float32Array.of(4, 20), 0.25, out);
  expect([...out]).toEqual([1, 12.5]);
});
