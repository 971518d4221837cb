"""Reconstructions: the item pointed at, the sheet of the selected ones."""

from dataclasses import replace

import numpy as np
import pytest

from ae_widgets.exceptions import TrainingError
from ae_widgets.session import Reconstructions, publisher
from ae_widgets.widgets import reconstruction_view
from ae_widgets.widgets._drawing import quantize
from ae_widgets.widgets.reconstruction_view import ReconstructionView
from tests.widgets.fake_session import FakeSession


@pytest.fixture
def session():
    return FakeSession()


@pytest.fixture
def view(session, monkeypatch):
    monkeypatch.setattr(reconstruction_view, "REFRESH_SECONDS", 0.01)
    made = ReconstructionView(session)
    yield made
    made.close()


def settle():
    assert publisher.flush(5)


def test_images_have_a_shape_and_no_feature_names(view):
    assert (view.item_shape, view.feature_names, view.value_range) == ([2, 2], [], [0.0, 1.0])


def test_profiles_have_feature_names_and_no_shape():
    view = ReconstructionView(FakeSession(item_shape=None))
    assert (view.item_shape, view.feature_names) == ([], ["w", "x", "y", "z"])
    view.close()


def test_nothing_is_asked_for_before_something_is_pointed_at(view, session):
    settle()
    assert session.asked == []
    assert (view.item, view.item_values, view.sheet_indices) == ({}, b"", [])


def test_the_item_pointed_at_is_shown(view, session):
    session.point(4)
    settle()
    error = pytest.approx(0.4)
    assert view.item == {"index": 4, "label": "b", "error": error, "epoch": 3.0, "text": ""}
    inputs, outputs, residual = np.frombuffer(view.item_values, "<f4").reshape(3, 4)
    assert np.array_equal(inputs, session.dataset.features[4])
    assert np.allclose(outputs, 0.5 * inputs)
    assert np.allclose(residual, inputs - outputs)


def test_pointing_at_nothing_empties_the_card(view, session):
    session.point(4)
    settle()
    session.point(None)
    settle()
    assert (view.item, view.item_values) == ({}, b"")


def test_an_answer_that_comes_too_late_is_not_shown(view, session):
    session.unanswered = []
    session.point(1)
    settle()
    session.point(2)
    settle()
    first, second = session.unanswered
    second()
    first()
    settle()
    assert view.item["index"] == 2


def test_an_error_that_is_not_finite_crosses_as_null(view, session, monkeypatch):
    monkeypatch.setattr(session, "scale", np.nan)
    session.point(0)
    session.select([0, 1])
    settle()
    assert view.item["error"] is None
    assert view.sheet_errors == [None, None]
    assert np.isnan(np.frombuffer(view.item_values, "<f4")[4:]).all()


def test_the_sheet_shows_the_selected_items(view, session):
    session.select([5, 2])
    settle()
    assert (view.sheet_indices, view.sheet_labels) == ([2, 5], ["none", "a"])
    assert view.sheet_errors == pytest.approx([0.2, 0.5])
    assert view.sheet_total == 2
    values = np.frombuffer(view.sheet_values, np.uint8).reshape(2, 2, 4)
    assert np.array_equal(values[:, 0], quantize(session.dataset.features[[2, 5]], 0, 1))
    assert np.array_equal(values[:, 1], quantize(0.5 * session.dataset.features[[2, 5]], 0, 1))


def test_the_sheet_ends_at_its_last_tile(session, monkeypatch):
    monkeypatch.setattr(reconstruction_view, "MAX_TILES", 2)
    view = ReconstructionView(session)
    session.select([1, 3, 5])
    settle()
    assert (view.sheet_indices, view.sheet_total) == ([1, 3], 3)
    view.close()


def test_an_empty_selection_empties_the_sheet(view, session):
    session.select([1])
    settle()
    session.select([])
    settle()
    assert (view.sheet_indices, view.sheet_values, view.sheet_total) == ([], b"", 0)


def test_a_tile_that_was_picked_is_pointed_at(view, session):
    session.select([1, 3])
    settle()
    session.asked.clear()
    view.set_state({"marked": 3})
    settle()
    assert session.asked.count(("point", 3)) == 1
    assert (view.marked, view.item["index"]) == (3, 3)


def test_the_tile_of_the_item_pointed_at_is_marked(view, session):
    session.select([1, 3])
    session.point(3)
    settle()
    assert view.marked == 3
    session.point(2)
    settle()
    assert view.marked == -1
    assert session.focus == 2


def test_new_codes_renew_what_is_shown(view, session):
    session.point(1)
    session.select([0, 1])
    settle()
    session.scale = 2.0
    session.frame(1)
    settle()
    rows = np.frombuffer(view.item_values, "<f4").reshape(3, 4)
    assert np.allclose(rows[1], 2 * rows[0])
    assert np.frombuffer(view.sheet_values, np.uint8).reshape(2, 2, 4)[1, 1].max() > 0
    assert session.asked.count(("reconstruct", [0, 1])) == 2


def test_labels_given_at_rest_are_shown_at_once(view, session):
    session.point(2)
    session.select([1, 2])
    settle()
    assert (view.item["label"], view.sheet_labels) == ("none", ["b", "none"])
    asked = list(session.asked)
    session.labels = np.array([0, 1, 2, 0, 1, 0], dtype=np.int32)
    session.label_names = ("a", "b", "odd")
    session.notify("labels")
    settle()
    assert (view.item["label"], view.sheet_labels) == ("odd", ["b", "odd"])
    assert session.asked == asked  # the trainer has nothing to do with it


def test_a_session_that_was_closed_leaves_the_last_picture(view, session, monkeypatch):
    session.point(1)
    settle()

    def refuse(indices, callback):
        msg = "closed"
        raise TrainingError(msg)

    monkeypatch.setattr(session, "request_reconstructions", refuse)
    session.point(2)
    settle()
    assert view.item["index"] == 1


def test_quantize_clips_and_survives_what_is_not_finite():
    values = np.array([-5, 0, 5, 10, 99, np.nan, np.inf, -np.inf], dtype=np.float32)
    assert quantize(values, 0, 10).tolist() == [0, 0, 128, 255, 255, 0, 255, 0]
    assert quantize(np.float32([3, 3]), 3, 3).tolist() == [0, 0]


def test_features_far_apart_are_drawn_each_over_its_own_range():
    session = FakeSession(item_shape=None)
    plain = ReconstructionView(session)
    assert plain.feature_ranges == b""
    features = session.dataset.features * np.array([1, 1000, 1, 1], np.float32)
    session.dataset = session.drawn = replace(session.dataset, features=features)
    view = ReconstructionView(session)
    ranges = np.frombuffer(view.feature_ranges, "<f4").reshape(2, 4)
    assert np.array_equal(ranges, [features.min(axis=0), features.max(axis=0)])
    session.select([0, 5])
    settle()
    sheet = np.frombuffer(view.sheet_values, np.uint8).reshape(2, 2, 4)
    assert sheet[0, 0].tolist() == [0, 0, 0, 0]
    assert sheet[1, 0].tolist() == [255, 255, 255, 255]
    for one in (plain, view):
        one.close()


def test_another_run_may_be_drawn_in_another_space(view, session):
    session.point(1)
    settle()
    assert view.item
    session.drawn = replace(session.dataset, item_shape=None, feature_names=("a", "b", "c", "d"))
    session.notify("status")
    settle()
    assert (view.item_shape, view.feature_names, view.item) == ([], ["a", "b", "c", "d"], {})


def test_what_was_missing_is_filled_in_and_marked(view, session):
    session.dataset.features[1, 2] = np.nan
    session.dataset.features[3] = np.nan
    answer_with = np.array([[0.1, 0.2, 0.3, 0.4]] * 2, np.float32)
    outputs = {1: answer_with[0], 3: answer_with[1]}

    def answer(indices, take):
        rows = np.asarray(indices)
        inputs = session.dataset.features[rows]
        values = np.stack([outputs[row] for row in rows])
        take(Reconstructions(rows, inputs, values, np.array([0.5, 0])[: len(rows)], 3.0))

    session.request_reconstructions = answer
    session.select([1, 3])
    session.point(3)
    settle()
    missing = np.frombuffer(view.sheet_missing, np.uint8).reshape(2, 4)
    assert missing.tolist() == [[0, 0, 1, 0], [1, 1, 1, 1]]
    pairs = np.frombuffer(view.sheet_values, np.uint8).reshape(2, 2, 4)
    assert pairs[0, 0, 2] == pairs[0, 1, 2] == round(255 * 0.3)
    np.testing.assert_array_equal(pairs[1, 0], pairs[1, 1])
    assert view.sheet_errors == [0.5, None]  # nothing tells how far off the second is
    assert view.item["error"] is None
    inputs = np.frombuffer(view.item_values, "<f4").reshape(3, 4)[0]
    assert np.isnan(inputs).all()
    session.select([])
    settle()
    assert view.sheet_missing == b""
