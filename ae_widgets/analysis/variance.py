"""How much of the items so many components keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.analysis.threads import one_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["kept_variance"]

MAX_VALUES = 20_000_000
"""Values looked at, beside `max_rows`, so that wide data does not fill the memory."""


def kept_variance(features: NDArray[np.float32], *, max_rows: int = 10_000) -> NDArray[np.float64]:
    """Return the share of the variance that 1, 2, … principal components keep.

    Parameters
    ----------
    features : ndarray of shape (n_samples, n_features)
        Items.
    max_rows : int, default=10_000
        Items beyond this number are left out, evenly.

    Returns
    -------
    ndarray of shape (min(n_samples, n_features),)
        Rising to 1; empty if a value is missing (NaN), and all 1 if nothing varies.
    """
    from sklearn.decomposition import PCA

    n_samples, n_features = features.shape
    n_rows = min(max_rows, max(n_features + 1, MAX_VALUES // n_features))
    picked = features[:: -(-n_samples // n_rows)]
    if np.isnan(picked).any():
        return np.empty(0)
    if (picked == picked[0]).all():  # no variance to divide by
        return np.ones(min(picked.shape))
    with one_thread():
        ratio = PCA(random_state=0).fit(picked).explained_variance_ratio_
    return np.minimum(np.cumsum(ratio, dtype=np.float64), 1.0)
