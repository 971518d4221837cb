"""A page that is busy for long: anywidget gives a model two seconds to load, then refuses it."""

import pytest

from tests.browser.lab_page import (
    ANY_FRAME,
    FIRST,
    press,
    wait_for_frames,
    wait_for_reconstruction,
    wait_for_rest,
    wait_for_state,
)

pytestmark = pytest.mark.browser

AT_ONCE = """() => {
  window.timeoutBefore = AbortSignal.timeout;
  AbortSignal.timeout = (time) => window.timeoutBefore.call(AbortSignal, time === 2000 ? 0 : time);
}"""
AS_BEFORE = "() => { AbortSignal.timeout = window.timeoutBefore; }"


def test_models_that_loaded_too_late_are_brought_back(open_lab):
    notebook = open_lab()
    refused = []
    notebook.page.on("pageerror", lambda error: refused.append(str(error)))
    notebook.page.evaluate(AT_ONCE)
    try:
        notebook.run_all()  # another Lab
    finally:
        notebook.page.evaluate(AS_BEFORE)
    notebook.wait_for(lambda: any("Failed to initialize model" in error for error in refused))
    notebook.wait_for(ANY_FRAME, FIRST)
    press(notebook, "Start")
    wait_for_frames(notebook, 3)
    notebook.run("lab.session.change(hidden_layer_sizes=(10,))")
    notebook.page.locator(".ae-lab .ae-network .ae-size", has_text="10").first.wait_for()
    notebook.run("lab.session.select([1, 2, 3]); lab.session.point(5)")
    wait_for_reconstruction(notebook, 5)
    notebook.wait_for("document.querySelectorAll('.ae-lab .ae-tile').length === 3")
    press(notebook, "Stop")
    wait_for_state(notebook, "finished")
    wait_for_rest(notebook)
