/**
 * Tells Python once for each frame that it was painted, so that it sends the
 * next. Several views of one model share it.
 */
import type { ScatterModel } from "./traits";

/** A tab in the background paints nothing; its frames count as seen after this time. */
const PATIENCE_MS = 1000;

export class Acknowledger {
  private views = 0;
  private last = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly model: ScatterModel) {}

  /** A frame has arrived; without any view nobody sees it, and it stays open. */
  readonly expect = (): void => {
    clearTimeout(this.timer);
    if (this.views > 0) {
      this.timer = setTimeout(() => this.painted(this.model.get("frame")), PATIENCE_MS);
    }
  };

  /** A view has drawn `frame`. */
  painted(frame: number): void {
    if (frame === this.last || frame !== this.model.get("frame")) return;
    clearTimeout(this.timer);
    this.last = frame;
    this.model.send({ type: "drawn", frame });
  }

  /** A view has appeared: Python sends it what is new. */
  attach(): void {
    this.views += 1;
    this.model.send({ type: "ready" });
    if (this.model.get("frame") !== this.last) this.expect();
  }

  detach(): void {
    this.views -= 1;
    if (this.views === 0) clearTimeout(this.timer);
  }
}
