"""The plot shows the session's curve within bounds."""

import numpy as np
import pytest

from ae_widgets.engine.protocol import LossParts, LossRecord, Progress
from ae_widgets.engine.settings import LIVE_SETTINGS
from ae_widgets.session import JournalEntry, publisher
from ae_widgets.widgets import LossControls, LossPlot
from ae_widgets.widgets.loss_plot import MAX_POINTS, NAMES, describe_change, merge_changes


@pytest.fixture
def plot(session):
    made = LossPlot(session)
    yield made
    made.close()


def hint_hidden(plot):
    return "ae-hidden" in plot._hint._dom_classes


def test_before_the_first_epoch(plot):
    assert plot._hint.value == "The loss curves appear here after the first epoch"
    assert not hint_hidden(plot)
    assert plot._text.value == ""


def test_weighted_parts_as_measured(plot, session, trainer):
    trainer.epochs(1, 8)
    curve = session.curve()
    for mark, split in ((plot._train, "train"), (plot._validation, "validation")):
        expected = [curve.series[f"{split}_{p}"] for p in ("total", "reconstruction", "complexity")]
        np.testing.assert_array_equal(mark.x, curve.epoch)
        np.testing.assert_array_equal(mark.y, expected)
        assert mark.y.dtype == np.float32
    assert hint_hidden(plot)
    assert plot._text.value.startswith("epoch 8: training 0.125, validation 0.25")


def test_epochs_of_long_runs_are_told_in_full(plot, trainer):
    trainer.epochs(12_344, 12_345)
    trainer.changed("beta", 0.1, step=12_345, epoch=12_345.2)
    assert plot._text.value.startswith("epoch 12,345: ")
    assert plot._moved.value == "β 0 → 0.1 at epoch 12,345.2"


def test_axes_hold_the_curves_and_stay_calm(plot, trainer):
    trainer.epochs(1, 6)
    ends = plot._x.max, plot._y.max
    assert ends[0] >= 6
    assert ends[1] >= 2
    trainer.epochs(7, 7)
    assert (plot._x.max, plot._y.max) == ends


def test_curves_never_leave_their_axes(plot, trainer):
    room = []
    plot._train.observe(lambda change: room.append(plot._x.max - change.new[-1]), names=["x"])
    for last in (5, 12, 40, 300):
        trainer.epochs(last - 3, last)
    assert len(room) >= 4
    assert min(room) >= 0


def test_logarithmic(plot, trainer):
    trainer.epochs(1, 8)
    plot._kind.value = "log"
    assert publisher.flush()
    np.testing.assert_allclose(plot._train.y[0], np.log10([1 / e for e in range(1, 9)]), rtol=1e-5)
    assert plot._y.min <= np.log10(0.05)
    assert plot._y.max >= np.log10(2)
    assert (plot._validation.y[2] < plot._y.min).all()  # a part of 0 has no logarithm
    assert np.isfinite(plot._validation.y).all()


def test_a_single_epoch_is_a_dot(plot, trainer):
    trainer.epochs(1, 1)
    assert plot._train.x.tolist() == [1, 1]
    assert plot._train.y.shape == (3, 2)


def test_a_loss_that_is_no_number_is_a_gap(plot, trainer):
    trainer.epochs(1, 5, lambda epoch: float("nan") if epoch == 3 else 1.0)
    assert np.isnan(plot._train.y[0]).tolist() == [False, False, True, False, False]
    assert np.isfinite(plot._y.max)


def test_bytes_stay_bounded(plot, trainer):
    trainer.epochs(1, 5 * MAX_POINTS)
    assert plot._train.x.size <= MAX_POINTS
    assert plot._train.y.nbytes + plot._validation.y.nbytes <= 2 * 3 * 4 * MAX_POINTS


def test_a_refresh_is_at_most_three_messages(plot, trainer, monkeypatch):
    trainer.epochs(1, 25)
    sent = []
    for widget in (plot._train, plot._validation, plot._text, plot._x, plot._y, plot._x_axis,
                   plot._y_axis, plot._hint, plot._moves):  # fmt: skip
        monkeypatch.setattr(widget, "_send", lambda msg, **_buffers: sent.append(msg))
    trainer.epochs(26, 27)
    assert 1 <= len(sent) <= 3


def test_pca_as_a_line(plot, session, trainer, monkeypatch):
    monkeypatch.setattr(type(session), "baseline", property(lambda _: 0.25))
    trainer.epochs(1, 4)
    assert plot._baseline.y.tolist() == [0.25, 0.25]
    assert plot._baseline_key.value == "PCA, 2 components"
    # The held-out items cost 0.5, of which 0.5 is their reconstruction.
    assert plot._text.value.endswith("validation 0.5 (reconstruction 0.5), PCA 0.25")


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        ({"reconstruction": 2.0, "complexity": 0.0}, "training 0.8, PCA 0.25"),
        (
            {"reconstruction": 2.0, "complexity": 0.0, "classification": 0.5},
            "training 1 (reconstruction 0.8), PCA 0.25",
        ),
    ],
)
def test_pca_stands_beside_what_it_compares_with(plot, session, monkeypatch, weights, text):
    monkeypatch.setattr(type(session), "baseline", property(lambda _: 0.25))
    values = {"reconstruction": 0.4, "complexity": 3.0, "classification": 0.4}
    values = {part: values[part] for part in weights}
    losses = LossParts(sum(values[p] * weights[p] for p in weights), values, weights)
    record = LossRecord(1.0, 1, losses, None, 1.0)
    session._handle(Progress(session._run.number, 1, 1, 1, 1.0, 1, 1.0, (record,)))
    assert publisher.flush()
    assert plot._text.value == f"epoch 1: {text}"


def test_the_line_of_another_code_is_gone_at_once(plot, session, trainer, monkeypatch):
    found = {2: 0.25}
    monkeypatch.setattr(
        type(session), "baseline",
        property(lambda s: found.get(s.settings.architecture.code_dim)),
    )  # fmt: skip
    trainer.state("running", step=1)
    trainer.epochs(1, 4)
    assert plot._baseline.y.tolist() == [0.25, 0.25]
    told = []
    for topic in ("baseline", "status", "losses"):
        session.observe(topic, lambda topic=topic: told.append(topic))
    session.change(code_dim=5)
    told.clear()
    session.reset()
    assert told[0] == "baseline"
    assert publisher.flush()
    assert (plot._baseline.x.size, plot._baseline_key.value) == (0, "")
    found[5] = 0.1
    session._notify("baseline")
    trainer.epochs(1, 1)
    assert plot._baseline.y.tolist() == pytest.approx([0.1, 0.1])
    assert plot._baseline_key.value == "PCA, 5 components"


def test_ticks_where_a_control_moved(plot, trainer):
    trainer.changed("beta", 0.1, step=7, epoch=12.4)
    assert plot._moves.x.ravel().tolist() == pytest.approx([12.4, 12.4])
    trainer.changed("alpha", 2.0, step=9, epoch=15.0)
    assert plot._moves.x.shape == (2, 2)
    assert plot._moved.value == "α 1 → 2 at epoch 15.0 · β 0 → 0.1 at epoch 12.4"


def test_one_pull_is_one_tick():
    pull = [JournalEntry(i, 3 + i / 10, "beta", i / 10, (i - 1) / 10) for i in range(1, 6)]
    later = JournalEntry(99, 9.0, "beta", 0.0, 0.5)
    merged = merge_changes([*pull, later])
    assert [(e.before, e.value) for e in merged] == [(0.0, 0.5), (0.5, 0.0)]


@pytest.mark.parametrize(
    ("name", "value", "before", "in_words"),
    [
        ("reconstruction", "binary_cross_entropy", "mse",
         "Reconstruction squared error → cross-entropy"),
        ("corruption", "masking", "gaussian", "Corruption Gaussian noise → masking"),
        ("gradient_clip", None, 1.0, "Gradient limit 1 → none"),
        ("gradient_clip", 1.0, None, "Gradient limit none → 1"),
        ("class_weight", "balanced", None, "Class weight as they are → balanced"),
        ("restore_best", False, True, "Best weights on → off"),
        ("n_iter_no_change", 30, 10, "Patience 10 → 30"),
        ("max_iter", 12345, 900, "Epochs 900 → 12,345"),
        ("beta", 0.1, None, "β → 0.1"),  # of a journal that does not know what was before
    ],
)  # fmt: skip
def test_a_change_in_words(name, value, before, in_words):
    entry = JournalEntry(5, 2.0, name, value, before)
    assert describe_change(entry) == f"{in_words} at epoch 2.0"


def test_changes_are_told_by_the_labels_of_the_fields(session):
    controls = LossControls(session)
    assert {name: controls._label(name) for name in LIVE_SETTINGS} == NAMES
    controls.close()


def test_a_pull_there_and_back_is_no_move():
    there, back = JournalEntry(5, 2.0, "beta", 0.5, 0.1), JournalEntry(6, 2.1, "beta", 0.1, 0.5)
    again = JournalEntry(9, 2.2, "beta", 0.7, 0.1)
    assert merge_changes([there, back]) == []
    assert [(e.before, e.value) for e in merge_changes([there, back, again])] == [(0.1, 0.7)]


def test_what_changed_nothing_is_no_move():
    before_the_first_batch = JournalEntry(0, 0.0, "beta", 0.5, 0.0)
    same = JournalEntry(5, 2.0, "alpha", 1.0, 1.0)
    resumed = JournalEntry(6, 2.5, "resume", None)
    moved = JournalEntry(7, 3.0, "beta", 0.1, 0.5)
    assert merge_changes([before_the_first_batch, same, resumed, moved]) == [moved]


def keys(plot):
    return [key.value for key in plot._guided_keys.values()]


def test_clusters_and_classes_are_drawn_once_they_are_measured(plot, session, trainer):
    trainer.epochs(1, 3)
    assert plot._train.y.shape == (3, 3)
    assert keys(plot) == ["", ""]
    weights = {"reconstruction": 1.0, "complexity": 0.0, "clustering": 0.0, "classification": 0.5}
    values = {"reconstruction": 0.5, "complexity": 0.0, "clustering": 0.0, "classification": 0.8}
    record = LossRecord(4.0, 4, LossParts(0.9, values, weights), None, 4.0)
    session._handle(Progress(trainer.run, 4, 4, 1, 4.0, 4, 0.9, (record,)))
    assert publisher.flush()
    assert plot._train.y.shape == (5, 4)
    assert plot._train.y[3].tolist() == [0, 0, 0, 0]
    np.testing.assert_array_equal(plot._train.y[4], np.float32([0, 0, 0, 0.4]))
    assert keys(plot) == ["", "δ · classification"]
    session.reset()
    assert publisher.flush()
    assert keys(plot) == ["", ""]


def test_labels_given_by_hand_are_told_one_by_one():
    entries = [
        JournalEntry(5, 1.5, "label", (2, "third", (1, 2, 3))),
        JournalEntry(6, 1.6, "label", (-1, "", (4,))),
    ]
    assert [describe_change(entry) for entry in merge_changes(entries)] == [
        "3 items labelled 'third' at epoch 1.5",
        "label taken from 1 item at epoch 1.6",
    ]


def test_nothing_is_drawn_of_items_that_are_not_held_out(plot, session):
    train = LossParts(0.5, {"reconstruction": 0.5, "complexity": 0.0}, {"reconstruction": 1.0})
    records = tuple(LossRecord(float(e), e, train, None, float(e)) for e in (1, 2, 3))
    session._handle(Progress(session._run.number, 3, 3, 1, 3.0, 3, 0.5, records))
    assert publisher.flush()
    assert plot._train.x.tolist() == [1, 2, 3]
    assert plot._validation.x.size == plot._validation.y.size == 0
