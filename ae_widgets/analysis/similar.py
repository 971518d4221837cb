"""Items that are alike: those whose codes are near."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.analysis.threads import one_thread
from ae_widgets.exceptions import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["METRICS", "nearest_codes", "similar_items"]

METRICS = ("euclidean", "cosine")
"""How near codes are: by the distance between them, or by the angle from the origin alone."""


def nearest_codes(
    codes: NDArray[np.floating],
    queries: NDArray[np.floating],
    n: int = 10,
    metric: str = "euclidean",
) -> NDArray[np.intp]:
    """Return the indices of the codes nearest to each query, the nearest first.

    They are found by scikit-learn's `NearestNeighbors`.

    Parameters
    ----------
    codes : ndarray of shape (n_codes, code_dim)
        Where to look.
    queries : ndarray of shape (n_queries, code_dim)
        What to look for.
    n : int, default=10
        How many for a query, from 1 to n_codes.
    metric : {'euclidean', 'cosine'}, default='euclidean'
        See `METRICS`.

    Returns
    -------
    ndarray of shape (n_queries, n), int

    Raises
    ------
    DataError
        If `n` or `metric` is out of its range, or a code is not finite.
    """
    from sklearn.neighbors import NearestNeighbors

    _check(n, len(codes), metric)
    if not (np.isfinite(codes).all() and np.isfinite(queries).all()):
        msg = "Some codes are not finite, so that none is near. Train anew with a lower rate."
        raise DataError(msg)
    with one_thread():
        # Without a tree: to build one takes longer than to look at all codes once.
        search = NearestNeighbors(n_neighbors=int(n), metric=metric, algorithm="brute").fit(codes)
        found: NDArray[np.intp] = search.kneighbors(queries, return_distance=False)
    return found


def similar_items(
    codes: NDArray[np.floating], item: int, n: int = 10, metric: str = "euclidean"
) -> NDArray[np.intp]:
    """Return the items whose codes are nearest to that of one of them, which is left out.

    Parameters and errors are those of `nearest_codes`, but for `n`, which goes from 1 to
    n_codes - 1; the result has the shape (n,).
    """
    _check(n, len(codes) - 1, metric)
    found = nearest_codes(codes, codes[[item]], n + 1, metric)[0]
    others = found[found != item]  # of codes that are the same, the item need not be the first
    return np.asarray(others[: int(n)])


def _check(n: int, most: int, metric: str) -> None:
    if metric not in METRICS:
        msg = f"metric must be one of {', '.join(METRICS)}, got {metric!r}."
        raise DataError(msg)
    if not isinstance(n, Integral) or not 1 <= n <= most:
        msg = f"n must be a whole number from 1 to the {most:,} to choose from, got {n!r}."
        raise DataError(msg)
