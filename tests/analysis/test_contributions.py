"""What an error is made of, against the errors that torch computes."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PowerTransformer, StandardScaler

from ae_widgets import KMeansFeatures, PCAFeatures, SettingsError
from ae_widgets.analysis.contributions import contributions, feature_contributions
from ae_widgets.data.preprocess import Preprocessor
from ae_widgets.losses import RECONSTRUCTIONS
from ae_widgets.losses.reconstruction import item_errors

RNG = np.random.default_rng(0)


def pairs(kind, n=20, d=7):
    x, o = RNG.random((2, n, d))
    if kind == "masked_mse":
        x[RNG.random(x.shape) < 0.3] = np.nan
        x[3] = np.nan
    if kind == "cosine":
        x[0] = o[1] = 0
    if kind == "multinomial":
        x = RNG.poisson(1, x.shape).astype(float)
        o = 5 * o
    if kind == "huber":
        o = 4 * o
    return x, o


@pytest.mark.parametrize("kind", RECONSTRUCTIONS)
def test_contributions_add_up_to_the_error(kind):
    x, o = pairs(kind)
    parts = contributions(kind, x, o)
    assert parts.shape == x.shape
    expected = item_errors(kind, torch.from_numpy(o), torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(parts.sum(axis=1), expected, rtol=1e-9, atol=1e-12)
    assert (parts >= 0).all()


def test_what_one_feature_adds():
    parts = contributions("mse", np.array([[1.0, 2.0]]), np.array([[1.0, 5.0]]))
    assert parts.tolist() == [[0, 4.5]]
    masked = contributions("masked_mse", np.array([[np.nan, 2.0]]), np.array([[1.0, 5.0]]))
    assert masked.tolist() == [[0, 9]]


def test_an_unknown_error_is_refused():
    with pytest.raises(SettingsError, match="kind must be one of mse"):
        contributions("hinge", np.zeros((1, 1)), np.zeros((1, 1)))


def made_of(preprocess, x):
    """Return fitted steps, and what a network might be given and give back."""
    made = Preprocessor(preprocess).fit(x)
    inputs = made.transform(x)
    return made, inputs, (inputs + RNG.normal(size=inputs.shape)).astype(np.float32)


ITEMS = RNG.normal(size=(40, 7)).astype(np.float32) * np.arange(1, 8, dtype=np.float32)


@pytest.mark.parametrize("kind", ["mse", "mae", "huber", "cosine"])
@pytest.mark.parametrize(
    "preprocess",
    [
        PCAFeatures(3),
        ["standard", PCAFeatures(4, whiten=True)],
        [KMeansFeatures(3), "standard"],
        make_pipeline(StandardScaler(), PCA(2)),
    ],
)
def test_errors_of_mixed_features_are_shared_out_among_all(kind, preprocess):
    made, inputs, outputs = made_of(preprocess, ITEMS)
    assert made.mixes_
    parts = feature_contributions(kind, inputs, outputs, made)
    assert parts.shape == ITEMS.shape
    expected = contributions(kind, inputs, outputs).sum(axis=1)
    np.testing.assert_allclose(parts.sum(axis=1), expected, rtol=1e-9)
    assert (parts >= 0).all()


def test_squared_errors_of_components_are_those_of_their_rotation():
    made, inputs, outputs = made_of(["standard", PCAFeatures(3)], ITEMS)
    reference = PCA(3).fit(StandardScaler().fit_transform(ITEMS))
    turned = reference.inverse_transform(inputs) - reference.inverse_transform(outputs)
    parts = feature_contributions("mse", inputs, outputs, made)
    np.testing.assert_allclose(parts, turned**2 / 3, rtol=1e-3, atol=1e-5)


def test_where_one_feature_alone_is_wrong_it_makes_the_whole_error():
    made = Preprocessor(["standard", PCAFeatures(7)]).fit(ITEMS)
    wrong = ITEMS.copy()
    wrong[:, 2] += 5
    parts = feature_contributions("mse", made.transform(ITEMS), made.transform(wrong), made)
    np.testing.assert_allclose(parts[:, 2], parts.sum(axis=1), rtol=1e-4)


@pytest.mark.parametrize("preprocess", [None, "standard", PowerTransformer()])
def test_features_that_stay_what_they_are_keep_their_own_errors(preprocess):
    made, inputs, outputs = made_of(preprocess, ITEMS)
    assert not made.mixes_
    expected = contributions("mae", inputs, outputs)
    np.testing.assert_array_equal(feature_contributions("mae", inputs, outputs, made), expected)


def test_what_cannot_be_undone_stays_as_the_network_has_it():
    made, inputs, outputs = made_of(FunctionTransformer(np.tanh), ITEMS)
    assert made.mixes_
    expected = contributions("mse", inputs, outputs)
    np.testing.assert_array_equal(feature_contributions("mse", inputs, outputs, made), expected)


def test_an_error_that_no_feature_shows_is_shared_equally():
    made, inputs, _ = made_of([KMeansFeatures(3), "standard"], ITEMS)
    outputs = inputs.copy()
    outputs[:, -3:] += 1  # of what k-means knows alone
    parts = feature_contributions("mse", inputs, outputs, made)
    np.testing.assert_allclose(parts, 3 / 10 / 7, rtol=1e-5)
