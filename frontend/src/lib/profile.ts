/** Items that are no images: bars or lines of their features. */

/** Up to this many features each gets a named bar; more become a line. */
export const MAX_BARS = 40;

/** The three rows of an item's values. */
export interface ItemValues {
  readonly input: Float32Array;
  /** Empty before there is a network. */
  readonly reconstruction: Float32Array;
  readonly residual: Float32Array;
}

/** Cut the item's bytes into input, reconstruction and residual; input alone is allowed. */
export function splitItem(values: Float32Array, features: number): ItemValues {
  const row = (i: number): Float32Array => values.subarray(i * features, (i + 1) * features);
  return { input: row(0), reconstruction: row(1), residual: row(2) };
}

/** Each feature measured from its smallest value, 0, to its largest, 1: they may be far apart.
 *
 * `ranges` are the smallest values of all features, then the largest; none leaves the values.
 */
export function toUnit(values: ItemValues, ranges: Float32Array): ItemValues {
  const n = ranges.length / 2;
  if (n !== values.input.length || n === 0) return values;
  const width = (i: number): number => {
    const span = (ranges[n + i] as number) - (ranges[i] as number);
    return span > 0 ? span : 1;
  };
  const place = (v: number, i: number): number => (v - (ranges[i] as number)) / width(i);
  return {
    input: values.input.map(place),
    reconstruction: values.reconstruction.map(place),
    residual: values.residual.map((v, i) => v / width(i)),
  };
}

/** Indices of the values that are missing in the input, and were filled in. */
export function filledIn({ input, reconstruction }: ItemValues): number[] {
  if (reconstruction.length === 0) return [];
  return [...input.keys()].filter((i) => Number.isNaN(input[i]));
}

/** The input with the reconstruction in place of what is missing. */
export function completed({ input, reconstruction }: ItemValues): Float32Array {
  return input.map((value, i) => (Number.isNaN(value) ? (reconstruction[i] ?? value) : value));
}

/** The `d` of an SVG path of dots, to be drawn with round ends. */
export function dotPath(
  values: ArrayLike<number>,
  at: readonly number[],
  x: Scale,
  y: Scale,
): string {
  return at.map((i) => `M${x(i).toFixed(1)} ${y(values[i] as number).toFixed(1)}h0`).join("");
}

export type Scale = (value: number) => number;

/** Linear map of `[low, high]` to `[start, end]`, clamped. */
export function linear(low: number, high: number, start: number, end: number): Scale {
  const k = high > low ? (end - start) / (high - low) : 0;
  const [min, max] = [Math.min(start, end), Math.max(start, end)];
  return (value) => Math.min(Math.max(start + (value - low) * k, min), max);
}

/** Smallest range that holds `range`, all values and, if they reach it, zero. */
export function valueExtent(
  range: readonly number[],
  ...rows: readonly Float32Array[]
): [low: number, high: number] {
  let low = Number.isFinite(range[0]) ? (range[0] as number) : Infinity;
  let high = Number.isFinite(range[1]) ? (range[1] as number) : -Infinity;
  for (const row of rows) {
    for (const value of row) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return high > low
    ? [low, high]
    : ([low - 1, low + 1].map((v) => (Number.isFinite(v) ? v : 0)) as [number, number]);
}

/** The `d` of an SVG path through the values, evenly spaced; gaps where not finite. */
export function linePath(values: Float32Array, x: Scale, y: Scale): string {
  let path = "";
  let pen = "M";
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) {
      pen = "M";
      continue;
    }
    path += `${pen}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
  }
  return path;
}

/** Indices of the `k` features with the largest absolute residual, largest first. */
export function largestResiduals(residual: Float32Array, k: number): number[] {
  return [...residual.keys()]
    .filter((i) => Number.isFinite(residual[i]))
    .sort((a, b) => Math.abs(residual[b] as number) - Math.abs(residual[a] as number))
    .slice(0, k);
}

/** Features `from` to `to`, the last left out, and the one of them that is told of. */
export interface Place {
  readonly from: number;
  readonly to: number;
  readonly told: number;
}

/** Part `features` side by side into `most` places at most; told is the largest residual of each. */
export function placesOf(features: number, residual: Float32Array, most: number): Place[] {
  const count = Math.min(features, most);
  const start = (k: number): number => Math.round((k * features) / count);
  return Array.from({ length: count }, (_, k) => {
    const [from, to] = [start(k), start(k + 1)];
    const [largest = 0] = largestResiduals(residual.subarray(from, to), 1);
    return { from, to, told: from + largest };
  });
}
