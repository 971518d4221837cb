/** Building the page without a framework; text only ever through `textContent`. */
import { keepPlainKeys } from "./shortcuts";

type Attributes = Record<string, string | number | boolean | undefined>;

function setAttributes(node: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? "" : String(value));
  }
}

/** An HTML element with a class, attributes and children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  if (className) node.className = className;
  setAttributes(node, attributes);
  node.append(...children);
  return node;
}

/** An SVG element. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): SVGElementTagNameMap[K] {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAttributes(node, attributes);
  node.append(...children);
  return node;
}

/** Listeners that one call removes together. */
export class Listeners {
  private readonly controller = new AbortController();

  on<K extends keyof HTMLElementEventMap>(
    target: HTMLElement,
    type: K,
    handler: (event: HTMLElementEventMap[K]) => void,
    options: AddEventListenerOptions = {},
  ): void {
    target.addEventListener(type, handler, { ...options, signal: this.controller.signal });
  }

  removeAll(): void {
    this.controller.abort();
  }
}

/** A root element in a view; keys pressed in it are its own, not the notebook's shortcuts. */
export function root(className: string, label: string): HTMLElement {
  keepPlainKeys();
  return element("div", `ae-root ${className}`, { role: "group", "aria-label": label });
}
