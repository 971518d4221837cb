/** The latent scatter: all items' codes, live. */
import type { AnyWidget } from "@anywidget/types";
import { bind } from "../bind";
import "../dom/base.css";
import { revive } from "../revive";
import "./latent_scatter.css";
import { Acknowledger } from "./scatter/acknowledge";
import type { ScatterTraits } from "./scatter/traits";
import { ScatterView } from "./scatter/view";

/** Called once a model, so that its views share one acknowledger. */
export default (): AnyWidget<ScatterTraits> => {
  let acknowledger: Acknowledger;
  return {
    initialize({ model }) {
      void revive(model);
      acknowledger = new Acknowledger(model);
      return bind(model, { frame: acknowledger.expect });
    },
    render({ model, el }) {
      const view = new ScatterView(model, el, acknowledger);
      return () => view.destroy();
    },
  };
};
