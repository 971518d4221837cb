/** Mouse, pen and finger on the plot. */
import { Listeners } from "../../dom/element";
import type { Gesture } from "./overlay";
import type { Tool } from "./traits";

/** What the plot does on request; all coordinates are pixels of the plot area. */
export interface PointerTarget {
  tool(): Tool;
  hover(x: number, y: number): void;
  leave(): void;
  click(x: number, y: number): void;
  panBy(dx: number, dy: number): void;
  zoomAt(factor: number, x: number, y: number): void;
  /** A region is being drawn; null when it is finished or given up. */
  sketch(gesture: Gesture | null): void;
  select(gesture: Gesture, add: boolean): void;
  fit(): void;
  /** The wheel turned, but the page keeps it. */
  hintWheel(): void;
}

/** Less than this far is a click, not a drag. */
const DRAG_PX = 4;

type Point = [x: number, y: number];

interface Drag {
  readonly tool: Tool;
  readonly add: boolean;
  readonly start: Point;
  last: Point;
  moved: boolean;
  path: number[];
}

export class Pointer {
  private readonly listeners = new Listeners();
  private drag: Drag | null = null;

  constructor(
    private readonly node: HTMLElement,
    private readonly target: PointerTarget,
  ) {
    this.listeners.on(node, "pointerdown", this.down);
    this.listeners.on(node, "pointermove", this.move);
    this.listeners.on(node, "pointerup", this.up);
    this.listeners.on(node, "pointercancel", () => this.cancel());
    this.listeners.on(node, "pointerleave", () => this.target.leave());
    this.listeners.on(node, "dblclick", () => this.target.fit());
    this.listeners.on(node, "wheel", this.wheel, { passive: false });
  }

  /** Give up what is being drawn; tells whether there was something. */
  cancel(): boolean {
    const drawing = this.drag?.moved === true && this.drag.tool !== "pan";
    this.drag = null;
    this.target.sketch(null);
    return drawing;
  }

  destroy(): void {
    this.listeners.removeAll();
  }

  private place(event: MouseEvent): Point {
    const { left, top } = this.node.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  private readonly down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    this.node.focus({ preventScroll: true });
    this.node.setPointerCapture(event.pointerId);
    const start = this.place(event);
    const chosen = this.target.tool();
    this.drag = {
      tool: chosen === "pan" && event.shiftKey ? "lasso" : chosen,
      add: chosen !== "pan" && event.shiftKey,
      start,
      last: start,
      moved: false,
      path: [...start],
    };
  };

  private readonly move = (event: PointerEvent): void => {
    const at = this.place(event);
    const { drag } = this;
    if (!drag) {
      this.target.hover(...at);
      return;
    }
    drag.moved ||= Math.hypot(at[0] - drag.start[0], at[1] - drag.start[1]) >= DRAG_PX;
    if (!drag.moved) return;
    if (drag.tool === "pan") {
      this.target.panBy(at[0] - drag.last[0], at[1] - drag.last[1]);
    } else {
      if (drag.tool === "lasso") drag.path.push(...at);
      drag.last = at;
      this.target.sketch(gesture(drag));
    }
    drag.last = at;
  };

  private readonly up = (event: PointerEvent): void => {
    const { drag } = this;
    if (!drag) return;
    this.drag = null;
    this.target.sketch(null);
    if (!drag.moved) this.target.click(...this.place(event));
    else if (drag.tool !== "pan") this.target.select(gesture(drag), drag.add);
  };

  private readonly wheel = (event: WheelEvent): void => {
    // A page scrolled past the plot must not be caught by it.
    if (document.activeElement !== this.node && !event.ctrlKey && !event.metaKey) {
      this.target.hintWheel();
      return;
    }
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const delta = Math.min(Math.max(event.deltaY * lines, -240), 240);
    this.target.zoomAt(Math.exp(-delta * 0.0022), ...this.place(event));
  };
}

function gesture({ tool, path, start, last }: Drag): Gesture {
  if (tool === "lasso") return { kind: "lasso", path };
  const [x0, y0] = start;
  const [x1, y1] = last;
  return { kind: "box", path: [x0, y0, x1, y0, x1, y1, x0, y1] };
}
