/** A widget without a face: it brings the style of the controls and keeps their keys. */
import type { AnyWidget } from "@anywidget/types";
import { keepPlainKeys } from "../dom/shortcuts";

const widget: AnyWidget = {
  render({ el }) {
    el.hidden = true;
    keepPlainKeys();
  },
};

export default widget;
