/** The sheet of the selected items: input above reconstruction, a button each. */
import { element, svg } from "../../dom/element";
import { uint8 } from "../../lib/bytes";
import { imageShape, markFilled, sheetTile, toRgba } from "../../lib/images";
import { dotPath, linear, linePath } from "../../lib/profile";
import { filledText, itemTitle, short } from "../../lib/text";
import { paintImage } from "./images";
import type { ReconstructionModel } from "./traits";

const EMPTY_HINT = "Lasso points to compare them here.";

export class Sheet {
  readonly node = element("section", "ae-sheet", { "aria-label": "Selected items" });
  private readonly title = element("h4", "ae-title");
  private readonly grid = element("div", "ae-tiles", {
    role: "group",
    "aria-label": "Selected items",
  });
  private readonly legend = element("p", "ae-legend", {}, "Input above, reconstruction below");
  private readonly hint = element("p", "ae-hint", {}, EMPTY_HINT);
  /** The one tile that Tab reaches; arrows move on from it. */
  private current = 0;
  /** Whether items are lines of text in place of pictures. */
  private inLines = false;

  constructor(private readonly model: ReconstructionModel) {
    this.node.append(this.title, this.legend, this.grid, this.hint);
    this.grid.onclick = (event) => this.choose(event.target as Element);
    this.grid.onkeydown = (event) => this.walk(event);
  }

  /** Draw the tiles anew. */
  update(): void {
    const { model } = this;
    const indices = model.get("sheet_indices");
    const total = model.get("sheet_total");
    this.hint.hidden = indices.length > 0;
    this.grid.hidden = indices.length === 0;
    this.title.hidden = indices.length === 0;
    this.legend.hidden = indices.length === 0 || !imageShape(model.get("item_shape"));
    this.title.textContent =
      total > indices.length
        ? `Showing ${indices.length} of ${total.toLocaleString("en")} selected`
        : `${indices.length} selected`;
    const refocus = this.grid.contains(document.activeElement);
    const lines = model.get("sheet_texts").length > 0;
    if (this.grid.classList.toggle("ae-lines-of-text", lines) !== this.inLines) {
      this.inLines = lines;
      this.grid.replaceChildren();
    }
    this.fit(indices.length);
    const sheet = uint8(model.get("sheet_values"));
    const features = indices.length > 0 ? sheet.length / indices.length / 2 : 0;
    for (const [i, index] of indices.entries()) {
      this.fill(this.grid.children[i] as HTMLButtonElement, i, index, sheet, features);
    }
    this.current = Math.min(this.current, Math.max(indices.length - 1, 0));
    this.mark();
    if (refocus) this.tile(this.current)?.focus();
  }

  /** Show which tile is marked. */
  mark(): void {
    const marked = this.model.get("marked");
    for (const [i, tile] of [...this.grid.children].entries()) {
      const here = this.model.get("sheet_indices")[i] === marked;
      tile.setAttribute("aria-pressed", String(here));
      (tile as HTMLElement).tabIndex = i === this.current ? 0 : -1;
    }
  }

  private tile(i: number): HTMLElement | undefined {
    return this.grid.children[i] as HTMLElement | undefined;
  }

  /** Keep as many tiles as there are items, so that new frames only repaint them. */
  private fit(count: number): void {
    while (this.grid.childElementCount > count) this.grid.lastElementChild?.remove();
    while (this.grid.childElementCount < count) {
      const caption = element("span", "ae-tile-error");
      const picture = this.picture();
      this.grid.append(element("button", "ae-tile", { type: "button" }, picture, caption));
    }
  }

  private picture(): Element {
    if (this.inLines) return element("span", "ae-tile-text");
    if (imageShape(this.model.get("item_shape"))) return element("canvas", "ae-image");
    return svg("svg", {
      class: "ae-tile-profile",
      viewBox: "0 0 48 40",
      preserveAspectRatio: "none",
    });
  }

  private fill(
    tile: HTMLElement,
    i: number,
    index: number,
    sheet: Uint8Array,
    features: number,
  ): void {
    const error = this.model.get("sheet_errors")[i] ?? null;
    const label = this.model.get("sheet_labels")[i] ?? "";
    const [picture, caption] = tile.children;
    const filled = this.filled(i, features);
    const title = itemTitle(index, label, error);
    tile.title = [title, filledText(filled.length, features)].filter(Boolean).join("\n");
    tile.setAttribute("aria-label", tile.title);
    tile.dataset.index = String(index);
    if (caption) caption.textContent = short(error, 2) + (filled.length > 0 ? "◇" : "");
    if (this.inLines && picture) {
      picture.textContent = this.model.get("sheet_texts")[i] ?? "";
      tile.title += `\n${picture.textContent}`;
      tile.setAttribute("aria-label", tile.title);
      return;
    }
    const [input, output] = sheetTile(sheet, features, i);
    const shape = imageShape(this.model.get("item_shape"));
    if (shape && picture instanceof HTMLCanvasElement) {
      const pixels = markFilled(toRgba(input, shape, 0, 255), shape, filled);
      paintImage(picture, shape, pixels, toRgba(output, shape, 0, 255));
    } else if (picture) {
      picture.replaceChildren(
        line("ae-input-line", input),
        line("ae-output-line", output),
        dots(output, filled),
      );
    }
  }

  /** Which values of tile `i` were missing. */
  private filled(i: number, features: number): number[] {
    const missing = uint8(this.model.get("sheet_missing"));
    const row = missing.subarray(i * features, (i + 1) * features);
    return [...row.keys()].filter((j) => row[j]);
  }

  private choose(target: Element): void {
    const tile = target.closest<HTMLElement>(".ae-tile");
    if (!tile) return;
    this.current = [...this.grid.children].indexOf(tile);
    const index = Number(tile.dataset.index);
    this.model.set("marked", this.model.get("marked") === index ? -1 : index);
    this.model.save_changes();
  }

  private walk(event: KeyboardEvent): void {
    const columns = getComputedStyle(this.grid).gridTemplateColumns.split(" ").length;
    const last = this.grid.childElementCount - 1;
    const steps: Record<string, number> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -columns,
      ArrowDown: columns,
      Home: -last,
      End: last,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.current = Math.min(Math.max(this.current + step, 0), last);
    this.mark();
    this.tile(this.current)?.focus();
  }
}

const across = (length: number) => linear(0, Math.max(length - 1, 1), 2, 46);
const up = linear(0, 255, 38, 2);

function line(kind: string, values: Uint8Array): SVGPathElement {
  const d = linePath(Float32Array.from(values), across(values.length), up);
  return svg("path", { class: kind, d });
}

function dots(values: Uint8Array, filled: readonly number[]): SVGPathElement {
  const d = dotPath(values, filled, across(values.length), up);
  return svg("path", { class: "ae-filled-dots", d });
}
