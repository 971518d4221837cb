/** Profiles of items that are no images, as SVG. */
import { element, svg } from "../../dom/element";
import { amplitude } from "../../lib/images";
import {
  dotPath,
  filledIn,
  type ItemValues,
  largestResiduals,
  linear,
  linePath,
  placesOf,
  type Scale,
  valueExtent,
} from "../../lib/profile";
import { short, shortName, startAndEnd } from "../../lib/text";
import type { Telling } from "./traits";

/** Geometry of the bars, in units of the drawing. */
const ROW = { height: 15, bar: 9, name: 84, value: 92 } as const;

/** Characters of a name that fit before its bar. */
const MAX_NAME = 13;

/** The residuals beside them. */
const RESIDUAL = { start: ROW.name + ROW.value + 10, width: 54 } as const;

/** Of the few features that a sparse item is shown by, without residuals: larger, to be read. */
const TELLING = { width: 196, letter: 6, most: 19 } as const;

/** One row a feature: name, input (bar) with reconstruction (mark), residual.
 *
 * `raw` are the values that are told; they are drawn as `values`, which may be scaled.
 */
export function barChart(
  values: ItemValues,
  names: readonly string[],
  range: readonly number[],
  raw: ItemValues,
): Node {
  const { input, reconstruction, residual } = values;
  const { start, width } = RESIDUAL;
  const [low, high] = valueExtent(range, input, reconstruction);
  const value = linear(low, high, ROW.name, ROW.name + ROW.value);
  const limit = amplitude(residual) || 1;
  const error = linear(-limit, limit, start, start + width);
  const height = input.length * ROW.height;
  const chart = bars(start + width + 2, height);
  const zero = value(Math.min(Math.max(0, low), high));
  const layout = { name: ROW.name, letters: MAX_NAME, value, zero };
  chart.append(rule(zero, height), rule(error(0), height));
  for (let i = 0; i < input.length; i++) {
    const group = row(i, i, names[i] ?? String(i), raw, values, layout);
    const rest = residual[i];
    if (rest !== undefined && Number.isFinite(rest)) {
      const top = i * ROW.height + (ROW.height - ROW.bar) / 2;
      group.append(bar(rest < 0 ? "ae-below" : "ae-above", error(0), error(rest), top));
    }
    chart.append(group);
  }
  return withLegend(chart, residualText(values, raw));
}

/** The features that a sparse item has, and beneath a heading those that it has not. */
export function tellingChart(values: ItemValues, { names, given, heading }: Telling): Node {
  const { input, reconstruction } = values;
  const [low, high] = valueExtent([0, 0], input, reconstruction);
  const marked = (i: number): number => (Number.isNaN(input[i]) ? 2 : 0); // '◇ '
  const longest = Math.max(MAX_NAME, ...names.map((name, i) => name.length + marked(i)));
  const letters = Math.min(longest, TELLING.most);
  const start = ROW.name + (letters - MAX_NAME) * TELLING.letter;
  const value = linear(low, high, start, TELLING.width);
  const layout = { name: start, letters, value, zero: value(0) };
  const parted = given < names.length ? 1 : 0;
  const height = (names.length + parted) * ROW.height;
  const chart = bars(TELLING.width + 4, height);
  chart.append(rule(layout.zero, height));
  if (parted) {
    const y = given * ROW.height + ROW.bar + 2;
    chart.append(svg("text", { class: "ae-name ae-heading", x: 0, y }, heading));
  }
  for (const [i, name] of names.entries()) {
    chart.append(row(i, i < given ? i : i + parted, name, values, values, layout));
  }
  return withLegend(chart);
}

function bars(width: number, height: number): SVGSVGElement {
  const viewBox = `0 0 ${width} ${height}`;
  return svg("svg", { class: "ae-bars", viewBox, "aria-hidden": "true" });
}

function residualText({ residual }: ItemValues, raw: ItemValues): string {
  const limit = amplitude(residual);
  if (residual === raw.residual) return `residual ±${short(limit)}`;
  return `residual ±${short(100 * limit)} % of range`;
}

interface Layout {
  /** Where names end and bars begin. */
  readonly name: number;
  /** How many letters of a name fit. */
  readonly letters: number;
  readonly value: (v: number) => number;
  readonly zero: number;
}

/** Feature `i`, drawn as the row at `place`. */
function row(
  i: number,
  place: number,
  name: string,
  raw: ItemValues,
  { input, reconstruction }: ItemValues,
  { name: end, letters, value, zero }: Layout,
): SVGGElement {
  const top = place * ROW.height + (ROW.height - ROW.bar) / 2;
  const group = svg("g");
  const missing = Number.isNaN(input[i]);
  const label = svg("text", {
    class: missing ? "ae-name ae-filled-name" : "ae-name",
    x: end - 6,
    y: top + ROW.bar - 1,
  });
  label.textContent = missing ? `◇ ${shortName(name, letters - 2)}` : shortName(name, letters);
  const output = reconstruction[i];
  group.append(svg("title", {}, tip(i, name, raw)), label);
  if (missing) {
    if (output !== undefined) group.append(bar("ae-filled", zero, value(output), top));
    return group;
  }
  group.append(bar("ae-input", zero, value(input[i] as number), top));
  if (output !== undefined && Number.isFinite(output)) {
    const x = value(output);
    group.append(svg("path", { class: "ae-output", d: `M${x} ${top - 1.5}v${ROW.bar + 3}` }));
  }
  return group;
}

function tip(i: number, name: string, { input, reconstruction }: ItemValues): string {
  return Number.isNaN(input[i])
    ? `${name}: missing, filled in with ${short(reconstruction[i])}`
    : `${name}: input ${short(input[i])}, reconstruction ${short(reconstruction[i])}`;
}

function bar(kind: string, from: number, to: number, top: number): SVGRectElement {
  const width = Math.max(Math.abs(to - from), 0.75);
  return svg("rect", { class: kind, x: Math.min(from, to), y: top, width, height: ROW.bar });
}

function rule(x: number, height: number): SVGPathElement {
  return svg("path", { class: "ae-rule", d: `M${x} 0V${height}` });
}

const LINE = { width: 240, height: 96, gap: 10, residual: 40 } as const;

/** How many features are named beneath the lines. */
const NAMED = 3;

/** Many features: input and reconstruction as lines, the residual beneath.
 *
 * With `names` each place tells of its feature, and those of the largest residuals are named.
 */
export function lineChart(
  values: ItemValues,
  range: readonly number[],
  raw: ItemValues,
  names?: readonly string[],
): Node {
  const { input, reconstruction, residual } = values;
  const [low, high] = valueExtent(range, input, reconstruction);
  const x = linear(0, Math.max(input.length - 1, 1), 1, LINE.width - 1);
  const y = linear(low, high, LINE.height - 2, 2);
  const limit = amplitude(residual) || 1;
  const base = LINE.height + LINE.gap;
  const height = base + LINE.residual;
  const error = linear(-limit, limit, height - 1, base + 1);
  const chart = svg(
    "svg",
    {
      class: "ae-lines",
      viewBox: `0 0 ${LINE.width} ${height}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    svg("path", { class: "ae-rule", d: `M0 ${LINE.height}H${LINE.width}` }),
    svg("path", { class: "ae-rule", d: `M0 ${error(0)}H${LINE.width}` }),
    svg("path", { class: "ae-input-line", d: linePath(input, x, y) }),
    svg("path", { class: "ae-output-line", d: linePath(reconstruction, x, y) }),
    svg("path", {
      class: "ae-filled-dots",
      d: dotPath(reconstruction, filledIn(values), x, y),
    }),
    svg("path", { class: "ae-residual-line", d: linePath(residual, x, error) }),
  );
  const profile = withLegend(chart, residualText(values, raw));
  if (names) {
    chart.append(...places(values, names, raw, x, height));
    profile.append(...largest(values, names, raw));
  }
  return profile;
}

/** What tells of the features across the lines, each as high as the drawing. */
function places(
  { residual }: ItemValues,
  names: readonly string[],
  raw: ItemValues,
  at: Scale,
  height: number,
): Node[] {
  return placesOf(raw.input.length, residual, LINE.width).map(({ from, to, told }) => {
    const [x, end] = [at(from - 0.5), at(to - 0.5)];
    const text = svg("title", {}, tip(told, names[told] ?? String(told), raw));
    return svg("rect", { class: "ae-place", x, y: 0, width: end - x, height }, text);
  });
}

/** The names of the features with the largest residuals, of which the ends stay. */
function largest({ residual }: ItemValues, names: readonly string[], raw: ItemValues): Node[] {
  const rows = largestResiduals(residual, NAMED).map((i) => {
    const name = names[i] ?? String(i);
    const parts = startAndEnd(name).map((part) => element("span", "", {}, part));
    const halves = element("span", "ae-halves", {}, ...parts);
    return element("div", "", { title: tip(i, name, raw) }, halves, short(raw.residual[i]));
  });
  const heading = `Largest residuals${residual === raw.residual ? "" : ", by range"}`;
  return rows.length ? [element("div", "ae-largest", {}, heading, ...rows)] : [];
}

function withLegend(chart: SVGSVGElement, residual?: string): HTMLElement {
  const key = (kind: string, text: string): HTMLElement =>
    element("span", "ae-key", {}, element("i", kind), text);
  const legend = element(
    "div",
    "ae-keys",
    {},
    key("ae-key-input", "input"),
    key("ae-key-output", "reconstruction"),
  );
  if (residual) legend.append(key("ae-key-residual", residual));
  return element("div", "ae-profile", {}, chart, legend);
}
