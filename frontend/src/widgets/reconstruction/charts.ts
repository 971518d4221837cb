/** Profiles of items that are no images, as SVG. */
import { element, svg } from "../../dom/element";
import { amplitude } from "../../lib/images";
import { type ItemValues, linear, linePath, valueExtent } from "../../lib/profile";
import { short } from "../../lib/text";

/** Geometry of the bars, in units of the drawing. */
const ROW = { height: 15, bar: 9, name: 84, value: 92, gap: 10, residual: 54 } as const;

/** What stands above the features that an item does not have. */
const ADDED = "only in the reconstruction";

/**
 * One row a feature: name, input (bar) with reconstruction (mark), residual. If an item has
 * only the first `given` features, the others stand beneath a heading.
 */
export function barChart(
  values: ItemValues,
  names: readonly string[],
  range: readonly number[],
  given = names.length,
): Node {
  const { input, reconstruction, residual } = values;
  const [low, high] = valueExtent(range, input, reconstruction);
  const value = linear(low, high, ROW.name, ROW.name + ROW.value);
  const start = ROW.name + ROW.value + ROW.gap;
  const limit = amplitude(residual) || 1;
  const error = linear(-limit, limit, start, start + ROW.residual);
  const heading = given < input.length ? 1 : 0;
  const height = (input.length + heading) * ROW.height;
  const chart = svg("svg", {
    class: "ae-bars",
    viewBox: `0 0 ${start + ROW.residual + 2} ${height}`,
    "aria-hidden": "true",
  });
  const zero = value(Math.min(Math.max(0, low), high));
  chart.append(rule(zero, height), rule(error(0), height));
  if (heading) {
    const y = given * ROW.height + ROW.bar + 2;
    const text = svg("text", { class: "ae-name ae-heading", x: ROW.name + ROW.value, y });
    text.textContent = ADDED;
    chart.append(text);
  }
  for (let i = 0; i < input.length; i++) {
    const place = i < given ? i : i + heading;
    chart.append(row(i, place, names[i] ?? String(i), values, value, zero, error));
  }
  return withLegend(chart, `residual ±${short(amplitude(residual))}`);
}

function row(
  i: number,
  place: number,
  name: string,
  { input, reconstruction, residual }: ItemValues,
  value: (v: number) => number,
  zero: number,
  error: (v: number) => number,
): SVGGElement {
  const top = place * ROW.height + (ROW.height - ROW.bar) / 2;
  const group = svg("g");
  const label = svg("text", { class: "ae-name", x: ROW.name - 6, y: top + ROW.bar - 1 });
  label.textContent = name.length > 14 ? `${name.slice(0, 13)}…` : name;
  const tip = svg("title");
  tip.textContent = `${name}: input ${short(input[i])}, reconstruction ${short(reconstruction[i])}`;
  group.append(tip, label);
  if (Number.isFinite(input[i])) {
    group.append(bar("ae-input", zero, value(input[i] as number), top));
  }
  const output = reconstruction[i];
  if (output !== undefined && Number.isFinite(output)) {
    const x = value(output);
    group.append(svg("path", { class: "ae-output", d: `M${x} ${top - 1.5}v${ROW.bar + 3}` }));
    const rest = residual[i] as number;
    if (Number.isFinite(rest)) {
      group.append(bar(rest < 0 ? "ae-below" : "ae-above", error(0), error(rest), top));
    }
  }
  return group;
}

function bar(kind: string, from: number, to: number, top: number): SVGRectElement {
  const width = Math.max(Math.abs(to - from), 0.75);
  return svg("rect", { class: kind, x: Math.min(from, to), y: top, width, height: ROW.bar });
}

function rule(x: number, height: number): SVGPathElement {
  return svg("path", { class: "ae-rule", d: `M${x} 0V${height}` });
}

const LINE = { width: 240, height: 96, gap: 10, residual: 40 } as const;

/** Many features: input and reconstruction as lines, the residual beneath. */
export function lineChart(values: ItemValues, range: readonly number[]): Node {
  const { input, reconstruction, residual } = values;
  const [low, high] = valueExtent(range, input, reconstruction);
  const x = linear(0, Math.max(input.length - 1, 1), 1, LINE.width - 1);
  const y = linear(low, high, LINE.height - 2, 2);
  const limit = amplitude(residual) || 1;
  const base = LINE.height + LINE.gap;
  const error = linear(-limit, limit, base + LINE.residual - 1, base + 1);
  const chart = svg(
    "svg",
    {
      class: "ae-lines",
      viewBox: `0 0 ${LINE.width} ${base + LINE.residual}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    svg("path", { class: "ae-rule", d: `M0 ${LINE.height}H${LINE.width}` }),
    svg("path", { class: "ae-rule", d: `M0 ${error(0)}H${LINE.width}` }),
    svg("path", { class: "ae-input-line", d: linePath(input, x, y) }),
    svg("path", { class: "ae-output-line", d: linePath(reconstruction, x, y) }),
    svg("path", { class: "ae-residual-line", d: linePath(residual, x, error) }),
  );
  return withLegend(chart, `residual ±${short(amplitude(residual))}`);
}

function withLegend(chart: SVGSVGElement, residual: string): Node {
  const key = (kind: string, text: string): HTMLElement =>
    element("span", "ae-key", {}, element("i", kind), text);
  const legend = element(
    "div",
    "ae-keys",
    {},
    key("ae-key-input", "input"),
    key("ae-key-output", "reconstruction"),
    key("ae-key-residual", residual),
  );
  return element("div", "ae-profile", {}, chart, legend);
}
