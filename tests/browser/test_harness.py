"""The means of the other browser tests: a slider in each application and theme."""

import pytest

from tests.browser.look import THEMES

pytestmark = pytest.mark.browser

SLIDER = [
    "import ipywidgets as widgets\nslider = widgets.IntSlider(value=3, description='depth')",
    "slider",
]


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_widget_is_shown_and_follows_both_ways(open_notebook, app):
    notebook = open_notebook(SLIDER, app=app)
    readout = notebook.page.locator(".widget-readout")
    notebook.wait_for(lambda: readout.inner_text() == "3")

    # A click in the middle of the track, since Notebook takes the arrow keys for itself.
    notebook.page.locator(".noUi-base").click()
    notebook.wait_for(lambda: notebook.run("print(slider.value)") == "50")

    notebook.run("slider.value = 7")
    notebook.wait_for("document.querySelector('.widget-readout').innerText === '7'")
    for theme in THEMES.values():
        notebook.set_theme(theme)
        assert notebook.shot(f"harness-{app}-{theme}").stat().st_size > 0


def test_the_next_notebook_finds_nothing_of_the_one_before(open_notebook):
    notebook = open_notebook(["import ipywidgets, ae_widgets"])
    assert notebook.run("print('slider' in globals(), len(ae_widgets.runs()))") == "False 0"
    assert notebook.page.locator(".jp-CodeCell").count() == 1


def test_widget_survives_a_reload(open_notebook):
    notebook = open_notebook(SLIDER)
    notebook.run("slider.value = 5")
    notebook.reload()
    notebook.wait_for("document.querySelector('.widget-readout')?.innerText === '5'")


def test_code_runs_beside_the_cells_and_its_errors_are_told(open_notebook):
    notebook = open_notebook(["answer = 42"])
    assert notebook.run("print(answer)") == "42"
    assert notebook.run("answer") == "42"
    with pytest.raises(pytest.fail.Exception, match="ZeroDivisionError"):
        notebook.run("1 / 0")


def test_failing_cell_fails_the_test(open_notebook):
    with pytest.raises(pytest.fail.Exception, match="ZeroDivisionError"):
        open_notebook(["1 / 0"])
