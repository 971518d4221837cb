/** What a renderer of points does; `points_gl.ts` and `points_2d.ts` do it. */
import type { Box, Size } from "../../lib/camera";

/** Bits of the fourth byte of a point's style; the lower three are its shape. */
export const VISIBLE = 8;
export const SELECTED = 16;
export const SHAPE_MASK = 7;

export interface DrawOptions {
  /** The part of the plane that is shown. */
  readonly box: Box;
  /** How far the points have come from the last frame, 0 to 1. */
  readonly t: number;
  /** Diameter of a marker in CSS pixels. */
  readonly diameter: number;
  /** Whether points outside the selection step back. */
  readonly dim: boolean;
  readonly dark: boolean;
}

export interface PointRenderer {
  readonly canvas: HTMLCanvasElement;
  resize(size: Size, ratio: number): void;
  /** Positions to come from and to go to, x and y interleaved. */
  setPositions(from: Float32Array, to: Float32Array): void;
  /** Four bytes a point: red, green, blue, and shape with the bits above. */
  setStyle(style: Uint8Array): void;
  draw(options: DrawOptions): void;
  destroy(): void;
}

/** Marker diameter for `n` points in CSS pixels: smaller in a crowd, larger when near. */
export function markerDiameter(n: number, magnification: number): number {
  const alone = Math.min(21 * Math.max(n, 1) ** -0.14, 10);
  return Math.max(1.6, alone * Math.min(Math.max(magnification, 1) ** 0.25, 2.2));
}
