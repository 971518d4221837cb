/** The small text beside the hovered point, and passing hints. */
import { element } from "../../dom/element";
import type { Plot } from "./plot";

const HINT_MS = 1600;
const AWAY_PX = 12;

export class Tooltip {
  readonly node = element("div", "ae-tooltip", { "aria-hidden": "true", hidden: true });
  private index = -1;
  private timer = 0;

  show(index: number, text: string, plot: Plot): void {
    clearTimeout(this.timer);
    this.index = index;
    this.node.classList.remove("ae-passing");
    this.node.textContent = text;
    this.node.hidden = false;
    this.follow(plot);
  }

  /** Stay beside the point, on the side where there is room. */
  follow(plot: Plot): void {
    if (this.index < 0) return;
    const [x, y] = plot.pixel(this.index);
    const right = x > plot.size.width / 2;
    const below = y < 40;
    const shiftX = right ? `calc(-100% - ${AWAY_PX}px)` : `${AWAY_PX}px`;
    const shiftY = below ? `${AWAY_PX}px` : `calc(-100% - ${AWAY_PX}px)`;
    this.node.style.transform = `translate(${x}px, ${y}px) translate(${shiftX}, ${shiftY})`;
  }

  /** Say something at the foot of the plot for a moment. */
  hint(text: string): void {
    this.index = -1;
    this.node.textContent = text;
    this.node.classList.add("ae-passing");
    this.node.style.transform = "";
    this.node.hidden = false;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.hide(), HINT_MS);
  }

  hide(): void {
    this.index = -1;
    this.node.hidden = true;
    clearTimeout(this.timer);
  }
}
