"""Data at the ends of what is possible: one item, a code of one value, 5,000 classes."""

import pytest

from tests.browser.lab_page import (
    SCATTER,
    pixel,
    press,
    surface,
    wait_for_frames,
    wait_for_rest,
    wait_for_state,
)
from tests.browser.look import take_pictures
from tests.browser.test_kinds import enter

pytestmark = pytest.mark.browser

ONE = """import numpy as np
from ae_widgets import Lab
rng = np.random.default_rng(0)
lab = Lab(rng.random((1, 6)), ["the only one"], max_iter=100_000,
          n_iter_no_change=100_000)
lab"""
CROWD = "lab.set_data(rng.random((10_000, 6)), [f'class {i // 2}' for i in range(10_000)])"
PLACES = """(n) => {
  const plot = document.querySelector('.ae-lab .ae-scatter');
  plot.scrollIntoView({ block: 'center' });
  return Array.from({ length: n }, (_, i) => plot.aeScatter.pixel(i).map(Math.round));
}"""
# Milliseconds that the page needs for ten pictures.
PACE = """async () => {
  const began = performance.now();
  for (let i = 0; i < 10; i++) await new Promise(requestAnimationFrame);
  return performance.now() - began;
}"""


def wait_for_points(notebook, count):
    notebook.wait_for(f"{SCATTER}?.dataset.points === '{count}'")


def test_one_item_then_a_code_of_one_value_then_5000_classes(open_notebook):
    notebook = open_notebook([ONE])
    page = notebook.page
    one_item(notebook)
    take_pictures(notebook, "extremes-one-item", ["light"])
    notebook.run("lab.set_data(rng.random((300, 6)))")
    wait_for_points(notebook, 300)
    code_of_one_value(notebook)
    take_pictures(notebook, "extremes-line")
    notebook.run(CROWD)
    wait_for_points(notebook, 10_000)
    crowd_of_classes(notebook)
    take_pictures(notebook, "extremes-classes", ["light"])
    assert page.evaluate(PACE) < 3_000


def train(notebook):
    press(notebook, "Start")
    wait_for_frames(notebook, 3)
    press(notebook, "Stop")
    wait_for_state(notebook, "finished")
    wait_for_rest(notebook)


def one_item(notebook):
    wait_for_points(notebook, 1)
    train(notebook)
    x, y = pixel(notebook, 0)
    box = surface(notebook)
    assert x == pytest.approx(box["x"] + box["width"] / 2, abs=2)
    assert y == pytest.approx(box["y"] + box["height"] / 2, abs=2)
    notebook.page.mouse.click(x, y)
    title = notebook.page.locator(".ae-item .ae-title")
    notebook.wait_for(lambda: title.inner_text().startswith("Item 0 · label the only one"))
    notebook.wait_for("document.querySelectorAll('.ae-item .ae-output').length === 6")
    assert notebook.run("print(lab.session.records[-1].validation)") == "None"


def code_of_one_value(notebook):
    enter(notebook, "Code dimension", "1")
    notebook.wait_for(
        lambda: notebook.run("print(lab.session.settings.architecture.code_dim)") == "1"
    )
    train(notebook)
    assert notebook.run("print(lab.codes.shape)") == "(300, 1)"

    def on_a_line():
        places = notebook.page.evaluate(PLACES, 300)
        across, up = ({place[k] for place in places} for k in (0, 1))
        return len(up) == 1 and max(across) - min(across) > 200

    notebook.wait_for(on_a_line)


def crowd_of_classes(notebook):
    page = notebook.page
    chips = page.locator(".ae-scatter .ae-chip")
    notebook.wait_for(lambda: chips.count() == 21)
    assert chips.last.inner_text().split() == ["other", "9,960"]
    press(notebook, "Start")
    wait_for_frames(notebook, 2)
    notebook.run("lab.session.select(range(40))")
    page.locator(".ae-labelling").get_by_role("button", name="Label 40 items").wait_for()
    offered = page.locator(".ae-labelling datalist option")
    notebook.wait_for(lambda: offered.count() == 20)
    page.get_by_role("button", name="Anomalies", exact=True).click()
    anomalies = page.locator(".ae-desk .ae-class option")
    notebook.wait_for(lambda: anomalies.count() == 1001)  # none, and the most frequent
    # It answers while it trains.
    assert page.evaluate(PACE) < 3_000
    chips.last.click()
    notebook.wait_for(lambda: notebook.run("print(lab.scatter.hidden)") == "['label:*']", 5)
