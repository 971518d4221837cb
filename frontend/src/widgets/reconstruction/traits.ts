/** What the view shares with Python; `ae_widgets/widgets/reconstruction_view.py` documents each. */
import type { AnyModel } from "@anywidget/types";

export interface Item {
  readonly index: number;
  readonly label: string;
  readonly error: number | null;
  readonly epoch: number | null;
}

export interface ReconstructionTraits {
  item_shape: number[];
  feature_names: string[];
  value_range: number[];
  feature_ranges: DataView;
  item: Item | Record<string, never>;
  item_values: DataView;
  sheet_indices: number[];
  sheet_labels: string[];
  sheet_errors: (number | null)[];
  sheet_total: number;
  sheet_values: DataView;
  sheet_missing: DataView;
  marked: number;
}

export type ReconstructionModel = AnyModel<ReconstructionTraits>;
