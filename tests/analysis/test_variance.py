"""The share that components keep, against the eigenvalues of the covariance."""

import numpy as np
from sklearn.datasets import load_digits

from ae_widgets.analysis.variance import kept_variance

DIGITS = (load_digits().data / 16).astype(np.float32)


def test_eigenvalues_of_the_covariance():
    values = np.linalg.eigvalsh(np.cov(DIGITS.T))[::-1]
    kept = kept_variance(DIGITS)
    assert kept.shape == (64,)
    np.testing.assert_allclose(kept, np.cumsum(values) / values.sum(), atol=1e-4)


def test_a_sample_of_many_rows_is_enough():
    some = kept_variance(DIGITS, max_rows=900)
    assert not np.array_equal(some, kept_variance(DIGITS))
    np.testing.assert_allclose(some, kept_variance(DIGITS), atol=0.02)


def test_what_has_no_components():
    holes = DIGITS.copy()
    holes[0, 0] = np.nan
    assert kept_variance(holes).shape == (0,)
    assert np.array_equal(kept_variance(np.ones((9, 4), np.float32)), np.ones(4))
