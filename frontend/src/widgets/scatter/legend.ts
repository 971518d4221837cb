/** The legend: chips that filter, or the scale of the errors. */
import { element, svg } from "../../dom/element";
import { type Group, isolated, toggled } from "../../lib/groups";
import { categoryColour, categoryShape, css, SHAPES, sequential } from "../../lib/palette";
import { short, startAndEnd } from "../../lib/text";
import type { Scene } from "./scene";
import { svgPath } from "./shapes";

export class Legend {
  readonly node = element("div", "ae-legend", { role: "group", "aria-label": "Legend" });
  private drawn = "";
  private chips: HTMLElement[] = [];

  /** @param hide called with the ids of the groups that shall be hidden */
  constructor(private readonly hide: (hidden: string[]) => void) {}

  update(scene: Scene, dark: boolean): void {
    const { groups } = scene.grouping;
    // Chips are kept while only their state changes, and with them the focus.
    const content = JSON.stringify([scene.colourBy, dark, groups.map((g) => [g.id, g.colour])]);
    if (groups.length > 0 && content === this.drawn) {
      for (const [i, g] of groups.entries()) setState(this.chips[i] as HTMLElement, g);
    } else if (groups.length > 0) {
      this.chips = groups.map((g) => chip(g, dark));
      const by = scene.colourBy;
      const heading = element("div", "ae-legend-heading", { "aria-hidden": "true" }, by);
      const headings = by === "cluster" || by === "class" ? [heading] : [];
      this.node.replaceChildren(...headings, ...this.chips);
    } else {
      this.node.replaceChildren(...(scene.colourBy === "error" ? [scale(scene, dark)] : []));
    }
    this.drawn = content;
    this.node.hidden = this.node.childElementCount === 0;
    this.node.onclick = (event) => {
      const id = idOf(event);
      if (id === undefined) return;
      const hidden = groups.filter((g) => g.hidden).map((g) => g.id);
      this.hide(event.shiftKey ? isolated(groups, id) : toggled(hidden, id));
    };
    this.node.ondblclick = (event) => {
      const id = idOf(event);
      if (id !== undefined) this.hide(isolated(groups, id));
    };
  }
}

function idOf(event: MouseEvent): string | undefined {
  return (event.target as Element).closest<HTMLElement>("[data-group]")?.dataset.group;
}

function chip(g: Group, dark: boolean): HTMLElement {
  const mark = svg(
    "svg",
    { viewBox: "-7 -7 14 14", width: 14, height: 14, "aria-hidden": "true" },
    svg("path", {
      d: svgPath(SHAPES[categoryShape(g.colour)] ?? "circle", 5.2),
      fill: css(categoryColour(g.colour, dark)),
    }),
  );
  const parts = startAndEnd(g.name).map((part) => element("span", "", {}, part));
  const node = element(
    "button",
    "ae-chip",
    { type: "button", "data-group": g.id },
    mark,
    element("span", "ae-chip-name", {}, ...parts),
    element("span", "ae-chip-count"),
  );
  setState(node, g);
  return node;
}

function setState(node: HTMLElement, g: Group): void {
  node.setAttribute("aria-pressed", String(!g.hidden));
  node.setAttribute("aria-label", `${g.full}: ${g.count.toLocaleString("en")}`);
  node.title = `${g.full}: ${g.count.toLocaleString("en")} items. Click to ${
    g.hidden ? "show" : "hide"
  }, double-click (or Shift-click) to show only these.`;
  (node.lastElementChild as HTMLElement).textContent = g.count.toLocaleString("en");
}

function scale({ range }: Scene, dark: boolean): HTMLElement {
  const stops = Array.from({ length: 9 }, (_, i) => css(sequential(i / 8, dark)));
  const bar = element("span", "ae-scale-bar");
  bar.style.setProperty("--ae-stops", stops.join(", "));
  const high = `${range.clipped ? "≥ " : ""}${short(range.high)}`;
  return element(
    "div",
    "ae-scale",
    { role: "img", "aria-label": `Reconstruction error from ${short(range.low)} to ${high}` },
    element("span", "ae-scale-title", {}, "error"),
    element("span", "ae-scale-low", {}, short(range.low)),
    bar,
    element("span", "ae-scale-high", {}, high),
  );
}
