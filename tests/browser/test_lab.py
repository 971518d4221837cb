"""The Lab as a person meets it: buttons, sliders, points and lassos in a real JupyterLab."""

import re

import pytest

from tests.browser.lab_page import (
    SCATTER,
    frame,
    pixel,
    press,
    state,
    steady,
    surface,
    wait_for_frames,
    wait_for_reconstruction,
    wait_for_rest,
    wait_for_state,
    wait_for_status,
)
from tests.browser.test_kinds import enter

pytestmark = pytest.mark.browser

DISPLAY = "(node) => getComputedStyle(node).display"


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_buttons_drive_the_run(open_lab, app):
    notebook = open_lab(app=app)
    press(notebook, "Start")
    wait_for_state(notebook, "running")
    wait_for_frames(notebook, 5)

    press(notebook, "Pause")
    wait_for_state(notebook, "paused")
    step = int(notebook.run("print(lab.session.status.step)"))
    press(notebook, "Step batch")
    notebook.wait_for(lambda: int(notebook.run("print(lab.session.status.step)")) == step + 1)
    wait_for_state(notebook, "paused")
    press(notebook, "Step epoch")
    at_end = f"""s = lab.session.status
print(s.state == 'paused' and s.step > {step + 1} and s.step % s.steps_per_epoch == 0)"""
    notebook.wait_for(lambda: notebook.run(at_end) == "True")

    press(notebook, "Resume")
    wait_for_state(notebook, "running")
    press(notebook, "Stop")
    wait_for_state(notebook, "finished")
    press(notebook, "Reset")
    wait_for_state(notebook, "idle")
    assert notebook.run("print(lab.session.status.step)") == "0"


def test_screen_ends_equal_to_the_kernel(open_lab):
    notebook = open_lab("lab = Lab(X, y, item_shape=(8, 8), max_iter=30, tol=0.0)\nlab")
    notebook.run("lab.start()")
    wait_for_state(notebook, "finished")
    wait_for_rest(notebook)
    wait_for_status(notebook)


def test_moved_slider_is_in_force_and_marked(open_lab):
    notebook = open_lab()
    notebook.run("lab.start()")
    slider = notebook.page.locator(".ae-slider-row", has_text="β").locator(".noUi-base")
    slider.click()
    notebook.wait_for(lambda: notebook.run("print(lab.session.settings.beta > 0)") == "True")
    moved = "print(any(entry.name == 'beta' for entry in lab.session.journal))"
    notebook.wait_for(lambda: notebook.run(moved) == "True")
    assert state(notebook) == "running"


def test_keys_move_a_slider(open_lab):
    notebook = open_lab(app="notebook")
    before = notebook.run("print(lab.session.settings.alpha)")
    notebook.page.locator(".ae-slider-row", has_text="α").locator(".noUi-handle").focus()
    notebook.page.keyboard.press("ArrowRight")
    notebook.wait_for(lambda: notebook.run("print(lab.session.settings.alpha)") != before)


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_keys_walk_through_the_points(open_lab, app):
    notebook = open_lab(app=app)
    notebook.page.locator(".ae-scatter [tabindex='0']").first.focus()
    notebook.page.keyboard.press("n")
    notebook.wait_for(lambda: notebook.run("print(lab.session.focus)") == "0")
    camera = notebook.run("print(lab.scatter.camera)")
    notebook.page.keyboard.press("ArrowRight")  # a shortcut of Notebook, outside the plot
    notebook.wait_for(lambda: notebook.run("print(lab.scatter.camera)") != camera)


def test_hovered_item_is_reconstructed(open_lab):
    notebook = open_lab()
    notebook.run("lab.start()")
    wait_for_frames(notebook, 5)
    notebook.run("lab.pause()")
    wait_for_state(notebook, "paused")
    wait_for_rest(notebook)
    notebook.page.mouse.move(*pixel(notebook, 0))
    title = notebook.page.locator(".ae-item .ae-title")

    def told():
        focus = notebook.run("print(lab.session.focus)")
        return re.match(rf"Item {focus}\b", title.inner_text()) and focus

    wait_for_reconstruction(notebook, notebook.wait_for(told))


def test_lassoed_items_are_selected_and_shown(open_lab):
    notebook = open_lab()
    notebook.page.get_by_role("button", name="Select by lasso").click()
    box = surface(notebook)
    left, right = box["x"] + 0.1 * box["width"], box["x"] + 0.9 * box["width"]
    top, bottom = box["y"] + 0.1 * box["height"], box["y"] + 0.9 * box["height"]
    mouse = notebook.page.mouse
    mouse.move(left, top)
    mouse.down()
    for corner in ((right, top), (right, bottom), (left, bottom), (left, top)):
        mouse.move(*corner, steps=4)
    mouse.up()
    size = notebook.wait_for(lambda: int(notebook.run("print(len(lab.selection))")))
    notebook.wait_for(f"{SCATTER}?.dataset.selected === '{size}'")
    tiles = notebook.page.locator(".ae-tile")
    notebook.wait_for(lambda: tiles.count() == min(size, 64))

    tiles.nth(1).click()
    second = notebook.run("print(lab.selection[1])")
    notebook.wait_for(lambda: notebook.run("print(lab.session.focus)") == second)


def test_what_waits_for_the_next_run_moves_nothing(open_lab):
    notebook = open_lab()
    notebook.run("lab.start()")
    wait_for_state(notebook, "running")
    heights = """() => [...document.querySelectorAll('.ae-lab .ae-panel, .ae-lab .ae-controls > *')]
      .filter((node) => node.offsetParent && !node.matches('.ae-message'))
      .map((node) => node.getBoundingClientRect().top)"""
    notebook.wait_for("document.querySelector('.ae-lab .ae-network svg')")
    before = steady(notebook, lambda: notebook.page.evaluate(heights))
    field = notebook.page.locator(".ae-lab .widget-text", has_text="Code dimension").first
    field.locator("input").fill("32")
    field.locator("input").press("Enter")
    notebook.wait_for("document.querySelector('.ae-lab .ae-waiting') !== null")
    notebook.wait_for(lambda: "ae-pending" in field.get_attribute("class"))
    assert notebook.page.evaluate(heights) == before
    field.locator("input").fill("0")
    field.locator("input").press("Enter")
    messages = "[...document.querySelectorAll('.ae-lab .ae-message')]"
    notebook.wait_for(f"{messages}.some((message) => message.offsetHeight > 0)")
    assert notebook.page.evaluate(heights) == before
    what_is_told_moves_nothing(notebook, heights)
    # The label with its mark, and the counter of a run of a hundred thousand epochs, are not cut.
    cut = "[...document.querySelectorAll('.ae-lab label')].filter((l) => l.offsetParent"
    cut += " && l.scrollWidth > l.clientWidth).map((l) => l.textContent)"
    assert notebook.page.evaluate(cut) == []


def what_is_told_moves_nothing(notebook, heights):
    """Look at a refused value at the foot of the loss, and at a long line of status."""
    page = notebook.page
    enter(notebook, "Batch size", "0")
    message = page.locator(".ae-loss > .ae-message")
    message.wait_for()
    box, field = (part.bounding_box() for part in (message, page.locator(".ae-pair input").first))
    assert field["y"] - 80 < box["y"] < box["y"] + box["height"] <= field["y"]
    before = page.evaluate(heights)
    notebook.run("lab.session.say('A sentence. ' * 15 + 'What to do.')")
    status = page.locator(".ae-transport .ae-status", has_text="What to do.")
    status.wait_for()
    assert status.evaluate("(line) => line.scrollHeight <= line.clientHeight")
    assert page.evaluate(heights) == before
    for name in ("text", "moved"):  # an ellipsis needs a block
        assert page.locator(f".ae-plot-{name}").evaluate(DISPLAY) == "block"


@pytest.mark.alone
def test_other_cells_run_while_it_trains(open_lab):
    notebook = open_lab()
    started = "from time import perf_counter as now; t = now(); lab.start(); print(now() - t < 0.2)"
    assert notebook.run(started) == "True"
    busy = """
t = now()
first = lab.session.status.step
while now() - t < 3:
    pass
print(lab.session.status.step - first)
"""
    shown = frame(notebook)
    assert int(notebook.run(busy)) > 0
    notebook.wait_for(f"{SCATTER}?.dataset.frame > {shown}")
    assert state(notebook) == "running"


def test_cell_run_again_leaves_no_orphan(open_lab):
    notebook = open_lab()
    notebook.run("lab.start()")
    notebook.run_all()
    notebook.wait_for(
        lambda: notebook.run("import ae_widgets; print(len(ae_widgets.runs()))") == "1"
    )
    assert state(notebook) == "idle"


def test_failure_of_the_trainer_is_shown(open_lab):
    notebook = open_lab()
    notebook.run("lab.start(); lab.session.change(learning_rate=1e3)")
    wait_for_state(notebook, "failed")
    notebook.wait_for("document.querySelector('.ae-status.ae-error')?.innerText.length > 0")
    assert notebook.run("print(type(lab.error).__name__)") == "NonFiniteLossError"
