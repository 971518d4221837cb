import { expect, test } from "vitest";
import {
  count,
  describeScatter,
  describeTelling,
  filledText,
  footer,
  itemTitle,
  partText,
  short,
  shortName,
  startAndEnd,
} from "../../src/lib/text";

test("numbers have three digits", () => {
  const numbers = [0.012345, 7, 1234.4, 0, 5.43e-4, 1e-7, -2.345e9, 999_999.9];
  expect(numbers.map((value) => short(value))).toEqual([
    "0.0123",
    "7",
    "1,234",
    "0",
    "0.000543",
    "1e-7",
    "-2.35e9",
    "1e6",
  ]);
  expect([Number.NaN, Infinity, null].map((value) => short(value))).toEqual(["–", "–", "–"]);
});

test("the footer names what there is", () => {
  expect(footer(1797, 42, "epoch 12")).toBe("1,797 items · 42 selected · epoch 12");
  expect(footer(1, 0, "")).toBe("1 item");
  expect(count(0, "item")).toBe("0 items");
});

test("an item without label or finite error", () => {
  expect(itemTitle(3, "7", 0.0123)).toBe("Item 3 · label 7\nerror 0.0123");
  expect(itemTitle(3, "", Number.NaN)).toBe("Item 3");
});

test("the scatter in words", () => {
  const group = { id: "label:a", name: "a", full: "a", colour: 0, count: 2, hidden: true };
  expect(describeScatter(0, [], 0, "")).toContain("empty");
  expect(describeScatter(3, [group], 1, "epoch 2")).toBe(
    "Latent scatter of 3 items; epoch 2; a: 2 (hidden); 1 selected.",
  );
});

test("of a long name the beginning and some letters of the end stay, or the category", () => {
  const names = ["age", "circumference", "colour of the eyes", "colour of eyes = red"];
  const expected = ["age", "circumference", "colour of …yes", "colour … = red"];
  expect(names.map((name) => shortName(name, 14))).toEqual(expected);
  expect(shortName(`${"🦆".repeat(20)}07`, 14)).toBe(`${"🦆".repeat(10)}…🦆07`);
  expect(shortName("town = Saint-Martin", 14)).toBe("…Saint-Martin");
  expect(shortName("town = Llanfairpwllgwyngyll", 14)).toBe("…Llanfairpwll…");
});

test("the end of a long name stays beside its start", () => {
  expect(startAndEnd("no label")).toEqual(["no label", ""]);
  const [start, end] = startAndEnd("lateral sclerosis (sporadic)");
  expect([start, end]).toEqual(["lateral sclerosis (s", "poradic)"]);
  expect(startAndEnd("🦆".repeat(20))[1]).toBe("🦆".repeat(8)); // no half letters
});

test("how many values were filled in, and nothing where none was", () => {
  expect(filledText(0, 64)).toBe("");
  expect(filledText(1, 13)).toBe("1 of 13 values was missing and is filled in");
  expect(filledText(3, 64)).toBe("3 of 64 values were missing and are filled in");
});

test("the features shown of a sparse item are told in words", () => {
  const telling = { names: ["sea", "sail", "gull"], given: 2, heading: "recommended" };
  expect(describeTelling(telling, [0.5, 0.25, 0], [0.4, 0.2, 0.1])).toBe(
    "Input as reconstruction: sea 0.5 as 0.4, sail 0.25 as 0.2. Recommended: gull 0.1.",
  );
  expect(describeTelling({ names: [], given: 0, heading: "recommended" }, [], [])).toBe(
    "Input as reconstruction: nothing.",
  );
});

test("what is left out of a sparse item is told", () => {
  expect(partText(10, 1234)).toBe("The 10 largest of 1,234 values");
  expect(partText(3, 3)).toBe("");
});
