/** The part of the plane that is shown, and where it lies on the screen. */

/** A rectangle of the data plane. */
export interface Box {
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
}

/** Size of the plot area in CSS pixels; y grows downwards there. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export const UNIT_BOX: Box = { x0: -1, x1: 1, y0: -1, y1: 1 };

/** Read `[x0, x1, y0, y1]`; null unless it spans a finite area. */
export function boxFrom(values: readonly number[] | null | undefined): Box | null {
  if (values?.length !== 4 || !values.every(Number.isFinite)) {
    return null;
  }
  const [x0, x1, y0, y1] = values as [number, number, number, number];
  return x1 > x0 && y1 > y0 ? { x0, x1, y0, y1 } : null;
}

export function boxToList(box: Box): number[] {
  return [box.x0, box.x1, box.y0, box.y1];
}

/** Grow a box on every side by a share of its size. */
export function pad(box: Box, share: number): Box {
  const dx = (box.x1 - box.x0) * share;
  const dy = (box.y1 - box.y0) * share;
  return { x0: box.x0 - dx, x1: box.x1 + dx, y0: box.y0 - dy, y1: box.y1 + dy };
}

export function toPixel(box: Box, size: Size, x: number, y: number): [number, number] {
  return [
    ((x - box.x0) / (box.x1 - box.x0)) * size.width,
    ((box.y1 - y) / (box.y1 - box.y0)) * size.height,
  ];
}

export function toData(box: Box, size: Size, px: number, py: number): [number, number] {
  return [
    box.x0 + (px / size.width) * (box.x1 - box.x0),
    box.y1 - (py / size.height) * (box.y1 - box.y0),
  ];
}

/** Move the box so that what was drawn `(dx, dy)` pixels away is drawn here. */
export function pan(box: Box, size: Size, dx: number, dy: number): Box {
  const x = (dx / size.width) * (box.x1 - box.x0);
  const y = (dy / size.height) * (box.y1 - box.y0);
  return { x0: box.x0 - x, x1: box.x1 - x, y0: box.y0 + y, y1: box.y1 + y };
}

/**
 * Enlarge by `factor` (> 1 comes nearer) and leave the pixel `(px, py)` where
 * it is. Magnification stays between a tenth and 10,000 times `home`.
 */
export function zoom(box: Box, size: Size, factor: number, px: number, py: number, home: Box): Box {
  const width = box.x1 - box.x0;
  const full = home.x1 - home.x0;
  const k = Math.min(Math.max(factor, width / (full * 10)), (width * 1e4) / full);
  const [x, y] = toData(box, size, px, py);
  return {
    x0: x + (box.x0 - x) / k,
    x1: x + (box.x1 - x) / k,
    y0: y + (box.y0 - y) / k,
    y1: y + (box.y1 - y) / k,
  };
}

export function mixBoxes(from: Box, to: Box, t: number): Box {
  const mix = (a: number, b: number): number => a + (b - a) * t;
  return {
    x0: mix(from.x0, to.x0),
    x1: mix(from.x1, to.x1),
    y0: mix(from.y0, to.y0),
    y1: mix(from.y1, to.y1),
  };
}

export function sameBox(a: Box, b: Box): boolean {
  return a.x0 === b.x0 && a.x1 === b.x1 && a.y0 === b.y0 && a.y1 === b.y1;
}
