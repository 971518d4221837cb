/**
 * Keys pressed in our widgets are their own, not the notebook's shortcuts.
 *
 * JupyterLab and Notebook look for shortcuts from the pressed element upwards and
 * stop at this attribute. It must be on the very element, since Notebook has
 * shortcuts for any element in focus. Only plain keys are kept: Ctrl+S still saves.
 */
const KEPT = "data-lm-suppress-shortcuts";
const OURS =
  ".ae-root, .ae-lab, .ae-transport, .ae-controls, .ae-labelling, .ae-loss-plot, .ae-groups, .ae-desk";
const INSTALLED = Symbol.for("ae_widgets.plain_keys");

/** Whether the notebook should see the key all the same. */
export function isShortcut(event: KeyboardEvent): boolean {
  const runsTheCell = event.shiftKey && event.key === "Enter";
  return event.ctrlKey || event.metaKey || event.altKey || runsTheCell;
}

/** Listen once a page, before the notebook does. */
export function keepPlainKeys(): void {
  const page = window as unknown as Record<symbol, boolean>;
  if (page[INSTALLED]) return;
  page[INSTALLED] = true;
  const mark = (event: KeyboardEvent): void => {
    const target = event.target;
    if (target instanceof Element && target.closest(OURS)) {
      target.toggleAttribute(KEPT, !isShortcut(event));
    }
  };
  window.addEventListener("keydown", mark, { capture: true });
}
