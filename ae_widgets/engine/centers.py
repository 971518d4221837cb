"""Where the centres of clusters are placed, and when they no longer fit the codes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.float32]
    Clusters = NDArray[np.int32]

__all__ = ["Fit", "Placement", "fit_of", "place", "settle"]

N_INIT = 20
"""Starts of k-means, of which the best is taken (as Xie et al. do)."""

LAG = 0.2
"""Share of the squared distances from which on the centres have been left behind: well
pretrained digits stay below it, and codes that a classifier moves are above within epochs."""

SMALL = 0.05
"""Share of the items that clusters of one size would hold, below which one is as good as empty."""

FRESH_GAIN = 0.9
"""Groups that k-means finds from scratch are taken if their inertia is below this share."""


SAMPLE = 20_000
"""Codes that k-means looks at, at most: more of them move its centres less than its starts do."""


class Placement(NamedTuple):
    """Where k-means places centres.

    Attributes
    ----------
    centers : ndarray of shape (n_clusters, code_dim), float32
    clusters : ndarray of shape (n,), int32
        Each item's.
    inertia : float
        Summed squared distances of the codes to their centres.
    """

    centers: Codes
    clusters: Clusters
    inertia: float


class Fit(NamedTuple):
    """How centres fit codes.

    Attributes
    ----------
    clusters : ndarray of shape (n,), int32
        Each item's nearest centre.
    inertia : float
        Summed squared distances of the codes to the means of their clusters.
    lag : float
        Share of the summed squared distances to the centres themselves that is more than
        that, from 0, as k-means leaves them, to 1.
    smallest : float
        Items of the smallest cluster, as a share of those it would hold if all held the same.
    """

    clusters: Clusters
    inertia: float
    lag: float
    smallest: float


def place(
    codes: Codes,
    n_clusters: int,
    random_state: int,
    before: Clusters | None = None,
    *,
    n_init: int = N_INIT,
) -> Placement:
    """Place centres where k-means finds groups.

    Parameters
    ----------
    codes : ndarray of shape (n, code_dim), float32
        Of more than `SAMPLE`, as many evenly spread ones decide where.
    n_clusters : int from 1 to n
    random_state : int
    before : ndarray of shape (n,), int32, optional
        Clusters that the items were in: each new one gets the number under which most of
        its items were known (Kuhn 1955, *Naval Research Logistics Quarterly* 2, 83-97).
    n_init : int, default=20
        Starts of k-means, of which the best is taken.
    """
    from sklearn.cluster import KMeans

    kmeans, some = KMeans(n_clusters, n_init=n_init, random_state=random_state), _spread(codes)
    with _pools().limit(limits=1):  # sums of several threads come in any order
        kmeans.fit(some)
    centers, clusters = kmeans.cluster_centers_.astype(np.float32), kmeans.labels_
    inertia = float(kmeans.inertia_)
    if some is not codes:
        clusters, inertia, *_ = fit_of(codes, centers)
    if before is not None:
        number = _numbers(clusters, before, n_clusters)
        clusters, centers = number[clusters], centers[np.argsort(number)]
    return Placement(centers, clusters.astype(np.int32), inertia)


def settle(codes: Codes, centers: Codes | None, n_clusters: int, random_state: int) -> Placement:
    """Return the centres where they are if they fit the codes, or else placed anew.

    They are placed if there are none, if another number is asked for, if they lag behind the
    means of their items, if one is next to empty, or if k-means finds clearly better groups
    from scratch.

    Parameters
    ----------
    codes : ndarray of shape (n, code_dim), float32
        Fewer of them than clusters have as many clusters as there are codes.
    centers : ndarray of shape (n_present, code_dim), float32, or None
    n_clusters, random_state : int
    """
    n_clusters = min(n_clusters, len(codes))
    if centers is None:
        return place(codes, n_clusters, random_state)
    fit = fit_of(codes, centers)
    some = _spread(codes)
    fit_of_some = fit if some is codes else fit_of(some, centers)
    if len(centers) == n_clusters and not _left(some, fit_of_some, n_clusters, random_state):
        return Placement(centers, fit.clusters, fit.inertia)
    return place(codes, n_clusters, random_state, fit.clusters)


def fit_of(codes: Codes, centers: Codes) -> Fit:
    r"""Return how centres fit codes.

    With the means :math:`m_j` of the items and their numbers :math:`n_j` the squared
    distances are :math:`\sum_i \|z_i - \mu_{s_i}\|^2 = \sum_i \|z_i - m_{s_i}\|^2 +
    \sum_j n_j \|m_j - \mu_j\|^2`; the lag is the share of the last sum.

    Parameters
    ----------
    codes : ndarray of shape (n, code_dim), float32
    centers : ndarray of shape (n_clusters, code_dim), float32
    """
    from sklearn.metrics import pairwise_distances_argmin

    nearest = pairwise_distances_argmin(codes, centers)
    sizes = np.bincount(nearest, minlength=len(centers))
    sums = [np.bincount(nearest, column, len(centers)) for column in codes.T]
    means = np.stack(sums, axis=1) / np.maximum(sizes, 1)[:, None]
    inertia = float(np.square(codes - means[nearest]).sum())
    behind = float(sizes @ np.square(means - centers).sum(axis=1))
    lag = behind / (inertia + behind) if behind else 0.0
    return Fit(nearest.astype(np.int32), inertia, lag, _smallest(nearest, len(centers)))


def _spread(codes: Codes) -> Codes:
    """Return the codes, or evenly spread ones where they are many."""
    n = len(codes)
    return codes if n <= SAMPLE else codes[np.linspace(0, n - 1, SAMPLE).astype(np.intp)]


@cache
def _pools() -> Any:
    """Return what limits threads; looking for the libraries takes as long as k-means does."""
    return ThreadpoolController()


def _left(codes: Codes, fit: Fit, n_clusters: int, random_state: int) -> bool:
    """Whether codes have left the centres that fit them so."""
    if fit.lag > LAG:
        return True
    fresh = place(codes, n_clusters, random_state, n_init=1)
    emptied = fit.smallest < min(SMALL, _smallest(fresh.clusters, n_clusters))
    return emptied or fresh.inertia < FRESH_GAIN * fit.inertia


def _smallest(clusters: Clusters, n_clusters: int) -> float:
    """Return the items of the smallest cluster as a share of an equal one's."""
    sizes = np.bincount(clusters, minlength=n_clusters)
    return float(sizes.min() * n_clusters / len(clusters))


def _numbers(clusters: Clusters, before: Clusters, n_clusters: int) -> NDArray[np.intp]:
    """Return each cluster's number, under which most of its items were known."""
    from scipy.optimize import linear_sum_assignment

    known = before < n_clusters
    overlap = np.zeros((n_clusters, n_clusters), np.int64)
    np.add.at(overlap, (clusters[known], before[known]), 1)
    numbers: NDArray[np.intp] = linear_sum_assignment(overlap, maximize=True)[1]
    return numbers
