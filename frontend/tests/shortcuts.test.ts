import { describe, expect, it } from "vitest";
import { isShortcut } from "../src/dom/shortcuts";

function press(key: string, held: Partial<KeyboardEvent> = {}): KeyboardEvent {
  const up = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
  return { key, ...up, ...held } as KeyboardEvent;
}

describe("isShortcut", () => {
  it("leaves plain keys to the widgets", () => {
    for (const key of ["ArrowRight", "n", "Escape", "Enter", " "]) {
      expect(isShortcut(press(key))).toBe(false);
    }
    expect(isShortcut(press("N", { shiftKey: true }))).toBe(false);
  });

  it("leaves combinations to the notebook", () => {
    expect(isShortcut(press("s", { ctrlKey: true }))).toBe(true);
    expect(isShortcut(press("s", { metaKey: true }))).toBe(true);
    expect(isShortcut(press("Enter", { shiftKey: true }))).toBe(true);
  });
});
