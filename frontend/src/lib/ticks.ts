/** Round numbers along an axis. */

export interface Tick {
  readonly value: number;
  readonly text: string;
}

/** Pixels between two texts at least. */
const GAP = 8;

/** Digits after the point before an exponent, as many as the margin of an axis has room for. */
const MOST_DIGITS = 3;

/** The step of 1, 2 or 5 times a power of ten that divides `span` into about `count` parts. */
export function niceStep(span: number, count: number): number {
  const rough = span / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  const nice = lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10;
  return nice * power;
}

/** Ticks from `low` to `high`, about `count` of them; none if the span is not finite. */
export function ticks(low: number, high: number, count: number): Tick[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) {
    return [];
  }
  const step = niceStep(span, count);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const text = formatter(step, Math.max(Math.abs(low), Math.abs(high)));
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const value = (first + i) * step;
    return { value, text: text(value) };
  });
}

/**
 * Ticks along an axis of `length` pixels, about one for each `every`; fewer where their texts,
 * `width` pixels wide, would touch.
 */
export function spacedTicks(
  low: number,
  high: number,
  length: number,
  every: number,
  width: (text: string) => number,
): Tick[] {
  for (let count = length / every; ; count /= 1.5) {
    const found = ticks(low, high, count);
    const widest = Math.max(0, ...found.map(({ text }) => width(text)));
    const [first, second] = found;
    if (!first || !second) return found;
    if (((second.value - first.value) / (high - low)) * length >= widest + GAP) return found;
    if (count < 1) return [first];
  }
}

/** One number of digits for all ticks of an axis, so that they line up. */
function formatter(step: number, largest: number): (value: number) => string {
  if (largest >= 1e5 || largest < 1e-3) {
    const digits = Math.min(MOST_DIGITS, Math.max(0, power(largest) - power(step)));
    return (value) => (value === 0 ? "0" : minus(value.toExponential(digits).replace("e+", "e")));
  }
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return (value) => minus((value === 0 ? 0 : value).toFixed(digits));
}

function power(value: number): number {
  return Math.floor(Math.log10(value) + 1e-9);
}

function minus(text: string): string {
  return text.replaceAll("-", "−");
}

/** Where the middle of a text of `length` goes, wanted at `middle`, so that it ends before `end`. */
export function endingBefore(end: number, middle: number, length: number): number {
  return Math.min(middle, end - length / 2);
}
