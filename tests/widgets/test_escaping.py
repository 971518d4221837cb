"""No name of the data becomes markup: the lint that holds it, and every view with hostile names."""

import ast
import html
import time
from html.parser import HTMLParser
from pathlib import Path

import ipywidgets
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from ae_widgets import Lab
from ae_widgets.session import publisher
from ae_widgets.widgets import _score_tables
from ae_widgets.widgets._view import tree
from tests.payloads import HOSTILE

ROOT = Path(__file__).parents[2]
ALLOWED = {
    # Tables of scores, in which `_score_tables` escapes each name; tested below.
    "groups_view.py": ["ipywidgets.HTML"],
    # A table of shares, made there as well.
    "ranking_view.py": ["ipywidgets.HTML"],
}
"""Module -> what in it shows markup. ipywidgets' other widgets take text for text."""

MARKUP = ("HTML", "HTMLMath", "description_allow_html", "Markdown", "Javascript")
SCRIPTED = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(",
            "DOMParser", "createContextualFragment", "srcdoc", "setHTML")  # fmt: skip
"""What would have the browser read a text as markup or code."""

TAGS = {"table": {"class", "aria-label"}, "caption": set(), "tr": {"title"},
        "th": {"scope", "title"}, "td": {"style", "title"}, "span": {"class"}}  # fmt: skip
"""All that our markup is made of: tags and their attributes."""


def names_in(tree):
    """Yield each dotted name, imported name and keyword of a module that shows markup."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in MARKUP:
            yield ast.unparse(node)
        elif isinstance(node, (ast.Name, ast.alias, ast.keyword)):
            name = getattr(node, "id", None) or getattr(node, "name", None) or node.arg
            if name in MARKUP:
                yield name


def test_only_few_widgets_take_markup():
    modules = sorted((ROOT / "ae_widgets").rglob("*.py"))
    assert len(modules) > 100
    found = {path.name: list(names_in(ast.parse(path.read_text("utf-8")))) for path in modules}
    assert {name: uses for name, uses in found.items() if uses} == ALLOWED


def test_the_front_end_makes_no_markup_of_texts():
    sources = sorted((ROOT / "frontend" / "src").rglob("*.ts"))
    assert len(sources) > 30
    for path in sources:
        text = path.read_text("utf-8")
        assert not [name for name in SCRIPTED if name in text], path.name


class Reader(HTMLParser):
    """Holds each tag and attribute to what is ours, and collects the texts."""

    def __init__(self, markup):
        super().__init__(convert_charrefs=True)
        self.texts = []
        self.in_halves = False
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, attrs):
        assert tag in TAGS, tag
        assert {name for name, _ in attrs} <= TAGS[tag], attrs
        self.texts += [value for name, value in attrs if name == "title"]
        if attrs == [("class", "ae-halves")]:  # of one name
            self.in_halves = True
            self.texts.append("")

    def handle_endtag(self, tag):
        self.in_halves &= tag == "span"

    def handle_comment(self, data):
        pytest.fail(data)

    handle_decl = handle_pi = unknown_decl = handle_comment

    def handle_data(self, data):
        if self.in_halves:
            self.texts[-1] += data
        else:
            self.texts.append(data)


def test_tables_show_hostile_names_as_they_are():
    size = len(HOSTILE)
    confusion = np.random.default_rng(0).integers(0, 9, (size, size))
    texts = Reader(_score_tables.confusion_table(csr_array(confusion), HOSTILE)).texts
    for name in HOSTILE:
        assert texts.count(name) == 4  # the heading of a row and a column, and their titles
        assert sum(name in text for text in texts) >= 4 + 2 * size - 1  # and of each of its cells
    assert Reader(_score_tables._table("<b>", ["<i>"], [])).texts == ["<b>", "<i>"]


@pytest.fixture
def lab():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(150, len(HOSTILE))), columns=list(HOSTILE))
    labels = [HOSTILE[i % len(HOSTILE)] for i in range(150)]
    made = Lab(table, labels, trainer="thread", delta=1.0, gamma=0.1, max_iter=2, device="cpu")
    yield made
    made.close()


def test_no_view_makes_markup_of_hostile_names(lab):
    for page in ("Anomalies", "Classes and clusters"):
        lab.tabs.turn_to(page)
    lab.start()
    lab.wait(60)
    lab.session.select(range(10))
    lab.session.point(3)
    lab.session.label(range(10), HOSTILE[0])
    deadline = time.monotonic() + 20
    while HOSTILE[0] not in html.unescape(lab.groups._matrix.value):
        assert time.monotonic() < deadline
        assert publisher.flush()
        time.sleep(0.01)
    kinds = (ipywidgets.HTML, ipywidgets.HTMLMath)
    shown = [widget for widget in tree(lab) if isinstance(widget, kinds)]
    assert len(shown) == 3
    texts = [text for widget in shown for text in Reader(widget.value).texts]
    assert set(HOSTILE) <= set(texts)
    lines = [w for w in tree(lab) if isinstance(w, ipywidgets.Label)]
    named = [line for line in lines if any(name in line.value for name in HOSTILE)]
    assert named
    assert all("mathjax_ignore" in line._dom_classes for line in named)
    for widget in tree(lab):
        assert not getattr(widget, "description_allow_html", False)
