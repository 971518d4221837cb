"""Clusters of the codes that keep their numbers, and so their colours, while training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.analysis.density import NO_CLUSTER, density_clusters, mixture_clusters
from ae_widgets.analysis.threads import one_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ae_widgets.analysis.density import Predict

__all__ = ["CLUSTER_METHODS", "StableClusters"]

CLUSTER_METHODS = ("kmeans", "gaussian_mixture", "hdbscan")
"""Ways to find clusters on the codes."""

MAX_ROWS = 20_000
"""Rows on which the centres are found."""

BLOCK = 1 << 16  # rows assigned in one go

LARGEST = 1e37  # beyond it squares are of no use: treated like NaN

NOISE = 1e-9
"""Spread, as a share of the mean code's size, up to which codes are all the same."""

DECIMALS = 6
"""Codes that agree to so many digits of the largest are one point to k-means."""

FRESH_GAIN = 0.9
"""Clusters found from scratch are taken if their inertia is below this share."""

INITS = 10
"""Starts of which the best is taken where clusters are found afresh."""

MAX_WORK = 100_000_000
"""Values of codes times clusters, over all starts: beyond it there are fewer, as of
thousands of clusters each takes seconds."""


class StableClusters:
    """Clusters of each frame of codes, numbered as in the last frame.

    While a network trains, k-means and the mixture start from the items that were
    together last time, which does not depend on how the codes have turned since, and
    once from scratch, so that clusters found early do not outlive their use; the latter
    is taken only if it is clearly better. Found afresh, clusters depend on the codes
    alone, and those of k-means are the best of several starts. The clusters then get
    the numbers under which most of their items were known (the assignment of largest overlap,
    Kuhn 1955, *Naval Research Logistics Quarterly* 2, 83-97).

    Parameters
    ----------
    n_clusters : int, default=10
        Number of clusters; fewer if there are fewer distinct codes. HDBSCAN finds it
        by itself.
    random_state : int, default=0
        Seed of the first centres.
    method : {'kmeans', 'gaussian_mixture', 'hdbscan'}, default='kmeans'
        'gaussian_mixture' and 'hdbscan' are `mixture_clusters` and `density_clusters` of
        `ae_widgets.analysis.density`.
    """

    def __init__(self, n_clusters: int = 10, random_state: int = 0, method: str = "kmeans") -> None:
        self._n_clusters = n_clusters
        self._random_state = random_state
        self._method = method
        self._last: NDArray[np.int32] | None = None

    def assign(self, codes: NDArray[np.floating], *, afresh: bool = False) -> NDArray[np.int32]:
        """Return the number of each item's cluster; -1 where HDBSCAN finds none.

        Parameters
        ----------
        codes : ndarray of shape (n_samples, code_dim)
            The codes of all items, turned or not. If one is not finite, the last
            clusters are returned again.
        afresh : bool, default=False
            Whether to find clusters that depend on nothing but the codes. Their numbers
            are those of the last ones all the same.
        """
        if self._last is not None and len(self._last) != len(codes):
            self._last = None
        if not (np.abs(codes) < LARGEST).all():
            return np.zeros(len(codes), np.int32) if self._last is None else self._last
        rows = np.arange(len(codes))
        if len(rows) > MAX_ROWS:
            rows = np.sort(np.random.default_rng(0).choice(rows, MAX_ROWS, replace=False))
        mean = codes.mean(axis=0, dtype=np.float64)
        sample = codes[rows] - mean
        scale = float(np.abs(sample).max())
        if scale <= NOISE * float(np.abs(mean).max()):
            scale = 1.0  # all codes are the same but for rounding
        with one_thread():
            predict = self._fitted(sample / scale, rows, afresh=afresh)
            clusters = np.empty(len(codes), np.int32)
            for start in range(0, len(codes), BLOCK):
                block = slice(start, start + BLOCK)
                clusters[block] = predict((codes[block] - mean) / scale)
        self._last = clusters if self._last is None else _renumbered(clusters, self._last)
        return self._last

    def _fitted(self, sample: NDArray[np.float64], rows: NDArray[Any], *, afresh: bool) -> Predict:
        """Return what tells the clusters of codes that are scaled as `sample` is."""
        if self._method == "hdbscan":
            return density_clusters(sample, self._random_state)
        distinct = len(np.unique(sample.round(DECIMALS), axis=0))
        n_clusters = min(self._n_clusters, distinct)
        last = None if afresh or self._last is None else self._last[rows]
        if last is not None and len(np.unique(last)) != n_clusters:
            last = None
        if self._method == "gaussian_mixture":
            return mixture_clusters(sample, n_clusters, self._random_state, last)
        n_init = _inits(sample.size * n_clusters) if afresh else 1
        return _nearest(_centres(sample, n_clusters, self._random_state, last, n_init))


def _inits(work: int) -> int:
    return max(1, min(INITS, MAX_WORK // max(1, work)))


def _centres(
    sample: NDArray[np.float64],
    n_clusters: int,
    seed: int,
    last: NDArray[np.int32] | None,
    n_init: int,
) -> NDArray[np.float64]:
    found = _fit(sample, n_clusters, "k-means++", seed, n_init)
    if last is not None:
        means = np.stack([sample[last == number].mean(axis=0) for number in np.unique(last)])
        warm = _fit(sample, n_clusters, means, seed)
        if found.inertia_ >= FRESH_GAIN * warm.inertia_:
            found = warm
    centres: NDArray[np.float64] = found.cluster_centers_
    return centres


def _fit(
    sample: NDArray[np.float64], n_clusters: int, init: Any, random_state: int, n_init: int = 1
) -> Any:
    from sklearn.cluster import KMeans

    return KMeans(n_clusters, init=init, n_init=n_init, random_state=random_state).fit(sample)


def _nearest(centres: NDArray[np.float64]) -> Predict:
    """Return what tells the nearest centre of each code, by ||c||² - 2 x·c."""
    squares = np.square(centres).sum(axis=1)

    def predict(codes: NDArray[np.float64]) -> NDArray[np.integer]:
        nearest: NDArray[np.intp] = (squares - 2 * codes @ centres.T).argmin(axis=1)
        return nearest

    return predict


def _renumbered(clusters: NDArray[np.int32], last: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give each cluster the number under which most of its items were known."""
    from scipy.optimize import linear_sum_assignment

    size = int(max(clusters.max(), last.max())) + 1
    overlap = np.zeros((size, size), np.int64)
    both = (clusters != NO_CLUSTER) & (last != NO_CLUSTER)
    np.add.at(overlap, (clusters[both], last[both]), 1)
    _, number = linear_sum_assignment(overlap, maximize=True)
    numbered = np.full_like(clusters, NO_CLUSTER)
    found = clusters != NO_CLUSTER
    numbered[found] = number[clusters[found]]
    return numbered
