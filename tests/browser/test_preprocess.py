"""What happens before the network is chosen on the page, and trained on."""

import json

import pytest

from tests.browser.lab_page import press, wait_for_frames, wait_for_rest, wait_for_state
from tests.browser.look import assert_tidy, take_pictures
from tests.browser.test_data_kinds import PIXELS, close
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
    for scaling in ("min-max", "robust", "standard"):
        choose(notebook, "Scaling", scaling)
        notebook.wait_for(lambda scaling=scaling: notebook.run(STEPS) == f"('{scaling}',)")
    tick(notebook, "PCA")
    notebook.wait_for(f"document.querySelectorAll('{DOTS}').length === 20")
    notebook.page.locator(DOTS).nth(5).click()
    chosen = "('standard', PCAFeatures(n_components=18, whiten=False))"
    notebook.wait_for(lambda: notebook.run(STEPS) == chosen)
    notebook.page.get_by_text("18 of 64 keep").wait_for()
    for assignment in ("soft", "distances"):
        choose(notebook, "k-means", assignment)
        notebook.wait_for(
            lambda assignment=assignment: f"assignment='{assignment}'" in notebook.run(STEPS)
        )
    shape = "print(lab.session.features.shape)"
    notebook.wait_for(lambda: notebook.run(shape) == "(1797, 26)")
    press(notebook, "Start")
    wait_for_frames(notebook, 3)
    choose(notebook, "Scaling", "quantile")
    tick(notebook, "Whiten")
    choose(notebook, "k-means", "one-hot")
    planned = "('quantile', PCAFeatures(n_components=18, whiten=True), "
    planned += "KMeansFeatures(n_clusters=8, assignment='one-hot'))"
    notebook.wait_for(lambda: notebook.run(PENDING) == planned)
    for name in ("Scaling", "Whiten", "k-means"):
        notebook.page.locator(".ae-lab .ae-pending", has_text=name).first.wait_for()
    notebook.run("lab.session.select(range(0, 20)); lab.session.point(7)")
    notebook.wait_for("document.querySelectorAll('.ae-lab .ae-tile').length === 20")
    take_pictures(notebook, "preprocess-open")
    press(notebook, "Reset")
    wait_for_state(notebook, "idle")
    assert notebook.run(STEPS) == planned
    press(notebook, "Start")
    notebook.wait_for(lambda: notebook.run("print(lab.session.status.epoch >= 20)") == "True")
    press(notebook, "Stop")
    wait_for_state(notebook, "finished")
    wait_for_rest(notebook)
    # The network has components and clusters; what it makes of them is shown as digits.
    notebook.run("lab.session.point(7)")
    notebook.run("r = lab.session.reconstruct(range(300))")
    shapes = "print(lab.session.features.shape[1], r.inputs.shape[1], r.outputs.shape[1])"
    assert notebook.run(shapes) == "26 64 64"
    alike = "import numpy as np; print(np.corrcoef(r.inputs.ravel(), r.outputs.ravel())[0, 1])"
    assert float(notebook.run(alike)) > 0.6
    pixels = "print([np.repeat(255 * v[7].clip(0, 1), 3).tolist() for v in (r.inputs, r.outputs)])"
    given, made = json.loads(notebook.run(pixels))

    def drawn():
        pictures = notebook.page.evaluate(PIXELS)
        sizes = [len(picture) for picture in pictures]
        return sizes == [192, 192] and close(pictures[0], given) and close(pictures[1], made)

    notebook.wait_for(drawn)
    take_pictures(notebook, "preprocess-shown", ["light"])


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_alone_and_in_a_narrow_lab(open_notebook, app):
    notebook = open_notebook([ALONE, "lab = Lab(session)\nlab"], app=app, width=820)
    alone = notebook.page.locator(".ae-preprocess:not(.ae-lab *)")
    notebook.wait_for(lambda: alone.locator(".dot").count() == 20)
    notebook.page.get_by_text("40 of 64 keep 95").first.wait_for()
    # The Lab of a session that is given shows no codes before the start.
    notebook.page.locator(".ae-lab .ae-scatter .ae-hint", has_text="Press Start").wait_for()
    notebook.page.locator(".ae-lab .ae-network svg").wait_for()
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
