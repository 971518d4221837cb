"""Tables with categories, series and folders of pictures on the page."""

import pytest

from tests.browser.lab_page import press, wait_for_frames, wait_for_rest, wait_for_state
from tests.browser.look import take_pictures

pytestmark = pytest.mark.browser

CELLS = {
    "table": """import numpy as np, pandas as pd
from ae_widgets import Lab
rng = np.random.default_rng(0)
kind = rng.integers(0, 3, 300)
frame = pd.DataFrame({
    "income": 20_000.0 * (1 + kind) + rng.normal(0, 3_000, 300),
    "age": 30 + 10 * kind + rng.normal(0, 4, 300),
    "<b>colour</b>": np.array(["red", "green", "blue"])[kind],
    "town": rng.choice(["north", "south"], 300),
})
lab = Lab(frame, kind, categorical="auto", preprocess="standard", max_iter=100_000,
          n_iter_no_change=100_000, learning_rate=0.01)
lab""",
    "series": """import numpy as np
from ae_widgets import Lab
rng = np.random.default_rng(0)
speed = rng.integers(1, 4, 300)
t = np.linspace(0, 2 * np.pi, 30)
X = np.sin(speed[:, None] * t + rng.random((300, 1))) + 0.1 * rng.normal(size=(300, 30))
lab = Lab(X, speed, item_shape=(30,), max_iter=100_000, n_iter_no_change=100_000)
lab""",
    "pictures": """import numpy as np, pathlib, tempfile
from PIL import Image
from ae_widgets import Lab
folder = pathlib.Path(tempfile.mkdtemp())
rng = np.random.default_rng(0)
for name, channel in (("red", 0), ("blue", 2)):
    (folder / name).mkdir()
    for i in range(40):
        pixels = rng.integers(0, 60, (20, 30, 3), dtype=np.uint8)
        pixels[4:12, 4 + i % 10 : 16 + i % 10, channel] = 250
        Image.fromarray(pixels).save(folder / name / f"{i}.png")
(folder / "red" / "broken.png").write_bytes(b"no picture")
lab = Lab(folder, item_shape=(16, 16, 3), max_iter=100_000, n_iter_no_change=100_000)
lab""",
}
DRAWN = {"table": ".ae-bars .ae-output", "series": ".ae-output-line", "pictures": "canvas"}


@pytest.mark.parametrize("kind", CELLS)
def test_items_are_drawn_by_their_kind(open_notebook, kind):
    notebook = open_notebook([CELLS[kind]])
    notebook.wait_for("document.querySelector('.ae-lab .ae-scatter')?.dataset.frame > 0")
    if kind == "pictures":
        notebook.page.get_by_text("1 of 81 files is damaged").first.wait_for()
    press(notebook, "Start")
    wait_for_frames(notebook, 5)
    notebook.wait_for(lambda: notebook.run("print(lab.session.status.epoch >= 40)") == "True")
    press(notebook, "Stop")
    wait_for_state(notebook, "finished")
    wait_for_rest(notebook)
    notebook.run("lab.session.select(range(0, 12)); lab.session.point(7)")
    notebook.wait_for("document.querySelectorAll('.ae-lab .ae-tile').length === 12")
    notebook.wait_for(f"document.querySelector('.ae-lab .ae-item {DRAWN[kind]}')")
    take_pictures(notebook, f"data-{kind}")
    if kind == "table":
        names = notebook.page.locator(".ae-bars .ae-name").all_text_contents()
        assert names[:3] == ["income", "age", "<b>co… = blue"]
        adds_up = (
            "r = lab.session.reconstruct(range(300)).outputs; print(r[:, 2:5].sum(1).round(4))"
        )
        assert set(notebook.run(adds_up).strip("[]").split()) == {"1."}
        assert notebook.page.locator(".ae-bars b").count() == 0
