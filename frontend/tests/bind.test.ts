import { expect, test, vi } from "vitest";
import { bind } from "../src/bind";
import { FakeModel } from "./fake_model";

test("handlers follow their traits until they are unbound", () => {
  const model = new FakeModel({ a: 1, b: 1 });
  const [onA, onB] = [vi.fn(), vi.fn()];
  const unbind = bind(model.typed(), { a: onA, b: onB });
  model.receive({ a: 2 });
  expect([onA.mock.calls.length, onB.mock.calls.length]).toEqual([1, 0]);
  unbind();
  model.receive({ a: 3, b: 3 });
  expect([onA.mock.calls.length, onB.mock.calls.length]).toEqual([1, 0]);
});
