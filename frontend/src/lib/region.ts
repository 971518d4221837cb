/** Which points lie in a box or in a lasso. */
import type { Box } from "./camera";

/** A closed polygon as x, y, x, y, … in data coordinates. */
export type Polygon = readonly number[];

/** Even-odd rule: a lasso that crosses itself excludes what it encloses twice. */
export function inPolygon(polygon: Polygon, x: number, y: number): boolean {
  let inside = false;
  const n = polygon.length;
  for (let i = 0, j = n - 2; i < n; j = i, i += 2) {
    const xi = polygon[i] as number;
    const yi = polygon[i + 1] as number;
    const xj = polygon[j] as number;
    const yj = polygon[j + 1] as number;
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) {
      inside = !inside;
    }
  }
  return inside;
}

export function boundsOf(polygon: Polygon): Box {
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i + 1 < polygon.length; i += 2) {
    const x = polygon[i] as number;
    const y = polygon[i + 1] as number;
    x0 = Math.min(x0, x);
    x1 = Math.max(x1, x);
    y0 = Math.min(y0, y);
    y1 = Math.max(y1, y);
  }
  return { x0, x1, y0, y1 };
}

/** Indices of the visible points in `box` and, if given, in `polygon`; ascending. */
export function pointsIn(
  positions: Float32Array,
  visible: Uint8Array,
  box: Box,
  polygon?: Polygon,
): Uint32Array {
  const found = new Uint32Array(visible.length);
  let count = 0;
  for (let i = 0; i < visible.length; i++) {
    if (visible[i] === 0) continue;
    const x = positions[2 * i] as number;
    const y = positions[2 * i + 1] as number;
    if (x < box.x0 || x > box.x1 || y < box.y0 || y > box.y1) continue;
    if (polygon && !inPolygon(polygon, x, y)) continue;
    found[count++] = i;
  }
  return found.slice(0, count);
}

/** Those of `indices` that are visible. */
export function shown(indices: Uint32Array, visible: Uint8Array): Uint32Array {
  return indices.filter((i) => visible[i]);
}

/** Both sorted lists in one, each index once. */
export function union(a: Uint32Array, b: Uint32Array): Uint32Array {
  return Uint32Array.from(new Set([...a, ...b])).sort();
}
