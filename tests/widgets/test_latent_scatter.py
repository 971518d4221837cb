"""The scatter: one frame on its way at most, focus and selection both ways."""

import struct

import numpy as np
import pytest

from ae_widgets.session import publisher
from ae_widgets.widgets import _static
from ae_widgets.widgets.latent_scatter import LatentScatter
from tests.widgets.fake_session import N_SAMPLES, FakeSession


@pytest.fixture
def session():
    return FakeSession()


@pytest.fixture
def scatter(session):
    view = LatentScatter(session)
    yield view
    view.close()


def settle():
    assert publisher.flush(5)


def say(scatter, kind, **content):
    """Have the front end send a message."""
    scatter._handle_custom_msg({"type": kind, **content}, [])
    settle()


def sends(scatter, **traits):
    """Have the front end change traits."""
    scatter.set_state(traits)
    settle()


def test_items_are_described_once(scatter):
    assert np.frombuffer(scatter.labels, "<i4").tolist() == [0, 1, -1, 0, 1, 0]
    assert scatter.label_names == ["a", "b"]
    assert (scatter.frame, scatter.positions, scatter.color_by) == (0, b"", "label")


def test_without_labels_errors_colour_the_points():
    view = LatentScatter(FakeSession(labels=False))
    assert (view.labels, view.label_names, view.color_by) == (b"", [], "error")
    view.close()


def test_a_frame_crosses_as_bytes(scatter, session):
    session.frame(7)
    settle()
    positions = np.frombuffer(scatter.positions, "<f4").reshape(-1, 2)
    assert np.array_equal(positions, session.latent.positions)
    assert np.frombuffer(scatter.errors, "<f4").tolist() == [0, 1, 2, 3, 4, 5]
    assert (scatter.frame, scatter.limits) == (7, [-1.0, 2.0, -3.0, 4.0])
    assert (scatter.axis_labels, scatter.caption) == (["code 1", "code 2"], "epoch 7")


def test_the_caption_says_how_old_the_codes_are(scatter, session):
    session.frame(1, exact=False, epoch=12.44)
    settle()
    assert scatter.caption == "epoch 12.4, codes of the last pass"
    assert not scatter.exact


def test_the_caption_of_a_run_that_stopped_within_a_late_epoch(scatter, session):
    session.frame(1, epoch=1143.96)
    settle()
    assert scatter.caption == "epoch 1,144.0"


def test_the_next_frame_waits_until_the_last_was_drawn(scatter, session):
    session.frame(1)
    settle()
    session.frame(2)
    session.frame(3)
    settle()
    assert scatter.frame == 1
    say(scatter, "drawn", frame=1)
    assert scatter.frame == 3
    assert session.asked == ["latent"]


def test_a_frame_that_a_second_page_drew_counts_once(scatter, session):
    session.frame(1)
    settle()
    say(scatter, "drawn", frame=1)
    session.frame(2)
    settle()
    say(scatter, "drawn", frame=1)
    session.frame(3)
    settle()
    assert scatter.frame == 2
    assert session.asked == ["latent"]


def test_a_new_view_takes_up_an_exchange_that_was_broken_off(scatter, session):
    session.frame(1)
    settle()
    session.frame(2)
    settle()
    say(scatter, "ready")
    assert scatter.frame == 2
    assert session.asked == ["latent"]


def test_a_reset_empties_the_scatter(scatter, session):
    session.frame(1)
    settle()
    say(scatter, "drawn", frame=1)
    session.latent = None
    session.notify("latent")
    settle()
    assert (scatter.frame, scatter.positions, scatter.caption) == (0, b"", "")


def test_before_the_first_frame_it_says_what_to_wait_for(scatter, session):
    assert scatter.hint == "Press Start to train. The codes of the items appear here."
    waits = {
        "starting": "Starting the trainer…",
        "running": "appear here",
        "failed": "the run failed",
    }
    for state, said in waits.items():
        session.state(state)
        settle()
        assert said in scatter.hint
        assert "Press Start" not in scatter.hint


@pytest.mark.parametrize(("focus", "index"), [(4, 4), (0, 0), (-1, None)])
def test_pointing_reaches_the_session_once(scatter, session, focus, index):
    scatter.set_state({"focus": 2})
    session.asked.clear()
    sends(scatter, focus=focus)
    assert session.asked == [("point", index)]
    assert scatter.focus == focus
    assert not scatter.pinned


def test_an_item_that_is_not_there_is_not_pointed_at(scatter, session):
    sends(scatter, focus=N_SAMPLES)
    assert session.asked == []


def test_what_is_hovered_over_in_one_scatter_is_pinned_in_no_other(scatter, session):
    other = LatentScatter(session)
    for index, pinned in [(4, False), (5, False), (5, True), (5, False), (-1, False)]:
        sends(scatter, focus=index, pinned=pinned)
        for one in (scatter, other):
            assert (one.focus, one.pinned) == (index, pinned)
        assert session.focus == (index if index >= 0 else None)
    other.close()


def test_what_is_pointed_at_elsewhere_is_pinned(scatter, session):
    session.point(5)
    settle()
    assert (scatter.focus, scatter.pinned) == (5, True)
    session.point(None)
    settle()
    assert (scatter.focus, scatter.pinned) == (-1, False)
    assert session.asked == [("point", 5), ("point", None)]


def test_a_lasso_reaches_the_session_once(scatter, session):
    sends(scatter, selection=memoryview(struct.pack("<3I", 1, 3, 4)))
    assert session.asked == [("select", [1, 3, 4])]
    assert session.selection.tolist() == [1, 3, 4]


def test_a_selection_made_elsewhere_is_shown(scatter, session):
    session.select([4, 0])
    settle()
    assert np.frombuffer(scatter.selection, "<u4").tolist() == [0, 4]
    assert session.asked == [("select", [0, 4])]


def test_clusters_are_asked_for_when_they_are_looked_at(scatter, session):
    session.frame(1)
    settle()
    assert session.asked == []
    sends(scatter, color_by="cluster")
    assert session.asked == ["clusters"]
    session.clusters = np.array([0, 0, 1, 1, 2, 2], dtype=np.int32)
    session.notify("clusters")
    settle()
    assert np.frombuffer(scatter.clusters, "<i4").tolist() == [0, 0, 1, 1, 2, 2]


def test_exact_frames_renew_the_clusters_that_are_shown(scatter, session):
    sends(scatter, color_by="cluster")
    session.asked.clear()
    session.frame(1, exact=False)
    settle()
    say(scatter, "drawn", frame=1)
    session.frame(2)
    settle()
    assert session.asked == ["latent", "clusters"]


def test_a_closed_scatter_follows_nothing(session):
    view = LatentScatter(session)
    assert session.observers() > 0
    view.close()
    assert session.observers() == 0


def test_a_front_end_that_was_not_built_says_how_to_build_it(session, monkeypatch, tmp_path):
    monkeypatch.setattr(_static, "STATIC", tmp_path / "static")
    with pytest.raises(FileNotFoundError, match=r"latent_scatter\.js is missing.*make build"):
        LatentScatter(session)


def test_predicted_classes_come_with_their_frame(scatter, session):
    classes = np.arange(N_SAMPLES, dtype=np.int32) % 2
    session.frame(1, classes=classes)
    settle()
    assert np.frombuffer(scatter.classes, "<i4").tolist() == classes.tolist()
    say(scatter, "drawn", frame=1)
    session.frame(2)
    settle()
    assert scatter.classes == b""
