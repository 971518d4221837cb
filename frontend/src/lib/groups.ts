/** Which points share a colour, and what the legend says about them. */

/** Categories that get a colour of their own; the rest share one. */
export const MAX_GROUPS = 20;

/** Colour of a group: an index into the palette, or one of two greys. */
export type GroupColour = number | "other" | "none";

export interface Group {
  /** Stable name in the `hidden` trait, e.g. 'label:7' or 'cluster:2'. */
  readonly id: string;
  readonly name: string;
  /** The name where no heading says what it names, e.g. 'cluster 2'. */
  readonly full: string;
  readonly colour: GroupColour;
  readonly count: number;
  readonly hidden: boolean;
}

export interface Grouping {
  readonly groups: readonly Group[];
  /** Index into `groups` for each point. */
  readonly of: Uint8Array;
}

export const NO_GROUPS: Grouping = { groups: [], of: new Uint8Array(0) };

/**
 * Group points by a category index (negative = none).
 *
 * The `MAX_GROUPS` largest categories have a colour each: that of their own number
 * if there is one, so that it stays when others come and go, else one that is free.
 */
export function group(
  categories: Int32Array,
  name: (category: number) => string,
  kind: "label" | "class" | "cluster",
  hidden: ReadonlySet<string>,
): Grouping {
  const counts = countCategories(categories);
  const shown = [...counts.keys()].filter((c) => c >= 0);
  if (shown.length > MAX_GROUPS) {
    shown.sort((a, b) => (counts.get(b) as number) - (counts.get(a) as number));
    shown.length = MAX_GROUPS;
  }
  shown.sort((a, b) => a - b);

  const groups: Group[] = [];
  const slot = new Map<number, number>();
  const add = (id: string, text: string, colour: GroupColour, size: number): number => {
    const full = id === `cluster:${text}` ? `cluster ${text}` : text;
    return groups.push({ id, name: text, full, colour, count: size, hidden: hidden.has(id) }) - 1;
  };
  let free = 0;
  const nextFree = (): number => {
    while (shown.includes(free)) free++;
    return free++;
  };
  for (const c of shown) {
    const colour = c < MAX_GROUPS ? c : nextFree();
    slot.set(c, add(`${kind}:${name(c)}`, name(c), colour, counts.get(c) as number));
  }
  let rest = 0;
  for (const [c, size] of counts) {
    if (c >= 0 && !slot.has(c)) rest += size;
  }
  const other = rest > 0 ? add(`${kind}:*`, "other", "other", rest) : 0;
  const without = counts.get(-1) ?? 0;
  const none = without > 0 ? add("none", `no ${kind}`, "none", without) : 0;

  const of = new Uint8Array(categories.length);
  for (let i = 0; i < of.length; i++) {
    const c = categories[i] as number;
    of[i] = c < 0 ? none : (slot.get(c) ?? other);
  }
  return { groups, of };
}

function countCategories(categories: Int32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const c of categories) {
    const key = c < 0 ? -1 : c;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** The `hidden` list after a click on one chip. */
export function toggled(hidden: readonly string[], id: string): string[] {
  return hidden.includes(id) ? hidden.filter((h) => h !== id) : [...hidden, id];
}

/** The `hidden` list after a double click: only `id` is left; again: everything is back. */
export function isolated(groups: readonly Group[], id: string): string[] {
  const others = groups.filter((g) => g.id !== id);
  const alone = others.every((g) => g.hidden) && groups.some((g) => g.id === id && !g.hidden);
  return alone ? [] : others.map((g) => g.id);
}
