"""Items labelled on the page while the network trains, and what is said of their classes."""

import pytest

from tests.browser.lab_page import DATA, press, wait_for_frames, wait_for_rest, wait_for_state
from tests.browser.look import HEIGHTS, take_pictures

pytestmark = pytest.mark.browser

WITHOUT_LABELS = """lab = Lab(X, item_shape=(8, 8), delta=1.0, max_iter=100_000,
          n_iter_no_change=100_000)
lab"""
LEARNT = """import numpy as np
classes = lab.session.latent.classes
print(classes is not None and np.unique(classes).tolist())"""


def lasso(notebook, left, right):
    """Draw a lasso around what lies between two shares of the plot's width."""
    box = notebook.page.locator(".ae-scatter .ae-surface").first.bounding_box()
    left, right = (box["x"] + share * box["width"] for share in (left, right))
    top, bottom = box["y"] + 0.02 * box["height"], box["y"] + 0.98 * box["height"]
    mouse = notebook.page.mouse
    mouse.move(left, top)
    mouse.down()
    for corner in ((right, top), (right, bottom), (left, bottom), (left, top)):
        mouse.move(*corner, steps=4)
    mouse.up()


def select(notebook, left, right):
    before = notebook.run("print(lab.selection.tolist())")
    lasso(notebook, left, right)
    notebook.wait_for(lambda: notebook.run("print(lab.selection.tolist())") != before)


def test_lassoed_items_are_named_and_learnt(open_lab):
    notebook = open_lab(WITHOUT_LABELS)
    row = notebook.page.locator(".ae-labelling")
    assert not row.is_visible()
    notebook.page.get_by_role("button", name="Select by lasso").click()
    press(notebook, "Start")
    wait_for_state(notebook, "running")
    wait_for_frames(notebook, 3)
    select(notebook, 0.02, 0.45)
    notebook.wait_for(row.is_visible)
    row.locator("input").fill("left")
    size = int(notebook.run("print(len(lab.selection))"))
    row.get_by_role("button", name=f"Label {size:,} item").click()
    notebook.wait_for(lambda: notebook.run("print(lab.session.label_names)") == "('left',)")
    select(notebook, 0.55, 0.98)
    row.locator("input").fill("right")
    row.locator("input").press("Enter")
    names = "print(lab.session.label_names)"
    notebook.wait_for(lambda: notebook.run(names) == "('left', 'right')")
    given = "print((lab.session.labels == 1).sum() == len(lab.selection) > 0)"
    assert notebook.run(given) == "True"
    told = "print([e.value[1] for e in lab.session.journal if e.name == 'label'])"
    notebook.wait_for(lambda: notebook.run(told) == "['left', 'right']")
    # The running network has a classifier of both from then on.
    notebook.wait_for(lambda: notebook.run(LEARNT) == "[0, 1]")
    press(notebook, "Pause")
    wait_for_state(notebook, "paused")
    right = "print((lab.session.latent.classes == lab.session.labels)[lab.session.labels >= 0]"
    assert float(notebook.run(f"{right}.mean())")) > 0.8
    row.get_by_role("button", name="No label").click()
    notebook.wait_for(lambda: notebook.run("print((lab.session.labels == 1).sum())") == "0")


GROUPED = """names = [str(t) if i % 3 else None for i, t in enumerate(y)]
lab = Lab(X, names, item_shape=(8, 8), delta=0.1, gamma=0.05, clustering_start=5, code_dim=8,
          max_iter=100_000, n_iter_no_change=100_000)
lab"""


def test_look(open_notebook):
    notebook = open_notebook([DATA, GROUPED])
    press(notebook, "Start")
    notebook.wait_for(lambda: notebook.run("print(lab.session.status.epoch > 30)") == "True")
    press(notebook, "Pause")
    wait_for_state(notebook, "paused")
    wait_for_rest(notebook)
    notebook.run("lab.session.select(range(0, 40))")
    notebook.page.locator(".ae-labelling").get_by_role("button", name="Label 40 items").wait_for()
    keys = notebook.page.locator(".ae-loss-plot .ae-key", has_text="classification")
    keys.wait_for()
    take_pictures(notebook, "groups-curves", widths=HEIGHTS)
    notebook.page.get_by_role("button", name="Classes and clusters", exact=True).click()
    notebook.page.locator(".ae-confusion").wait_for()
    shown = notebook.page.locator(".ae-groups .ae-scores").last.inner_text()
    notebook.page.locator(".ae-scatter select").select_option("class")
    notebook.page.locator(".ae-legend-heading", has_text="class").wait_for()
    found = notebook.run("print(f'{lab.session.groups.held_out.accuracy:.3f}')")
    assert found in shown
    take_pictures(notebook, "groups", widths=HEIGHTS, part=".ae-groups")


def test_look_of_a_narrow_cell_and_of_names_that_would_be_code(open_notebook):
    attack = "<img src=x onerror='window.__x = 1'>"
    names = f"""import numpy as np
names = [{attack!r} if t == 3 else f"the digit {{t}}" for t in y]
lab = Lab(X, names, item_shape=(8, 8), delta=1.0, max_iter=30)
lab.tabs.turn_to("Classes and clusters")
lab"""
    notebook = open_notebook([DATA, names], width=760)
    notebook.run("lab.start(); lab.wait(120); lab.session.select(range(1200))")
    notebook.page.locator(".ae-confusion").wait_for()
    label = notebook.page.locator(".ae-labelling").get_by_role("button", name="Label 1,200 items")
    label.wait_for()
    for width in (760, 1000):
        take_pictures(notebook, "groups-narrow-top", ["light"], [width])
        take_pictures(notebook, "groups-narrow", ["light"], [width], part=".ae-groups")
        assert notebook.page.locator(".ae-matrix").bounding_box()["height"] > 120
    assert notebook.page.evaluate("window.__x") is None
