"""The estimator as scikit-learn's outlier detectors are."""

import pickle

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix
from sklearn.base import clone, is_outlier_detector
from sklearn.datasets import load_wine
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from ae_widgets import Autoencoder, NonFiniteLossError, PCAFeatures, SettingsError
from tests.engine.data import blobs
from tests.test_estimator import UNEQUAL


def quick(**changes) -> Autoencoder:
    return Autoencoder(**{"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0, **changes})


TRAINED = {"max_iter": 60, "learning_rate_init": 0.01}


def with_anomalies():
    """Items on a line, and ten that are beside it."""
    rng = np.random.default_rng(0)
    t = rng.random((300, 1), dtype=np.float32)
    X = np.concatenate([t, 1 - t, t, 0.5 * t], axis=1) + rng.normal(0, 0.02, (300, 4))
    X[:10] = rng.random((10, 4))
    return X.astype(np.float32), np.arange(300) < 10


@parametrize_with_checks(
    [
        quick(contamination=0.1),
        quick(contamination=0.1, anomaly_score="latent"),
        quick(contamination=0.1, anomaly_score="neighbors", missing="mask"),
    ],
    expected_failed_checks=lambda _: UNEQUAL,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("score", ["reconstruction", "latent", "neighbors", "combined"])
def test_the_asked_share_is_beyond_and_finds_the_anomalies(score):
    X, anomalous = with_anomalies()
    model = quick(contamination=0.05, anomaly_score=score, code_dim=1, **TRAINED)
    said = model.fit_predict(X)
    # Codes of one value may be the same, and their distances too.
    assert (said == -1).sum() == (pytest.approx(15, abs=1) if score == "neighbors" else 15)
    np.testing.assert_array_equal(said, model.predict(X))
    np.testing.assert_array_equal(model.decision_function(X) < 0, said == -1)
    np.testing.assert_allclose(
        model.decision_function(X), model.score_samples(X) - model.offset_, rtol=1e-6
    )
    if score in {"reconstruction", "combined"}:  # those beside the line have codes like those on it
        assert roc_auc_score(anomalous, -model.score_samples(X)) > 0.9


@pytest.mark.parametrize("score", ["latent", "neighbors", "combined"])
def test_items_far_away_have_codes_far_away(score):
    X, _ = with_anomalies()
    model = quick(anomaly_score=score, **TRAINED).fit(X)
    assert model.score_samples(X * 5).max() < model.score_samples(X).mean()


def test_auto_finds_those_far_beyond():
    X, anomalous = with_anomalies()
    said = quick(contamination="auto", code_dim=1, **TRAINED).fit(X).predict(X)
    assert (said[anomalous] == -1).mean() >= 0.7
    assert (said[~anomalous] == -1).mean() < 0.03


def test_contributions_add_up_to_the_score():
    X, _ = with_anomalies()
    for kind in ("mse", "mae", "cosine", "masked_mse"):
        model = quick(reconstruction=kind).fit(X)
        parts = model.contributions(X)
        assert parts.shape == X.shape
        np.testing.assert_allclose(parts.sum(axis=1), -model.score_samples(X), rtol=1e-4, atol=1e-6)
    model = quick().fit(X)
    np.testing.assert_allclose(model.contributions(csr_matrix(X)), model.contributions(X))


@pytest.mark.parametrize("changes", [{"reconstruction": "masked_mse"}, {"missing": "mask"}])
def test_contributions_of_sparse_items_leave_out_what_was_not_observed(changes):
    X = np.round(3 * blobs(50, 4))
    X[np.random.default_rng(0).random(X.shape) < 0.3] = np.nan
    X[7] = np.nan
    stored = ~np.isnan(X)
    # A place that is named twice, and 0 that are stored.
    twice = np.r_[X[stored], 1], (np.r_[stored.nonzero()[0], 0], np.r_[stored.nonzero()[1], 0])
    items = csr_matrix(twice, X.shape)
    X[0, 0] = np.nan_to_num(X[0, 0]) + 1
    model = quick(**changes).fit(items)
    parts = model.contributions(items)
    np.testing.assert_allclose(parts, model.contributions(X))
    assert np.isnan(parts[7]).all()
    known = np.arange(50) != 7
    np.testing.assert_allclose(
        parts[known].sum(axis=1), -model.score_samples(items)[known], rtol=1e-5
    )


@pytest.mark.parametrize("preprocess", [PCAFeatures(2), ["standard", PCAFeatures(3, whiten=True)]])
def test_contributions_are_those_of_the_items_features(preprocess):
    X, _ = with_anomalies()
    model = quick(preprocess=preprocess).fit(X)
    parts = model.contributions(X)
    assert parts.shape == X.shape
    np.testing.assert_allclose(parts.sum(axis=1), -model.score_samples(X), rtol=1e-4, atol=1e-6)


def test_a_distance_is_no_sum_over_features():
    X, _ = with_anomalies()
    with pytest.raises(SettingsError, match="no sum over features"):
        quick(anomaly_score="latent").fit(X).contributions(X)


def test_score_stays_the_reconstruction_error():
    X, _ = with_anomalies()
    plain, latent = quick().fit(X), quick(anomaly_score="latent").fit(X)
    assert latent.score(X) == plain.score(X) == pytest.approx(plain.score_samples(X).mean())
    assert latent.score_samples(X).mean() != pytest.approx(plain.score(X))


def test_without_contamination_there_is_nothing_to_predict():
    model = quick().fit(blobs())
    assert not any(hasattr(model, name) for name in ("predict", "fit_predict", "decision_function"))
    assert not is_outlier_detector(model)
    model.set_params(contamination=0.1)
    assert is_outlier_detector(model)
    with pytest.raises(NotFittedError):
        model.predict(blobs())


@pytest.mark.parametrize("asked", [{"delta": 0.5}, {"gamma": 0.1, "n_clusters": 2}])
def test_beside_classes_and_clusters_the_scores_tell_anomalies(asked):
    X, anomalous = with_anomalies()
    model = quick(contamination=0.05, code_dim=1, **TRAINED, **asked).fit(X, X[:, 0] > 0.5)
    assert not hasattr(model, "decision_function")
    found = model.score_samples(X) < model.offset_
    assert found.sum() == 15
    assert anomalous[found].mean() > 0.5
    detector = clone(model).set_params(delta=0, gamma=0).fit(X)
    np.testing.assert_array_equal(
        detector.predict(X) < 0, detector.score_samples(X) < detector.offset_
    )


def test_a_scorer_of_classes_goes_by_their_probabilities():
    X, y = load_wine(return_X_y=True)
    X, y = StandardScaler().fit_transform(X), y == 1
    options = {"delta": 0.5, "max_iter": 15, "learning_rate_init": 0.01}
    scores = [
        cross_val_score(quick(**options, contamination=share), X, y, cv=3, scoring="roc_auc")
        for share in (None, 0.1)
    ]
    np.testing.assert_array_equal(*scores)


@pytest.mark.parametrize("share", [0, 0.6, -0.1, True, "some", [0.1]])
def test_a_share_out_of_range_is_refused_before_training(share):
    with pytest.raises(SettingsError, match=r"contamination must be None, 'auto' or a number"):
        quick(contamination=share).fit(blobs())


def test_an_unknown_score_is_refused_and_a_late_one_named():
    with pytest.raises(SettingsError, match="anomaly_score must be one of reconstruction, latent"):
        quick(anomaly_score="density").fit(blobs())
    model = quick().fit(blobs()).set_params(anomaly_score="latent")
    with pytest.raises(SettingsError, match="set it before fit"):
        model.score_samples(blobs())


def test_asking_for_anomalies_does_not_change_the_training():
    plain, detector = quick().fit(blobs()), quick(contamination=0.1, anomaly_score="latent")
    np.testing.assert_array_equal(
        plain.transform(blobs()), detector.fit(blobs()).transform(blobs())
    )


def test_partial_fit_and_pickling_keep_the_threshold():
    X, _ = with_anomalies()
    model = quick(contamination=0.05, anomaly_score="neighbors")
    first = model.partial_fit(X).offset_
    assert model.partial_fit(X).offset_ != first
    copy = pickle.loads(pickle.dumps(model))  # noqa: S301  # our own
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))


def test_a_fit_that_fails_leaves_no_threshold_of_an_earlier_one():
    model = quick(contamination=0.1).fit(blobs())
    earlier = model.offset_
    model.set_params(learning_rate_init=1e3, max_iter=50)
    with pytest.raises(NonFiniteLossError):
        model.fit(blobs() * np.float32(1e25))
    assert model.offset_ < 1e20 * earlier  # of the items whose model is kept


@pytest.mark.parametrize("score", ["reconstruction", "latent", "neighbors", "combined"])
@pytest.mark.parametrize("kind", ["mse", "masked_mse"])
def test_an_items_score_does_not_depend_on_how_it_comes(score, kind):
    X, _ = with_anomalies()
    X[X < 0.3] = 0
    model = quick(contamination=0.1, anomaly_score=score, reconstruction=kind).fit(csr_matrix(X))
    scores = model.score_samples(csr_matrix(X))
    assert scores.dtype == np.float64
    if kind == "masked_mse":  # what a sparse matrix does not store is missing
        X[X == 0] = np.nan
    np.testing.assert_allclose(scores, model.score_samples(X), rtol=1e-7)
    one_by_one = [model.score_samples(X[i : i + 1])[0] for i in range(20)]
    np.testing.assert_allclose(one_by_one, scores[:20], rtol=1e-7)
    assert model.network_.encoder[0].weight.dtype == torch.float32
    plain = clone(model).set_params(contamination=None).fit(csr_matrix(X))
    assert plain.score_samples(X).dtype == np.float32


def test_modules_of_ones_own_detect_too():
    X, _ = with_anomalies()
    model = quick(
        contamination=0.1, anomaly_score="combined",
        encoder=torch.nn.Linear(4, 1), decoder=torch.nn.Linear(1, 4),
    )  # fmt: skip
    assert (model.fit(X).predict(X) == -1).sum() == pytest.approx(30, abs=1)


def test_one_feature_is_enough():
    X = np.append(np.zeros((50, 1)), [[9.0]], axis=0)
    assert quick(contamination=0.05, code_dim=1, **TRAINED).fit(X).predict(X)[-1] == -1


def test_items_are_never_written_to():
    X, _ = with_anomalies()
    X.flags.writeable = False
    model = quick(contamination=0.1, anomaly_score="combined").fit(X)
    model.predict(X)
    quick().fit(X).contributions(X)
