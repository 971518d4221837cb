/** Lines of our controls that are cut show the whole text on hover. */
const LINES = ":is(.ae-transport, .ae-controls, .ae-loss-plot, .ae-groups, .ae-desk) .widget-label";
const CUT = "aeCut";
const INSTALLED = Symbol.for("ae_widgets.cut_lines");

/** Listen once a page. */
export function showCutLines(): void {
  const page = window as unknown as Record<symbol, boolean>;
  if (page[INSTALLED]) return;
  page[INSTALLED] = true;
  const tell = ({ target }: Event): void => {
    const line = target instanceof Element ? target.closest<HTMLElement>(LINES) : null;
    if (!line?.textContent) return;
    const cut =
      line.scrollWidth > line.clientWidth + 1 || line.scrollHeight > line.clientHeight + 1;
    if (cut) {
      line.title = line.textContent;
      line.dataset[CUT] = "";
    } else if (CUT in line.dataset) {
      line.removeAttribute("title"); // it was of another text
      delete line.dataset[CUT];
    }
  };
  // Moves too: the text may have changed under the mouse.
  for (const type of ["mouseover", "mousemove"]) document.addEventListener(type, tell);
}
