import { expect, test } from "vitest";
import { group, isolated, MAX_GROUPS, toggled } from "../../src/lib/groups";

const named = (c: number): string => `n${c}`;
const nothing = new Set<string>();

test("each label is a group with its count, 'no label' comes last", () => {
  const { groups, of } = group(Int32Array.of(1, -1, 0, 1), named, "label", new Set(["label:n0"]));
  expect(groups.map((g) => [g.id, g.count, g.hidden, g.colour])).toEqual([
    ["label:n0", 1, true, 0],
    ["label:n1", 2, false, 1],
    ["none", 1, false, "none"],
  ]);
  expect([...of]).toEqual([1, 2, 0, 1]);
});

test("a label keeps its colour when others are missing", () => {
  const { groups } = group(Int32Array.of(7, 7, 3), named, "label", nothing);
  expect(groups.map((g) => g.colour)).toEqual([3, 7]);
});

test("no two groups share a colour, however high their numbers are", () => {
  const colours = (...categories: number[]): unknown[] =>
    group(Int32Array.from(categories), named, "class", nothing).groups.map((g) => g.colour);
  expect(colours(0, 1, 3, 25, 30)).toEqual([0, 1, 3, 2, 4]);
  const crowd = Array.from({ length: MAX_GROUPS + 5 }, (_, i) => 3 * i);
  const own = colours(...crowd, ...crowd.slice(5)).slice(0, MAX_GROUPS);
  expect(new Set(own)).toEqual(new Set(Array.from({ length: MAX_GROUPS }, (_, i) => i)));
});

test("of many labels the most frequent stay, the rest is 'other'", () => {
  const labels = Int32Array.from({ length: 5000 }, (_, i) => i);
  const crowd = Int32Array.from([
    ...labels,
    ...Array(MAX_GROUPS)
      .fill(0)
      .map((_, i) => 4000 + i),
  ]);
  const { groups, of } = group(crowd, named, "label", nothing);
  expect(groups.length).toBe(MAX_GROUPS + 1);
  expect(groups[0]?.name).toBe("n4000");
  expect(groups.at(-1)).toMatchObject({ id: "label:*", name: "other", count: 5000 - MAX_GROUPS });
  expect(of[0]).toBe(MAX_GROUPS);
  expect(groups.reduce((sum, g) => sum + g.count, 0)).toBe(crowd.length);
});

test("a label called 'other' is no other label", () => {
  const { groups } = group(Int32Array.of(0), () => "other", "label", new Set(["label:*"]));
  expect(groups[0]?.hidden).toBe(false);
});

test("a click toggles, a double click isolates and brings back", () => {
  expect(toggled(["a"], "b")).toEqual(["a", "b"]);
  expect(toggled(["a", "b"], "a")).toEqual(["b"]);
  const { groups } = group(Int32Array.of(0, 1, 2), named, "cluster", nothing);
  const alone = isolated(groups, "cluster:n1");
  expect(alone).toEqual(["cluster:n0", "cluster:n2"]);
  const after = group(Int32Array.of(0, 1, 2), named, "cluster", new Set(alone));
  expect(isolated(after.groups, "cluster:n1")).toEqual([]);
});
