import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { throttle } from "../../src/lib/throttle";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("the first call is made at once, the last one never lost, none too many", () => {
  const call = vi.fn();
  const often = throttle(100, call);
  often();
  expect(call).toHaveBeenCalledTimes(1);
  for (let i = 0; i < 50; i++) {
    often();
    vi.advanceTimersByTime(10);
  }
  expect(call.mock.calls.length).toBeLessThanOrEqual(6);
  const before = call.mock.calls.length;
  often();
  vi.advanceTimersByTime(100);
  expect(call).toHaveBeenCalledTimes(before + 1);
  vi.advanceTimersByTime(1000);
  expect(call).toHaveBeenCalledTimes(before + 1);
});

test("a cancelled call is not made", () => {
  const call = vi.fn();
  const often = throttle(100, call);
  often();
  often();
  often.cancel();
  vi.advanceTimersByTime(1000);
  expect(call).toHaveBeenCalledTimes(1);
});
