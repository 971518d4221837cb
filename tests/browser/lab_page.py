"""What the browser tests do with a Lab on the page, and ask of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Notebook

DATA = """from sklearn.datasets import load_digits
from ae_widgets import Lab
digits = load_digits()
X, y = digits.data / 16, digits.target"""
# A run that does not end by itself while a test looks at it.
ENDLESS = "lab = Lab(X, y, item_shape=(8, 8), max_iter=100_000, n_iter_no_change=100_000)"
SCATTER = "document.querySelector('.ae-lab .ae-scatter')"
ANY_FRAME = f"{SCATTER}?.dataset.points === '1797'"
# Seconds that the first picture may take: the training loop may be compiled for it.
FIRST = 180
FRAMES = "[...document.querySelectorAll('.ae-lab .ae-scatter')].map((plot) => plot.dataset.frame)"
PIXEL = """(item) => {
  const plot = document.querySelector('.ae-lab .ae-scatter');
  plot.scrollIntoView({ block: 'center' });
  return plot.aeScatter.pixel(item);
}"""


def press(notebook: Notebook, label: str) -> None:
    """Press a button of the transport row (of the first view, where there are several)."""
    text = re.compile(rf"^\s*{label}\s*$")  # beside its icon
    notebook.page.locator(".ae-transport button", has_text=text).first.click()


def state(notebook: Notebook) -> str:
    return notebook.run("print(lab.session.status.state)")


def wait_for_state(notebook: Notebook, expected: str, timeout: float = 60) -> None:
    notebook.wait_for(lambda: state(notebook) == expected, timeout)


def wait_for_frame(notebook: Notebook) -> None:
    """Wait until a latent frame is on the screen."""
    notebook.wait_for(f"{SCATTER}?.dataset.frame > 0", FIRST)


def frame(notebook: Notebook) -> int:
    """Return the number of the latent frame on the screen, once there is one."""
    wait_for_frame(notebook)
    return int(notebook.page.evaluate(f"{SCATTER}.dataset.frame"))


def wait_for_frames(notebook: Notebook, count: int) -> None:
    """Wait until `count` more latent frames have been painted."""
    notebook.wait_for(f"{SCATTER}?.dataset.frame >= {frame(notebook) + count}")


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
    """Wait until the frame on the screen, in every view, is the one in the kernel, and painted."""

    def agreed() -> bool:
        number = notebook.run("print(lab.session.latent and lab.session.latent.number)")
        shown: list[str] = notebook.page.evaluate(FRAMES)
        return set(shown) == {number}

    notebook.wait_for(agreed)


def wait_for_status(notebook: Notebook) -> None:
    """Wait until the status line is the kernel's."""
    line = notebook.page.locator(".ae-status").first
    message = "print(lab.session.status.message)"
    notebook.wait_for(lambda: line.inner_text() == notebook.run(message))


def wait_for_reconstruction(notebook: Notebook, item: int | str) -> None:
    """Wait until an image is shown beside what the network makes of it."""
    notebook.wait_for(f"""(() => {{
      const view = document.querySelector('.ae-lab .ae-reconstruction');
      return view?.dataset.item === '{item}' && view.querySelector('.ae-item canvas')
        && !view.querySelector('.ae-item .ae-unknown');
    }})()""")


def flush(notebook: Notebook) -> None:
    """Wait until the kernel has sent all it has to tell the page."""
    sent = "from ae_widgets.session import publisher; print(publisher.flush(30))"
    assert notebook.run(sent) == "True"


def steady(notebook: Notebook, read: Callable[[], Any], apart: float = 0.1) -> Any:
    """Return what `read` gives, once it gives the same true value twice, some seconds apart."""

    def same() -> Any:
        value = read()
        notebook.page.wait_for_timeout(1000 * apart)
        return value if value == read() else None

    return notebook.wait_for(same)


def pixel(notebook: Notebook, item: int) -> tuple[float, float]:
    """Return where an item is drawn in the window, once it moves no more."""
    x, y = steady(notebook, lambda: notebook.page.evaluate(PIXEL, item))
    return x, y


def surface(notebook: Notebook) -> dict[str, float]:
    """Return the box of the scatter's plot in the window, once it moves no more."""
    plot = notebook.page.locator(".ae-scatter .ae-surface").first
    box: dict[str, float] = steady(notebook, plot.bounding_box)
    return box
