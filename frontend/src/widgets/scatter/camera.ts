/** Which part of the plane a view shows: eased to new limits, moved by the person at once. */
import {
  type Box,
  boxFrom,
  boxToList,
  mixBoxes,
  pad,
  pan,
  type Size,
  sameBox,
  UNIT_BOX,
  zoom,
} from "../../lib/camera";
import { Motion } from "../../lib/easing";
import { throttle } from "../../lib/throttle";
import type { ScatterModel } from "./traits";

const SAVE_MS = 150;

export class Camera {
  private from: Box = UNIT_BOX;
  private to: Box = UNIT_BOX;
  private readonly motion = new Motion();
  private readonly save = throttle(SAVE_MS, () => this.model.save_changes());

  constructor(private readonly model: ScatterModel) {
    this.follow(0, false);
  }

  /** All points, with a little room around them. */
  home(): Box {
    return pad(boxFrom(this.model.get("limits")) ?? UNIT_BOX, 0.04);
  }

  shown(now: number): Box {
    return mixBoxes(this.from, this.to, this.motion.progress(now));
  }

  moving(now: number): boolean {
    return this.motion.running(now);
  }

  /** How much nearer than `home` the view is. */
  magnification(now: number): number {
    const [box, home] = [this.shown(now), this.home()];
    return (home.x1 - home.x0) / (box.x1 - box.x0);
  }

  /** Go from what is shown to what the traits ask for, at once unless `animate`. */
  follow(now: number, animate: boolean): void {
    const target = boxFrom(this.model.get("camera")) ?? this.home();
    if (sameBox(target, this.to)) return;
    this.from = this.shown(now);
    this.to = target;
    if (animate) this.motion.begin(now);
    else this.motion.end();
  }

  panBy(size: Size, dx: number, dy: number, now: number): void {
    this.move(pan(this.shown(now), size, dx, dy));
  }

  zoomAt(size: Size, factor: number, x: number, y: number, now: number): void {
    this.move(zoom(this.shown(now), size, factor, x, y, this.home()));
  }

  /** Show everything again, now and in frames to come. */
  fit(): void {
    this.model.set("camera", []);
    this.save();
  }

  destroy(): void {
    this.save.cancel();
  }

  private move(box: Box): void {
    this.from = box;
    this.to = box;
    this.motion.end();
    this.model.set("camera", boxToList(box));
    this.save();
  }
}
