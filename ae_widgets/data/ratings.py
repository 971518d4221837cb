"""Ratings of users for items that have a known structure, to try a recommender on."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np

from ae_widgets.exceptions import DataError

__all__ = ["make_ratings", "split_ratings"]


def make_ratings(  # noqa: PLR0913  # each is one property of the set
    n_users: int = 1000,
    n_items: int = 400,
    *,
    rank: int = 8,
    mean_ratings: float = 30.0,
    skew: float = 0.8,
    taste: float = 1.5,
    random_state: int = 0,
) -> Any:
    r"""Return which of the items each of many users has rated, as 1, in CSR form.

    A user :math:`u` has a taste :math:`p_u` and an item a character :math:`q_i`, both
    normal of dimension `rank`. With the items in the order of their popularity, the
    user rates item :math:`i` before others in proportion to

    .. math:: (i + 1)^{-\text{skew}} \exp(\text{taste} \cdot p_u^\top q_i / \sqrt{\text{rank}})

    and rates so many, without replacement, as a log-normal number of mean about
    `mean_ratings` says: most rate few, some rate many, and what is popular is rated by
    nearly all, as in the public ratings sets.

    Parameters
    ----------
    n_users, n_items : int, default=1000, 400
        How many; a user rates at least 5 items and at most half of them, so that
        `n_items` is 10 or more.
    rank : int, default=8
        Dimension of tastes.
    mean_ratings : float, default=30
        Ratings of a user, on average, before the bounds above.
    skew : float, default=0.8
        Exponent of the popularity; 0 makes all items as popular.
    taste : float, default=1.5
        How much tastes matter beside popularity; 0 makes all users alike.
    random_state : int, default=0
        The same number makes the same ratings.

    Returns
    -------
    scipy.sparse.csr_array of shape (n_users, n_items), float32

    Raises
    ------
    DataError
        If a number is out of its range.
    """
    _check(n_users=(n_users, 1), n_items=(n_items, 10), rank=(rank, 1))
    for name, value in {"skew": skew, "taste": taste, "mean_ratings": mean_ratings}.items():
        if not isinstance(value, Real) or not 0 <= value < np.inf:
            msg = f"{name} must be a finite number of at least 0, got {value!r}."
            raise DataError(msg)
    from scipy.sparse import csr_array

    rng = np.random.default_rng(random_state)
    users, items = rng.standard_normal((n_users, rank)), rng.standard_normal((n_items, rank))
    liking = taste / np.sqrt(rank) * users @ items.T - skew * np.log1p(np.arange(n_items))
    # The largest of log weights with Gumbel noise are a draw by weight without replacement
    # (Efraimidis & Spirakis 2006, Information Processing Letters 97, 181-185).
    order = np.argsort(-(liking + rng.gumbel(size=liking.shape)), axis=1)
    spread = 0.6
    counts = max(mean_ratings, 1) * rng.lognormal(-(spread**2) / 2, spread, n_users)
    counts = np.clip(counts.round().astype(int), 5, n_items // 2)
    columns = [np.sort(row[:count]) for row, count in zip(order, counts, strict=True)]
    starts = np.r_[0, np.cumsum(counts)]
    indices = np.concatenate(columns)
    return csr_array((np.ones(indices.size, np.float32), indices, starts), (n_users, n_items))


def split_ratings(ratings: Any, *, held_out: float = 0.2, random_state: int = 0) -> tuple[Any, Any]:
    """Return the ratings that are shown to a recommender and those that it is to find.

    Parameters
    ----------
    ratings : sparse matrix of shape (n_users, n_items)
        What users have rated.
    held_out : float, default=0.2
        Share of each user's ratings to find, rounded down; 0 < held_out < 1.
    random_state : int, default=0
        Which they are.

    Returns
    -------
    seen, to_find : scipy.sparse.csr_array of shape (n_users, n_items)
        Every rating is in one of them.

    Raises
    ------
    DataError
        If `held_out` is out of its range.
    """
    from scipy.sparse import csr_array

    if not isinstance(held_out, Real) or not 0 < held_out < 1:
        msg = f"held_out must be a number between 0 and 1, got {held_out!r}."
        raise DataError(msg)
    matrix = csr_array(ratings)
    matrix.sum_duplicates()
    counts = np.diff(matrix.indptr)
    rows = np.repeat(np.arange(matrix.shape[0]), counts)
    drawn = np.lexsort((np.random.default_rng(random_state).random(matrix.nnz), rows))
    rank = np.empty(matrix.nnz, np.intp)  # of each rating within its user's, at random
    rank[drawn] = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], counts)
    hidden = rank < np.floor(held_out * counts)[rows]
    seen, to_find = (
        csr_array((matrix.data[part], (rows[part], matrix.indices[part])), matrix.shape)
        for part in (~hidden, hidden)
    )
    return seen, to_find


def _check(**sizes: tuple[Any, int]) -> None:
    for name, (value, least) in sizes.items():
        if not isinstance(value, Integral) or value < least:
            msg = f"{name} must be a whole number of at least {least}, got {value!r}."
            raise DataError(msg)
