"""What a person wants at hand: to stop early, a share of the variance, names given by hand."""

import re

import pytest

from tests.browser.lab_page import DATA, flush, press, wait_for_rest, wait_for_state
from tests.browser.look import HEIGHTS, take_pictures
from tests.browser.test_kinds import enter, unfold
from tests.browser.test_preprocess import tick

pytestmark = pytest.mark.browser

# Few items and a large network, which overfits.
FEW = """lab = Lab(X[:200], item_shape=(8, 8), hidden_layer_sizes=(256, 128), code_dim=16,
          max_iter=1000)
lab"""
STOPPING = """s = lab.session.settings
print(s.n_iter_no_change, s.restore_best, s.validation_fraction)"""
RESTORED = """s = lab.session.status
print(s.restored, s.restored == s.best_epoch < s.epoch, s.reason)"""
NAMED = """odd = set(lab.anomalies.beyond.tolist())
lab.session.label(sorted(odd), "odd")
lab.session.label([i for i in range(200) if i not in odd], "usual")"""
ADVICE = re.compile(
    "Overfitting: the held-out loss was lowest [0-9]+ epochs ago; try Dropout, Kind: denoising, "
    "Weight decay or a shorter Patience under Optimiser and stopping"
)
STEPS = "print(lab.session.pending.get('preprocess'))"


def test_stopping_a_share_and_names(open_notebook):
    notebook = open_notebook([DATA, FEW])
    unfold(notebook, "Optimiser and stopping")
    enter(notebook, "Patience", "40")
    enter(notebook, "Held out", "0.4")
    tick(notebook, "Best weights")
    notebook.wait_for(lambda: notebook.run(STOPPING) == "40 True 0.4")
    press(notebook, "Start")
    wait_for_state(notebook, "finished", timeout=120)
    epoch, restored, reason = notebook.run(RESTORED).split()
    assert (restored, reason) == ("True", "converged")
    said = f"The weights are those of epoch {epoch}."
    notebook.page.locator(".ae-status", has_text=said).wait_for()
    wait_for_rest(notebook)
    enter(notebook, "Held out", "0.2")
    notebook.page.locator(".ae-lab .ae-pending", has_text="Held out").wait_for()
    take_pictures(notebook, "stopping", part=".ae-loss")
    notebook.page.get_by_role("button", name="Classes and clusters", exact=True).click()
    notes = notebook.page.locator(".ae-groups-note")
    notes.filter(has_text=ADVICE).wait_for()
    take_pictures(notebook, "stopping-advice", part=".ae-groups")
    unfold(notebook, "Optimiser and stopping")
    unfold(notebook, "Preprocess")
    tick(notebook, "PCA")
    share = "[...document.querySelectorAll('.ae-lab .widget-text')].find((node) => "
    share += "node.textContent.includes('Variance kept'))?.querySelector('input').value"
    notebook.wait_for(f"{share} === '0.95'")  # it comes with the components
    # Whatever else comes for the field, such as its mark, would put 0.95 back while one types.
    flush(notebook)
    notebook.page.locator(".ae-preprocess .ae-note", has_text="of 64 keep").wait_for()
    enter(notebook, "Variance kept", "0.8")
    notebook.wait_for(lambda: "n_components=0.8" in notebook.run(STEPS))
    notebook.page.locator(".ae-preprocess .ae-note", has_text="of 64 keep 8").wait_for()
    notebook.page.get_by_role("button", name="Anomalies", exact=True).click()
    desk = notebook.page.locator(".ae-desk")
    desk.get_by_text("A curve needs labels").wait_for()
    notebook.run(NAMED)
    desk.locator(".ae-ranking option, .widget-select option", has_text="odd").first.wait_for(
        state="attached"
    )
    desk.get_by_text("AUC 1.000").wait_for()
    take_pictures(notebook, "share-and-names", widths=HEIGHTS, part=".ae-desk")


RATINGS = """from ae_widgets import Lab
from ae_widgets.data import make_ratings, split_ratings
seen, to_find = split_ratings(make_ratings(400, 100))
lab = Lab(seen, reconstruction="multinomial", code_dim=8, max_iter=40, to_find=to_find)
lab.tabs.turn_to("Held-out ratings")
lab"""
RECALL = """import numpy as np
from ae_widgets.analysis import recall_at_k
users = np.unique(to_find.nonzero()[0])
ranked = lab.estimator.recommend(seen[users])
print(f'{recall_at_k(ranked, to_find[users]).mean():.3f}')"""


def test_what_recommendations_are_worth(open_notebook):
    notebook = open_notebook([RATINGS])
    press(notebook, "Start")
    wait_for_state(notebook, "finished", timeout=120)
    cell = notebook.page.locator(".ae-lab .ae-scores tr", has_text="recall@20").locator("td").first
    expected = notebook.run(RECALL)
    notebook.wait_for(lambda: cell.inner_text() == expected)
    take_pictures(notebook, "held-out-ratings")
