"""How clusters are found is chosen on the page, and batches are balanced."""

import json
import re

import pytest

from tests.browser.lab_page import (
    DATA,
    colours,
    flush,
    press,
    slide,
    wait_for_frame,
    wait_for_frames,
    wait_for_rest,
    wait_for_state,
)
from tests.browser.look import take_pictures

pytestmark = pytest.mark.browser

RARE = """import numpy as np
kept = (y < 5) | (np.arange(len(y)) % 8 == 0)
lab = Lab(X[kept], y[kept], item_shape=(8, 8), code_dim=8, max_iter=100_000,
          n_iter_no_change=100_000)
lab.tabs.turn_to("Classes and clusters")
lab"""


# What of the panel of the loss is below the window once the Lab's top is at the window's.
BELOW = """() => {
  document.querySelector('.ae-lab').scrollIntoView();
  const panel = document.querySelector('.ae-loss').closest('.ae-panel').getBoundingClientRect();
  return panel.bottom - document.querySelector('.jp-NotebookPanel').getBoundingClientRect().bottom;
}"""


SCORED = "print(lab.session.groups.frame == lab.session.latent.number)"
IN_FORCE = """s = lab.session
journal = [entry.value for entry in s.journal if entry.name == 'class_weight']
print(s.settings.delta > 0, s.settings.class_weight, journal[-1])"""


def train_on(notebook):
    """Train for ten more epochs: so far the codes move on, and no further."""
    notebook.run("for _ in range(10): lab.step(); lab.wait(60)")
    wait_for_rest(notebook)


def painted(notebook):
    """Return the colour of each cluster on the page, once each has a single one, and all items'."""
    found = notebook.run("c = lab.session.clusters; print([] if c is None else c.tolist())")
    clusters = json.loads(found)
    drawn = colours(notebook, len(clusters))
    pairs = set(zip(clusters, drawn, strict=True))
    return 1 < len(pairs) == len(set(clusters)) == len(set(drawn)) and (dict(pairs), drawn)


def test_clusters_are_chosen_and_batches_balanced(open_notebook):
    notebook = open_notebook([DATA, RARE])
    page = notebook.page
    wait_for_frame(notebook)
    assert page.evaluate(BELOW) <= 0  # all weights and fields are seen at one glance
    page.locator(".ae-scatter select").select_option("cluster")
    press(notebook, "Start")
    wait_for_state(notebook, "running")
    table = page.locator(".ae-groups .ae-scores").first
    table.get_by_text("k-means").wait_for()
    method = page.locator(".ae-groups select")
    for name in ("Gaussian mixture", "HDBSCAN"):  # while it trains
        method.select_option(name)
        table.get_by_text(name).wait_for()
    wait_for_frames(notebook, 2)
    press(notebook, "Pause")
    wait_for_state(notebook, "paused")
    wait_for_rest(notebook)
    notebook.wait_for(lambda: notebook.run(SCORED) == "True")
    row = table.locator("tr", has_text="In none")

    def told():
        none = int(notebook.run("print((lab.session.clusters == -1).sum())"))
        return none and row.locator("td").inner_text() == f"{none:,}"

    notebook.wait_for(told)
    page.locator(".ae-legend").get_by_text("no cluster").wait_for()
    # Balanced batches: in force with the next epoch, and nothing waits for another run.
    page.locator(".ae-section .ae-panel-heading", has_text="Clusters and classes").click()
    weight = page.locator(".ae-controls select", has=page.locator("option", has_text="balanced"))
    weight.select_option("balanced")
    notebook.wait_for(
        lambda: notebook.run("print(lab.session.settings.class_weight)") == "balanced"
    )
    assert notebook.run("print(dict(lab.session.pending))") == "{}"
    before = notebook.run("print(lab.session.status.step)")
    press(notebook, "Step epoch")
    notebook.wait_for(
        lambda: "class_weight" in notebook.run("print([e.name for e in lab.session.journal])")
    )
    stepped = f"s = lab.session.status; print(s.state == 'paused' and s.step > {before})"
    notebook.wait_for(lambda: notebook.run(stepped) == "True")
    wait_for_rest(notebook)
    clusters_keep_their_colours(notebook)
    classes_are_weighted(notebook, weight)
    weight.scroll_into_view_if_needed()
    take_pictures(notebook, "clusters", widths=(1280, 1920))
    take_pictures(notebook, "clusters-scores", part=".ae-groups")


def clusters_keep_their_colours(notebook):
    """Look whether clusters have the colours of before when the codes have moved on."""
    notebook.page.locator(".ae-groups select").select_option("trained, or k-means")
    notebook.page.locator(".ae-groups").get_by_text("10 clusters, k-means").wait_for()
    colour, drawn = notebook.wait_for(lambda: painted(notebook))
    train_on(notebook)
    notebook.wait_for(lambda: notebook.run(SCORED) == "True")
    flush(notebook)
    colour_now, drawn_now = notebook.wait_for(lambda: painted(notebook))
    assert colour_now == colour
    moved = sum(one != other for one, other in zip(drawn, drawn_now, strict=True))
    assert moved < 0.4 * len(drawn)


def classes_are_weighted(notebook, weight):
    """With δ above 0 it is the classification that is balanced."""
    press(notebook, "Resume")
    slide(notebook, "δ", 0.8)
    for chosen, expected in (("as they are", "None"), ("balanced", "balanced")):
        weight.select_option(chosen)
        told = f"True {expected} {expected}"
        notebook.wait_for(lambda told=told: notebook.run(IN_FORCE) == told)
    row = notebook.page.locator(".ae-groups .ae-scores tr", has_text="Balanced")
    notebook.wait_for(lambda: re.search(r"Balanced\s+(0\.[5-9]|1\.0)", row.inner_text()), 120)
    press(notebook, "Pause")
    wait_for_state(notebook, "paused")
    wait_for_rest(notebook)
