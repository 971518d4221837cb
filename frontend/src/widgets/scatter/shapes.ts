/** The marker shapes as paths: for the legend and for canvases without WebGL2. */
import type { Shape } from "../../lib/palette";

/** Corners in units of the radius, y downwards; the circle has none. */
const CORNERS: Record<Exclude<Shape, "circle">, readonly number[]> = {
  square: [-0.84, -0.84, 0.84, -0.84, 0.84, 0.84, -0.84, 0.84],
  triangle: [0, -1.1, 1.07, 0.76, -1.07, 0.76],
  diamond: [0, -1.07, 1.07, 0, 0, 1.07, -1.07, 0],
  cross: [
    -0.36, -1, 0.36, -1, 0.36, -0.36, 1, -0.36, 1, 0.36, 0.36, 0.36, 0.36, 1, -0.36, 1, -0.36, 0.36,
    -1, 0.36, -1, -0.36, -0.36, -0.36,
  ],
};

/** Add a marker of radius `r` around `(x, y)` to the context's path. */
export function tracePath(
  context: CanvasRenderingContext2D,
  shape: Shape,
  x: number,
  y: number,
  r: number,
): void {
  if (shape === "circle") {
    context.moveTo(x + 0.93 * r, y);
    context.arc(x, y, 0.93 * r, 0, 2 * Math.PI);
    return;
  }
  const corners = CORNERS[shape];
  for (let i = 0; i < corners.length; i += 2) {
    const [px, py] = [x + r * (corners[i] as number), y + r * (corners[i + 1] as number)];
    if (i === 0) context.moveTo(px, py);
    else context.lineTo(px, py);
  }
  context.closePath();
}

/** The same as the `d` of an SVG path of radius `r` around the origin. */
export function svgPath(shape: Shape, r: number): string {
  if (shape === "circle") {
    const c = 0.93 * r;
    return `M${c} 0A${c} ${c} 0 1 1 ${-c} 0A${c} ${c} 0 1 1 ${c} 0Z`;
  }
  const corners = CORNERS[shape].map((v) => (v * r).toFixed(2));
  const pairs = corners.map((v, i) => (i % 2 ? `${v}` : `${i ? "L" : "M"}${v} `));
  return `${pairs.join("")}Z`;
}
