/** The plot area: axes beneath, points, and marks above, each on a canvas of its own. */
import { element } from "../../dom/element";
import { onThemeChange, readTheme, type Theme } from "../../dom/theme";
import { type Box, type Size, toPixel } from "../../lib/camera";
import { drawAxes, MARGIN } from "./axes";
import type { Camera } from "./camera";
import { drawOverlay, type Gesture } from "./overlay";
import { markerDiameter, type PointRenderer } from "./points";
import { PlainPoints } from "./points_2d";
import { GlPoints } from "./points_gl";
import type { Scene } from "./scene";

/** What the plot needs to know from its view when it paints. */
export interface PlotState {
  readonly scene: Scene;
  readonly camera: Camera;
  focus(): number;
  pinned(): boolean;
  axisLabels(): readonly string[];
  /** The theme turned: colours must be worked out anew. */
  restyled(): void;
  painted(): void;
}

export class Plot {
  readonly node = element("div", "ae-plot");
  /** Receives pointer and keys; exactly the plot area. */
  readonly surface = element("div", "ae-surface", { tabindex: 0, role: "application" });
  gesture: Gesture | null = null;
  size: Size = { width: 0, height: 0 };
  theme: Theme;
  private readonly axes = element("canvas", "ae-layer");
  private readonly overlay = element("canvas", "ae-layer");
  private readonly points: PointRenderer;
  private readonly resizes: ResizeObserver;
  private readonly stopTheme: () => void;
  private ratio = 0;
  private request = 0;
  private stale = true;

  constructor(private readonly state: PlotState) {
    this.points = createPoints(() => this.redraw());
    this.points.canvas.className = "ae-layer";
    this.surface.append(this.points.canvas, this.overlay);
    this.node.append(this.axes, this.surface);
    for (const [side, room] of Object.entries(MARGIN))
      this.surface.style.setProperty(side, `${room}px`);
    this.theme = readTheme(this.node);
    this.resizes = new ResizeObserver(() => this.resize());
    this.resizes.observe(this.node);
    this.stopTheme = onThemeChange(() => this.readTheme());
  }

  /** Points, axes and marks must be drawn again. */
  redraw(): void {
    this.stale = true;
    this.remark();
  }

  /** Only the marks above the points must be drawn again. */
  remark(): void {
    if (this.request === 0) this.request = requestAnimationFrame(this.paint);
  }

  setPositions(from: Float32Array, to: Float32Array): void {
    this.points.setPositions(from, to);
    this.redraw();
  }

  setStyle(style: Uint8Array): void {
    this.points.setStyle(style);
    this.redraw();
  }

  /** Pixel of the plot area at which a point is drawn. */
  pixel(i: number, now = performance.now()): [x: number, y: number] {
    const [x, y] = this.state.scene.at(i, now);
    return toPixel(this.state.camera.shown(now), this.size, x, y);
  }

  diameter(now: number): number {
    return markerDiameter(this.state.scene.count, this.state.camera.magnification(now));
  }

  /** Colours can be read only while the node is on the page; `resize` makes up for that. */
  private readTheme(): void {
    if (!this.node.isConnected) return;
    this.theme = readTheme(this.node);
    this.state.restyled();
  }

  destroy(): void {
    cancelAnimationFrame(this.request);
    this.resizes.disconnect();
    this.stopTheme();
    this.points.destroy();
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.node;
    const width = Math.max(0, clientWidth - MARGIN.left - MARGIN.right);
    const height = Math.max(0, clientHeight - MARGIN.top - MARGIN.bottom);
    const ratio = window.devicePixelRatio || 1;
    if (width === this.size.width && height === this.size.height && ratio === this.ratio) return;
    const appears = this.size.width === 0;
    this.size = { width, height };
    this.ratio = ratio;
    if (width === 0 || height === 0) return;
    this.points.resize(this.size, ratio);
    for (const [canvas, w, h] of [
      [this.axes, clientWidth, clientHeight],
      [this.overlay, width, height],
    ] as const) {
      canvas.width = Math.round(w * ratio);
      canvas.height = Math.round(h * ratio);
    }
    if (appears) this.readTheme();
    // A resized canvas is empty: fill it before the browser shows it.
    this.stale = true;
    cancelAnimationFrame(this.request);
    this.paint(performance.now());
  }

  private readonly paint = (time: number): void => {
    this.request = 0;
    const { scene, camera } = this.state;
    // The callback's time is that of the frame's start, before a motion may have begun.
    const now = Math.max(time, performance.now());
    if (this.size.width > 0 && this.size.height > 0) {
      const moving = camera.moving(now) || scene.motion.running(now);
      const box = camera.shown(now);
      if (this.stale || moving) this.paintPlane(box, now);
      this.paintMarks(now);
      this.stale = moving;
      if (moving) this.remark();
    }
    this.state.painted();
  };

  private paintPlane(box: Box, now: number): void {
    const { scene } = this.state;
    const context = this.axes.getContext("2d");
    if (context) {
      context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      const labels = scene.count > 0 ? this.state.axisLabels() : [];
      drawAxes(context, box, this.size, labels, this.theme, scene.count > 0);
    }
    this.points.draw({
      box,
      t: scene.motion.progress(now),
      diameter: this.diameter(now),
      dim: scene.selection.length > 0,
      dark: this.theme.dark,
    });
  }

  private paintMarks(now: number): void {
    const context = this.overlay.getContext("2d");
    if (!context) return;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    const focus = this.state.focus();
    const marked = focus >= 0 && focus < this.state.scene.count;
    const [x, y] = marked ? this.pixel(focus, now) : [0, 0];
    const mark = marked ? { x, y, pinned: this.state.pinned() } : null;
    drawOverlay(context, this.size, this.theme, this.diameter(now) / 2, mark, this.gesture);
  }
}

/** The fast renderer where the browser has it, the plain one elsewhere. */
function createPoints(restored: () => void): PointRenderer {
  try {
    return new GlPoints(restored);
  } catch (error) {
    console.warn("ae_widgets: the scatter is drawn without WebGL2.", error);
    return new PlainPoints();
  }
}
