/** One view of the latent scatter: traits in, drawing out, gestures back. */
import { bind } from "../../bind";
import { element, root } from "../../dom/element";
import { calmMotion } from "../../dom/theme";
import { toData } from "../../lib/camera";
import { nearest, neighbour } from "../../lib/pick";
import { boundsOf, pointsIn, shown, union } from "../../lib/region";
import { count, describeScatter, footer, itemTitle } from "../../lib/text";
import { throttle } from "../../lib/throttle";
import type { Acknowledger } from "./acknowledge";
import { Camera } from "./camera";
import { handleKey, type KeyTarget } from "./keyboard";
import { Legend } from "./legend";
import type { Gesture } from "./overlay";
import { Plot } from "./plot";
import { Pointer, type PointerTarget } from "./pointer";
import { Scene } from "./scene";
import { Toolbar } from "./toolbar";
import { Tooltip } from "./tooltip";
import type { ScatterModel, ScatterTraits } from "./traits";

/** A pointer within this many pixels of a marker's rim touches it. */
const REACH_PX = 6;
/** Python hears of at most fifteen hovered items a second. */
const HOVER_MS = 66;

/** The root element, with what the browser tests ask it. */
interface ScatterElement extends HTMLElement {
  aeScatter?: {
    pixel(i: number): [x: number, y: number];
    /** Red, green and blue of a point, from 0 to 255. */
    colour(i: number): number[];
  };
}

export class ScatterView implements PointerTarget, KeyTarget {
  private readonly root: ScatterElement = root("ae-scatter", "Latent scatter");
  private readonly scene: Scene;
  private readonly camera: Camera;
  private readonly plot: Plot;
  private readonly legend: Legend;
  private readonly toolbar: Toolbar;
  private readonly tooltip = new Tooltip();
  private readonly hint = element("p", "ae-hint ae-empty");
  private readonly status = element("span", "ae-status");
  private readonly clearButton = element(
    "button",
    "ae-link",
    { type: "button" },
    "clear selection",
  );
  private readonly live = element("div", "ae-unseen", { "aria-live": "polite" });
  private readonly pointer: Pointer;
  private readonly unbind: () => void;
  private readonly save = throttle(HOVER_MS, () => this.model.save_changes());

  constructor(
    private readonly model: ScatterModel,
    host: HTMLElement,
    private readonly acknowledger: Acknowledger,
  ) {
    this.scene = new Scene(model);
    this.camera = new Camera(model);
    this.toolbar = new Toolbar({
      colourBy: (value) => this.set("color_by", value),
      tool: (value) => this.set("tool", value),
      fit: () => this.fit(),
    });
    this.legend = new Legend((hidden) => this.hide(hidden));
    this.plot = new Plot({
      scene: this.scene,
      camera: this.camera,
      focus: () => model.get("focus"),
      pinned: () => model.get("pinned"),
      axisLabels: () => model.get("axis_labels"),
      restyled: () => this.restyle(),
      painted: () => this.painted(),
    });
    this.pointer = new Pointer(this.plot.surface, this);
    this.plot.surface.onkeydown = (event) => {
      if (handleKey(event, this)) event.preventDefault();
    };
    this.clearButton.onclick = () => this.setSelection(new Uint32Array(0));
    this.plot.surface.append(this.hint, this.tooltip.node);
    const foot = element("div", "ae-footer", {}, this.status, this.clearButton);
    const body = element("div", "ae-body", {}, this.plot.node, this.legend.node);
    this.root.append(this.toolbar.node, body, foot, this.live);
    this.root.aeScatter = {
      pixel: (i) => this.clientPixel(i),
      colour: (i) => [...this.scene.style.subarray(4 * i, 4 * i + 3)],
    };
    host.append(this.root);
    this.unbind = this.listen();
    this.readFrame();
    acknowledger.attach();
  }

  destroy(): void {
    this.unbind();
    this.acknowledger.detach();
    this.save.cancel();
    this.camera.destroy();
    this.pointer.destroy();
    this.plot.destroy();
    this.root.remove();
  }

  private listen(): () => void {
    const restyle = (): void => this.restyle();
    const remark = (): void => this.plot.remark();
    const follow = (): void => {
      this.camera.follow(performance.now(), !calmMotion());
      this.plot.redraw();
    };
    return bind(this.model, {
      frame: () => this.readFrame(),
      limits: follow,
      camera: follow,
      axis_labels: () => this.plot.redraw(),
      caption: () => this.describe(),
      hint: () => this.describe(),
      color_by: restyle,
      hidden: restyle,
      labels: restyle,
      label_names: restyle,
      classes: () => this.showTools(),
      clusters: restyle,
      selection: restyle,
      tool: () => this.showTools(),
      focus: remark,
      pinned: remark,
    });
  }

  private set<K extends keyof ScatterTraits>(name: K, value: ScatterTraits[K]): void {
    this.model.set(name, value);
    this.model.save_changes();
  }

  /** Filter by the legend; what is hidden is no longer selected. */
  private hide(hidden: string[]): void {
    this.set("hidden", hidden);
    const { selection, visible } = this.scene;
    const left = shown(selection, visible);
    if (left.length < selection.length) this.setSelection(left);
  }

  private readFrame(): void {
    const now = performance.now();
    const animate = !calmMotion();
    const before = this.scene.count;
    this.scene.readFrame(now, animate);
    this.camera.follow(now, animate && before > 0);
    this.plot.setPositions(this.scene.from, this.scene.to);
    // Groups outlive a frame; errors and predicted classes come with it.
    const renewed = ["error", "class"].includes(this.model.get("color_by"));
    const regroup = this.scene.count !== before || renewed;
    if (regroup) this.restyle();
    else this.describe();
  }

  private restyle(): void {
    this.scene.restyle(this.plot.theme.dark);
    this.plot.setStyle(this.scene.style);
    this.legend.update(this.scene, this.plot.theme.dark);
    this.showTools();
    this.describe();
  }

  private showTools(): void {
    const tool = this.model.get("tool");
    this.toolbar.update(this.scene.choices(), this.model.get("color_by"), tool);
    this.plot.surface.dataset.tool = tool;
  }

  private describe(): void {
    const { scene, model } = this;
    const caption = scene.count > 0 ? model.get("caption") : "";
    const selected = scene.selection.length;
    this.status.textContent = scene.count > 0 ? footer(scene.count, selected, caption) : "";
    this.clearButton.hidden = selected === 0;
    this.hint.hidden = scene.count > 0;
    this.hint.textContent = model.get("hint");
    const text = describeScatter(scene.count, scene.grouping.groups, selected, caption);
    this.plot.surface.setAttribute("aria-label", `${text} Keys: arrows, plus, minus, 0, n, p.`);
    this.root.dataset.points = String(scene.count);
    this.root.dataset.selected = String(selected);
  }

  private painted(): void {
    const frame = this.model.get("frame");
    this.root.dataset.frame = String(frame);
    this.root.dataset.focus = String(this.model.get("focus"));
    this.tooltip.follow(this.plot);
    this.acknowledger.painted(frame);
  }

  private clientPixel(i: number): [x: number, y: number] {
    const { left, top } = this.plot.surface.getBoundingClientRect();
    const [x, y] = this.plot.pixel(i);
    return [left + x, top + y];
  }

  // What pointer and keys ask for ------------------------------------------

  tool = (): ScatterTraits["tool"] => this.model.get("tool");

  private pick(x: number, y: number): number {
    const now = performance.now();
    const reach = this.plot.diameter(now) / 2 + REACH_PX;
    const { to, visible } = this.scene;
    return nearest(to, visible, this.camera.shown(now), this.plot.size, x, y, reach);
  }

  private point(index: number, pinned: boolean): void {
    if (index === this.model.get("focus") && pinned === this.model.get("pinned")) return;
    this.model.set("focus", index);
    this.model.set("pinned", pinned);
    this.save();
  }

  private title(i: number): string {
    const error = this.scene.errors[i];
    return itemTitle(i, this.scene.labelOf(i), error ?? null);
  }

  hover(x: number, y: number): void {
    const index = this.pick(x, y);
    this.plot.surface.classList.toggle("ae-touching", index >= 0);
    if (index < 0) this.tooltip.hide();
    else this.tooltip.show(index, this.title(index), this.plot);
    // Off all points the last one stays in focus, so that its card does not flicker.
    if (index >= 0 && !this.model.get("pinned")) this.point(index, false);
  }

  leave(): void {
    this.tooltip.hide();
  }

  click(x: number, y: number): void {
    const index = this.pick(x, y);
    const same = index === this.model.get("focus") && this.model.get("pinned");
    if (index >= 0) this.point(index, !same);
    else this.point(this.model.get("focus"), false);
  }

  panBy(dx: number, dy: number): void {
    this.tooltip.hide();
    this.camera.panBy(this.plot.size, dx, dy, performance.now());
  }

  zoomAt(factor: number, x: number, y: number): void {
    this.tooltip.hide();
    this.camera.zoomAt(this.plot.size, factor, x, y, performance.now());
  }

  zoomCentre(factor: number): void {
    this.zoomAt(factor, this.plot.size.width / 2, this.plot.size.height / 2);
  }

  fit(): void {
    this.camera.fit();
  }

  sketch(gesture: Gesture | null): void {
    this.tooltip.hide();
    this.plot.gesture = gesture;
    this.plot.remark();
  }

  select({ kind, path }: Gesture, add: boolean): void {
    const box = this.camera.shown(performance.now());
    const corners: number[] = [];
    for (let i = 0; i + 1 < path.length; i += 2) {
      corners.push(...toData(box, this.plot.size, path[i] as number, path[i + 1] as number));
    }
    const { to, visible, selection } = this.scene;
    const bounds = boundsOf(corners);
    const found = pointsIn(to, visible, bounds, kind === "lasso" ? corners : undefined);
    this.setSelection(add ? union(shown(selection, visible), found) : found);
  }

  private setSelection(indices: Uint32Array): void {
    this.set("selection", new DataView(indices.buffer, indices.byteOffset, indices.byteLength));
    this.live.textContent = `${count(indices.length, "item")} selected`;
  }

  walk(step: 1 | -1): void {
    const index = neighbour(this.scene.visible, this.model.get("focus"), step);
    if (index < 0) return;
    this.point(index, this.model.get("pinned"));
    this.tooltip.show(index, this.title(index), this.plot);
    this.live.textContent = this.title(index);
  }

  pin(): void {
    const focus = this.model.get("focus");
    if (focus < 0) return;
    this.point(focus, !this.model.get("pinned"));
    this.live.textContent = `${this.title(focus)} ${this.model.get("pinned") ? "pinned" : "released"}`;
  }

  clear(): void {
    this.tooltip.hide();
    if (this.pointer.cancel()) return;
    this.point(-1, false);
    if (this.scene.selection.length > 0) this.setSelection(new Uint32Array(0));
  }

  hintWheel(): void {
    this.tooltip.hint("Click the plot, or hold Ctrl, to zoom with the wheel");
  }
}
