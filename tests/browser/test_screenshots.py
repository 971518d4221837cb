"""Pictures of the Lab in every theme, width and application, and what can be told of them."""

import pytest

from tests.browser.conftest import SCREENSHOTS
from tests.browser.lab_page import press, wait_for_frames, wait_for_rest, wait_for_state

pytestmark = pytest.mark.browser

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
READABLE = """() => [...document.querySelectorAll('.ae-lab button, .ae-lab label')]
  .filter((node) => node.offsetParent && node.scrollWidth > node.clientWidth + 1)
  .map((node) => node.textContent)"""


@pytest.mark.parametrize("app", ["lab", "notebook"])
@pytest.mark.parametrize("width", [1280, 1920])
@pytest.mark.parametrize("theme", THEMES)
def test_look(open_lab, app, width, theme):
    height = {1280: 800, 1920: 1080}[width]
    notebook = open_lab(app=app, theme=THEMES[theme], width=width, height=height)
    notebook.shot(f"{app}-{theme}-{width}-before")
    notebook.run("lab.start()")
    wait_for_frames(notebook, 5)
    notebook.shot(f"{app}-{theme}-{width}-running")
    notebook.wait_for(lambda: notebook.run("print(lab.session.status.epoch >= 25)") == "True")
    press(notebook, "Stop")
    wait_for_state(notebook, "finished")
    wait_for_rest(notebook)
    notebook.run("lab.session.select(range(0, 40)); lab.session.point(7)")
    notebook.wait_for("document.querySelectorAll('.ae-lab .ae-tile').length === 40")
    notebook.wait_for("!document.querySelector('.ae-lab .ae-item .ae-unknown')")
    notebook.page.evaluate("document.querySelector('.ae-lab').scrollIntoView()")
    notebook.shot(f"{app}-{theme}-{width}")
    assert notebook.page.evaluate(MISPLACED) == []
    assert notebook.page.evaluate(READABLE) == []


def test_picture_of_the_readme(open_lab):
    cell = "lab = Lab(X, y, item_shape=(8, 8), max_iter=100)\nlab"
    notebook = open_lab(cell, width=1360, height=1200)
    notebook.run("""import time
lab.start()
while lab.session.status.epoch < 30: time.sleep(0.01)
lab.session.change(beta=0.01)
while lab.session.status.epoch < 60: time.sleep(0.01)
lab.pause()
lab.session.select(range(0, 60)); lab.session.point(7)""")
    wait_for_state(notebook, "paused")
    wait_for_rest(notebook)
    notebook.wait_for("document.querySelectorAll('.ae-lab .ae-tile').length === 60")
    notebook.page.get_by_role("button", name="Resume").wait_for()
    notebook.page.get_by_text("β 0 → 0.01").first.wait_for()
    notebook.wait_for("!document.querySelector('.ae-lab .ae-item .ae-unknown')")
    picture = SCREENSHOTS / "readme.png"
    notebook.page.locator(".ae-lab").screenshot(path=picture)
    assert notebook.page.evaluate(MISPLACED) == []
