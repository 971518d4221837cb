/** Colours and marker shapes. */

export type Rgb = readonly [red: number, green: number, blue: number];

/** A colour that turns with the theme. */
type Turning = Readonly<Record<"light" | "dark", Rgb>>;

/** Okabe and Ito's black. */
const INK: Turning = { light: [58, 58, 62], dark: [222, 222, 226] };

/**
 * The palette of Okabe and Ito, told apart by people with any kind of colour
 * vision, and two more, so that ten digits need no colour twice.
 */
const CATEGORIES: readonly (Rgb | Turning)[] = [
  [0, 114, 178], // blue
  [230, 159, 0], // orange
  [0, 158, 115], // bluish green
  [204, 121, 167], // reddish purple
  [86, 180, 233], // sky blue
  [213, 94, 0], // vermillion
  [240, 228, 66], // yellow
  INK,
  { light: [122, 75, 160], dark: [158, 112, 204] }, // violet
  { light: [139, 94, 60], dark: [178, 128, 92] }, // brown
];
const NO_GROUP: Rgb = [150, 150, 154];
const OTHER_GROUP: Rgb = [122, 128, 142];

/** Marker shapes, in the order of the fragment shader's switch. */
export const SHAPES = ["circle", "square", "triangle", "diamond", "cross"] as const;
export type Shape = (typeof SHAPES)[number];

/** Colour of a category; with the shapes, fifty categories look different. */
export function categoryColour(category: number | "other" | "none", dark: boolean): Rgb {
  if (category === "none") return NO_GROUP;
  if (category === "other") return OTHER_GROUP;
  const colour = CATEGORIES[category % CATEGORIES.length] ?? INK;
  return "dark" in colour ? colour[dark ? "dark" : "light"] : colour;
}

/** Index into `SHAPES`: a second channel beside colour, shifted with each round of colours. */
export function categoryShape(category: number | "other" | "none"): number {
  if (typeof category !== "number") return 0;
  return (category + Math.floor(category / CATEGORIES.length)) % SHAPES.length;
}

/** From small to large; the large end stands out from the paper. */
const RAMP: Record<"light" | "dark", readonly Rgb[]> = {
  light: [
    [198, 219, 226],
    [126, 184, 196],
    [62, 137, 165],
    [58, 82, 139],
    [62, 22, 81],
  ],
  dark: [
    [56, 66, 112],
    [44, 112, 142],
    [40, 160, 134],
    [128, 205, 88],
    [253, 231, 76],
  ],
};

/** Colour of `t` in [0, 1] on the sequential ramp. */
export function sequential(t: number, dark: boolean): Rgb {
  return interpolate(RAMP[dark ? "dark" : "light"], t);
}

const DIVERGING: Record<"light" | "dark", readonly Rgb[]> = {
  light: [
    [5, 73, 142],
    [96, 158, 207],
    [250, 250, 250],
    [226, 125, 90],
    [160, 22, 36],
  ],
  dark: [
    [122, 190, 250],
    [44, 104, 170],
    [32, 33, 36],
    [178, 66, 48],
    [255, 148, 112],
  ],
};

/** Colour of `t` in [-1, 1]: blue below, paper at 0, red above. */
export function diverging(t: number, dark: boolean): Rgb {
  return interpolate(DIVERGING[dark ? "dark" : "light"], (t + 1) / 2);
}

function interpolate(stops: readonly Rgb[], t: number): Rgb {
  const last = stops.length - 1;
  const place = Math.min(Math.max(Number.isFinite(t) ? t : 0, 0), 1) * last;
  const below = Math.min(Math.floor(place), last - 1);
  const a = stops[below] as Rgb;
  const b = stops[below + 1] as Rgb;
  const mix = (i: 0 | 1 | 2): number => Math.round(a[i] + (b[i] - a[i]) * (place - below));
  return [mix(0), mix(1), mix(2)];
}

/** 256 colours of the sequential ramp, three bytes each. */
export function rampTable(dark: boolean): Uint8Array {
  const table = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i++) table.set(sequential(i / 255, dark), i * 3);
  return table;
}

export function css([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`;
}

/** Smallest and largest value, the top one per cent cut off if it would drown the rest. */
export function robustRange(values: Float32Array): { low: number; high: number; clipped: boolean } {
  const stride = Math.max(1, Math.floor(values.length / 4096));
  const sample: number[] = [];
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
    if (i % stride === 0) sample.push(value);
  }
  if (sample.length === 0) return { low: 0, high: 0, clipped: false };
  sample.sort((a, b) => a - b);
  const top = sample[Math.ceil((sample.length - 1) * 0.99)] as number;
  const clipped = high - low > 1.5 * (top - low) && top > low;
  return { low, high: clipped ? top : high, clipped };
}
