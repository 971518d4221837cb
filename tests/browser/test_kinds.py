"""Every kind of model is chosen, trained and steered in a Lab on the page."""

import re

import pytest

from ae_widgets.engine import KINDS
from ae_widgets.widgets.loss_controls import COMPLEXITY_LABELS
from tests.browser.lab_page import press, wait_for_frames, wait_for_state
from tests.browser.look import THEMES, assert_tidy, show, take_pictures

pytestmark = pytest.mark.browser

# Settings that come with a kind, by the labels of their fields.
BROUGHT = {
    "plain": set(),
    "denoising": {"Corruption", "Noise"},
    "sparse": {"Sparsity"},
    "contractive": set(),
    "variational": {"Warm-up"},
    "gated": {"Warm-up"},
}
LABELS = """() => [...document.querySelectorAll('.ae-lab .ae-controls label')]
  .filter((label) => label.offsetParent).map((label) => label.textContent)"""
CHOSEN = "s = lab.session; print(s.pending.get('kind', s.settings.kind))"
# Dropdowns hold no spaces that may break.
COMPLEXITY_SHOWN = """[...document.querySelectorAll('.ae-lab .widget-dropdown')]
  .find((row) => row.innerText.startsWith('Complexity'))
  ?.querySelector('select').selectedOptions[0]?.textContent.replaceAll('\u00a0', ' ')"""


def choose(notebook, label, value):
    """Choose `value` in the dropdown named `label`."""
    row = notebook.page.locator(".ae-lab .widget-dropdown", has_text=label)
    row.locator("select").first.select_option(value)


def enter(notebook, label, value):
    """Enter `value` into the field named `label`."""
    row = notebook.page.locator(".ae-lab .widget-text, .ae-lab .ae-slider-row", has_text=label)
    field = row.locator("input").first
    field.fill(value)
    field.press("Enter")


def unfold(notebook, title):
    notebook.page.locator(".ae-lab .ae-panel-heading", has_text=title).click()


def test_beta_closes_dimensions_of_a_gated_model(open_lab):
    notebook = open_lab()
    choose(notebook, "Kind", "gated")
    enter(notebook, "Code dimension", "16")
    said = notebook.page.locator(".ae-lab .ae-active")
    notebook.wait_for(lambda: said.inner_text() == "16 of 16 dimensions active")
    enter(notebook, "β", "0")
    press(notebook, "Start")
    notebook.wait_for(lambda: notebook.run("print(lab.session.status.epoch >= 10)") == "True")
    assert said.inner_text() == "16 of 16 dimensions active"
    enter(notebook, "β", "0.01")
    notebook.wait_for(lambda: notebook.run("print(lab.session.settings.beta)") == "0.01")
    few = "active = lab.session.active_dimensions; print(active is not None and 0 < active < 8)"
    notebook.wait_for(lambda: notebook.run(few) == "True", timeout=120)
    notebook.wait_for(lambda: re.match("[1-7] of 16 ", said.inner_text()))
    press(notebook, "Stop")
    wait_for_state(notebook, "finished")
    active = notebook.run("print(lab.session.active_dimensions)")
    notebook.wait_for(lambda: said.inner_text() == f"{active} of 16 dimensions active")
    drawn = notebook.page.locator(".ae-lab .ae-network .ae-code .ae-size")
    notebook.wait_for(lambda: drawn.text_content() == f"{active}/16")
    assert notebook.run("print((lab.codes.std(axis=0) > 0).sum())") == active
    notebook.shot("kinds-gated-steered")


def test_every_kind_trains_with_its_controls(open_lab):
    notebook = open_lab()
    every = set().union(*BROUGHT.values())
    offered = notebook.page.locator(".ae-lab .widget-dropdown", has_text="Complexity")
    for kind in [*[*KINDS][1:], "plain"]:
        choose(notebook, "Kind", kind)
        notebook.wait_for(lambda kind=kind: notebook.run(CHOSEN) == kind)
        notebook.wait_for(
            lambda kind=kind: set(notebook.page.evaluate(LABELS)) & every == BROUGHT[kind]
        )
        if notebook.run("print(bool(lab.session.pending))") == "True":
            notebook.page.locator(".ae-lab .ae-pending", has_text="Kind").wait_for()
            press(notebook, "Reset")
            wait_for_state(notebook, "idle")
        press(notebook, "Start")
        notebook.wait_for(lambda: notebook.run("print(lab.session.status.epoch > 2)") == "True")
        trained = "s = lab.session; print(s.settings.kind, s.status.state, s.settings.complexity)"
        assert notebook.run(trained) == f"{kind} running {KINDS[kind].complexities[0]}"
        notebook.wait_for(
            lambda kind=kind: offered.locator("option").count() == len(KINDS[kind].complexities)
        )
        press(notebook, "Stop")
        wait_for_state(notebook, "finished")


def test_noise_moves_while_it_trains(open_lab):
    notebook = open_lab()
    choose(notebook, "Kind", "denoising")
    press(notebook, "Start")
    wait_for_state(notebook, "running")
    handle = notebook.page.locator(".ae-slider-row", has_text="Noise").locator(".noUi-handle")
    before = notebook.run("print(lab.session.settings.noise)")
    handle.wait_for()  # the row appears with the kind
    handle.focus()
    notebook.page.keyboard.press("ArrowRight")
    notebook.wait_for(lambda: notebook.run("print(lab.session.settings.noise)") != before)
    choose(notebook, "Corruption", "masking")
    moved = "print({'noise', 'corruption'} <= {entry.name for entry in lab.session.journal})"
    notebook.wait_for(lambda: notebook.run(moved) == "True")


# The whole Lab is pictured in every theme at both widths, see test_screenshots.py.
def test_look_of_all_controls(open_lab):
    notebook = open_lab()
    for kind in KINDS:
        choose(notebook, "Kind", kind)
        notebook.wait_for(
            lambda kind=kind: notebook.run("print(lab.session.settings.kind)") == kind
        )
        complexity = COMPLEXITY_LABELS[KINDS[kind].complexities[0]]
        notebook.wait_for(f"{COMPLEXITY_SHOWN} === '{complexity}'")
        take_pictures(notebook, f"kinds-{kind}", ["light"])
    take_pictures(notebook, f"kinds-{kind}", THEMES)
    take_pictures(notebook, f"kinds-{kind}", ["dark"], [1920])
    for title in ("More", "Optimiser"):
        unfold(notebook, title)
    choose(notebook, "Trunk", "convolutional")
    choose(notebook, "Method", "SGD")
    choose(notebook, "Schedule", "step")
    notebook.wait_for(lambda: {"Channels", "Momentum", "Every (epochs)"} <= set(
        notebook.page.evaluate(LABELS)
    ))  # fmt: skip
    press(notebook, "Start")
    wait_for_frames(notebook, 3)
    choose(notebook, "Kind", "plain")
    notebook.page.locator(".ae-lab .ae-pending", has_text="Kind").wait_for()
    for theme, width in zip(THEMES, (1280, 1920, 1280), strict=True):
        show(notebook, theme, width)
        notebook.page.set_viewport_size({"width": width, "height": 1300})
        notebook.shot(f"kinds-open-{theme}-{width}")
        assert_tidy(notebook)
