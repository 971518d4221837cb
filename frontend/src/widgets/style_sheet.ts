/** A widget without a face: it brings the style of the controls, keeps their keys, shows cut lines. */
import type { AnyWidget } from "@anywidget/types";
import { showCutLines } from "../dom/cut";
import { keepPlainKeys } from "../dom/shortcuts";

const widget: AnyWidget = {
  render({ el }) {
    el.hidden = true;
    keepPlainKeys();
    showCutLines();
  },
};

export default widget;
