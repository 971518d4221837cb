import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Acknowledger } from "../../src/widgets/scatter/acknowledge";
import type { ScatterModel } from "../../src/widgets/scatter/traits";
import { FakeModel } from "../fake_model";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function setUp(frame: number) {
  const model = new FakeModel({ frame });
  const acknowledger = new Acknowledger(model as unknown as ScatterModel);
  const arrive = (next: number): void => {
    model.receive({ frame: next });
    acknowledger.expect();
  };
  const drawn = (): unknown[] => model.sent.filter((m) => (m as { type: string }).type === "drawn");
  return { model, acknowledger, arrive, drawn };
}

test("each view says that it is ready, a frame is drawn once for all of them", () => {
  const { model, acknowledger, arrive, drawn } = setUp(0);
  acknowledger.attach();
  acknowledger.attach();
  expect(model.sent).toEqual([{ type: "ready" }, { type: "ready" }]);
  arrive(1);
  acknowledger.painted(1);
  acknowledger.painted(1);
  vi.advanceTimersByTime(5000);
  expect(drawn()).toEqual([{ type: "drawn", frame: 1 }]);
});

test("a frame that nobody paints in time counts as seen", () => {
  const { acknowledger, arrive, drawn } = setUp(0);
  acknowledger.attach();
  arrive(1);
  vi.advanceTimersByTime(900);
  expect(drawn()).toEqual([]);
  vi.advanceTimersByTime(200);
  expect(drawn()).toEqual([{ type: "drawn", frame: 1 }]);
});

test("without a view nothing is acknowledged until one appears", () => {
  const { acknowledger, arrive, drawn } = setUp(0);
  acknowledger.attach();
  arrive(1);
  acknowledger.detach();
  vi.advanceTimersByTime(5000);
  arrive(2);
  vi.advanceTimersByTime(5000);
  expect(drawn()).toEqual([]);
  acknowledger.attach();
  acknowledger.painted(2);
  expect(drawn()).toEqual([{ type: "drawn", frame: 2 }]);
});

test("a frame painted too late for its successor is not acknowledged", () => {
  const { acknowledger, arrive, drawn } = setUp(0);
  acknowledger.attach();
  arrive(2);
  acknowledger.painted(1);
  expect(drawn()).toEqual([]);
});
