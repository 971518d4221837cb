"""How clusters are found is chosen on the page, and batches are balanced."""

import pytest

from tests.browser.lab_page import DATA, press, wait_for_frames, wait_for_rest, wait_for_state
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


def test_clusters_are_chosen_and_batches_balanced(open_notebook):
    notebook = open_notebook([DATA, RARE])
    page = notebook.page
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
    found = "lab.session.groups.frame == lab.session.latent.number"
    notebook.wait_for(lambda: notebook.run(f"print({found})") == "True")
    none = int(notebook.run("print((lab.session.clusters == -1).sum())"))
    assert none > 0
    row = table.locator("tr", has_text="In none")
    notebook.wait_for(lambda: row.locator("td").inner_text() == f"{none:,}")
    page.locator(".ae-legend").get_by_text("no cluster").wait_for()
    # Balanced batches: in force with the next epoch, and nothing waits for another run.
    page.locator(".ae-section .ae-panel-heading", has_text="Clusters and classes").click()
    weight = page.locator(".ae-controls select", has=page.locator("option", has_text="balanced"))
    weight.select_option("balanced")
    notebook.wait_for(
        lambda: notebook.run("print(lab.session.settings.class_weight)") == "balanced"
    )
    assert notebook.run("print(dict(lab.session.pending))") == "{}"
    press(notebook, "Step epoch")
    notebook.wait_for(
        lambda: "class_weight" in notebook.run("print([e.name for e in lab.session.journal])")
    )
    wait_for_state(notebook, "paused")
    wait_for_rest(notebook)
    weight.scroll_into_view_if_needed()
    take_pictures(notebook, "clusters", widths=(1280, 1920))
    take_pictures(notebook, "clusters-scores", part=".ae-groups")
