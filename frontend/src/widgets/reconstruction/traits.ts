/** What the view shares with Python; `ae_widgets/widgets/reconstruction_view.py` documents each. */
import type { AnyModel } from "@anywidget/types";

export interface Item {
  readonly index: number;
  readonly label: string;
  readonly error: number | null;
  readonly epoch: number | null;
  readonly text: string;
  readonly telling?: Telling;
}

/** The few features of a sparse item that are shown. */
export interface Telling {
  readonly names: readonly string[];
  /** How many of them the item has. */
  readonly given: number;
  /** How many it has in all. */
  readonly of: number;
  /** What stands above the others, which only the reconstruction has. */
  readonly heading: string;
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
  sheet_texts: string[];
  marked: number;
}

export type ReconstructionModel = AnyModel<ReconstructionTraits>;
