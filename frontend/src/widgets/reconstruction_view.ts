/** Input, reconstruction and residual of one item, and the sheet of the selected ones. */
import type { AnyWidget } from "@anywidget/types";
import { bind } from "../bind";
import "../dom/base.css";
import { root } from "../dom/element";
import { isDarkTheme, onThemeChange } from "../dom/theme";
import { revive } from "../revive";
import { ItemCard } from "./reconstruction/item_card";
import { Sheet } from "./reconstruction/sheet";
import type { ReconstructionModel, ReconstructionTraits } from "./reconstruction/traits";
import "./reconstruction_view.css";

function render(model: ReconstructionModel, host: HTMLElement): () => void {
  const node = root("ae-reconstruction", "Reconstructions");
  const card = new ItemCard(model);
  const sheet = new Sheet(model);
  node.append(card.node, sheet.node);
  host.append(node);

  const drawItem = (): void => {
    card.update(isDarkTheme());
    const item = model.get("item");
    node.dataset.item = "index" in item ? String(item.index) : "";
  };
  const drawSheet = (): void => {
    sheet.update();
    node.dataset.tiles = String(model.get("sheet_indices").length);
  };
  const drawAll = (): void => {
    drawItem();
    drawSheet();
  };
  drawAll();

  const unbind = bind(model, {
    item: drawItem,
    item_values: drawItem,
    item_shape: drawAll,
    feature_names: drawItem,
    value_range: drawItem,
    feature_ranges: drawItem,
    sheet_values: drawSheet,
    sheet_missing: drawSheet,
    sheet_texts: drawSheet,
    sheet_labels: drawSheet,
    sheet_errors: drawSheet,
    sheet_indices: drawSheet,
    sheet_total: drawSheet,
    marked: () => sheet.mark(),
  });
  const stopTheme = onThemeChange(drawItem);
  return () => {
    unbind();
    stopTheme();
    node.remove();
  };
}

const widget: AnyWidget<ReconstructionTraits> = {
  initialize: ({ model }) => void revive(model),
  render: ({ model, el }) => render(model, el),
};

export default widget;
