/** A widget without a face: the tooltips of the fields in the box that it stands in. */
import type { AnyWidget } from "@anywidget/types";
import { tipOf } from "../lib/tips";
import { revive } from "../revive";

interface TipsTraits {
  tips: Record<string, string>;
}

const ROW = ".widget-inline-hbox";
const FIELDS = "input, select, textarea";

const widget: AnyWidget<TipsTraits> = {
  initialize: ({ model }) => void revive(model),
  render({ model, el }) {
    el.hidden = true;
    // As late as they are looked for: the fields are drawn after this, in an order of their own.
    const tell = ({ target }: Event): void => {
      const row = target instanceof Element ? target.closest<HTMLElement>(ROW) : null;
      if (!row || !el.parentElement?.contains(row)) return;
      const labels = [...row.querySelectorAll("label, span")].map((node) => node.textContent ?? "");
      const tip = tipOf(model.get("tips"), labels, [...row.classList]);
      if (!tip) return;
      // ipywidgets gives some inner elements their label as a title.
      for (const node of [row, ...row.querySelectorAll<HTMLElement>("[title]")]) node.title = tip;
      row.querySelector(FIELDS)?.setAttribute("aria-description", tip);
    };
    const controller = new AbortController();
    for (const type of ["mouseover", "focusin"]) {
      document.addEventListener(type, tell, { signal: controller.signal });
    }
    return () => controller.abort();
  },
};

export default widget;
