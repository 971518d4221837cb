"""Clusters of any shape on codes: a mixture of Gaussians, and dense regions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NO_CLUSTER", "Predict", "density_clusters", "mixture_clusters"]

Predict = Callable[["NDArray[np.float64]"], "NDArray[np.integer]"]
"""From codes (n, code_dim) to the number of each one's cluster (n,)."""

NO_CLUSTER = -1
"""What HDBSCAN calls noise."""

ENOUGH = 10
"""Codes for each dimension and cluster from which on covariances are full, not diagonal."""

MAX_ITER = 1000
"""Iterations of the mixture at most; it converges in far fewer."""

CLEARLY_BETTER = 0.1
"""Mean log-likelihood by which a mixture from scratch must be above one that goes on."""

DENSITY_ROWS = 3000
"""Rows on which HDBSCAN looks: it compares them in pairs, and holds the interpreter."""

SMALLEST = 0.01
"""Share of the rows that make a cluster of HDBSCAN; no less than `FEWEST`."""

FEWEST = 5


def mixture_clusters(
    sample: NDArray[np.float64],
    n_clusters: int,
    random_state: int,
    last: NDArray[np.integer] | None = None,
) -> Predict:
    """Fit a mixture of Gaussians, and return what tells the likeliest one of codes.

    `sklearn.mixture.GaussianMixture`, with full covariances where there are enough codes
    for them and diagonal ones elsewhere.

    Parameters
    ----------
    sample : ndarray of shape (n, code_dim)
        Of about unit size, with at least `n_clusters` distinct codes.
    n_clusters : int
    random_state : int
    last : ndarray of shape (n,), optional
        Clusters to go on from, `n_clusters` of them.
    """
    from sklearn.mixture import GaussianMixture

    if n_clusters == 1:
        return lambda codes: np.zeros(len(codes), np.int32)
    full = len(sample) >= ENOUGH * n_clusters * sample.shape[1]
    kind = "full" if full else "diag"

    def fit(**start: Any) -> Any:
        model = GaussianMixture(
            n_clusters, covariance_type=kind, max_iter=MAX_ITER, random_state=random_state, **start
        )
        return model.fit(sample)

    found = fit()
    if last is not None:
        warm = fit(**_moments(sample, last, found.reg_covar, full=full))
        if found.lower_bound_ <= warm.lower_bound_ + CLEARLY_BETTER:
            found = warm
    predict: Predict = found.predict
    return predict


def density_clusters(sample: NDArray[np.float64], random_state: int) -> Predict:
    """Find dense regions, and return what tells the one of codes, or -1.

    `sklearn.cluster.HDBSCAN` on at most 3,000 of the codes, with clusters of one per cent
    of them or more; others are in the cluster of their nearest code among these.

    Parameters
    ----------
    sample : ndarray of shape (n, code_dim)
    random_state : int
        Seed of the choice of codes.

    References
    ----------
    R. Campello, D. Moulavi and J. Sander, "Density-based clustering based on hierarchical
    density estimates", PAKDD 2013.
    """
    from sklearn.cluster import HDBSCAN
    from sklearn.metrics import pairwise_distances_argmin

    if len(sample) > DENSITY_ROWS:
        rows = np.random.default_rng(random_state).choice(len(sample), DENSITY_ROWS, replace=False)
        sample = sample[np.sort(rows)]
    if len(sample) < 2 * FEWEST:
        return lambda codes: np.full(len(codes), NO_CLUSTER)
    size = max(FEWEST, round(SMALLEST * len(sample)))
    labels: NDArray[np.int64] = HDBSCAN(size, min_samples=FEWEST, copy=True).fit(sample).labels_

    def predict(codes: NDArray[np.float64]) -> NDArray[np.integer]:
        nearest: NDArray[np.int64] = labels[pairwise_distances_argmin(codes, sample)]
        return nearest

    return predict


def _moments(
    sample: NDArray[np.float64], clusters: NDArray[np.integer], ridge: float, *, full: bool
) -> dict[str, NDArray[np.float64]]:
    """Return the weights, means and precisions of clusters, as a mixture starts from them."""
    parts = [sample[clusters == number] for number in np.unique(clusters)]
    if full:
        ridges = ridge * np.eye(sample.shape[1])
        spread = [np.cov(part.T, bias=True).reshape(ridges.shape) + ridges for part in parts]
        precisions = np.linalg.inv(np.stack(spread))
    else:
        precisions = 1 / (np.stack([part.var(axis=0) for part in parts]) + ridge)
    return {
        "weights_init": np.array([len(part) for part in parts]) / len(sample),
        "means_init": np.stack([part.mean(axis=0) for part in parts]),
        "precisions_init": precisions,
    }
