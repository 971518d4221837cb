"""Reconstruction errors, optimisers and weights through scikit-learn's interface."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from ae_widgets import Autoencoder, DataError, SettingsError
from ae_widgets.engine.settings import OPTIMIZERS, SCHEDULES
from ae_widgets.engine.trainer import Trainer
from ae_widgets.losses import RECONSTRUCTIONS
from tests.engine.data import blobs


def quick(**changes) -> Autoencoder:
    return Autoencoder(**{"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0, **changes})


def weights(model):
    return np.concatenate([w.ravel() for w in model._weights().values()])


def holes(X, share=0.3):
    X = X.copy()
    X[np.random.default_rng(0).random(X.shape) < share] = np.nan
    return X


# Reconstruction errors ---------------------------------------------------------


@pytest.mark.parametrize("kind", RECONSTRUCTIONS)
def test_every_error_falls(kind):
    X = blobs(200, 6)
    output = "sigmoid" if kind == "binary_cross_entropy" else "identity"
    model = quick(
        reconstruction=kind, output_activation=output, max_iter=40, learning_rate_init=0.01
    ).fit(X)
    assert model.loss_curve_[-1] < 0.9 * model.loss_curve_[0]
    assert -model.score(X) == pytest.approx(model.loss_, rel=0.1)


def test_digits_with_missing_values_are_filled_better_than_by_their_means():
    X = load_digits().data / 16
    known = holes(X)
    model = Autoencoder(
        16, reconstruction="masked_mse", max_iter=30, batch_size=32, random_state=0
    ).fit(known)
    missing = np.isnan(known)
    means = np.broadcast_to(np.nanmean(known, axis=0), X.shape)
    filled = model.reconstruct(known)
    assert ((filled - X)[missing] ** 2).mean() < 0.6 * ((means - X)[missing] ** 2).mean()


def test_the_masked_error_does_not_see_missing_values():
    known = holes(blobs(100, 6))
    model = quick(reconstruction="masked_mse").fit(known)
    residual = model.reconstruct(known) - known
    expected = -np.nan_to_num(np.nanmean(residual**2, axis=1))
    np.testing.assert_allclose(model.score_samples(known), expected, rtol=1e-4)
    zeros = np.nan_to_num(known)
    np.testing.assert_array_equal(model.transform(known), model.transform(zeros))
    assert np.isfinite(model.transform(known)).all()


def test_without_missing_values_the_masked_error_is_the_mean_squared_one():
    X = blobs(100, 6)
    masked, plain = (quick(reconstruction=kind).fit(X) for kind in ("masked_mse", "mse"))
    np.testing.assert_allclose(masked.transform(X), plain.transform(X), rtol=1e-3, atol=1e-5)


def test_missing_values_of_a_frame_are_taken():
    frame = pd.DataFrame({"a": [1.0, None, 3.0, 4.0], "b": [0.5, 0.1, None, 0.2]})
    assert quick(reconstruction="masked_mse").fit(frame).transform(frame).shape == (4, 2)


def test_every_other_error_refuses_missing_values():
    X = holes(blobs(50, 4))
    for kind in set(RECONSTRUCTIONS) - {"masked_mse"}:
        with pytest.raises(ValueError, match="X has NaN"):
            quick(reconstruction=kind).fit(X)
    model = quick(reconstruction="masked_mse").fit(X)
    X[3, 1] = np.inf
    with pytest.raises(ValueError, match="infinite values"):
        model.transform(X)


def test_nothing_observed_is_refused():
    with pytest.raises(DataError, match="no value that is not missing"):
        quick(reconstruction="masked_mse").fit(np.full((5, 3), np.nan))


def test_negative_counts_are_refused_with_the_smallest():
    X = blobs(50, 4)
    X[3, 2] = -0.25
    with pytest.raises(SettingsError, match=r"smallest feature value is -0\.25"):
        quick(reconstruction="multinomial").fit(X)


# Optimisers -----------------------------------------------------------------------


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimiser_trains_reproducibly(name):
    X = blobs(100, 6)
    first, second = (quick(optimizer=name, max_iter=20).fit(X) for _ in "ab")
    assert first.loss_curve_[-1] < first.loss_curve_[0]
    assert weights(first).tobytes() == weights(second).tobytes()


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_partial_fit_goes_on_with_the_schedule(schedule, monkeypatch):
    rates = []
    finish_epoch = Trainer.finish_epoch

    def note(self):
        record = finish_epoch(self)
        rates.append(record.settings["learning_rate"])
        return record

    monkeypatch.setattr(Trainer, "finish_epoch", note)
    X = blobs(60, 4)
    # No loss is 99 % lower than the best, so that each epoch is on a plateau.
    model = quick(schedule=schedule, schedule_epochs=2, schedule_patience=1, tol=0.99, max_iter=8)
    model.set_params(n_iter_no_change=50).fit(X)
    whole, rates[:] = rates[:], []
    for _ in whole:
        model = pickle.loads(pickle.dumps(clone(model) if not rates else model))  # noqa: S301  # our own
        model.partial_fit(X)
    assert rates == whole
    assert len(whole) == 8
    assert (len(set(whole)) == 1) == (schedule == "constant")


def test_a_warm_start_begins_the_schedule_anew():
    X = blobs(60, 4)
    model = quick(schedule="exponential", warm_start=True, schedule_epochs=1).fit(X)
    model.fit(X)
    assert model._memory["schedule"]["epoch"] == 5


def test_a_warm_start_may_change_the_optimiser():
    X = blobs(100, 6)
    model = quick(warm_start=True, max_iter=10)
    for name in (*OPTIMIZERS, "adam"):
        before = model.fit(X).loss_
        model.set_params(optimizer=name, gradient_clip=1.0).fit(X)
        assert model.loss_ < 1.5 * before
    model.set_params(gradient_clip=None).fit(X)
    assert np.isfinite(model.loss_)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer": "lion"}, "optimizer must be one of adam, adamw, sgd, rmsprop, got 'lion'"),
        ({"gradient_clip": -1}, "gradient_clip must be None or a number"),
        ({"schedule": "linear"}, "schedule must be one of constant"),
        ({"class_weight": "equal"}, "class_weight must be 'balanced' or None"),
    ],
)
def test_a_bad_parameter_is_named(changes, message):
    with pytest.raises(SettingsError, match=message):
        quick(**changes).fit(blobs(20, 3))


# True or false, only asked for frames, and checked by scikit-learn in its words.
NOT_CHECKED = {"early_stopping", "verbose", "warm_start", "categorical", "random_state"}


@pytest.mark.parametrize("name", sorted({*Autoencoder().get_params()} - NOT_CHECKED))
def test_an_error_names_the_parameter_and_no_setting_behind_it(name):
    with pytest.raises(ValueError, match=rf"\b{name}\b"):
        quick(**{"early_stopping": True, name: object()}).fit(blobs(20, 3), [0, 1] * 10)


# Weights --------------------------------------------------------------------------


def test_weights_of_zero_leave_items_out():
    X = blobs(100, 6)
    weight = np.ones(100)
    weight[40:] = 0
    spoilt = X.copy()
    spoilt[40:] = 9
    first, second = (quick().fit(data, sample_weight=weight) for data in (X, spoilt))
    np.testing.assert_array_equal(weights(first), weights(second))
    np.testing.assert_array_equal(
        weights(quick().partial_fit(X, sample_weight=weight)),
        weights(quick().partial_fit(spoilt, sample_weight=weight)),
    )


def test_without_weights_nothing_changes():
    X, y = blobs(100, 6), np.arange(100) % 3
    np.testing.assert_array_equal(weights(quick().fit(X)), weights(quick().fit(X, y)))
    drawn = quick().fit(X, sample_weight=np.ones(100))
    assert not np.array_equal(weights(drawn), weights(quick().fit(X)))


def test_weights_go_through_a_pipeline():
    X, weight = blobs(100, 6), np.arange(100.0)
    pipeline = make_pipeline(MinMaxScaler(), quick())
    pipeline.fit(X, autoencoder__sample_weight=weight)
    expected = quick().fit(MinMaxScaler().fit_transform(X), sample_weight=weight)
    np.testing.assert_array_equal(weights(pipeline[-1]), weights(expected))


def test_balanced_classes_help_the_rare_one():
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(size=(380, 8)) * [3, 1, 0, 0, 0, 0, 0, 0],
                   rng.normal(size=(20, 8)) * [0, 0, 0, 0, 0, 0, 1, 3]])  # fmt: skip
    y = np.repeat(["many", "few"], [380, 20])

    def rare_error(class_weight):
        model = quick(class_weight=class_weight, max_iter=60, learning_rate_init=0.01, code_dim=1)
        return -model.fit(X, y).score(X[y == "few"])

    assert rare_error("balanced") < 0.8 * rare_error(None)


def test_balanced_classes_are_the_weights_of_scikit_learn():
    X, y = blobs(90, 5), np.repeat([0, 1], [60, 30])
    by_class = quick(class_weight="balanced").fit(X, y)
    by_item = quick().fit(X, sample_weight=np.where(y == 0, 0.75, 1.5))
    np.testing.assert_array_equal(weights(by_class), weights(by_item))


@pytest.mark.parametrize(
    ("changes", "arguments", "message"),
    [
        ({}, {"sample_weight": np.ones(5)}, r"shape \(20,\), got shape \(5,\)"),
        ({}, {"sample_weight": -np.ones(20)}, "not negative, got -1 for item 0"),
        ({}, {"sample_weight": np.zeros(20)}, "zero for all 20 items"),
        ({"class_weight": "balanced"}, {}, "needs y, one class an item"),
    ],
)
def test_bad_weights_are_named(changes, arguments, message):
    with pytest.raises(DataError, match=message):
        quick(**changes).fit(blobs(20, 3), **arguments)
