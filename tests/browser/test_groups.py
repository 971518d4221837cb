"""Items labelled on the page while the network trains, and what is said of their classes."""

import json

import pytest

from tests.browser.lab_page import (
    DATA,
    colours,
    press,
    slide,
    state,
    surface,
    wait_for_frames,
    wait_for_rest,
    wait_for_state,
)
from tests.browser.look import HEIGHTS, assert_inert, take_pictures
from tests.browser.test_kinds import choose, enter, unfold
from tests.payloads import HOSTILE

pytestmark = pytest.mark.browser

WITHOUT_LABELS = """lab = Lab(X, item_shape=(8, 8), delta=1.0, max_iter=100_000,
          n_iter_no_change=100_000)
lab"""
LEARNT = """import numpy as np
classes = lab.session.latent.classes
print(classes is not None and np.unique(classes).tolist())"""


def lasso(notebook, left, right):
    """Draw a lasso around what lies between two shares of the plot's width."""
    box = surface(notebook)
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
    row.locator("input").press("ControlOrMeta+a")
    row.locator("input").press_sequentially("right")  # its letters are still on their way
    row.locator("input").press("Enter")
    names = "print(lab.session.label_names)"
    notebook.wait_for(lambda: notebook.run(names) == "('left', 'right')")
    given = "print((lab.session.labels == 1).sum() == len(lab.selection) > 0)"
    notebook.wait_for(lambda: notebook.run(given) == "True")
    told = "print([e.value[1] for e in lab.session.journal if e.name == 'label'])"
    notebook.wait_for(lambda: notebook.run(told) == "['left', 'right']")
    # The running network has a classifier of both from then on.
    notebook.wait_for(lambda: notebook.run(LEARNT) == "[0, 1]")
    right = "print((lab.session.latent.classes == lab.session.labels)[lab.session.labels >= 0]"
    notebook.wait_for(lambda: float(notebook.run(f"{right}.mean())")) > 0.8)
    press(notebook, "Pause")
    wait_for_state(notebook, "paused")
    row.get_by_role("button", name="No label").click()
    notebook.wait_for(lambda: notebook.run("print((lab.session.labels == 1).sum())") == "0")


GROUPED = """names = [str(t) if i % 3 else None for i, t in enumerate(y)]
lab = Lab(X, names, item_shape=(8, 8), code_dim=8, max_iter=100_000, n_iter_no_change=100_000)
lab"""
GREY = "150 150 154"
MOVED = """import json
names = ("gamma", "delta", "clustering", "n_clusters")
journal = {e.name: e.value for e in lab.session.journal if e.name in names}
settings = {name: lab.session.settings.value(name) for name in names}
print(json.dumps(journal if journal == settings else {}))"""
# Of each table the rows, a name and its numbers; of the matrix the numbers, row by row.
SCORES = """() => [...document.querySelectorAll('.ae-groups .ae-scores')].map((table) =>
  Object.fromEntries([...table.rows].filter((row) => row.cells[0].tagName === 'TH').map(
    ({ cells: [name, ...numbers] }) => [name.innerText, numbers.map(
      ({ innerText }) => Number(innerText.replaceAll(',', '')))])))"""
MATRIX = """() => [...document.querySelector('.ae-confusion')?.rows ?? []].slice(1).map(
  ({ cells: [, ...numbers] }) => numbers.map(({ innerText }) => Number(innerText) || 0))"""
OF_CLUSTERS = ("ARI", "NMI", "Silhouette", "Accuracy")
OF_CLASSES = ("Accuracy", "Balanced")


def scores(notebook):
    """Return the numbers of both tables, None before all of them are there and shares."""
    tables = zip(notebook.page.evaluate(SCORES), (OF_CLUSTERS, OF_CLASSES), strict=False)
    shown = [[table.get(name, []) for name in names] for table, names in tables]
    whole = [[len(numbers) for numbers in table] for table in shown] == [[1] * 4, [2] * 2]
    shares = all(0 < number <= 1 for table in shown for numbers in table for number in numbers)
    return shown if whole and shares else None


def test_weights_are_moved_and_groups_scored_while_it_trains(open_notebook):
    notebook = open_notebook([DATA, GROUPED])
    page = notebook.page
    chips = page.locator(".ae-scatter .ae-chip")
    notebook.wait_for(lambda: chips.count() == 11)
    assert chips.last.locator(".ae-chip-name").inner_text() == "no label"
    assert chips.last.locator("path").get_attribute("fill") == f"rgb({GREY})"
    press(notebook, "Start")
    wait_for_frames(notebook, 2)
    drawn = colours(notebook, 300)
    assert set(drawn[::3]) == {GREY.replace(" ", ",")}
    assert GREY.replace(" ", ",") not in drawn[1::3]
    page.get_by_role("button", name="Classes and clusters", exact=True).click()
    slide(notebook, "γ", 0.5)
    slide(notebook, "δ", 0.8)
    unfold(notebook, "Clusters and classes")
    choose(notebook, "Clustering", "nearest (DCN)")
    enter(notebook, "Clusters", "6")
    moved = notebook.wait_for(lambda: (m := json.loads(notebook.run(MOVED))) and len(m) == 4 and m)
    assert moved["gamma"] > 0
    assert moved["delta"] > 0
    assert (moved["clustering"], moved["n_clusters"]) == ("dcn", 6)
    tables = page.locator(".ae-groups .ae-scores")
    tables.first.get_by_text("6 clusters, trained").wait_for()
    page.locator(".ae-confusion").wait_for()
    first = notebook.wait_for(lambda: scores(notebook))
    notebook.wait_for(lambda: (now := scores(notebook)) and now != first)
    notebook.wait_for(lambda: sum(map(sum, page.evaluate(MATRIX))) > 0)
    assert state(notebook) == "running"
    notebook.wait_for(lambda: notebook.run("print(lab.session.status.epoch > 30)") == "True")
    press(notebook, "Pause")
    wait_for_state(notebook, "paused")
    wait_for_rest(notebook)
    found = "g = lab.session.groups; h = g.held_out; print(json.dumps([round(x, 3) for x in ("
    found += "g.clusters.ari, g.clusters.nmi, g.clusters.silhouette, g.clusters.accuracy, "
    found += "h.accuracy, h.balanced_accuracy)] + [h.confusion.tolist()]))"
    notebook.wait_for(
        lambda: (
            notebook.run("print(lab.session.groups.frame == lab.session.latent.number)") == "True"
        )
    )
    notebook.wait_for(lambda: json.loads(notebook.run(found)) == _shown(notebook))
    notebook.run("lab.session.select(range(0, 40))")
    page.locator(".ae-labelling").get_by_role("button", name="Label 40 items").wait_for()
    page.locator(".ae-scatter select").select_option("class")
    page.locator(".ae-legend-heading", has_text="class").wait_for()
    take_pictures(notebook, "groups", widths=HEIGHTS, part=".ae-groups")
    page.get_by_role("button", name="Loss curves", exact=True).click()
    for part in ("clustering", "classification"):
        page.locator(".ae-loss-plot .ae-key", has_text=part).wait_for()
    take_pictures(notebook, "groups-curves", widths=HEIGHTS)


def _shown(notebook):
    if (tables := scores(notebook)) is None:
        return None
    clusters, classes = tables
    held_out = [numbers[1] for numbers in classes]
    return [number for (number,) in clusters] + held_out + [notebook.page.evaluate(MATRIX)]


FEW = """lab = Lab(X[:80], y[:80], item_shape=(8, 8), hidden_layer_sizes=(256,), code_dim=32,
          delta=1.0, validation_fraction=0.4, batch_size=16, learning_rate=0.01, max_iter=120,
          n_iter_no_change=120)
lab.tabs.turn_to("Classes and clusters")
lab"""


def test_overfitting_is_told_with_what_helps(open_notebook):
    notebook = open_notebook([DATA, FEW])
    press(notebook, "Start")
    wait_for_state(notebook, "finished", timeout=90)
    gap = notebook.page.locator(".ae-groups-note", has_text="Overfitting: the held-out loss")
    gap.wait_for()
    remedies = "try Dropout, Kind: denoising, Weight decay or Best weights under Optimiser and"
    assert remedies in gap.inner_text()
    take_pictures(notebook, "overfitting", part=".ae-groups")
    unfold(
        notebook, "Optimiser and stopping"
    )  # what helps is at hand, and no longer advised once in use
    enter(notebook, "Weight decay", "0.01")
    notebook.wait_for(lambda: "denoising or Best weights" in gap.inner_text())
    assert notebook.run("print(lab.session.settings.weight_decay)") == "0.01"


def test_look_of_a_narrow_cell_and_of_names_that_would_be_code(open_notebook):
    given, typed = HOSTILE[:10], HOSTILE[10:]
    names = f"""names = {given!r}
lab = Lab(X, [names[t] for t in y], item_shape=(8, 8), delta=1.0, max_iter=30)
lab.tabs.turn_to("Classes and clusters")
lab"""
    notebook = open_notebook([DATA, names], width=760)
    page = notebook.page
    notebook.run("lab.start(); lab.wait(120); lab.session.select(range(1200))")
    page.locator(".ae-confusion").wait_for()
    row = page.locator(".ae-labelling")
    row.get_by_role("button", name="Label 1,200 items").wait_for()
    for width in (760, 1000):
        take_pictures(notebook, "groups-narrow-top", ["light"], [width])
        take_pictures(notebook, "groups-narrow", ["light"], [width], part=".ae-groups")
        assert page.locator(".ae-matrix").bounding_box()["height"] > 120
    rows = page.locator(".ae-confusion tr th:first-child").all_text_contents()
    assert set(rows) == set(given)
    chips = page.locator(".ae-scatter .ae-chip-name")
    assert set(chips.all_text_contents()) == set(given)
    assert any(name in page.locator(".ae-groups-head").text_content() for name in given)
    status = page.locator(".ae-transport .ae-status")
    for place, name in enumerate(typed):
        notebook.run(f"lab.session.select(range({40 * place}, {40 * place + 40}))")
        row.get_by_role("button", name="Label 40 items").wait_for()
        row.locator("input").fill(name)
        row.locator("input").press("Enter")
        notebook.wait_for(lambda name=name: name in chips.all_text_contents())
        notebook.wait_for(lambda name=name: f"40 items labelled '{name}'." in status.text_content())
        assert_inert(notebook)
    known = page.locator(".ae-labelling datalist option")
    notebook.wait_for(lambda: known.count() == len(HOSTILE))  # all: they are few
    offered = known.evaluate_all("(options) => options.map((option) => option.value)")
    assert set(offered) == set(HOSTILE)
    notebook.shot("groups-hostile")
    assert_inert(notebook)
