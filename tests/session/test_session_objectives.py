"""Reconstruction errors, optimisers and weights in a session."""

import numpy as np
import pytest

from ae_widgets import Autoencoder, DataError, Session, SettingsError
from ae_widgets.data import read_dataset
from ae_widgets.engine.trainer import Trainer
from tests.engine.data import blobs

QUICK = {"hidden_layer_sizes": (8,), "batch_size": 16, "max_iter": 4, "trainer": "thread"}


@pytest.fixture
def session():
    made = []

    def make(x=None, **changes):
        made.append(Session(blobs() if x is None else x, **{**QUICK, **changes}))
        return made[-1]

    yield make
    for one in made:
        one.close()


def holes():
    x = blobs()
    x[np.random.default_rng(0).random(x.shape) < 0.2] = np.nan
    return x


def trained(trainer):
    while trainer.epoch < 4:
        if trainer.run_batch():
            trainer.finish_epoch()
    return trainer.weights()


def assert_equal(weights, expected):
    assert {n: w.tobytes() for n, w in weights.items()} == {
        n: w.tobytes() for n, w in expected.items()
    }


@pytest.mark.parametrize("trainer", ["process", "thread"])
def test_missing_values_and_weights_reach_the_trainer(session, trainer):
    x, weight = holes(), np.arange(120) % 5
    one = session(x, reconstruction="masked_mse", sample_weight=weight, trainer=trainer)
    one.start()
    one.wait(60)
    expected = trained(Trainer(x, one.settings, sample_weight=weight.astype(float)))
    assert_equal(one.weights, expected)
    shown = one.reconstruct([3, 4])
    assert np.isfinite(shown.outputs).all()
    assert np.isfinite(shown.errors).all()


def test_weights_outlive_a_reset(session):
    weight = np.arange(120.0)
    one = session(sample_weight=weight)
    for _ in range(2):
        one.start()
        one.wait(60)
        expected = trained(Trainer(blobs(), one.settings, sample_weight=weight))
        assert_equal(one.weights, expected)


def test_batches_are_balanced_as_by_the_estimator(session):
    y = (np.arange(120) % 10 == 0).astype(int)
    one = session(y=y, class_weight="balanced", tol=0.0)
    one.start()
    one.wait(60)
    parameters = {n: v for n, v in QUICK.items() if n != "trainer"}
    fitted = Autoencoder(
        **parameters, class_weight="balanced", early_stopping=True, tol=0.0, random_state=0
    )
    assert one.settings.validation_fraction == fitted.validation_fraction
    fitted.fit(blobs(), y)
    assert fitted.loss_curve_ == [r.train.total for r in one.records if r.complete]
    assert fitted.validation_scores_ == [-r.validation.total for r in one.records if r.complete]


def test_balancing_that_was_turned_on_between_is_replayed(session, tmp_path):
    y = (np.arange(120) % 10 == 0).astype(int)
    one = session(y=y, max_iter=6)
    one.prepare()
    one.step("batch")
    one.wait(60)
    one.change(class_weight="balanced")
    one.step("epoch")
    one.wait(60)
    one.label([1, 2], "2")
    one.start()
    one.wait(60)
    again = Session.replay(one.journal, blobs(), y)
    try:
        assert_equal(again.weights, one.weights)
    finally:
        again.close()


def test_missing_values_are_refused_unless_they_are_left_out(session):
    with pytest.raises(DataError, match=r"X has NaN in .* missing='mask'"):
        session(holes())
    with pytest.raises(SettingsError, match="mse needs every value, but some are missing"):
        session(read_dataset(holes(), allow_nan=True))
    one = session(holes(), reconstruction="masked_mse")
    with pytest.raises(SettingsError, match="huber needs every value, but some are missing"):
        one.change(reconstruction="huber")
    assert one.settings.reconstruction == "masked_mse"
    with pytest.raises(DataError, match="no value that is not missing"):
        session(np.full((5, 3), np.nan), reconstruction="masked_mse")


def test_negative_counts_are_refused(session):
    one = session(blobs() - 0.5)
    with pytest.raises(SettingsError, match=r"multinomial needs .* value is -0\.5"):
        one.change(reconstruction="multinomial")


def test_bad_weights_are_refused(session):
    with pytest.raises(DataError, match=r"shape \(120,\), got shape \(3,\)"):
        session(sample_weight=[1, 2, 3])


def test_every_live_setting_of_the_optimiser_is_in_the_journal(session):
    one = session(optimizer="sgd", max_iter=3)
    one.step("batch")
    one.wait(60)
    changes = {
        "momentum": 0.5, "weight_decay": 1e-3, "gradient_clip": 1.0, "schedule": "exponential",
        "schedule_factor": 0.25, "schedule_epochs": 1, "reconstruction": "huber",
    }  # fmt: skip
    one.change(**changes)
    one.change(optimizer="adam")
    assert one.pending == {"optimizer": "adam"}
    one.resume()
    one.wait(60)
    assert {entry.name: entry.value for entry in one.journal} == changes
    rates = one.history["learning_rate"].tolist()
    assert rates == pytest.approx([1e-3, 1e-3 / 4, 1e-3 / 16])
