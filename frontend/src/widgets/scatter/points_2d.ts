/** Points on a plain canvas, for browsers without WebGL2. */
import { type Size, toPixel } from "../../lib/camera";
import { SHAPES } from "../../lib/palette";
import { type DrawOptions, type PointRenderer, SELECTED, SHAPE_MASK, VISIBLE } from "./points";
import { tracePath } from "./shapes";

export class PlainPoints implements PointRenderer {
  readonly canvas = document.createElement("canvas");
  private size: Size = { width: 1, height: 1 };
  private ratio = 1;
  private from = new Float32Array(0);
  private to = new Float32Array(0);
  private style = new Uint8Array(0);

  resize(size: Size, ratio: number): void {
    this.size = size;
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(size.width * ratio));
    this.canvas.height = Math.max(1, Math.round(size.height * ratio));
  }

  setPositions(from: Float32Array, to: Float32Array): void {
    this.from = from as Float32Array<ArrayBuffer>;
    this.to = to as Float32Array<ArrayBuffer>;
  }

  setStyle(style: Uint8Array): void {
    this.style = style as Uint8Array<ArrayBuffer>;
  }

  draw(options: DrawOptions): void {
    const context = this.canvas.getContext("2d");
    if (!context) return;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.size.width, this.size.height);
    for (const layer of options.dim ? [0, SELECTED] : [-1]) {
      context.globalAlpha = options.dim && layer === 0 ? 0.3 : 0.94;
      this.drawLayer(context, options, layer);
    }
  }

  destroy(): void {}

  private drawLayer(context: CanvasRenderingContext2D, options: DrawOptions, layer: number): void {
    const { style, from, to } = this;
    for (let i = 0; i < to.length / 2; i++) {
      const mark = style[4 * i + 3] ?? 0;
      if ((mark & VISIBLE) === 0 || (layer >= 0 && (mark & SELECTED) !== layer)) continue;
      const at = (k: number): number => {
        const a = from[2 * i + k] as number;
        return a + ((to[2 * i + k] as number) - a) * options.t;
      };
      const [x, y] = toPixel(options.box, this.size, at(0), at(1));
      context.fillStyle = `rgb(${style[4 * i]},${style[4 * i + 1]},${style[4 * i + 2]})`;
      context.beginPath();
      tracePath(context, SHAPES[mark & SHAPE_MASK] ?? "circle", x, y, options.diameter / 2);
      context.fill();
    }
  }
}
