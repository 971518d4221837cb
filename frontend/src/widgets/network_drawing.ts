/** A small drawing of the network's layers. */
import type { AnyModel, AnyWidget } from "@anywidget/types";
import { bind } from "../bind";
import "../dom/base.css";
import { root, svg } from "../dom/element";
import { activationText, type Column, hasRoom, type Layer, layoutNetwork } from "../lib/network";
import { revive } from "../revive";
import "./network_drawing.css";

interface NetworkTraits {
  layers: Layer[];
  description: string;
  pending: boolean;
}

const WIDTH = 240;
const DRAWING = 66;
const TEXT = 30;

function draw(model: AnyModel<NetworkTraits>, node: HTMLElement): void {
  const layers = model.get("layers");
  const pending = model.get("pending");
  const { columns, bands, roomy } = layoutNetwork(layers, WIDTH, DRAWING);
  const picture = svg("svg", {
    class: "ae-layers",
    viewBox: `0 0 ${WIDTH} ${DRAWING + TEXT}`,
    role: "img",
    "aria-label": model.get("description"),
  });
  picture.append(
    ...bands.map((points) => svg("polygon", { class: "ae-band", points })),
    ...columns.map((column, i) => {
      const named = isNamed(columns, i);
      return layer(column, roomy || named, named || hasRoom(columns, i));
    }),
  );
  node.replaceChildren(picture);
  node.classList.toggle("ae-pending", pending);
}

/** The ends and the code are labelled whatever the room; hovering tells all of any layer. */
function isNamed(columns: readonly Column[], i: number): boolean {
  return i === 0 || i === columns.length - 1 || columns[i]?.isCode === true;
}

function layer(
  { layer: l, x, y, width, height, filled, isCode }: Column,
  sized: boolean,
  named: boolean,
): SVGGElement {
  const tip = svg("title");
  const size = l.active === undefined ? String(l.size) : `${l.active}/${l.size}`;
  const use = l.active === undefined ? "" : `${l.active} active`;
  tip.textContent = [`${l.name}: ${l.size.toLocaleString("en")}`, use, l.activation]
    .filter(Boolean)
    .join(", ");
  const group = svg(
    "g",
    { class: isCode ? "ae-layer ae-code" : "ae-layer" },
    tip,
    svg("rect", { x, y, width, height, rx: 2 }),
  );
  if (filled < height) {
    group.classList.add("ae-closed"); // in part
    group.append(svg("rect", { x, y: y + height - filled, width, height: filled, rx: 2 }));
  }
  if (sized) {
    group.append(text("ae-size", x + width / 2, DRAWING + 13, size));
    const activation = named ? activationText(l.activation) : "";
    if (activation) group.append(text("ae-activation", x + width / 2, DRAWING + 24, activation));
  }
  return group;
}

function text(kind: string, x: number, y: number, content: string): SVGTextElement {
  const node = svg("text", { class: kind, x, y });
  node.textContent = content;
  return node;
}

const widget: AnyWidget<NetworkTraits> = {
  initialize: ({ model }) => void revive(model),
  render({ model, el }) {
    const node = root("ae-network", "Drawing of the network");
    el.append(node);
    const redraw = (): void => draw(model, node);
    redraw();
    const unbind = bind(model, { layers: redraw, pending: redraw, description: redraw });
    return () => {
      unbind();
      node.remove();
    };
  },
};

export default widget;
