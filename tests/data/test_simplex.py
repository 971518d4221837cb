"""The projection onto probabilities against an independent root finder."""

import numpy as np
import pytest
from scipy.optimize import brentq

from ae_widgets.data.simplex import onto_simplex, project_groups


@pytest.mark.parametrize("n", [2, 3, 7])
def test_it_is_the_closest_point(n):
    """By the conditions of Karush, Kuhn and Tucker: all is lowered by as much, down to 0."""
    x = np.random.default_rng(n).normal(0, 2, (6, n)).astype(np.float32)
    for row, ours in zip(x, onto_simplex(x), strict=True):
        shift = brentq(lambda t, row=row: np.maximum(row - t, 0).sum() - 1, -10, 10, xtol=1e-12)
        assert np.allclose(ours, np.maximum(row - shift, 0), atol=1e-6)


def test_probabilities_stay_and_the_error_never_grows():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(4), 50).astype(np.float32)
    assert np.allclose(onto_simplex(p), p, atol=1e-6)
    target = np.eye(4)[rng.integers(0, 4, 50)]
    out = rng.normal(0.25, 0.5, (50, 4)).astype(np.float32)
    before, after = (np.square(v - target).sum(axis=1) for v in (out, onto_simplex(out)))
    assert (after <= before + 1e-6).all()


def test_groups_alone_and_missing_ones_left():
    x = np.array([[9, 2, 0], [9, np.nan, np.nan]], np.float32)
    expected = [[9, 1, 0], [9, np.nan, np.nan]]
    assert np.array_equal(project_groups(x, [(1, 3)]), expected, equal_nan=True)
    assert project_groups(x, ()) is x
