"""What is told where the mouse rests on a control."""

import pytest

from ae_widgets.widgets.architecture_controls import TOOLTIPS, WAITING
from tests.browser.lab_page import wait_for_frames
from tests.browser.test_kinds import choose

pytestmark = pytest.mark.browser

UNTOLD = """() => [...document.querySelectorAll('.ae-lab .ae-controls .widget-inline-hbox')]
  .filter((row) => row.querySelector('label, span')?.textContent.trim())
  .filter((row) => row.querySelector('input, select, .noUi-base'))
  .filter((row) => {
    const label = [...row.querySelectorAll('label, span')].find((node) => node.textContent.trim());
    const field = row.querySelector('input, select, .noUi-base');
    for (const node of [label, field]) {
      node.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
      const title = node.closest('[title]')?.title;
      if (!title || title === label.textContent.trim()) return true;
    }
    return false;
  })
  .map((row) => row.textContent.trim())"""


def test_every_field_of_the_panels_tells_what_it_does(open_lab):
    notebook = open_lab()
    assert notebook.page.evaluate(UNTOLD) == []
    kind = notebook.page.locator(".ae-lab .widget-dropdown", has_text="Kind").first
    kind.locator("select").hover()
    notebook.wait_for(lambda: (kind.get_attribute("title") or "").startswith(TOOLTIPS["kind"]))
    told = kind.locator("select").get_attribute("aria-description")
    assert told.startswith(TOOLTIPS["kind"])
    notebook.run("lab.start()")
    wait_for_frames(notebook, 2)
    choose(notebook, "Kind", "gated")
    waiting = notebook.page.locator(".ae-lab .ae-waiting")
    waiting.hover()
    notebook.wait_for(lambda: waiting.get_attribute("title") == WAITING)
    notebook.run("lab.stop()")


def test_a_line_that_is_cut_is_told_in_full(open_lab):
    notebook = open_lab()
    line = notebook.page.locator(".ae-lab .ae-status").first
    text = "Something is said at length. " * 20
    notebook.run(f"lab.session.say({text!r})")
    notebook.wait_for(lambda: text.strip() in line.inner_text())

    def title():
        notebook.page.mouse.move(0, 0)  # it may rest there, and would tell of no change
        line.hover()
        return line.get_attribute("title") or ""

    notebook.wait_for(lambda: text.strip() in title())
    notebook.run("lab.session.say('Short.')")
    notebook.wait_for(lambda: "Short." in line.inner_text())
    notebook.wait_for(lambda: not title())
