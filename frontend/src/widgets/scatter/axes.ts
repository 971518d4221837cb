/** Grid, ticks and axis labels, drawn beneath the points. */

import type { Theme } from "../../dom/theme";
import { type Box, type Size, toPixel } from "../../lib/camera";
import { endingBefore, spacedTicks, ticks } from "../../lib/ticks";

/** Room around the plot area in CSS pixels; to the left for ticks as wide as "−0.0025". */
export const MARGIN = { left: 62, right: 8, top: 8, bottom: 36 } as const;

const TICK_EVERY_PX = 80;

/**
 * @param context scaled to CSS pixels, its origin in the canvas's corner
 * @param size of the plot area inside the margins
 * @param numbers whether the ticks mean anything yet
 */
export function drawAxes(
  context: CanvasRenderingContext2D,
  box: Box,
  size: Size,
  labels: readonly string[],
  theme: Theme,
  numbers: boolean,
): void {
  const { width, height } = size;
  context.clearRect(0, 0, MARGIN.left + width + MARGIN.right, MARGIN.top + height + MARGIN.bottom);
  context.save();
  context.translate(MARGIN.left, MARGIN.top);
  context.fillStyle = theme.paper;
  context.fillRect(0, 0, width, height);
  context.font = `11px ${theme.font}`;
  context.lineWidth = 1;

  context.textAlign = "center";
  context.textBaseline = "top";
  const across = (text: string): number => context.measureText(text).width;
  for (const { value, text } of spacedTicks(box.x0, box.x1, width, TICK_EVERY_PX, across)) {
    const x = crisp(toPixel(box, size, value, box.y0)[0]);
    line(context, theme.grid, x, 0, x, height);
    context.fillStyle = theme.faint;
    const room = width + MARGIN.right;
    const place = endingBefore(room, x, across(text));
    if (numbers) context.fillText(text, place, height + 6);
  }
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const { value, text } of ticks(box.y0, box.y1, height / TICK_EVERY_PX)) {
    const y = crisp(toPixel(box, size, box.x0, value)[1]);
    line(context, theme.grid, 0, y, width, y);
    context.fillStyle = theme.faint;
    if (numbers) context.fillText(text, -7, y);
  }
  drawTitles(context, size, labels, theme);
  context.restore();
}

function drawTitles(
  context: CanvasRenderingContext2D,
  { width, height }: Size,
  [x = "", y = ""]: readonly string[],
  theme: Theme,
): void {
  context.fillStyle = theme.faint;
  context.textAlign = "center";
  context.textBaseline = "bottom";
  context.fillText(x, width / 2, height + MARGIN.bottom - 1);
  context.translate(-MARGIN.left + 1, height / 2);
  context.rotate(-Math.PI / 2);
  context.textBaseline = "top";
  context.fillText(y, 0, 0);
}

/** The middle of the nearest pixel, where a line of width 1 is sharp. */
function crisp(value: number): number {
  return Math.round(value - 0.5) + 0.5;
}

function line(
  context: CanvasRenderingContext2D,
  colour: string,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
): void {
  context.strokeStyle = colour;
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}
