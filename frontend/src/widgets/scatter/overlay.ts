/** What is drawn above the points: the ring around one item, the box or lasso being drawn. */

import type { Theme } from "../../dom/theme";
import type { Size } from "../../lib/camera";

/** A region being drawn, x, y, x, y, … in pixels of the plot area. */
export interface Gesture {
  readonly kind: "box" | "lasso";
  readonly path: readonly number[];
}

export interface Mark {
  readonly x: number;
  readonly y: number;
  readonly pinned: boolean;
}

export function drawOverlay(
  context: CanvasRenderingContext2D,
  size: Size,
  theme: Theme,
  radius: number,
  mark: Mark | null,
  gesture: Gesture | null,
): void {
  context.clearRect(0, 0, size.width, size.height);
  if (mark) drawMark(context, theme, radius, mark);
  if (gesture) drawGesture(context, theme, gesture);
}

function drawMark(
  context: CanvasRenderingContext2D,
  theme: Theme,
  radius: number,
  { x, y, pinned }: Mark,
): void {
  const r = radius + 4;
  const ring = (width: number, colour: string): void => {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.arc(x, y, r, 0, 2 * Math.PI);
    if (pinned) {
      for (const [dx, dy] of [
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ] as const) {
        context.moveTo(x + dx * r, y + dy * r);
        context.lineTo(x + dx * (r + 6), y + dy * (r + 6));
      }
    }
    context.stroke();
  };
  ring(4.5, theme.paper); // a halo, so that the ring is seen on any colour
  ring(2, theme.ink);
}

function drawGesture(context: CanvasRenderingContext2D, theme: Theme, gesture: Gesture): void {
  context.beginPath();
  for (let i = 0; i + 1 < gesture.path.length; i += 2) {
    context.lineTo(gesture.path[i] as number, gesture.path[i + 1] as number);
  }
  context.closePath();
  context.globalAlpha = 0.12;
  context.fillStyle = theme.accent;
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = theme.accent;
  context.lineWidth = 1.5;
  context.setLineDash([5, 3]);
  context.stroke();
  context.setLineDash([]);
}
