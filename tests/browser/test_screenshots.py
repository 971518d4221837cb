"""Pictures of the Lab in every theme, width and application, and what can be told of them."""

import re

import pytest

from tests.browser.lab_page import (
    press,
    wait_for_frames,
    wait_for_reconstruction,
    wait_for_rest,
    wait_for_state,
)
from tests.browser.look import HEIGHTS, THEMES, assert_tidy, take_pictures
from tests.browser.notebook import SCREENSHOTS

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_look(open_lab, app):
    notebook = open_lab(app=app)

    def picture(suffix):
        take_pictures(notebook, f"{app}{suffix}", THEMES, HEIGHTS)

    picture("-before")
    notebook.run("lab.start()")
    wait_for_frames(notebook, 5)
    picture("-running")
    notebook.wait_for(lambda: notebook.run("print(lab.session.status.epoch >= 25)") == "True")
    press(notebook, "Stop")
    wait_for_state(notebook, "finished")
    wait_for_rest(notebook)
    notebook.run("lab.session.select(range(0, 40)); lab.session.point(7)")
    notebook.wait_for("document.querySelectorAll('.ae-lab .ae-tile').length === 40")
    wait_for_reconstruction(notebook, 7)
    picture("")


@pytest.mark.parametrize("theme", ["dark", "contrast"])
def test_first_paint_is_in_the_theme(open_lab, theme):
    notebook = open_lab(theme=THEMES[theme])
    shown = notebook.shot(f"first-{theme}")
    assert shown.stat().st_size > 0
    painted = "getComputedStyle(document.querySelector('.ae-lab .ae-panel')).backgroundColor"
    red, green, blue = re.findall(r"\d+", notebook.page.evaluate(painted))[:3]
    assert max(int(red), int(green), int(blue)) < 80


def test_picture_of_the_readme(open_lab):
    cell = "lab = Lab(X, y, item_shape=(8, 8), max_iter=300)\nlab"
    notebook = open_lab(cell, width=1360, height=1200)
    notebook.run("""import time
lab.start()
while lab.session.status.epoch < 30: time.sleep(0.01)
lab.session.change(beta=0.01)
while lab.session.status.epoch < 60: time.sleep(0.01)
lab.pause()
lab.session.select(range(0, 60)); lab.session.point(7)""")
    wait_for_state(notebook, "paused")
    wait_for_rest(notebook)
    notebook.wait_for("document.querySelectorAll('.ae-lab .ae-tile').length === 60")
    notebook.page.get_by_role("button", name="Resume").wait_for()
    notebook.page.get_by_text("β 0 → 0.01").first.wait_for()
    wait_for_reconstruction(notebook, 7)
    picture = SCREENSHOTS / "readme.png"
    notebook.page.locator(".ae-lab").screenshot(path=picture)
    assert_tidy(notebook)
