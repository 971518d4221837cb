import numpy as np
import pytest
import torch
from scipy.sparse import csr_array
from sklearn.decomposition import PCA
from sklearn.metrics import log_loss, mean_absolute_error, mean_squared_error

from ae_widgets.analysis import baselines
from ae_widgets.analysis.baselines import pca_error
from ae_widgets.exceptions import SettingsError
from ae_widgets.losses import RECONSTRUCTIONS
from ae_widgets.losses.reconstruction import item_errors

VALIDATION = np.arange(0, 200, 5)


@pytest.fixture
def features():
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 12)) + 0.3 * rng.normal(size=(200, 12))
    return (1 / (1 + np.exp(-mixed))).astype(np.float32)


def expected(features, code_dim):
    train = np.delete(features, VALIDATION, axis=0).astype(float)
    test = features[VALIDATION].astype(float)
    pca = PCA(code_dim).fit(train)
    return test, pca.inverse_transform(pca.transform(test))


@pytest.mark.parametrize("code_dim", [1, 2, 5])
@pytest.mark.parametrize(
    ("kind", "metric"), [("mse", mean_squared_error), ("mae", mean_absolute_error)]
)
def test_errors_are_those_of_scikit_learn(features, code_dim, kind, metric):
    error = pca_error(features, code_dim, kind, validation_rows=VALIDATION)
    assert error == pytest.approx(metric(*expected(features, code_dim)), rel=1e-6)


def test_binary_cross_entropy_is_the_log_loss_of_binary_features(features):
    binary = np.round(features)
    test, reconstruction = expected(binary, 2)
    clipped = np.clip(reconstruction, 1e-7, 1 - 1e-7)
    error = pca_error(binary, 2, "binary_cross_entropy", validation_rows=VALIDATION)
    assert error == pytest.approx(log_loss(test.ravel(), clipped.ravel()), rel=1e-6)


@pytest.mark.parametrize("kind", ["huber", "cosine", "masked_mse"])
def test_the_error_is_the_one_that_is_trained_on(features, kind):
    scaled = 5 * features  # so that some residuals are beyond 1
    test, reconstruction = map(torch.from_numpy, expected(scaled, 2))
    trained_on = item_errors(kind, reconstruction, test).mean().item()
    error = pca_error(scaled, 2, kind, validation_rows=VALIDATION)
    assert error == pytest.approx(trained_on, rel=1e-5)


def test_multinomial_takes_the_reconstruction_for_probabilities(features):
    test, reconstruction = map(torch.from_numpy, expected(features, 2))
    logits = reconstruction.clamp_min(1e-7).log()
    trained_on = item_errors("multinomial", logits, test).mean().item()
    error = pca_error(features, 2, "multinomial", validation_rows=VALIDATION)
    assert error == pytest.approx(trained_on, rel=1e-6)


def test_missing_values_are_filled_for_pca_and_left_out_of_the_error(features):
    holes = features.copy()
    holes[np.random.default_rng(1).random(holes.shape) < 0.2] = np.nan
    holes[:, 5] = np.nan
    error = pca_error(holes, 2, "masked_mse", validation_rows=VALIDATION)
    assert 0.5 < error / pca_error(features, 2, "mse", validation_rows=VALIDATION) < 2
    assert pca_error(holes, 12, "masked_mse", validation_rows=VALIDATION) < 1e-12


@pytest.mark.parametrize("code_dim", [12, 13, 500])
def test_as_many_components_as_features_leave_no_error(features, code_dim):
    assert pca_error(features, code_dim, "mse", validation_rows=VALIDATION) < 1e-12


def test_without_validation_rows_all_items_serve_for_both(features):
    pca = PCA(2).fit(features.astype(float))
    reconstruction = pca.inverse_transform(pca.transform(features.astype(float)))
    error = pca_error(features, 2, "mse")
    assert error == pytest.approx(mean_squared_error(features, reconstruction), rel=1e-5)
    assert pca_error(features, 2, "mse", validation_rows=np.arange(200)) == error


@pytest.mark.parametrize("n_samples", [1, 2, 3])
def test_few_rows_have_a_finite_error(features, n_samples):
    assert np.isfinite(pca_error(features[:n_samples], 2, "mse", validation_rows=[0]))
    assert np.isfinite(pca_error(features[:n_samples], 2, "mse"))


def test_constant_features_leave_the_distance_to_the_mean():
    features = np.ones((6, 3), np.float32)
    features[0] = 3
    assert pca_error(features, 2, "mse", validation_rows=[0]) == 4.0


def test_large_data_is_sampled(features, monkeypatch):
    whole = pca_error(features, 2, "mse", validation_rows=VALIDATION)
    part = pca_error(features, 2, "mse", validation_rows=VALIDATION, max_rows=30)
    assert part != whole
    assert part == pytest.approx(whole, rel=0.5)
    monkeypatch.setattr(baselines, "MAX_VALUES", 30 * 12)
    assert pca_error(features, 2, "mse", validation_rows=VALIDATION) == part


def test_an_unknown_kind_is_refused(features):
    with pytest.raises(SettingsError) as caught:
        pca_error(features, 2, "rmse")
    assert str(caught.value) == f"kind must be one of {', '.join(RECONSTRUCTIONS)}, got 'rmse'."


@pytest.mark.parametrize("kind", RECONSTRUCTIONS)
def test_a_sparse_matrix_has_the_error_of_the_dense_one(features, kind):
    values = np.where(features > 0.6, features, 0)
    sparse = csr_array(values)
    dense = np.where(values == 0, np.nan, values) if kind == "masked_mse" else values
    for rows in (VALIDATION, ()):
        error = pca_error(sparse, 3, kind, validation_rows=rows)
        assert error == pytest.approx(pca_error(dense, 3, kind, validation_rows=rows), rel=1e-5)


def test_a_sparse_matrix_that_leaves_pca_nothing_to_do(features):
    values = np.where(features > 0.6, features, 0)
    for x in (values[:, :2], values[:3], np.tile(values[:1], (9, 1))):
        error = pca_error(csr_array(x), 2, "mse")
        assert error == pytest.approx(pca_error(x, 2, "mse"), abs=1e-9)


def test_a_sparse_matrix_is_looked_at_some_rows_at_a_time(features, monkeypatch):
    sparse = csr_array(np.where(features > 0.6, features, 0))
    whole = pca_error(sparse, 2, "mse")
    monkeypatch.setattr(baselines, "MAX_VALUES", 12 * 200)  # 25 rows at a time
    assert pca_error(sparse, 2, "mse") == pytest.approx(whole, rel=1e-9)
