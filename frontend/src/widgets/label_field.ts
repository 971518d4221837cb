/** A line of text with names suggested; Enter sends along what is typed. */
import type { AnyWidget } from "@anywidget/types";
import { bind } from "../bind";
import { element, Listeners } from "../dom/element";
import { keepPlainKeys } from "../dom/shortcuts";
import { revive } from "../revive";

export interface FieldTraits {
  value: string;
  options: string[];
  placeholder: string;
  told: string;
}

let made = 0;

const widget: AnyWidget<FieldTraits> = {
  initialize: ({ model }) => void revive(model),
  render({ model, el }) {
    keepPlainKeys();
    made += 1;
    const names = element("datalist", "", { id: `ae-names-${made}` });
    const field = element("input", "", {
      type: "text",
      list: names.id,
      placeholder: model.get("placeholder"),
      title: model.get("told"),
      "aria-label": model.get("told"),
    });
    const offer = (): void =>
      names.replaceChildren(
        ...model.get("options").map((value) => element("option", "", { value })),
      );
    const show = (): void => {
      if (field.value !== model.get("value")) field.value = model.get("value");
    };
    const listeners = new Listeners();
    listeners.on(field, "input", () => {
      model.set("value", field.value);
      model.save_changes();
    });
    // A trait waits until the kernel has answered the one before; a message overtakes it.
    listeners.on(field, "keydown", ({ key, isComposing }) => {
      if (key === "Enter" && !isComposing) model.send({ event: "submit", value: field.value });
    });
    offer();
    show();
    el.append(field, names);
    const unbind = bind(model, { options: offer, value: show });
    return () => {
      unbind();
      listeners.removeAll();
      field.remove();
      names.remove();
    };
  },
};

export default widget;
