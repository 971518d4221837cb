"""What an error is made of, against the errors that torch computes."""

import numpy as np
import pytest
import torch

from ae_widgets import SettingsError
from ae_widgets.analysis.contributions import contributions
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
