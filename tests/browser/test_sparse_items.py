"""Documents and ratings in a Lab on the page: what of an item is shown, and what is like it."""

import re

import pytest

from tests.browser.lab_page import (
    pixel,
    press,
    state,
    wait_for_frame,
    wait_for_frames,
    wait_for_rest,
    wait_for_state,
)
from tests.browser.look import assert_inert, take_pictures
from tests.browser.test_kinds import choose
from tests.payloads import HOSTILE

pytestmark = pytest.mark.browser

TEXT = f"""from ae_widgets import Lab
from ae_widgets.data import make_documents, read_text
hostile = {HOSTILE!r}
documents, topics = make_documents(300)
def terms(text):  # those that would be code, and words
    found = [name for name in hostile if name in text] * 20  # so that they weigh most
    for name in found: text = text.replace(name, "")
    return found + [word for word in text.split() if len(word) > 3]
documents[7] = "\\n".join([*hostile, documents[7]])
data = read_text(documents, topics, analyzer=terms)
lab = Lab(data, code_dim=8, max_iter=100_000, n_iter_no_change=100_000, learning_rate=0.01)
lab"""
RATINGS = """import numpy as np, pandas as pd
from ae_widgets import Lab
from ae_widgets.data import make_ratings
X = make_ratings(400, 120)
X.data = np.random.default_rng(0).integers(1, 6, X.nnz).astype(np.float32)
films = [f"The Return of {i}" for i in range(120)]
frame = pd.DataFrame.sparse.from_spmatrix(X, columns=films)
lab = Lab(frame, missing="mask", code_dim=4, max_iter=100_000, n_iter_no_change=100_000)
lab"""
FILM = re.compile(r"The Return of (\d+)")
SHOWN = "document.querySelector('.ae-lab .ae-item .ae-bars .ae-output')"
# Parts of the item's panel that cover each other or are wider than it; of titles, their lines.
CUT = """() => {
  const boxes = (part) => {
    const range = document.createRange();
    range.selectNodeContents(part);
    return part.matches('.ae-title') ? [...range.getClientRects()] : [part.getBoundingClientRect()];
  };
  const all = ':is(.ae-title, .ae-action, .ae-text, .ae-bars, .ae-keys, .ae-hint, .ae-tile)';
  const parts = [...document.querySelectorAll(`.ae-reconstruction ${all}`)]
    .flatMap((part) => boxes(part).map((box) => [part.getAttribute('class'), box]))
    .filter(([, box]) => box.height > 0);
  const panel = document.querySelector('.ae-reconstruction').getBoundingClientRect();
  const found = [];
  parts.forEach(([a, p], i) => {
    if (p.left < panel.left - 1 || p.right > panel.right + 1) found.push(`${a} sticks out`);
    parts.slice(i + 1).forEach(([b, q]) => {
      if (Math.min(p.right, q.right) - Math.max(p.left, q.left) > 1
        && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 1) found.push(`${a} on ${b}`);
    });
  });
  return found;
}"""


def train(notebook, epochs):
    wait_for_frame(notebook)
    press(notebook, "Resume" if state(notebook) == "paused" else "Start")
    wait_for_frames(notebook, 3)
    reached = f"print(lab.session.status.epoch >= {epochs})"
    notebook.wait_for(lambda: notebook.run(reached) == "True", timeout=120)
    press(notebook, "Pause")
    wait_for_state(notebook, "paused")
    wait_for_rest(notebook)


def click_item(notebook, item):
    """Click where an item is drawn, and return the one that is pointed at then."""
    notebook.page.mouse.click(*pixel(notebook, item))
    pinned = "print(lab.session.focus if lab.scatter.pinned else '')"
    found = notebook.wait_for(lambda: notebook.run(pinned))
    title = notebook.page.locator(".ae-item .ae-title")
    notebook.wait_for(lambda: re.match(rf"Item {found}\b", title.inner_text()))
    notebook.wait_for(SHOWN)
    return int(found)


def select_similar(notebook, item):
    """Press the button, and look whether the nearest are selected, in the kernel and the sheet."""
    notebook.page.get_by_role("button", name="Select similar").click()
    expected = notebook.run(f"print(sorted(lab.session.similar({item}, 10).tolist()))")
    notebook.wait_for(lambda: notebook.run("print(lab.selection.tolist())") == expected)
    notebook.wait_for("document.querySelectorAll('.ae-lab .ae-tile').length === 10")
    tiles = "[...document.querySelectorAll('.ae-tile')].map((tile) => tile.dataset.index)"
    assert f"[{', '.join(notebook.page.evaluate(tiles))}]" == expected
    notebook.page.get_by_text(f"nearest to that of item {item}").first.wait_for()


def named(notebook):
    """Return the names of the features that are drawn, whole, also where the rows cut them."""
    tips = notebook.page.locator(".ae-item .ae-bars title")
    return [tip.rsplit(": input ", 1)[0] for tip in tips.all_text_contents()]


def drawn_names(notebook):
    names = notebook.page.locator(".ae-item .ae-bars .ae-name:not(.ae-heading)")
    return names.all_text_contents()


def look(notebook, name):
    """Picture the page in both themes at both widths, and find what is cut or covered."""
    for theme in ("light", "dark"):
        for width in (1280, 1920):
            take_pictures(notebook, f"sparse-{name}", [theme], [width])
            assert notebook.page.evaluate(CUT) == []


def test_documents_show_their_terms_and_what_is_similar(open_notebook):
    notebook = open_notebook([TEXT])
    train(notebook, 40)
    item = click_item(notebook, 8)
    answer = f"""import numpy as np
answer = lab.session.reconstruct([{item}])
given, output = answer.inputs[0], answer.outputs[0]
names = np.array(data.feature_names)
has = np.argsort(-given, kind="stable")[:min(8, (given > 0).sum())]
added = np.argsort(-np.where(given > 0, -1, output), kind="stable")[:5]"""
    notebook.run(answer)
    expected = "print(*names[has], *names[added], sep=',')"
    notebook.wait_for(lambda: notebook.run(expected) == ",".join(named(notebook)))
    heading = notebook.page.locator(".ae-item .ae-heading").text_content()
    assert heading == "only in the reconstruction"
    told = notebook.page.locator(".ae-item .ae-picture").get_attribute("aria-label")
    assert "Input as reconstruction: " in told
    assert "Only in the reconstruction: " in told
    text = f"from ae_widgets.widgets._items import excerpt; print(excerpt(documents[{item}], 280))"
    assert notebook.page.locator(".ae-item .ae-text").text_content() == notebook.run(text)
    select_similar(notebook, item)
    lines = notebook.page.locator(".ae-tile .ae-tile-text").all_text_contents()
    first = notebook.run("print(' '.join(documents[lab.selection[0]].split())[:40])")
    assert lines[0].startswith(first)
    look(notebook, "text")
    notebook.run("lab.session.point(7)")  # whose text and terms would be code
    notebook.page.locator(".ae-item .ae-text", has_text=HOSTILE[0]).wait_for()
    tips = notebook.page.locator(".ae-item .ae-bars title")
    notebook.wait_for(lambda: tips.first.text_content().startswith(HOSTILE))
    given = tips.all_text_contents()[:8]
    assert all(tip.startswith(tuple(f"{name}: input " for name in HOSTILE)) for tip in given)
    notebook.run("lab.session.select([7])")
    notebook.page.locator(".ae-tile .ae-tile-text", has_text=HOSTILE[0]).wait_for()
    assert_inert(notebook)


def test_ratings_show_what_is_recommended_and_who_is_similar(open_notebook):
    notebook = open_notebook([RATINGS])
    train(notebook, 40)
    item = click_item(notebook, 11)
    recommended = f"print(*lab.estimator.recommend(X[[{item}]], 5)[0], sep=',')"
    rated = int(notebook.run(f"print(min(8, X[[{item}]].nnz))"))
    order = notebook.run(recommended).split(",")
    tips = notebook.page.locator(".ae-item .ae-bars title")
    notebook.wait_for(lambda: FILM.findall(" ".join(tips.all_text_contents()))[rated:] == order)
    names = drawn_names(notebook)
    assert len(names) == rated + 5
    assert names[rated:] == [f"◇ The Return of {film}" for film in order]  # filled in
    assert notebook.page.locator(".ae-item .ae-heading").text_content() == "recommended"
    best = notebook.run(f"print(int(X[[{item}]].data.max()))")
    assert f"input {best}, reconstruction " in tips.first.text_content()
    select_similar(notebook, item)
    look(notebook, "ratings")
    # As counts: the outputs are logits, and what is recommended is told in counts all the same.
    choose(notebook, "Reconstruction", "multinomial")
    train(notebook, 80)
    notebook.wait_for(
        lambda: notebook.run("print(lab.session.settings.reconstruction)") == "multinomial"
    )
    order = notebook.run(recommended).split(",")
    notebook.wait_for(lambda: FILM.findall(" ".join(tips.all_text_contents()))[rated:] == order)
    assert notebook.page.locator(".ae-item .ae-heading").text_content() == "recommended"
    expected = f"""from scipy.special import softmax
r = lab.session.reconstruct([{item}])
x = np.nan_to_num(r.inputs)
print(*(x.sum() * softmax(r.outputs[0]))[{order}].tolist())"""
    counts = [float(word) for word in notebook.run(expected.replace("'", "")).split()]
    # The order may be the last one's already while the counts are those of an epoch before.
    notebook.wait_for(
        lambda: (
            [float(tip.rsplit(" ", 1)[1]) for tip in tips.all_text_contents()[rated:]]
            == pytest.approx(counts, rel=0.05)  # two digits of small ones
        )
    )
    take_pictures(notebook, "sparse-multinomial", ["light"])
