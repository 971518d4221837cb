"""The anomaly desk in a Lab on the page: its line is dragged, and the kernel has what is beyond."""

import pytest

from tests.browser.lab_page import DATA, press, wait_for_frames, wait_for_rest, wait_for_state
from tests.browser.look import HEIGHTS, take_pictures

pytestmark = pytest.mark.browser

ONE_RARE = """import numpy as np
rare = digits.target == 3
kept = np.flatnonzero(~rare | (np.cumsum(rare) <= 60))
lab = Lab(X[kept], rare[kept].astype(int), item_shape=(8, 8), code_dim=8, max_iter=100_000,
          n_iter_no_change=100_000)
lab"""
LINE = ".ae-desk .ae-histogram .object_grp"
FIGURE = ".ae-desk .ae-histogram .ae-figure"
SHOWN = f"document.querySelector('{LINE}') !== null"
BEYOND = "print(len(lab.selection), bool(set(lab.selection) == set(lab.anomalies.beyond)))"


def open_desk(notebook):
    notebook.page.get_by_role("button", name="Anomalies", exact=True).click()
    notebook.wait_for(SHOWN)
    notebook.page.evaluate("document.querySelector('.ae-desk').scrollIntoView({block: 'end'})")


def wait_for_desk(notebook):
    """Wait until the desk shows the frame in the kernel."""
    same = "print(lab.anomalies._scores.epoch == lab.session.latent.epoch)"
    notebook.wait_for(lambda: notebook.run(same) == "True")
    notebook.run("from ae_widgets.session import publisher; publisher.flush()")
    notebook.page.wait_for_timeout(200)  # until bqplot has moved the line


def drag(notebook, share):
    """Drag the line to a share of the histogram's width."""
    line = notebook.page.locator(LINE).first.bounding_box()
    figure = notebook.page.locator(FIGURE).first.bounding_box()
    x, y = line["x"] + line["width"] / 2, figure["y"] + figure["height"] / 2
    mouse = notebook.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(figure["x"] + share * figure["width"], y, steps=8)
    mouse.up()


def test_dragging_the_line_selects_what_is_beyond(open_notebook):
    notebook = open_notebook([DATA, ONE_RARE])
    open_desk(notebook)
    press(notebook, "Start")
    wait_for_frames(notebook, 5)
    press(notebook, "Pause")
    wait_for_state(notebook, "paused")
    wait_for_desk(notebook)
    drag(notebook, 0.5)
    notebook.wait_for(lambda: int(notebook.run("print(len(lab.selection))")) > 100)
    assert notebook.run(BEYOND).endswith("True")
    many = int(notebook.run("print(len(lab.selection))"))
    notebook.wait_for(
        lambda: f"{many:,} of " in notebook.page.locator(".ae-desk-head .ae-desk-note").inner_text()
    )
    drag(notebook, 0.9)
    notebook.wait_for(lambda: int(notebook.run("print(len(lab.selection))")) < many)
    selected = int(notebook.run("print(len(lab.selection))"))
    notebook.wait_for(f"document.querySelectorAll('.ae-tile').length === {min(selected, 64)}")
    # A line of the list is the item that is pointed at.
    notebook.page.locator(".ae-desk .widget-select select").first.select_option(index=2)
    third = notebook.run("print(lab.anomalies._list.options[2][1])")
    notebook.wait_for(lambda: notebook.run("print(lab.session.focus)") == third)
    notebook.page.locator(".ae-contributions", has_text=f"Item {third}").wait_for()


def test_look(open_notebook):
    notebook = open_notebook([DATA, ONE_RARE])
    take_pictures(notebook, "anomalies-curves")
    press(notebook, "Start")
    open_desk(notebook)
    notebook.wait_for(lambda: notebook.run("print(lab.session.status.epoch > 20)") == "True")
    press(notebook, "Pause")
    wait_for_state(notebook, "paused")
    wait_for_rest(notebook)
    wait_for_desk(notebook)
    drag(notebook, 0.75)
    notebook.page.locator(".ae-desk .widget-select select").first.select_option(index=1)
    notebook.page.locator(
        ".ae-contributions .ae-desk-note", has_text="half of the error"
    ).wait_for()
    wait_for_desk(notebook)
    take_pictures(notebook, "anomalies", widths=HEIGHTS, part=".ae-desk")


HOLED = """import numpy as np, pandas as pd
from sklearn.datasets import load_wine
from ae_widgets import Lab
wine = load_wine(as_frame=True)
scaled = (wine.data - wine.data.mean()) / wine.data.std()
scaled = scaled.mask(np.random.default_rng(0).random(scaled.shape) < 0.2)
lab = Lab(scaled, wine.target, missing="mask", max_iter=60)
lab"""
HOLED_DIGITS = """import numpy as np
holed = np.where(np.random.default_rng(0).random(X.shape) < 0.1, np.nan, X)
lab = Lab(holed, y, item_shape=(8, 8), missing="mask", max_iter=30)
lab"""


@pytest.mark.parametrize("data", ["table", "images"])
def test_what_was_filled_in_is_marked(open_notebook, data):
    notebook = open_notebook([HOLED] if data == "table" else [DATA, HOLED_DIGITS])
    notebook.run("lab.start(); lab.wait(120)")
    wait_for_rest(notebook)
    item = notebook.run("print(np.isnan(lab.session.dataset.features[:20]).sum(axis=1).argmax())")
    notebook.run(f"lab.session.select(range(20)); lab.session.point({item})")
    notebook.wait_for("document.querySelectorAll('.ae-lab .ae-tile').length === 20")
    missing = int(notebook.run(f"print(np.isnan(lab.session.dataset.features[{item}]).sum())"))
    of = int(notebook.run("print(lab.session.dataset.n_features)"))
    said = f"{missing} of {of} values were missing and are filled in"
    notebook.page.locator(".ae-item .ae-filled-note", has_text=said).wait_for()
    if data == "table":
        notebook.wait_for(f"document.querySelectorAll('.ae-item .ae-filled').length === {missing}")
    marked = "[...document.querySelectorAll('.ae-tile')].filter((t) => t.title.includes('filled'))"
    some = "print(np.isnan(lab.session.dataset.features[:20]).any(axis=1).sum())"
    assert notebook.page.evaluate(f"{marked}.length") == int(notebook.run(some))
    take_pictures(notebook, f"filled-{data}")
    assert notebook.run("print(np.isnan(lab.session.imputed).sum())") == "0"


HOSTILE = """from sklearn.datasets import load_breast_cancer
from ae_widgets import Lab
data = load_breast_cancer(as_frame=True)
attack = "<img src=x onerror='window.__x = 1'>"
X = ((data.data - data.data.mean()) / data.data.std()).rename(columns={"mean area": attack})
lab = Lab(X, data.target.map({0: attack, 1: "benign"}), code_dim=8, max_iter=30)
lab.tabs.turn_to("Anomalies")
lab"""


def test_look_of_a_table_and_of_names_that_would_be_code(open_notebook):
    notebook = open_notebook([HOSTILE])
    notebook.run("lab.start(); lab.wait(120); lab.session.point(int(lab.anomalies.beyond[0]))")
    wait_for_desk(notebook)
    open_desk(notebook)
    notebook.page.locator(".ae-contributions", has_text="makes up").wait_for()
    notebook.run("lab.session.select(lab.anomalies.beyond)")
    notebook.page.locator(".ae-contributions .axis text", has_text="concavity error").wait_for()
    assert notebook.page.locator(".ae-class option").all_inner_texts()[1].startswith("<img")
    take_pictures(notebook, "anomalies-table", widths=(1280, 760), part=".ae-desk")
    assert notebook.page.evaluate("window.__x") is None
