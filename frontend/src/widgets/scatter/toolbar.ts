/** The row above the plot: what colours the points, what dragging does. */
import { element } from "../../dom/element";
import { type IconName, icon } from "../../dom/icons";
import type { ColourBy, Tool } from "./traits";

const COLOUR_TEXT: Record<ColourBy, string> = {
  label: "label",
  class: "predicted class",
  error: "reconstruction error",
  cluster: "cluster",
  none: "nothing",
};

const TOOLS: readonly { tool: Tool; label: string; title: string }[] = [
  {
    tool: "pan",
    label: "Pan",
    title:
      "Drag to move the view; Shift-drag draws a lasso. Wheel zooms once the plot is clicked, or with Ctrl.",
  },
  {
    tool: "box",
    label: "Select by box",
    title: "Drag a box around items; with Shift adds to the selection.",
  },
  {
    tool: "lasso",
    label: "Select by lasso",
    title: "Draw around items; with Shift adds to the selection.",
  },
];

export interface ToolbarActions {
  colourBy(value: ColourBy): void;
  tool(value: Tool): void;
  fit(): void;
}

export class Toolbar {
  readonly node: HTMLElement;
  private readonly select = element("select", "ae-select", {
    title: "What the colours of the points show",
  });
  private readonly tools: HTMLButtonElement[];

  constructor(actions: ToolbarActions) {
    this.select.onchange = () => actions.colourBy(this.select.value as ColourBy);
    this.tools = TOOLS.map(({ tool, label, title }) =>
      button(tool, label, `${label}. ${title}`, () => actions.tool(tool)),
    );
    const fit = button(
      "fit",
      "Show all",
      "Move and zoom the view so that all points fit in (double-click in the plot, or key 0).",
      actions.fit,
    );
    this.node = element(
      "div",
      "ae-toolbar",
      {},
      element("label", "ae-field", {}, element("span", "", {}, "Colour by"), this.select),
      element("span", "ae-spring"),
      element(
        "div",
        "ae-tools",
        { role: "group", "aria-label": "What dragging does" },
        ...this.tools,
      ),
      fit,
    );
  }

  update(choices: readonly ColourBy[], chosen: ColourBy, tool: Tool): void {
    const offered = [...this.select.options].map((o) => o.value);
    if (offered.join() !== choices.join()) {
      this.select.replaceChildren(
        ...choices.map((c) => element("option", "", { value: c }, COLOUR_TEXT[c])),
      );
    }
    this.select.value = chosen;
    for (const [i, node] of this.tools.entries()) {
      node.setAttribute("aria-pressed", String(TOOLS[i]?.tool === tool));
    }
  }
}

function button(name: IconName, label: string, title: string, act: () => void): HTMLButtonElement {
  const node = element(
    "button",
    "ae-tool",
    { type: "button", title, "aria-label": label, "data-tool": name },
    icon(name),
  );
  node.onclick = act;
  return node;
}
