/** What the scatter shares with Python; `ae_widgets/widgets/latent_scatter.py` documents each. */
import type { AnyModel } from "@anywidget/types";

export type ColourBy = "label" | "class" | "error" | "cluster" | "none";
export type Tool = "pan" | "box" | "lasso";

export interface ScatterTraits {
  positions: DataView;
  frame: number;
  exact: boolean;
  limits: number[];
  axis_labels: string[];
  caption: string;
  hint: string;
  labels: DataView;
  label_names: string[];
  classes: DataView;
  clusters: DataView;
  errors: DataView;
  color_by: ColourBy;
  hidden: string[];
  tool: Tool;
  focus: number;
  pinned: boolean;
  selection: DataView;
  camera: number[];
}

export type ScatterModel = AnyModel<ScatterTraits>;
