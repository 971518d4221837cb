"""What the browser tests do with a Lab on the page, and ask of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.browser.conftest import Notebook

DATA = """from sklearn.datasets import load_digits
from ae_widgets import Lab
digits = load_digits()
X, y = digits.data / 16, digits.target"""
# A run that does not end by itself while a test looks at it.
ENDLESS = "lab = Lab(X, y, item_shape=(8, 8), max_iter=100_000, n_iter_no_change=100_000)"
SCATTER = "document.querySelector('.ae-lab .ae-scatter')"
ANY_FRAME = f"{SCATTER}?.dataset.points === '1797'"


def press(notebook: Notebook, label: str) -> None:
    """Press a button of the transport row (of the first view, where there are several)."""
    text = re.compile(rf"^\s*{label}\s*$")  # beside its icon
    notebook.page.locator(".ae-transport button", has_text=text).first.click()


def state(notebook: Notebook) -> str:
    return notebook.run("print(lab.session.status.state)")


def wait_for_state(notebook: Notebook, expected: str, timeout: float = 30) -> None:
    notebook.wait_for(lambda: state(notebook) == expected, timeout)


def frame(notebook: Notebook) -> int:
    """Return the number of the latent frame on the screen."""
    return int(notebook.page.evaluate(f"{SCATTER}.dataset.frame"))


def wait_for_frames(notebook: Notebook, count: int) -> None:
    """Wait until `count` more latent frames have been painted."""
    notebook.wait_for(f"{SCATTER}.dataset.frame >= {frame(notebook) + count}", timeout=60)


def slide(notebook: Notebook, label: str, share: float) -> None:
    """Click on the slider named `label`, at a share of its length."""
    slider = notebook.page.locator(".ae-lab .ae-slider-row", has_text=label).locator(".noUi-base")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    x, y = box["x"] + share * box["width"], box["y"] + box["height"] / 2
    notebook.page.mouse.click(x, y)


def colours(notebook: Notebook, count: int) -> list[str]:
    """Return the colours in which the scatter draws the first items."""
    drawn = f"Array.from({{ length: {count} }}, (_, i) => `${{{SCATTER}.aeScatter.colour(i)}}`)"
    found: list[str] = notebook.page.evaluate(drawn)
    return found


def wait_for_rest(notebook: Notebook) -> None:
    """Wait until the frame on the screen is the one in the kernel, and painted."""
    number = notebook.run("print(lab.session.latent.number)")
    notebook.wait_for(f"{SCATTER}.dataset.frame === '{number}'")
