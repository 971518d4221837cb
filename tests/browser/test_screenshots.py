"""Pictures of the Lab in every theme, width and application, and what can be told of them."""

import pytest

pytestmark = pytest.mark.browser

DATA = """from sklearn.datasets import load_digits
from ae_widgets import Lab
digits = load_digits()
X, y = digits.data / 16, digits.target"""
CELLS = [
    DATA,
    "lab = Lab(X, y, item_shape=(8, 8), max_iter=25, tol=0.0)\nlab",
]
THEMES = {
    "light": "JupyterLab Light",
    "dark": "JupyterLab Dark",
    "contrast": "JupyterLab Dark High Contrast",
}
# Pairs of parts that cover each other, and parts that stick out of the Lab.
MISPLACED = """() => {
  const parts = [...document.querySelectorAll('.ae-lab .ae-panel, .ae-lab .ae-transport')];
  const boxes = parts.map((part) => part.getBoundingClientRect());
  const lab = document.querySelector('.ae-lab').getBoundingClientRect();
  const found = [];
  boxes.forEach((a, i) => {
    if (a.left < lab.left - 1 || a.right > lab.right + 1) found.push(`${i} sticks out`);
    boxes.slice(i + 1).forEach((b, j) => {
      const over = Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
      if (over) found.push(`${i} and ${i + 1 + j} overlap`);
    });
  });
  return found;
}"""
READABLE = """() => [...document.querySelectorAll('.ae-lab button, .ae-lab label')]
  .filter((node) => node.offsetParent && node.scrollWidth > node.clientWidth + 1)
  .map((node) => node.textContent)"""


@pytest.mark.parametrize("app", ["lab", "notebook"])
@pytest.mark.parametrize("width", [1280, 1920])
@pytest.mark.parametrize("theme", THEMES)
def test_look(open_notebook, app, width, theme):
    height = {1280: 800, 1920: 1080}[width]
    notebook = open_notebook(CELLS, app=app, theme=THEMES[theme], width=width, height=height)
    notebook.run("lab.start()")
    notebook.wait_for(lambda: notebook.run("print(lab.session.status.state)") == "finished")
    notebook.run("lab.session.select(range(0, 40)); lab.session.point(7)")
    notebook.wait_for("document.querySelectorAll('.ae-lab .ae-tile').length === 40")
    notebook.wait_for("!document.querySelector('.ae-lab .ae-item .ae-unknown')")
    notebook.page.evaluate("document.querySelector('.ae-lab').scrollIntoView()")
    notebook.shot(f"{app}-{theme}-{width}")
    assert notebook.page.evaluate(MISPLACED) == []
    assert notebook.page.evaluate(READABLE) == []
