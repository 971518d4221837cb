"""What must hold while it trains: other cells, floods, reloads, second views, no screen."""

import pytest

from tests.browser.lab_page import (
    ENDLESS,
    SCATTER,
    pixel,
    press,
    surface,
    wait_for_frames,
    wait_for_rest,
    wait_for_state,
    wait_for_status,
)

pytestmark = pytest.mark.browser

# Comm messages to the page, by the time at which the kernel sent them.
COUNT_MESSAGES = """() => {
  window.arrivals = [];
  const kernel = window.testPanel.sessionContext.session.kernel;
  kernel.iopubMessage.connect((_, message) => {
    if (message.header.msg_type === 'comm_msg') {
      const buffers = message.buffers?.reduce((sum, b) => sum + b.byteLength, 0) ?? 0;
      const size = JSON.stringify(message.content).length + buffers;
      window.arrivals.push([Date.parse(message.header.date), size]);
    }
  });
}"""
CUT_NAMES = """() => [...document.querySelectorAll('.ae-scatter .ae-chip-name')]
  .filter((name) => [name, ...name.children].some((part) => part.scrollWidth > part.clientWidth))
  .map((name) => name.textContent)"""
RUN_IN_BACKGROUND = """(code) => {
  window.testPanel.sessionContext.session.kernel.requestExecute({ code });
}"""


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_prints_land_under_their_own_cell(open_lab, app):
    notebook = open_lab(
        f"{ENDLESS}\nlab.start()\nlab",
        "import time\nwhile lab.session.status.epoch < 5: time.sleep(0.01)\nprint('from below')",
        app=app,
    )
    cells = notebook.page.locator(".jp-CodeCell")
    cells.nth(2).locator(".jp-OutputArea", has_text="from below").wait_for()
    assert "from below" not in cells.nth(1).locator(".jp-OutputArea").inner_text()


@pytest.mark.alone
@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_buttons_and_pictures_work_while_a_cell_computes(open_lab, app):
    notebook = open_lab(f"{ENDLESS}\nlab.start()\nlab", app=app)
    wait_for_frames(notebook, 2)
    busy = """
from time import monotonic
began, stopped, shown = monotonic(), None, {lab.scatter.frame}
while monotonic() - began < 12:
    shown.add(lab.scatter.frame)
    if stopped is None and lab.session.status.state == 'finished':
        stopped = monotonic() - began
"""
    notebook.page.evaluate(RUN_IN_BACKGROUND, busy)
    wait_for_frames(notebook, 6)
    press(notebook, "Stop")
    assert notebook.run("print(stopped is not None and len(shown) > 3)") == "True"


@pytest.mark.alone
@pytest.mark.timeout(600)
def test_after_a_hundred_thousand_steps_the_screen_equals_the_kernel(open_lab):
    cell = """import numpy as np
lab = Lab(np.random.default_rng(0).random((1797, 4)), hidden_layer_sizes=(), batch_size=1,
          max_iter=62, n_iter_no_change=62, validation_fraction=0.1)
lab"""
    notebook = open_lab(cell)
    notebook.page.evaluate(COUNT_MESSAGES)
    press(notebook, "Start")
    wait_for_state(notebook, "finished", timeout=240)
    assert int(notebook.run("print(lab.session.status.step)")) >= 100_000

    wait_for_rest(notebook)
    wait_for_status(notebook)
    said = notebook.run("print(f'epoch {lab.session.status.epoch} of 62 · step 100,')")
    notebook.wait_for(lambda: said in notebook.page.locator(".ae-transport").inner_text())

    arrivals = notebook.page.evaluate("window.arrivals")
    times = [time for time, _ in arrivals]
    busiest = max(sum(start <= t < start + 1000 for t in times) for start in times)
    assert max(size for _, size in arrivals) < 100_000
    assert busiest <= 20


def test_reload_in_mid_training_brings_the_whole_lab_back(open_lab):
    notebook = open_lab(f"{ENDLESS}\nlab.start()\nlab")
    notebook.run("lab.session.change(beta=0.01); lab.session.select([1, 2, 3])")
    wait_for_frames(notebook, 2)
    notebook.reload()
    notebook.wait_for(f"{SCATTER}?.dataset.points === '1797'")
    wait_for_frames(notebook, 3)
    notebook.wait_for("document.querySelectorAll('.ae-lab .ae-tile').length === 3")
    notebook.wait_for("document.querySelectorAll('.ae-lab .ae-figure path.line').length > 3")
    beta = notebook.page.locator(".ae-slider-row", has_text="β").locator("input")
    notebook.wait_for(lambda: beta.input_value() == "0.01")
    press(notebook, "Stop")
    wait_for_state(notebook, "finished")


def test_a_second_view_shows_the_same(open_lab):
    notebook = open_lab(f"{ENDLESS}\nlab.start()\nlab", "lab")
    both = "[...document.querySelectorAll('.ae-lab .ae-scatter')].map((s) => +s.dataset.frame)"
    notebook.wait_for(f"{both}.length === 2 && {both}.every((f) => f > 3)")
    # The complexity, of weight 0, has no logarithm: the page must not complain of it.
    notebook.page.get_by_role("button", name="Log", exact=True).first.click()
    notebook.wait_for(lambda: notebook.run("print(lab.plot._y.min < 0)") == "True")
    wait_for_frames(notebook, 3)
    press(notebook, "Stop")
    wait_for_state(notebook, "finished")
    wait_for_rest(notebook)  # both of them
    for status in (".widget-label.ae-status", ".ae-scatter .ae-status"):
        texts = f"[...document.querySelectorAll('{status}')].map((node) => node.textContent)"
        notebook.wait_for(f"{texts}.length === 2 && new Set({texts}).size === 1")


def test_bad_data_is_refused_in_one_line_and_nothing_is_lost(open_lab):
    notebook = open_lab()
    notebook.run("lab.step(); lab.wait()")
    before = notebook.run("print(len(lab.history), lab.session.status.step)")
    refused = """
import numpy as np
try:
    lab.set_data(np.where(X > 0.9, np.nan, X))
except ValueError as error:
    print(error)
"""
    text = notebook.run(refused)
    assert text.startswith("X has NaN in ")
    status = notebook.page.locator(".ae-status.ae-error")
    notebook.wait_for(lambda: status.count() == 1 and status.inner_text() == text)
    assert notebook.run("print(len(lab.history), lab.session.status.step)") == before


def test_legend_filters_and_colours_change(open_lab):
    notebook = open_lab()
    chips = notebook.page.locator(".ae-scatter .ae-chip")
    assert chips.count() == 10
    chips.nth(3).click()
    notebook.wait_for(lambda: notebook.run("print(lab.scatter.hidden)") == "['label:3']")
    assert chips.nth(3).get_attribute("aria-pressed") == "false"
    choice = notebook.page.locator(".ae-scatter select")
    choice.select_option("error")
    notebook.wait_for("document.querySelector('.ae-scatter .ae-scale') !== null")
    choice.select_option("cluster")
    notebook.wait_for(lambda: notebook.run("print(lab.session.clusters is not None)") == "True")
    notebook.wait_for("document.querySelector('.ae-legend-heading')?.innerText === 'cluster'")
    assert chips.count() == 10
    assert notebook.page.evaluate(CUT_NAMES) == []


def test_what_the_legend_hides_is_not_selected(open_lab):
    notebook = open_lab()
    page = notebook.page
    page.get_by_role("button", name="Select by box").click()
    box = surface(notebook)
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + box["height"] - 5, steps=4)
    page.mouse.up()
    threes = "print(sum(lab.session.dataset.labels[lab.selection] == 3))"
    notebook.wait_for(lambda: int(notebook.run(threes)) > 100)
    before = int(notebook.run("print(len(lab.selection))"))
    chips = page.locator(".ae-scatter .ae-chip")
    chips.nth(3).click()
    notebook.wait_for(lambda: notebook.run(threes) == "0")
    left = int(notebook.run("print(len(lab.selection))"))
    assert 0 < left < before
    notebook.wait_for(f"{SCATTER}?.dataset.selected === '{left}'")
    chips.nth(3).click()  # shown again, it does not come back by itself
    notebook.wait_for(lambda: notebook.run("print(lab.scatter.hidden)") == "[]")
    assert notebook.run(threes) == "0"


def test_labels_are_read_in_full(open_notebook):
    cell = """from sklearn.datasets import load_wine
from ae_widgets import Lab
wine = load_wine()
lab = Lab(wine.data, [["Barbera", "Grignolino", "Barolo"][i] for i in wine.target])
lab"""
    notebook = open_notebook([cell])
    notebook.wait_for(f"{SCATTER}?.dataset.points === '178'")
    notebook.wait_for("document.querySelectorAll('.ae-scatter .ae-chip').length === 3")
    assert notebook.page.evaluate(CUT_NAMES) == []
    said = "Scale the columns: preprocess="
    notebook.page.locator(".ae-transport .ae-status", has_text=said).wait_for()


def test_pan_zoom_box_and_click(open_lab):
    notebook = open_lab()
    page = notebook.page
    page.evaluate(f"{SCATTER}.scrollIntoView({{ block: 'center' }})")
    box = surface(notebook)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 20, steps=4)
    page.mouse.up()
    width = "c = lab.scatter.camera; print(c[1] - c[0] if c else 0)"
    panned = notebook.wait_for(lambda: float(notebook.run(width)))
    page.locator(".ae-scatter [tabindex='0']").first.focus()
    page.mouse.wheel(0, -300)
    notebook.wait_for(lambda: 0 < float(notebook.run(width)) < 0.9 * panned)
    page.keyboard.press("0")
    notebook.wait_for(lambda: notebook.run("print(lab.scatter.camera)") == "[]")

    page.get_by_role("button", name="Select by box").click()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + box["height"] - 5, steps=4)
    page.mouse.up()
    notebook.wait_for(lambda: int(notebook.run("print(len(lab.selection))")) > 1000)
    page.keyboard.press("Escape")

    page.mouse.click(*pixel(notebook, 5))
    clicked = "print(lab.scatter.pinned and lab.scatter.focus >= 0)"
    notebook.wait_for(lambda: notebook.run(clicked) == "True")
