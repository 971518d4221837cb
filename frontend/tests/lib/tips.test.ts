import { expect, test } from "vitest";
import { tipOf } from "../../src/lib/tips";

const TIPS = { Kind: "of model", "ae-note": "what waits" };

test("a field is found by its label, a line by its class", () => {
  expect(tipOf(TIPS, ["", " Kind "], ["widget-dropdown"])).toBe("of model");
  expect(tipOf(TIPS, ["12 parameters"], ["widget-label", "ae-note"])).toBe("what waits");
  expect(tipOf(TIPS, ["Other"], ["widget-text"])).toBeUndefined();
});
