/** Items as pixels. */
import { diverging } from "./palette";

/** How one item is drawn as an image. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Read `(h, w)` or `(h, w, 1 | 3 | 4)`; null if an item is no image. */
export function imageShape(itemShape: readonly number[]): ImageShape | null {
  const [height, width, channels = 1] = itemShape;
  if (!height || !width || ![1, 3, 4].includes(channels)) {
    return null;
  }
  return { height, width, channels };
}

/** Pixels of the values of one item: `low` is black, `high` is white (or full colour). */
export function toRgba(
  values: ArrayLike<number>,
  shape: ImageShape,
  low: number,
  high: number,
): Uint8ClampedArray<ArrayBuffer> {
  const { channels } = shape;
  const pixels = shape.height * shape.width;
  const scale = high > low ? 255 / (high - low) : 0;
  const rgba = new Uint8ClampedArray(pixels * 4);
  const level = (i: number): number => ((values[i] ?? low) - low) * scale;
  for (let p = 0; p < pixels; p++) {
    const at = p * channels;
    rgba[4 * p] = level(at);
    rgba[4 * p + 1] = level(channels === 1 ? at : at + 1);
    rgba[4 * p + 2] = level(channels === 1 ? at : at + 2);
    rgba[4 * p + 3] = channels === 4 ? level(at + 3) : 255;
  }
  return rgba;
}

/** Pixels of the residual, averaged over colour channels: blue below 0, red above. */
export function residualRgba(
  values: Float32Array,
  shape: ImageShape,
  limit: number,
  dark: boolean,
): Uint8ClampedArray<ArrayBuffer> {
  const { channels } = shape;
  const colours = Math.min(channels, 3);
  const pixels = shape.height * shape.width;
  const rgba = new Uint8ClampedArray(pixels * 4);
  for (let p = 0; p < pixels; p++) {
    let sum = 0;
    // What is missing has no residual.
    for (let c = 0; c < colours; c++) sum += values[p * channels + c] || 0;
    rgba.set(diverging(limit > 0 ? sum / colours / limit : 0, dark), 4 * p);
    rgba[4 * p + 3] = 255;
  }
  return rgba;
}

/** Reddish purple of Okabe and Ito: what was missing and is filled in. */
const FILLED = [204, 121, 167] as const;

/** Colour pixels of which a value was filled in, half as strong as they are bright. */
export function markFilled(
  rgba: Uint8ClampedArray<ArrayBuffer>,
  shape: ImageShape,
  filled: readonly number[],
): Uint8ClampedArray<ArrayBuffer> {
  for (const pixel of new Set(filled.map((i) => Math.floor(i / shape.channels)))) {
    for (const [c, colour] of FILLED.entries()) {
      rgba[4 * pixel + c] = ((rgba[4 * pixel + c] as number) + colour) / 2;
    }
    rgba[4 * pixel + 3] = 255;
  }
  return rgba;
}

/** Largest absolute value. */
export function amplitude(values: Float32Array): number {
  let largest = 0;
  for (const value of values) {
    if (Math.abs(value) > largest) largest = Math.abs(value);
  }
  return largest;
}

/** The two images of tile `index` in a sheet of quantised items: input and reconstruction. */
export function sheetTile(
  sheet: Uint8Array,
  features: number,
  index: number,
): [input: Uint8Array, reconstruction: Uint8Array] {
  const start = index * 2 * features;
  return [
    sheet.subarray(start, start + features),
    sheet.subarray(start + features, start + 2 * features),
  ];
}
