import { expect, test, vi } from "vitest";
import widget from "../../src/widgets/reconstruction_view";
import { FakeModel } from "../fake_model";

const updated = vi.hoisted(() => ({ sheet: 0 }));

vi.mock("../../src/dom/element", () => ({
  root: () => ({ append: () => {}, remove: () => {}, dataset: {} }),
}));
vi.mock("../../src/dom/theme", () => ({
  isDarkTheme: () => false,
  onThemeChange: () => () => {},
}));
vi.mock("../../src/widgets/reconstruction/item_card", () => ({
  ItemCard: class {
    update(): void {}
  },
}));
vi.mock("../../src/widgets/reconstruction/sheet", () => ({
  Sheet: class {
    update(): void {
      updated.sheet++;
    }
    mark(): void {}
  },
}));

test("the sheet is drawn anew when anything of it changes, a label or an error alone too", () => {
  const traits: Record<string, unknown> = {
    item: {},
    sheet_indices: [1],
    sheet_labels: ["a"],
    sheet_errors: [0.5],
    sheet_total: 1,
    sheet_values: null,
    sheet_missing: null,
    sheet_texts: ["sail"],
  };
  const model = new FakeModel(traits);
  const el = { append: () => {} };
  type Props = { model: unknown; el: unknown };
  (widget as { render: (props: Props) => void }).render({ model: model.typed(), el });
  for (const name of Object.keys(traits).filter((n) => n.startsWith("sheet_"))) {
    const before = updated.sheet;
    model.receive({ [name]: traits[name] });
    expect([name, updated.sheet - before]).toEqual([name, 1]);
  }
});
