"""Tables with categories, series and folders of pictures on the page."""

import json

import pytest

from tests.browser.lab_page import (
    press,
    wait_for_frame,
    wait_for_frames,
    wait_for_rest,
    wait_for_state,
)
from tests.browser.look import assert_inert, take_pictures
from tests.browser.test_kinds import unfold
from tests.payloads import FILE_NAMES, HOSTILE

pytestmark = pytest.mark.browser

CELLS = {
    "table": f"""import numpy as np, polars as pl
from ae_widgets import Lab
hostile = {HOSTILE!r}
rng = np.random.default_rng(0)
kind = rng.integers(0, 3, 300)
frame = pl.DataFrame({{
    "income": 20_000.0 * (1 + kind) + rng.normal(0, 3_000, 300),
    "age": 30 + 10 * kind + rng.normal(0, 4, 300),
    "<b>colour</b>": np.array(["red", "green", "blue"])[kind],
    hostile[0]: [hostile[i % len(hostile)] for i in range(300)],
}})
lab = Lab(frame, kind, categorical="auto", preprocess="standard", max_iter=100_000,
          n_iter_no_change=100_000, learning_rate=0.01)
lab""",
    "wide table": """import numpy as np, pandas as pd
from ae_widgets import Lab
rng = np.random.default_rng(0)
X = rng.normal(size=(300, 3)) @ rng.normal(size=(3, 42)) + 0.1 * rng.normal(size=(300, 42))
names = [f"average_quarterly_revenue_of_unit_{i:02d}" for i in range(42)]
names[5] = "income"
lab = Lab(pd.DataFrame(X, columns=names), preprocess="standard", code_dim=3, max_iter=100_000,
          n_iter_no_change=100_000)
lab""",
    "series": """import numpy as np
from ae_widgets import Lab
rng = np.random.default_rng(0)
speed = rng.integers(1, 4, 300)
t = np.linspace(0, 2 * np.pi, 30)
X = np.sin(speed[:, None] * t + rng.random((300, 1))) + 0.1 * rng.normal(size=(300, 30))
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler
lab = Lab(X, speed, item_shape=(30,), preprocess=make_pipeline(StandardScaler(), MaxAbsScaler()),
          max_iter=100_000, n_iter_no_change=100_000)
lab""",
    "pictures": f"""import numpy as np, pathlib, tempfile
from PIL import Image
from ae_widgets import Lab
folder = pathlib.Path(tempfile.mkdtemp())
rng = np.random.default_rng(0)
hostile = {FILE_NAMES!r}
for place, name in enumerate(hostile):
    (folder / name).mkdir()
    for i in range(8):
        pixels = rng.integers(0, 60, (20, 30, 3), dtype=np.uint8)
        pixels[4:12, 4 + i : 16 + i, place % 3] = 250
        Image.fromarray(pixels).save(folder / name / f"{{i}}{{name}}.png")
(folder / hostile[0] / f"{{hostile[0]}}.png").write_bytes(b"no picture")
lab = Lab(folder, item_shape=(16, 16, 3), max_iter=100_000, n_iter_no_change=100_000)
lab""",
}
# The first two pictures of the item that is shown: what it is, and what is made of it.
PIXELS = """() => [...document.querySelectorAll('.ae-lab .ae-item canvas')].slice(0, 2).map((c) =>
  [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]
    .filter((_, i) => i % 4 < 3))"""
DRAWN = {
    "table": ".ae-bars .ae-output",
    "wide table": ".ae-output-line",
    "series": ".ae-output-line",
    "pictures": "canvas",
}


@pytest.mark.parametrize("kind", CELLS)
def test_items_are_drawn_by_their_kind(open_notebook, kind):
    notebook = open_notebook([CELLS[kind]])
    wait_for_frame(notebook)
    if kind == "pictures":
        status = notebook.page.locator(".ae-transport .ae-status")
        files = 8 * len(FILE_NAMES) + 1
        notebook.wait_for(lambda: f"1 of {files} files is damaged" in status.text_content())
        name = notebook.run("print(repr(f'{hostile[0]}/{hostile[0]}.png'))")
        assert name in status.text_content()
        folders = notebook.page.locator(".ae-scatter .ae-chip-name").all_text_contents()
        assert set(folders) == set(FILE_NAMES)
    press(notebook, "Start")
    wait_for_frames(notebook, 5)
    notebook.wait_for(lambda: notebook.run("print(lab.session.status.epoch >= 40)") == "True")
    press(notebook, "Stop")
    wait_for_state(notebook, "finished")
    wait_for_rest(notebook)
    notebook.run("lab.session.select(range(0, 12)); lab.session.point(7)")
    notebook.wait_for("document.querySelectorAll('.ae-lab .ae-tile').length === 12")
    notebook.wait_for(f"document.querySelector('.ae-lab .ae-item {DRAWN[kind]}')")
    take_pictures(notebook, f"data-{kind.replace(' ', '-')}")
    look = {
        "table": look_at_table,
        "wide table": look_at_wide_table,
        "series": look_at_series,
        "pictures": look_at_pictures,
    }
    look[kind](notebook)
    assert_inert(notebook)


def look_at_table(notebook):
    names = notebook.page.locator(".ae-bars .ae-name").all_text_contents()
    assert names[:3] == ["income", "age", "<b>co… = blue"]
    adds_up = "r = lab.session.reconstruct(range(300)).outputs; print(r[:, 2:5].sum(1).round(4))"
    assert set(notebook.run(adds_up).strip("[]").split()) == {"1."}
    tips = notebook.page.locator(".ae-item .ae-bars title").all_text_contents()
    for category in HOSTILE:
        assert any(tip.startswith(f"{HOSTILE[0]} = {category}: input ") for tip in tips)


def look_at_wide_table(notebook):
    """Look whether lines tell of their columns, and name those of the largest residuals."""
    item = notebook.page.locator(".ae-lab .ae-item")
    said = item.locator(".ae-place title").all_text_contents()
    assert len(said) == 42
    place = item.locator(".ae-place").nth(5)
    box = place.bounding_box()
    notebook.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    assert place.evaluate("(place) => place.matches(':hover')")
    assert said[5].startswith("income: input ")
    rows = item.locator(".ae-largest > div")
    largest = json.loads(
        notebook.run("""r = lab.session.reconstruct([7])
print(np.argsort(-np.abs(r.inputs - r.outputs)[0])[:3].tolist())""")
    )
    assert [row.get_attribute("title") for row in rows.all()] == [said[i] for i in largest]
    names = rows.locator(".ae-halves").all_text_contents()
    assert all(said[i].startswith(f"{name}: ") for name, i in zip(names, largest, strict=True))
    assert rows.evaluate_all("(rows) => rows.every((r) => r.scrollWidth <= r.clientWidth)")


def look_at_series(notebook):
    """Look whether steps that the fields cannot show are named."""
    assert notebook.page.locator(".ae-item :is(.ae-place, .ae-largest)").count() == 0
    unfold(notebook, "Preprocess")
    steps = notebook.page.locator(".ae-lab .ae-preprocess")
    chosen = steps.locator(".widget-dropdown", has_text="Scaling").locator("select")
    shown = chosen.evaluate("(select) => select.selectedOptions[0].textContent")
    assert shown.replace("\u00a0", " ") == "own steps"
    name = notebook.run("print(lab.session.settings.preprocess[0].text)")
    assert "MaxAbsScaler()" in name
    steps.locator(".ae-note", has_text=name).wait_for()
    take_pictures(notebook, "data-own-steps", ["light"])


def look_at_pictures(notebook):
    """Give the Lab pictures as an array: an item's are the array's, and what is made of them."""
    notebook.run("""images = rng.integers(0, 256, (40, 6, 5, 3), dtype=np.uint8)
lab.set_data(images)
lab.start()""")
    notebook.wait_for("document.querySelector('.ae-lab .ae-scatter')?.dataset.points === '40'")
    wait_for_frames(notebook, 3)
    press(notebook, "Pause")
    wait_for_state(notebook, "paused")
    wait_for_rest(notebook)
    notebook.run("lab.session.point(7)")
    given = json.loads(notebook.run("print(images[7].ravel().tolist())"))
    made = "r = lab.session.reconstruct([7]).outputs[0]; print((255 * r).clip(0, 255).tolist())"
    outputs = json.loads(notebook.run(made))

    def drawn():
        pictures = notebook.page.evaluate(PIXELS)
        return len(pictures) == 2 and pictures[0] == given and close(pictures[1], outputs)

    notebook.wait_for(drawn)
    take_pictures(notebook, "data-array", ["light"])


def close(one, other):
    return all(abs(a - b) < 2 for a, b in zip(one, other, strict=True))
