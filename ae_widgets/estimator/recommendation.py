"""The estimator as a recommender of what a user has not rated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ae_widgets.analysis.ranking import top_items
from ae_widgets.engine.items import chunk_rows
from ae_widgets.estimator.use import FittedAutoencoder

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Recommendation"]


class Recommendation(FittedAutoencoder):
    """`recommend`, for users in rows and what they rate in columns."""

    def recommend(self, X: ArrayLike, n: int = 20) -> NDArray[np.intp]:
        """Return the columns that users are likely to rate next, the best first.

        Those of the largest reconstruction, what a user has rated left out. Best after
        a fit with ``reconstruction='multinomial'`` to which rows of 0 and 1 were given
        (Liang et al. 2018, WWW).

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_users, n_items)
            What the users have rated: all that is not 0 or missing.
        n : int, default=20
            How many for a user, as `recall_at_k` and `ndcg_at_k` look at.

        Returns
        -------
        ndarray of shape (n_users, n), int
            -1 where a user has rated so much that nothing is left.

        Raises
        ------
        DataError
            If `n` is not from 1 to n_items.
        """
        check_is_fitted(self, "network_")
        users, size = self._check(X), chunk_rows(self.n_features_in_)
        starts = range(0, users.shape[0], size)
        parts = (users[start : start + size] for start in starts)
        return np.concatenate([top_items(self._reconstruct(part), n, part) for part in parts])
