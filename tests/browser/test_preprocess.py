"""What happens before the network is chosen on the page, and trained on."""

import pytest

from tests.browser.lab_page import press, wait_for_frames, wait_for_rest, wait_for_state
from tests.browser.look import assert_tidy, take_pictures
from tests.browser.test_kinds import choose, unfold

pytestmark = pytest.mark.browser

DOTS = ".ae-lab .ae-variance .dot"
ALONE = """from sklearn.datasets import load_digits
from ae_widgets import Lab, PreprocessControls, Session
session = Session(load_digits(), preprocess=["standard", "pca"])
PreprocessControls(session)"""
STEPS = "print(lab.session.settings.preprocess)"
PENDING = "print(lab.session.pending.get('preprocess'))"


def tick(notebook, label):
    notebook.page.locator(".ae-lab .widget-checkbox", has_text=label).locator("input").check()


def test_components_are_chosen_on_the_curve(open_lab):
    notebook = open_lab()
    take_pictures(notebook, "preprocess-folded")
    unfold(notebook, "Preprocess")
    choose(notebook, "Scaling", "standard")
    notebook.wait_for(lambda: notebook.run(STEPS) == "('standard',)")
    tick(notebook, "PCA")
    notebook.wait_for(f"document.querySelectorAll('{DOTS}').length === 20")
    notebook.page.locator(DOTS).nth(5).click()
    chosen = "('standard', PCAFeatures(n_components=18, whiten=False))"
    notebook.wait_for(lambda: notebook.run(STEPS) == chosen)
    notebook.page.get_by_text("18 of 64 keep").wait_for()
    choose(notebook, "Clusters", "soft")
    notebook.wait_for(lambda: "KMeansFeatures" in notebook.run(STEPS))
    assert notebook.run("print(lab.session.features.shape)") == "(1797, 26)"
    press(notebook, "Start")
    wait_for_frames(notebook, 3)
    choose(notebook, "Scaling", "robust")
    notebook.wait_for(lambda: "robust" in notebook.run(PENDING))
    notebook.page.locator(".ae-lab .ae-pending", has_text="Scaling").wait_for()
    notebook.run("lab.session.select(range(0, 20)); lab.session.point(7)")
    notebook.wait_for("document.querySelectorAll('.ae-lab .ae-tile').length === 20")
    take_pictures(notebook, "preprocess-open")
    press(notebook, "Reset")
    wait_for_state(notebook, "idle")
    assert "robust" in notebook.run(STEPS)
    press(notebook, "Start")
    notebook.wait_for(lambda: notebook.run("print(lab.session.status.epoch >= 3)") == "True")
    press(notebook, "Stop")
    wait_for_state(notebook, "finished")
    wait_for_rest(notebook)
    shown = "r = lab.session.reconstruct([7]); print(r.inputs.shape, r.inputs.max() <= 1)"
    assert notebook.run(shown) == "(1, 64) True"


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_alone_and_in_a_narrow_lab(open_notebook, app):
    notebook = open_notebook([ALONE, "lab = Lab(session)\nlab"], app=app, width=820)
    alone = notebook.page.locator(".ae-preprocess:not(.ae-lab *)")
    notebook.wait_for(lambda: alone.locator(".dot").count() == 20)
    notebook.page.get_by_text("40 of 64 keep 95").first.wait_for()
    notebook.shot(f"preprocess-alone-{app}")
    notebook.page.evaluate("document.querySelector('.ae-lab').scrollIntoView()")
    unfold(notebook, "Preprocess")
    notebook.page.locator(".ae-lab .ae-preprocess").scroll_into_view_if_needed()
    notebook.shot(f"preprocess-narrow-{app}")
    assert_tidy(notebook)
    alone.locator(".noUi-handle").focus()
    notebook.page.keyboard.press("ArrowLeft")
    notebook.wait_for(lambda: "n_components=39" in notebook.run("print(session.settings)"))
    both = (
        "[...document.querySelectorAll('.ae-preprocess .widget-readout')].map((n) => n.innerText)"
    )
    notebook.wait_for(lambda: notebook.page.evaluate(both) == ["39", "39"])
