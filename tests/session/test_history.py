"""Losses over a run."""

import numpy as np
import pytest

from ae_widgets.engine.protocol import LossParts, LossRecord
from ae_widgets.session.history import History


def record(epoch: float, *, validation: bool = True) -> LossRecord:
    parts = LossParts(
        total=epoch, values={"reconstruction": epoch / 2, "complexity": 1.0},
        weights={"reconstruction": 1.0, "complexity": epoch / 2},
    )  # fmt: skip
    settings = {"learning_rate": 0.1, "batch_size": 8}
    return LossRecord(epoch, int(10 * epoch), parts, parts if validation else None, 1.0, settings)


def filled(n: int) -> History:
    history = History()
    history.records.extend(record(float(e)) for e in range(1, n + 1))
    return history


def test_frame_has_one_row_per_completed_epoch():
    history = filled(3)
    history.records.append(record(3.5, validation=False))
    frame = history.frame()
    assert list(frame["epoch"]) == [1, 2, 3]
    assert list(frame["validation_reconstruction"]) == [0.5, 1.0, 1.5]
    for split in ("train", "validation"):
        added = sum(
            frame[f"{split}_{part}"] * frame[f"{split}_{part}_weight"]
            for part in ("reconstruction", "complexity")
        )
        np.testing.assert_allclose(added, frame[f"{split}_total"], atol=1e-6)


def test_an_empty_history_is_an_empty_frame_and_curve():
    assert len(History().frame()) == 0
    assert len(History().curve().epoch) == 0


def test_curve_holds_weighted_parts_and_gaps():
    history = filled(2)
    history.records.append(record(2.5, validation=False))
    curve = history.curve()
    assert curve.series["train_complexity"].tolist() == [0.5, 1.0, 1.25]
    assert np.isnan(curve.series["validation_total"][-1])


def guided(epoch, clustering, classification):
    values = {
        "reconstruction": 0.5, "complexity": 0.0,
        "clustering": clustering, "classification": classification,
    }  # fmt: skip
    weights = {"reconstruction": 1.0, "complexity": 0.0, "clustering": 2.0, "classification": 0.5}
    return LossRecord(epoch, int(epoch), LossParts(1.0, values, weights), None, epoch)


def test_curve_holds_classes_from_when_they_were_measured():
    history = filled(2)
    assert not {"train_clustering", "train_classification"} & set(history.curve().series)
    history.records.append(guided(3.0, 0.0, 0.8))
    series = history.curve().series
    np.testing.assert_array_equal(series["train_classification"], np.float32([0, 0, 0.4]))
    assert "train_clustering" not in series
    history.records.append(guided(4.0, 0.3, 0.8))
    series = history.curve().series
    assert series["train_clustering"][-1] == np.float32(0.6)
    validation = series["validation_clustering"]
    np.testing.assert_array_equal(validation, [0, 0, np.nan, np.nan])


@pytest.mark.parametrize("n", [511, 512, 513, 1024, 5000, 100_000])
def test_curve_is_bounded_and_keeps_both_ends(n):
    curve = filled(n).curve(512)
    assert len(curve.epoch) <= 512
    assert curve.epoch[0] == 1
    assert curve.epoch[-1] == n
    assert (np.diff(curve.epoch) > 0).all()
    assert curve.epoch.dtype == np.float32


def test_thinned_points_stay_while_the_run_grows():
    before, after = (set(filled(n).curve(64).epoch[:-1]) for n in (90, 120))
    assert before <= after
