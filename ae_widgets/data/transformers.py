"""The steps that scikit-learn has not, and its scalers by name."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import (
    MinMaxScaler,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from ae_widgets.data.features import blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["AppendClusters", "OnColumns", "scaler"]

MAX_QUANTILES = 1000

MAX_CLUSTERED = 20_000
"""Items that k-means looks for its centres in."""


# The errors that mypy is told to ignore: scikit-learn has no types.
class OnColumns(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A scaler of some columns, which leaves the others in their places."""

    def __init__(self, scaler: Any, columns: NDArray[np.intp]) -> None:
        self.scaler = scaler
        self.columns = columns

    def fit(self, X: Floats, _y: object = None) -> Self:
        """Fit the scaler on its columns."""
        if self.columns.size:
            self.scaler.fit(X[:, self.columns])
        return self

    def transform(self, X: Floats) -> Floats:
        """Return the items with their columns scaled."""
        return self._replaced(X, self.scaler.transform)

    def inverse_transform(self, X: Floats) -> Floats:
        """Undo it."""
        return self._replaced(X, self.scaler.inverse_transform)

    def _replaced(self, X: Floats, function: Callable[[Floats], Any]) -> Floats:
        Z = X.copy()
        if self.columns.size:
            Z[:, self.columns] = np.asarray(function(X[:, self.columns]))
        return Z


class WithinRange(MinMaxScaler):  # type: ignore[misc]
    """scikit-learn's scaler to [0, 1], in float64: in float32 the largest may come to 1.0000001."""

    def fit(self, X: Floats, y: object = None) -> Self:
        """Find the smallest and the largest value of each feature."""
        first, *others = blocks(X)
        super().fit(X[first].astype(np.float64), y)
        for rows in others:
            self.partial_fit(X[rows].astype(np.float64))
        return self

    def transform(self, X: Floats) -> Floats:
        """Return the items scaled, in the type that they have."""
        Z = np.empty_like(X)
        for rows in blocks(X):
            Z[rows] = super().transform(X[rows].astype(np.float64))
        return Z


class AppendClusters(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The features, and after them what k-means knows of an item."""

    def __init__(self, n_clusters: int, assignment: str, random_state: int) -> None:
        self.n_clusters = n_clusters
        self.assignment = assignment
        self.random_state = random_state

    def fit(self, X: Floats, _y: object = None) -> Self:
        """Look for the centres."""
        kmeans = KMeans(self.n_clusters, random_state=self.random_state)
        if len(X) > MAX_CLUSTERED:
            rng = np.random.default_rng(self.random_state)
            X = X[np.sort(rng.choice(len(X), MAX_CLUSTERED, replace=False))]
        with warnings.catch_warnings():
            # Fewer distinct items than clusters: some centres are the same.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.kmeans_ = kmeans.fit(X)
        self.spread_ = max(float(kmeans.inertia_) / len(X), float(np.finfo(np.float32).tiny))
        return self

    def transform(self, X: Floats) -> Floats:
        """Return the items, longer by what is known of them."""
        distances = np.asarray(self.kmeans_.transform(X))  # (n, n_clusters)
        match self.assignment:
            case "distances":
                known = distances / np.sqrt(X.shape[1])
            case "one-hot":
                known = np.eye(self.n_clusters)[distances.argmin(axis=1)]
            case _:
                # With one degree of freedom, and none of the squares beyond float64.
                kernel = 1 / (1 + np.square(distances, dtype=np.float64) / self.spread_)
                known = kernel / kernel.sum(axis=1, keepdims=True)
        return np.hstack([X, known.astype(np.float32)])

    def inverse_transform(self, X: Floats) -> Floats:
        """Return the features alone."""
        return X[:, : -self.n_clusters]


def scaler(name: str, n_samples: int, seed: int) -> Any:
    """Return the scaler of scikit-learn called `name` in `SCALINGS`, not fitted."""
    match name:
        case "standard":
            return StandardScaler()
        case "min-max":
            return WithinRange()
        case "robust":
            return RobustScaler()
        case _:
            return QuantileTransformer(n_quantiles=min(MAX_QUANTILES, n_samples), random_state=seed)
