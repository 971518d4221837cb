/** The colours in force, for canvases; `dom/base.css` defines the `--ae-*` names. */

export interface Theme {
  readonly dark: boolean;
  readonly ink: string;
  readonly faint: string;
  readonly grid: string;
  readonly paper: string;
  readonly accent: string;
  readonly font: string;
}

/** Read the colours of a node on the page; elsewhere a node has none. */
export function readTheme(node: Element): Theme {
  const style = getComputedStyle(node);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    dark: isDarkTheme(),
    ink: read("--ae-ink"),
    faint: read("--ae-ink-faint"),
    grid: read("--ae-grid"),
    paper: read("--ae-paper"),
    accent: read("--ae-accent"),
    font: style.fontFamily,
  };
}

export function isDarkTheme(): boolean {
  return isDark(getComputedStyle(document.body).getPropertyValue("--jp-layout-color0").trim());
}

/** Whether white text would be read on `colour`. */
function isDark(colour: string): boolean {
  const context = document.createElement("canvas").getContext("2d");
  if (!context) return false;
  context.fillStyle = colour || "#fff";
  context.fillRect(0, 0, 1, 1);
  const [r = 0, g = 0, b = 0] = context.getImageData(0, 0, 1, 1).data;
  return 0.299 * r + 0.587 * g + 0.114 * b < 128;
}

/**
 * Call `changed` when JupyterLab has switched its theme.
 *
 * @returns a function that stops it
 */
export function onThemeChange(changed: () => void): () => void {
  // The attributes change a moment before the new style sheet is in force.
  let timer = 0;
  const observer = new MutationObserver(() => {
    requestAnimationFrame(changed);
    clearTimeout(timer);
    timer = window.setTimeout(changed, 300);
  });
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: ["data-jp-theme-name", "data-jp-theme-light"],
  });
  return () => {
    clearTimeout(timer);
    observer.disconnect();
  };
}

export const calmMotion = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
