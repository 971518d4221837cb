"""Sparse items in the view of reconstructions: a few features, lines of text, few bytes."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array, random_array
from scipy.special import softmax

from ae_widgets.data import read_dataset
from ae_widgets.session import Reconstructions, publisher
from ae_widgets.widgets._items import (
    EXCERPT,
    MAX_ADDED,
    MAX_GIVEN,
    comparable,
    excerpt,
    telling_features,
)
from ae_widgets.widgets.reconstruction_view import MAX_TILES, N_SIMILAR, ReconstructionView
from tests.widgets.fake_session import FakeSession

NAMES = ("sea", "sail", "gull", "star", "moon")
ROWS = csr_array(np.array([[0, 2, 1, 0, 0], [0, 0, 0, 0, 3], [0, 0, 0, 0, 0]], np.float32))
OUTPUTS = np.array([[0.3, 1.5, 0.5, 0.6, -0.1]] * 3, np.float32)


def settle():
    assert publisher.flush(5)


class SparseSession(FakeSession):
    """Answers with `outputs`, of a sparse matrix."""

    def __init__(self, features, outputs, *, names=None, texts=(), masked=False, **changes):
        super().__init__(labels=False)
        data = read_dataset(features, allow_nan=True)
        names = names or data.feature_names
        self.dataset = self.drawn = replace(data, feature_names=names, texts=texts)
        self.settings = self.settings.change(**changes)
        self.outputs, self._unstored = outputs, np.nan if masked else 0.0

    def request_reconstructions(self, indices, callback):
        rows = np.asarray(indices, dtype=np.int64)
        self.asked.append(("reconstruct", rows.tolist()))
        inputs = self.dataset.rows(rows, self._unstored)
        callback(Reconstructions(rows, inputs, self.outputs[rows], rows / 5, 3.0))


@pytest.fixture
def show():
    shown = []

    def make(session):
        shown.append(ReconstructionView(session))
        return shown[-1]

    yield make
    for view in shown:
        view.close()


def values(view):
    return np.frombuffer(view.item_values, "<f4").reshape(3, -1)


def test_the_largest_features_come_first_then_those_that_are_added():
    inputs = np.zeros(40, np.float32)
    inputs[[3, 7, 30]] = 1, -5, 2
    outputs = np.linspace(-1, 1, 40, dtype=np.float32)
    shown = telling_features(inputs, outputs)
    assert shown.features.tolist() == [7, 30, 3, 39, 38, 37, 36, 35]
    assert (shown.n_given, shown.n_present) == (3, 3)
    full = telling_features(np.arange(1, 41, dtype=np.float32), outputs)
    assert full.features.tolist() == list(range(39, 39 - MAX_GIVEN, -1))
    assert (full.n_given, full.n_present) == (MAX_GIVEN, 40)
    nothing = telling_features(np.zeros(3, np.float32), np.full(3, np.nan, np.float32))
    assert (nothing.features.size, nothing.n_given) == (0, 0)


def test_where_values_are_missing_a_rating_of_0_is_one():
    inputs = np.array([np.nan, 0, 4, np.nan], np.float32)
    shown = telling_features(inputs, np.array([2, 9, 9, 3], np.float32))
    assert shown.features.tolist() == [2, 1, 3, 0]
    assert (shown.n_given, shown.n_present) == (2, 2)


def test_logits_become_the_counts_that_are_expected():
    inputs = np.array([[2, 0, 1], [1, 1, 2]], np.float32)
    logits = np.array([[1, 0, 3], [0, 0, 0]], np.float32)
    answer = Reconstructions(np.arange(2), inputs, logits, np.zeros(2), 1.0)
    counts = comparable(answer, "multinomial", None).outputs
    np.testing.assert_allclose(counts[0], 3 * softmax(logits[0]), rtol=1e-6)
    np.testing.assert_allclose(counts[1], 4 / 3, rtol=1e-6)
    assert comparable(answer, "mse", None) is answer


def test_an_item_shows_its_terms_and_those_that_are_added(show):
    session = SparseSession(ROWS, OUTPUTS, names=NAMES, texts=("sail  on\nsea", "moon", ""))
    view = show(session)
    assert view.feature_names == []
    session.point(0)
    settle()
    assert view.item["text"] == "sail on sea"
    assert view.item["telling"] == {
        "names": ["sail", "gull", "star", "sea"],
        "given": 2,
        "of": 2,
        "heading": "only in the reconstruction",
    }
    expected = [[2, 1, 0, 0], [1.5, 0.5, 0.6, 0.3], [0.5, 0.5, -0.6, -0.3]]
    np.testing.assert_allclose(values(view), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "names", "heading"),
    [
        ({"reconstruction": "masked_mse"}, ["sail", "gull", "star", "sea"], "recommended"),
        ({"reconstruction": "multinomial"}, ["sail", "gull", "star", "sea", "moon"], "recommended"),
    ],
)
def test_what_a_user_has_not_rated_is_recommended(show, changes, names, heading):
    masked = changes["reconstruction"] == "masked_mse"
    session = SparseSession(ROWS, OUTPUTS, names=NAMES, masked=masked, **changes)
    view = show(session)
    session.point(0)
    settle()
    assert view.item["telling"]["names"] == names
    assert view.item["telling"]["heading"] == heading
    rated, returned, _ = values(view)
    assert rated[:2].tolist() == [2, 1]
    assert np.isnan(rated[2:]).all() == masked
    if not masked:
        np.testing.assert_allclose(returned.sum(), 3, rtol=1e-5)  # as many as were rated


def test_the_sheet_tells_items_in_a_line(show):
    session = SparseSession(ROWS, OUTPUTS, names=NAMES)
    view = show(session)
    session.select([0, 1, 2])
    settle()
    assert view.sheet_texts == ["sail, gull", "moon", "nothing"]
    assert view.sheet_errors == [None] * 3  # there is no picture of the codes yet
    session.frame(1)
    settle()
    assert view.sheet_errors == [0, 1, 2]
    assert session.asked.count(("select", [0, 1, 2])) == len(session.asked)  # nothing else
    session.select([])
    settle()
    assert (view.sheet_texts, view.sheet_indices) == ([], [])


def test_the_error_of_a_user_without_ratings_is_not_told(show):
    session = SparseSession(ROWS, OUTPUTS, masked=True, reconstruction="masked_mse")
    view = show(session)
    session.frame(1)
    session.select([0, 2])
    session.point(2)
    settle()
    assert view.sheet_errors == [0, None]
    assert view.item["error"] is None


def test_the_sheet_shows_the_beginning_of_a_long_text(show):
    session = SparseSession(ROWS, OUTPUTS, texts=("word " * 500, "a <b>text</b>", "\n"))
    view = show(session)
    session.select([0, 1, 2])
    session.point(0)
    settle()
    assert view.sheet_texts[0].endswith("word…")
    assert view.sheet_texts[1:] == ["a <b>text</b>", "nothing"]
    assert len(view.item["text"]) <= EXCERPT
    assert excerpt("  a  b\n", 5) == "a b"


def test_a_wide_item_and_a_sheet_of_them_send_few_bytes(show):
    rng = np.random.default_rng(0)
    X = random_array((70, 20_000), density=0.01, format="csr", dtype=np.float32, rng=rng)
    session = SparseSession(X, rng.random((70, 20_000), dtype=np.float32))
    view = show(session)
    session.frame(1)
    session.select(range(60))
    session.point(3)
    settle()
    assert view.sheet_total == len(view.sheet_indices) == 60
    state = view.get_state()
    synced = {name: state[name] for name in state if name not in ("_esm", "_css")}
    size = sum(len(value) for value in synced.values() if isinstance(value, bytes))
    size += len(json.dumps({n: v for n, v in synced.items() if not isinstance(v, bytes)}))
    assert len(view.item["telling"]["names"]) == MAX_GIVEN + MAX_ADDED
    assert view.sheet_values == b""
    assert size < 20_000  # one dense row is 80,000
    session.select(range(70))
    settle()
    assert (len(view.sheet_texts), view.sheet_total) == (MAX_TILES, 70)


def test_select_similar_asks_the_session(show):
    session = FakeSession()
    session.select_similar = lambda item, n: session.asked.append(("similar", item, n))
    view = show(session)
    view._handle_custom_msg({"type": "similar", "item": 4}, [])
    assert ("similar", 4, min(N_SIMILAR, 5)) in session.asked
