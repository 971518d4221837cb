"""How well a ranking of items finds those that a user has rated and that were held out.

The measures are those of Liang, Krishnan, Hoffman & Jebara 2018, "Variational
autoencoders for collaborative filtering", WWW, section 4.2.
"""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.exceptions import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ndcg_at_k", "recall_at_k", "top_items"]


def top_items(scores: Any, n: int, seen: Any = None) -> NDArray[np.intp]:
    """Return the items of the largest scores, the best first, shape (n_users, n).

    Parameters
    ----------
    scores : array-like of shape (n_users, n_items)
        The higher, the sooner an item is recommended; of equal ones the first.
    n : int
        How many items.
    seen : sparse matrix or array-like of shape (n_users, n_items), optional
        What a user has rated already is left out: whatever is not 0, NaN left out. A
        user for whom fewer than `n` items are left has -1 in place of the others.

    Raises
    ------
    DataError
        If `n` is not from 1 to the number of items, or the shapes differ.
    """
    values = np.array(scores, np.float64, ndmin=2)
    if not isinstance(n, Integral) or not 1 <= n <= values.shape[1]:
        msg = f"n must be a whole number from 1 to {values.shape[1]} items, got {n!r}."
        raise DataError(msg)
    if seen is not None:
        values[_rated(seen, values.shape)] = -np.inf
    order = np.argsort(-values, axis=1, kind="stable")[:, : int(n)]
    left = np.take_along_axis(values, order, axis=1) > -np.inf
    return np.where(left, order, -1)


def recall_at_k(ranked: Any, to_find: Any, k: int = 20) -> NDArray[np.float64]:
    r"""Return each user's recall among the first `k` items, shape (n_users,).

    .. math:: \frac{1}{\min(k, |I_u|)} \sum_{r=1}^{k} [\omega(r) \in I_u]

    with the item :math:`\omega(r)` at rank :math:`r` and the held-out items
    :math:`I_u`: 1 where those that are found are as many as can be.

    Parameters
    ----------
    ranked : array-like of int of shape (n_users, at least k)
        Items, the best first, as `top_items` returns them; -1 is none.
    to_find : sparse matrix or array-like of shape (n_users, n_items)
        The held-out ratings: whatever is not 0.
    k : int, default=20

    Returns
    -------
    ndarray of shape (n_users,), float64
        NaN for a user without anything to find: take `numpy.nanmean`.

    Raises
    ------
    DataError
        If `k` is below 1 or more than are ranked, or the shapes differ.
    """
    hits, n_found = _hits(ranked, to_find, k)
    return _share(hits.sum(axis=1), np.minimum(n_found, k))


def ndcg_at_k(ranked: Any, to_find: Any, k: int = 20) -> NDArray[np.float64]:
    r"""Return each user's normalised discounted cumulative gain, shape (n_users,).

    .. math:: \sum_{r=1}^{k} \frac{2^{[\omega(r) \in I_u]} - 1}{\log_2(r + 1)}

    divided by the most that a ranking can reach. Parameters, result and errors are
    those of `recall_at_k`.
    """
    hits, n_found = _hits(ranked, to_find, k)
    discounts = 1 / np.log2(np.arange(2, k + 2))
    best = np.r_[0, np.cumsum(discounts)][np.minimum(n_found, k)]
    return _share(hits @ discounts, best)


def _hits(ranked: Any, to_find: Any, k: int) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    items = np.asarray(ranked)
    if items.ndim != 2 or not isinstance(k, Integral) or not 1 <= k <= items.shape[1]:  # noqa: PLR2004  # users x ranks
        msg = f"k must be a whole number from 1 to what is ranked, shape {items.shape}, got {k!r}."
        raise DataError(msg)
    first = items[:, : int(k)]
    wanted = _rated(to_find, (len(items), np.shape(to_find)[-1]))
    hits = np.take_along_axis(wanted, np.maximum(first, 0), axis=1) & (first >= 0)
    return hits, wanted.sum(axis=1)


def _rated(matrix: Any, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    if np.shape(matrix) != shape:
        msg = f"The ratings must have the shape {shape}, got {np.shape(matrix)}."
        raise DataError(msg)
    values = np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix)
    rated: NDArray[np.bool_] = (values != 0) & ~np.isnan(values)
    return rated


def _share(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1), np.nan)
