/** The card of one item: input, reconstruction and residual. */
import { element } from "../../dom/element";
import { float32 } from "../../lib/bytes";
import {
  amplitude,
  type ImageShape,
  imageShape,
  markFilled,
  residualRgba,
  toRgba,
} from "../../lib/images";
import {
  completed,
  filledIn,
  type ItemValues,
  largestResiduals,
  MAX_BARS,
  splitItem,
  toUnit,
} from "../../lib/profile";
import { describeTelling, filledText, itemTitle, partText, short } from "../../lib/text";
import { barChart, lineChart, tellingChart } from "./charts";
import { figure, paintImage } from "./images";
import type { Item, ReconstructionModel, Telling } from "./traits";

const EMPTY_HINT = "Hover or click a point to see how its item is reconstructed.";

export class ItemCard {
  readonly node = element("section", "ae-item", { "aria-label": "Item" });
  private readonly title = element("h4", "ae-title");
  private readonly similar = element(
    "button",
    "ae-action",
    { type: "button", title: "Select the items whose codes are nearest to that of this one" },
    "Select similar",
  );
  private readonly head = element("div", "ae-head", {}, this.title, this.similar);
  private readonly text = element("p", "ae-text");
  private readonly note = element("p", "ae-hint");
  private readonly picture = element("div", "ae-picture", { role: "img" });
  private readonly figures = [
    figure("input"),
    figure("reconstruction"),
    figure("residual"),
  ] as const;

  constructor(private readonly model: ReconstructionModel) {
    this.similar.onclick = () => this.askForSimilar();
    this.node.append(this.head, this.text, this.picture, this.note);
  }

  update(dark: boolean): void {
    const { model } = this;
    const item = model.get("item");
    const shown = "index" in item;
    this.node.classList.toggle("ae-nothing", !shown);
    this.head.hidden = !shown;
    this.picture.hidden = !shown;
    this.text.textContent = this.text.title = item.text ?? "";
    if (!isItem(item)) {
      this.note.textContent = EMPTY_HINT;
      return;
    }
    const title = itemTitle(item.index, item.label, item.error);
    this.title.textContent = title;
    this.title.title = title;
    this.title.classList.toggle("ae-one-line", !title.includes("\n"));
    const bytes = float32(model.get("item_values"));
    const { telling } = item;
    const values = splitItem(bytes, telling ? telling.names.length : this.features(bytes.length));
    const known = values.reconstruction.length > 0 || telling !== undefined;
    const filled = telling ? "" : filledText(filledIn(values).length, values.input.length);
    const note = telling ? partText(telling.given, telling.of) : filled;
    this.note.textContent = known ? note : "No reconstruction yet: press Start to train.";
    this.note.classList.toggle("ae-filled-note", filled !== "");
    this.picture.classList.toggle("ae-telling", telling !== undefined);
    this.picture.classList.remove("ae-images");
    const shape = imageShape(model.get("item_shape"));
    if (telling) this.picture.replaceChildren(tellingChart(values, telling));
    else if (shape) this.drawImages(shape, values, dark);
    else this.drawProfile(values);
    this.picture.setAttribute("aria-label", this.describe(title, values, telling));
  }

  /** Have Python select the items that are like the one shown. */
  private askForSimilar(): void {
    const item = this.model.get("item");
    if (isItem(item)) this.model.send({ type: "similar", item: item.index });
  }

  private features(length: number): number {
    const shape = this.model.get("item_shape");
    if (shape.length > 0) return shape.reduce((a, b) => a * b, 1);
    return this.model.get("feature_names").length || length / 3;
  }

  private drawImages(shape: ImageShape, values: ItemValues, dark: boolean): void {
    const [low = 0, high = 1] = this.model.get("value_range");
    const [input, output, residual] = this.figures;
    const known = values.reconstruction.length > 0;
    const pixels = toRgba(completed(values), shape, low, high);
    paintImage(input.canvas, shape, markFilled(pixels, shape, filledIn(values)));
    if (known) {
      const limit = amplitude(values.residual);
      paintImage(output.canvas, shape, toRgba(values.reconstruction, shape, low, high));
      paintImage(residual.canvas, shape, residualRgba(values.residual, shape, limit, dark));
      residual.caption.textContent = `residual\n±${short(limit)}`;
    }
    output.node.classList.toggle("ae-unknown", !known);
    residual.node.classList.toggle("ae-unknown", !known);
    this.picture.classList.add("ae-images");
    if (!this.picture.contains(input.node)) {
      this.picture.replaceChildren(...this.figures.map((f) => f.node));
    }
  }

  private drawProfile(raw: ItemValues): void {
    const values = this.scaled(raw);
    const range = values === raw ? this.model.get("value_range") : [0, 1];
    const names = this.model.get("feature_names");
    const series = this.model.get("item_shape").length > 0;
    const bars = !series && raw.input.length <= MAX_BARS;
    this.picture.replaceChildren(
      bars
        ? barChart(values, names, range, raw)
        : lineChart(values, range, raw, series ? undefined : names),
    );
  }

  private scaled(values: ItemValues): ItemValues {
    return toUnit(values, float32(this.model.get("feature_ranges")));
  }

  private describe(title: string, values: ItemValues, telling: Telling | undefined): string {
    const { input, reconstruction, residual } = values;
    if (telling) return `${title}. ${describeTelling(telling, input, reconstruction)}`;
    const filled = filledText(filledIn(values).length, input.length);
    const end = filled && ` ${filled}.`;
    if (residual.length === 0) return `${title}. Input only, ${input.length} features.`;
    const names = this.model.get("feature_names");
    const worst = largestResiduals(this.scaled(values).residual, 3).map(
      (i) => `${names[i] ?? `feature ${i}`} ${short(residual[i])}`,
    );
    return `${title}. Input, reconstruction and residual. Largest residuals: ${worst.join(", ")}.${end}`;
  }
}

function isItem(item: Item | Record<string, never>): item is Item {
  return "index" in item;
}
