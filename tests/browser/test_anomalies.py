"""The anomaly desk in a Lab on the page: its line is dragged, and the kernel has what is beyond."""

import json
import re

import pytest

from tests.browser.lab_page import (
    DATA,
    SCATTER,
    flush,
    press,
    steady,
    wait_for_frame,
    wait_for_frames,
    wait_for_rest,
    wait_for_state,
)
from tests.browser.look import HEIGHTS, assert_inert, take_pictures
from tests.payloads import HOSTILE

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
    same = """scores, frame = lab.anomalies._scores, lab.session.latent
print(bool(scores and frame and scores.exact and scores.epoch == frame.epoch))"""
    notebook.wait_for(lambda: notebook.run(same) == "True")
    flush(notebook)
    wait_for_words(notebook)


def wait_for_words(notebook):
    """Wait until the page tells of the line where the kernel has it."""
    notebook.wait_for(lambda: note(notebook) == notebook.run("print(lab.anomalies._in_words())"))


def note(notebook):
    return notebook.page.locator(".ae-desk-head .ae-desk-note").inner_text()


def drag(notebook, share):
    """Drag the line to a share of the histogram's width."""
    # Once bqplot has moved it.
    line = steady(notebook, notebook.page.locator(LINE).first.bounding_box)
    figure = notebook.page.locator(FIGURE).first.bounding_box()
    x, y = line["x"] + line["width"] / 2, figure["y"] + figure["height"] / 2
    mouse = notebook.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(figure["x"] + share * figure["width"], y, steps=8)
    mouse.up()


def n_selected(notebook):
    """Return how many items are selected, once the scatter shows the kernel's selection.

    A line being dragged moves in steps, and each selects: the last of them has come to rest when
    the kernel and the page agree, and go on so.
    """

    def agreed():
        selected = notebook.run("print(len(lab.selection))")
        shown = notebook.page.evaluate(f"{SCATTER}?.dataset.selected")
        told = f"{int(selected):,} of " in note(notebook)
        return selected if shown == selected and told else None

    return int(steady(notebook, agreed, apart=0.5))


def ranking(notebook):
    """Return the items in the list on the page, the most unusual first."""
    lines = notebook.page.locator(".ae-desk .widget-select option").all_text_contents()
    return [int(re.search(r"item\s(\d+)", line)[1]) for line in lines]


def line_at(notebook):
    """Return the threshold that the page tells, once it is the kernel's."""
    wait_for_words(notebook)
    return float(re.search(r"beyond (\S+)", note(notebook))[1])


EXPECTED = """import json
from sklearn.metrics import average_precision_score, roc_auc_score
values = lab.session.scores['{kind}'].values
known = lab.session.dataset.labels == lab.session.dataset.label_names.index("1")
areas = roc_auc_score(known, values), average_precision_score(known, values)
order = np.argsort(-values, kind="stable")[:100].tolist()
print(json.dumps([order, *(f"{{area:.3f}}" for area in areas)]))"""
CURVE = ".ae-desk .ae-curve path.line"


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
    many = n_selected(notebook)
    notebook.wait_for(lambda: notebook.run(BEYOND) == f"{many} True")
    drag(notebook, 0.7)
    notebook.wait_for(lambda: int(notebook.run("print(len(lab.selection))")) < many)
    selected = n_selected(notebook)
    assert 0 < selected < many
    notebook.wait_for(f"document.querySelectorAll('.ae-tile').length === {min(selected, 64)}")
    # A line of the list is the item that is pointed at.
    notebook.page.locator(".ae-desk .widget-select select").first.select_option(index=2)
    third = notebook.run("print(lab.anomalies._list.options[2][1])")
    notebook.wait_for(lambda: notebook.run("print(lab.session.focus)") == third)
    notebook.page.locator(".ae-contributions", has_text=f"Item {third}").wait_for()
    share = notebook.page.locator(".ae-desk .ae-share input")
    share.fill("5")
    share.press("Enter")
    notebook.wait_for(lambda: 75 < int(notebook.run("print(len(lab.selection))")) < 90)
    # Another score ranks otherwise, has another threshold and other curves.
    seen = [(ranking(notebook), line_at(notebook))]
    said = notebook.page.locator(".ae-curve .ae-desk-note")
    for score, kind in (
        ("latent distance", "latent"),
        ("neighbors", "neighbors"),
        ("combined", "combined"),
    ):
        notebook.page.locator(".ae-desk .ae-score select").select_option(score)
        notebook.wait_for(
            lambda kind=kind: notebook.run(f"print('{kind}' in lab.session.scores)") == "True"
        )
        order, roc, precision = json.loads(notebook.run(EXPECTED.format(kind=kind)))
        notebook.wait_for(lambda order=order: ranking(notebook) == order)
        notebook.wait_for(lambda roc=roc: said.inner_text() == f"AUC {roc}")
        seen.append((ranking(notebook), line_at(notebook)))
        notebook.wait_for(lambda: re.match(r"8\d True", notebook.run(BEYOND)))
    rankings, lines = zip(*seen, strict=True)
    assert len(set(map(tuple, rankings))) == len(set(lines)) == 4
    flush(notebook)
    curve = notebook.page.locator(CURVE).last
    drawn = steady(notebook, lambda: curve.get_attribute("d"))
    notebook.page.locator(".ae-curve").get_by_role("button", name="PR").click()
    notebook.wait_for(lambda: said.inner_text() == f"Average precision {precision}")
    notebook.wait_for(lambda: curve.get_attribute("d") != drawn)
    notebook.page.locator(".ae-curve .axis", has_text="recall").wait_for()
    take_pictures(notebook, "anomalies-precision", part=".ae-desk")


def test_look(open_notebook):
    notebook = open_notebook([DATA, ONE_RARE])
    wait_for_frame(notebook)
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


NAMED = f"""from sklearn.datasets import load_breast_cancer
from ae_widgets import Lab
data = load_breast_cancer(as_frame=True)
hostile = {HOSTILE!r}
X = (data.data - data.data.mean()) / data.data.std()
X.columns = [*hostile, *X.columns[len(hostile):]]
labels = ["benign" if t else hostile[i % len(hostile)] for i, t in enumerate(data.target)]
lab = Lab(X, labels, code_dim=8, max_iter=30)
lab.tabs.turn_to("Anomalies")
lab"""


def test_look_of_a_table_and_of_names_that_would_be_code(open_notebook):
    notebook = open_notebook([NAMED])
    page = notebook.page
    notebook.run("lab.start(); lab.wait(120)")
    wait_for_desk(notebook)
    notebook.run("lab.session.point(int(lab.anomalies.beyond[0]))")
    open_desk(notebook)
    page.locator(".ae-contributions", has_text="makes up").wait_for()
    notebook.run("lab.session.select(lab.anomalies.beyond)")
    page.locator(".ae-contributions .axis text").first.wait_for()
    options = [text.replace("\u00a0", " ") for text in
               page.locator(".ae-class option").all_text_contents()]  # fmt: skip
    assert set(options) == {"none", "benign", *HOSTILE}
    notebook.wait_for("document.querySelectorAll('.ae-item .ae-bars title').length === 30")
    tips = page.locator(".ae-item .ae-bars title").all_text_contents()
    assert all(any(tip.startswith(f"{name}: input ") for tip in tips) for name in HOSTILE)
    chips = page.locator(".ae-scatter .ae-chip-name").all_text_contents()
    assert set(chips) == {"benign", *HOSTILE}
    # What is named first of all is the feature of the largest share.
    worst = "r = lab.session.reconstruct([lab.session.focus])\n"
    worst += "print(X.columns[((r.inputs - r.outputs) ** 2)[0].argmax()])"
    said = page.locator(".ae-contributions .ae-desk-note").text_content()
    assert f": {notebook.run(worst)} makes up " in said
    tip = page.locator(".ae-contributions").get_attribute("title")
    assert tip.startswith(f"{notebook.run(worst)}: ")
    assert tip.count("\n") == 7
    take_pictures(notebook, "anomalies-table", widths=(1280, 760), part=".ae-desk")
    assert_inert(notebook)
    look_at_large_errors(notebook)


# The figure of the histogram and the labels beneath it: where each begins and ends.
EXTENTS = """() => ['.ae-figure', '.axis .tick text'].map((part) =>
  [...document.querySelectorAll(`.ae-histogram ${part}`)].map((node) => {
    const { left, right } = node.getBoundingClientRect();
    return [left, right];
  }))"""


def look_at_large_errors(notebook):
    """Look whether long labels are whole, and apart from each other."""
    large = "import numpy as np; large = np.logspace(0.5, 4.95, 99)"
    notebook.run(f"{large}; lab.anomalies._histogram.show(large, 100.0, fit=True)")
    notebook.page.locator(".ae-histogram .axis", has_text="100,000").wait_for()
    [[left, right]], labels = notebook.page.evaluate(EXTENTS)
    ends = [left, *(end for label in labels for end in label), right]
    assert ends == sorted(ends)
