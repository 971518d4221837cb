"""Outputs of one-hot features as probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["onto_simplex", "project_groups"]


def onto_simplex(x: NDArray[np.float32]) -> NDArray[np.float32]:
    r"""Return the probabilities that are closest to each row, shape as `x`.

    The Euclidean projection onto :math:`\{p \ge 0, \sum_j p_j = 1\}`, by sorting (J. Duchi
    et al., "Efficient projections onto the l1-ball for learning in high dimensions", ICML
    2008, figure 1). What is one-hot lies in that set, which is convex: the projection of an
    output is never farther from it, in squared error, than the output itself.

    Parameters
    ----------
    x : ndarray of shape (n_samples, n_categories)
        Finite.
    """
    values = x.astype(np.float64)
    falling = -np.sort(-values, axis=1)
    excess = (np.cumsum(falling, axis=1) - 1) / np.arange(1, values.shape[1] + 1)
    last = np.maximum((falling > excess).sum(axis=1) - 1, 0)
    shift = np.take_along_axis(excess, last[:, None], axis=1)
    projected: NDArray[np.float32] = np.maximum(values - shift, 0).astype(np.float32)
    return projected


def project_groups(
    x: NDArray[np.float32], groups: Sequence[tuple[int, int]]
) -> NDArray[np.float32]:
    """Return items with the features of each group made probabilities, `x` itself without any.

    A row with a missing value (NaN) in a group keeps that group as it is.
    """
    if not groups:
        return x
    result = x.copy()
    for start, stop in groups:
        known = np.isfinite(x[:, start:stop]).all(axis=1)
        result[known, start:stop] = onto_simplex(x[known, start:stop])
    return result
