"""The estimator as a search for what is alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ae_widgets.analysis.similar import nearest_codes
from ae_widgets.estimator.use import FittedAutoencoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Similarity"]


class Similarity(FittedAutoencoder):
    """`similar`, by the distance of codes."""

    def similar(
        self, X: ArrayLike, among: ArrayLike, n: int = 10, *, metric: str = "euclidean"
    ) -> NDArray[np.intp]:
        """Return the rows of `among` whose codes are nearest to those of `X`, the nearest first.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Items to look for. One that is in `among` too is found there first, but for
            others with the same code.
        among : array-like or sparse matrix of shape (n_others, n_features)
            Items to find.
        n : int, default=10
            How many for an item, from 1 to n_others.
        metric : {'euclidean', 'cosine'}, default='euclidean'
            The distance between the codes, or the angle between them alone.

        Returns
        -------
        ndarray of shape (n_samples, n), int

        Raises
        ------
        DataError
            If `n` or `metric` is out of its range.
        """
        return nearest_codes(
            self._codes(self._check(among)), self._codes(self._check(X)), n, metric
        )
