/** Numbers and sentences for people, and for screen readers. */
import type { Group } from "./groups";

/**
 * A few significant digits, but no digit before the point left out; '–' for what is not finite.
 *
 * Far from 1 it is a power of ten. `ae_widgets.text.short` writes it alike.
 */
export function short(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) {
    return "–";
  }
  if (value === 0) return "0";
  const [mantissa, power] = value.toExponential(digits - 1).split("e") as [string, string];
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 6) return `${Number(mantissa)}e${exponent}`;
  const decimals = Math.max(0, digits - 1 - exponent);
  return value.toLocaleString("en", { maximumFractionDigits: decimals });
}

export function count(n: number, noun: string): string {
  return `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
}

/** 'epoch 12 (exact)' beneath the plot: which codes are shown, and how fresh they are. */
export function footer(items: number, selected: number, caption: string): string {
  const parts = [count(items, "item")];
  if (selected > 0) parts.push(`${selected.toLocaleString("en")} selected`);
  if (caption) parts.push(caption);
  return parts.join(" · ");
}

/** What the scatter shows, in words. */
export function describeScatter(
  points: number,
  groups: readonly Group[],
  selected: number,
  caption: string,
): string {
  if (points === 0) {
    return "Latent scatter, empty until training starts.";
  }
  const parts = [`Latent scatter of ${count(points, "item")}`];
  if (caption) parts.push(caption);
  if (groups.length > 0) {
    parts.push(groups.map((g) => `${g.full}: ${g.count}${g.hidden ? " (hidden)" : ""}`).join(", "));
  }
  if (selected > 0) parts.push(`${selected} selected`);
  return `${parts.join("; ")}.`;
}

/** The head of an item's card: 'Item 123 · label 7' and, in the next line, 'error 0.0123'. */
export function itemTitle(index: number, label: string, error: number | null): string {
  const parts = [`Item ${index}`];
  if (label) parts.push(`label ${label}`);
  const known = error !== null && Number.isFinite(error);
  return parts.join(" · ") + (known ? `\nerror ${short(error)}` : "");
}

/**
 * A feature's name in at most `most` characters; of 'column = category' the category stays, of
 * others the beginning and some letters of the end. `ae_widgets.widgets._items.short_name` cuts alike.
 */
export function shortName(name: string, most: number): string {
  const letters = [...name];
  if (letters.length <= most) return name;
  const split = name.lastIndexOf(" = ");
  const category = split < 0 ? "" : name.slice(split + 3);
  if (!category) {
    const end = Math.floor((most - 1) / 4); // names that begin alike end in a number, say
    return `${letters.slice(0, most - 1 - end).join("")}…${letters.slice(letters.length - end).join("")}`;
  }
  const room = most - category.length - 4;
  if (room > 0) return `${name.slice(0, room)}… = ${category}`;
  return category.length < most ? `…${category}` : `…${category.slice(0, most - 2)}…`;
}

/**
 * A name in two parts, the first of which may be cut where there is no room: names that begin
 * alike often differ at their ends. The second is empty for short names.
 */
export function startAndEnd(name: string): [string, string] {
  const letters = [...name];
  if (letters.length <= 16) return [name, ""];
  return [letters.slice(0, -8).join(""), letters.slice(-8).join("")];
}

/** '3 of 64 values were missing and are filled in'; empty without any. */
export function filledText(filled: number, of: number): string {
  if (filled === 0) return "";
  return `${filled} of ${count(of, "value")} ${filled === 1 ? "was" : "were"} missing and ${filled === 1 ? "is" : "are"} filled in`;
}

/** 'The 10 largest of 34 values'; empty if all are shown. */
export function partText(shown: number, of: number): string {
  return shown < of ? `The ${shown} largest of ${count(of, "value")}` : "";
}

/** The features shown of a sparse item, in words: those that it has, then the others. */
export function describeTelling(
  { names, given, heading }: { names: readonly string[]; given: number; heading: string },
  input: ArrayLike<number>,
  reconstruction: ArrayLike<number>,
): string {
  const words = names.map((name, i) => {
    const back = short(reconstruction[i]);
    return i < given ? `${name} ${short(input[i])} as ${back}` : `${name} ${back}`;
  });
  const has = `Input as reconstruction: ${words.slice(0, given).join(", ") || "nothing"}.`;
  return given < names.length
    ? `${has} ${capital(heading)}: ${words.slice(given).join(", ")}.`
    : has;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
