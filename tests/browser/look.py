"""What of the look of a Lab can be told by a program, and pictures for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.browser.notebook import Notebook

HEIGHTS = {1280: 800, 1920: 1080}
THEMES = {
    "light": "JupyterLab Light",
    "dark": "JupyterLab Dark",
    "contrast": "JupyterLab Dark High Contrast",
}
# Pairs of parts that cover each other, and parts that stick out of the Lab.
MISPLACED = """() => {
  const all = '.ae-lab .ae-panel:not(.ae-section), .ae-lab .ae-transport';
  const parts = [...document.querySelectorAll(all)];
  const boxes = parts.map((part) => part.getBoundingClientRect());
  const lab = document.querySelector('.ae-lab').getBoundingClientRect();
  const found = [];
  boxes.forEach((a, i) => {
    if (a.left < lab.left - 1 || a.right > lab.right + 1) found.push(`${i} sticks out`);
    boxes.slice(i + 1).forEach((b, j) => {
      const over = Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
      if (over) found.push(`${i} and ${i + 1 + j} overlap`);
    });
  });
  return found;
}"""
READABLE = """() => [...document.querySelectorAll(
  '.ae-lab button, .ae-lab label, .ae-lab .ae-curve-head > .ae-desk-note')]
  .filter((node) => node.offsetParent && node.scrollWidth > node.clientWidth + 1)
  .map((node) => node.textContent)"""

# What none of our own markup has, and what a name in the data would bring if it were markup.
ALIVE = """() => {
  const ours = [...document.querySelectorAll('.ae-lab, .ae-lab *')];
  const tags = 'a, b, i:not(:empty), iframe, img:not(.ae-heat), link, mjx-container, object, '
    + 'script, textarea';
  const active = ({ name, value }) => name.startsWith('on') || name === 'autofocus'
    || name === 'srcdoc' || (['href', 'src'].includes(name) && /^\\s*javascript:/i.test(value));
  const found = ours.filter((node) => node.matches(tags) || [...node.attributes].some(active));
  return [String(window.__x), ...found.map((node) => node.outerHTML.slice(0, 200))];
}"""


def assert_inert(notebook: Notebook) -> None:
    """Assert that no name of the data (see tests/payloads.py) has become markup or code."""
    found = notebook.page.evaluate(ALIVE)
    assert found == ["undefined"], found


def assert_tidy(notebook: Notebook) -> None:
    """Assert that no part covers another or sticks out, and that no text is cut."""
    assert notebook.page.evaluate(MISPLACED) == []
    assert notebook.page.evaluate(READABLE) == []


def show(notebook: Notebook, theme: str, width: int) -> None:
    """Give the page a theme and a width, and wait until the plots have followed."""
    notebook.set_theme(THEMES[theme])
    size = {"width": width, "height": HEIGHTS.get(width, 800)}
    resized = notebook.page.viewport_size != size
    notebook.page.set_viewport_size(size)
    notebook.page.wait_for_timeout(1500 if resized else 300)  # bqplot draws anew some time later


def take_pictures(
    notebook: Notebook,
    name: str,
    themes: Iterable[str] = ("light", "dark"),
    widths: Iterable[int] = (1280,),
    part: str = "",
) -> None:
    """Picture the Lab from its top, or a part at its end; assert that the Lab is tidy."""
    place = [part or ".ae-lab", "end" if part else "start"]
    into_view = "([part, block]) => document.querySelector(part).scrollIntoView({ block })"
    for width in widths:
        for theme in themes:
            show(notebook, theme, width)
            notebook.page.evaluate(into_view, place)
            notebook.shot(f"{name}-{theme}-{width}")
            assert_tidy(notebook)
