"""How unusual items are: scores, thresholds and curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.analysis.threads import one_thread
from ae_widgets.data.sparse import is_sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "SCORES",
    "CombinedScore",
    "Curves",
    "LatentDistance",
    "curves",
    "threshold",
    "unknown_items",
]

SCORES = ("reconstruction", "latent", "neighbors", "combined")
"""Ways to score an item: by its reconstruction error, by where its code lies, or both."""

N_NEIGHBORS = 5
"""Nearest codes whose distances are averaged by 'neighbors', as in PyOD's KNN."""

MAX_CODES = 20_000
"""Codes that a distance is learnt from; of more, so many are drawn at random."""

FLAT = 1e-7
"""Directions whose variance is below this share of the largest hold no code but one."""

SAME = 1e-5
"""Codes that are closer than this share of the largest value are one code in float32."""

FENCE = 1.5
"""Tukey's factor on the interquartile range."""

SMALLEST, NARROWEST, HIGHEST_LOG = 1e-30, 1e-6, 300.0
"""Bounds of what is taken the logarithm of, of its spread, and of what is raised from it."""


def unknown_items(features: Any) -> NDArray[np.bool_]:
    """Return which items have no observed value at all: nothing tells how usual they are.

    Values that a CSR matrix does not store are not observed.
    """
    unknown: NDArray[np.bool_]
    if is_sparse(features):
        rows = np.repeat(np.arange(features.shape[0]), np.diff(features.indptr))
        observed = np.bincount(rows[~np.isnan(features.data)], minlength=features.shape[0])
        unknown = observed == 0
        return unknown
    unknown = np.isnan(features).all(axis=1)
    return unknown


# Where a code lies -------------------------------------------------------------------


class LatentDistance:
    r"""How far codes are from the ones that it was made of.

    - 'latent': the squared Mahalanobis distance
      :math:`(z - \mu)^\top \Sigma^{-1} (z - \mu)` from the mean of the codes
      (Mahalanobis 1936). Directions in which they do not spread are left out. With
      `robust`, mean and covariance are those of the half of the codes that lies
      closest together (minimum covariance determinant, Rousseeuw & Van Driessen
      1999, *Technometrics* 41, 212-223), which anomalies cannot pull towards
      themselves; it takes one cloud of codes for granted, and several classes are
      seldom one.
    - 'neighbors': the mean distance to the five nearest of the codes, itself left out
      where it is one of them (Angiulli & Pizzuti 2002, PKDD, 15-27). It makes no
      assumption on the form of the clouds.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, code_dim)
        Finite codes, at least one. Of more than 20,000, so many are drawn.
    kind : {'latent', 'neighbors'}, default='latent'
    robust : bool, default=False
        Used by 'latent' only.
    """

    def __init__(
        self, codes: NDArray[np.floating], kind: str = "latent", *, robust: bool = False
    ) -> None:
        self._kind = kind
        sample = np.asarray(codes, np.float64)
        if len(sample) > MAX_CODES:
            rows = np.random.default_rng(0).choice(len(sample), MAX_CODES, replace=False)
            sample = sample[np.sort(rows)]
        with one_thread():
            if kind == "neighbors":
                self._neighbors = _neighbors(sample)
                self._touching = SAME * float(np.abs(sample).max(initial=0))
            else:
                self._mean, self._whitening = _whitening(sample, robust=robust)

    def __call__(self, codes: NDArray[np.floating]) -> Floats:
        """Return the distance of each code, shape (n_samples,)."""
        values = np.asarray(codes, np.float64)
        with one_thread():
            if self._kind == "neighbors":
                return self._to_neighbors(values)
            squares: Floats = np.square((values - self._mean) @ self._whitening).sum(axis=1)
            return squares

    def _to_neighbors(self, codes: Floats) -> Floats:
        distances, _ = self._neighbors.kneighbors(codes)  # ascending
        k = max(1, distances.shape[1] - 1)  # of a single code, only that one
        # Computed with other items, a code may differ from itself in its last bits.
        itself = distances[:, 0] <= self._touching
        nearest = np.where(itself[:, None], distances[:, -k:], distances[:, :k])
        mean: Floats = nearest.mean(axis=1)
        return mean


def _neighbors(sample: Floats) -> Any:
    from sklearn.neighbors import NearestNeighbors

    return NearestNeighbors(n_neighbors=min(N_NEIGHBORS + 1, len(sample))).fit(sample)


def _whitening(sample: Floats, *, robust: bool) -> tuple[Floats, Floats]:
    """Return the mean, and the matrix that makes squared lengths Mahalanobis distances."""
    if robust:
        from sklearn.covariance import MinCovDet

        fitted = MinCovDet(random_state=0).fit(sample)
        mean, covariance = fitted.location_, fitted.covariance_
    else:
        mean = sample.mean(axis=0)
        centred = sample - mean
        covariance = centred.T @ centred / max(1, len(sample) - 1)
    variances, directions = np.linalg.eigh(covariance)
    spread = variances > FLAT * max(float(variances[-1]), np.finfo(float).tiny)
    return mean, directions[:, spread] / np.sqrt(variances[spread])


class CombinedScore:
    r"""The reconstruction error or the distance from the nearest codes, whichever is odder.

    An item can be unusual in that the network cannot give it back, or in that its code
    lies apart. Both are brought to one scale, on which a median item of those that
    this is made of is at 1 and one at the upper quartile at :math:`e`:
    :math:`\exp((\log v - m) / (q - m))` with :math:`m` and :math:`q` the median and
    the upper quartile of the logarithms. The larger of the two is the score (H.-P.
    Kriegel et al., "Interpreting and unifying outlier scores", SDM 2011; C. C.
    Aggarwal, "Outlier ensembles", SIGKDD Explorations 14, 2013, on the maximum).

    Parameters
    ----------
    errors : ndarray of shape (n_samples,)
        Reconstruction errors.
    codes : ndarray of shape (n_samples, code_dim)
        As for `LatentDistance`.
    """

    def __init__(self, errors: NDArray[np.floating], codes: NDArray[np.floating]) -> None:
        self._distance = LatentDistance(codes, "neighbors")
        self._scales = [_log_scale(values) for values in (errors, self._distance(codes))]

    def __call__(self, errors: NDArray[np.floating], codes: NDArray[np.floating]) -> Floats:
        """Return the score of each item, shape (n_samples,)."""
        places = [
            (_log(values) - middle) / spread
            for values, (middle, spread) in zip(
                (errors, self._distance(codes)), self._scales, strict=True
            )
        ]
        scores: Floats = np.exp(np.clip(np.maximum(*places), -HIGHEST_LOG, HIGHEST_LOG))
        return scores


def _log(values: NDArray[np.floating]) -> Floats:
    logarithms: Floats = np.log(np.maximum(np.asarray(values, np.float64), SMALLEST))
    return logarithms


def _log_scale(values: NDArray[np.floating]) -> tuple[float, float]:
    finite = _log(values)[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    middle, upper = np.percentile(finite, [50, 75])
    return float(middle), float(max(upper - middle, NARROWEST))


# Thresholds and curves ---------------------------------------------------------------


def threshold(scores: NDArray[np.floating], contamination: float | str) -> float:
    """Return the score beyond which an item counts as an anomaly.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        The higher, the more unusual; those that are not finite are left out.
    contamination : float in (0, 0.5] or 'auto'
        The share of the items that lies beyond. 'auto' takes the fence of J. W.
        Tukey, *Exploratory Data Analysis*, 1977, the upper quartile plus 1.5 times
        the distance between the quartiles, of the square roots of the scores: those of
        sums of squares are nearly Gaussian (R. A. Fisher, *Statistical Methods for
        Research Workers*, 1925), and then some 0.3 % of the items lie beyond.
    """
    finite = np.asarray(scores, np.float64)
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return np.inf
    if not isinstance(contamination, str):
        return float(np.percentile(finite, 100 * (1 - contamination)))
    low, high = np.percentile(np.sqrt(np.maximum(finite, 0)), [25, 75])
    return float(np.square(high + FENCE * (high - low)))


@dataclass(frozen=True, eq=False)
class Curves:
    """How well scores tell anomalies from the rest.

    Attributes
    ----------
    false_positives, true_positives : ndarray
        Points of the ROC curve: shares of the usual items and of the anomalies that
        lie beyond a threshold.
    roc_auc : float
        Area under it; the probability that an anomaly has the higher score.
    recall, precision : ndarray
        Points of the precision-recall curve.
    average_precision : float
        Area under that.
    """

    false_positives: Floats
    true_positives: Floats
    roc_auc: float
    recall: Floats
    precision: Floats
    average_precision: float


def curves(scores: NDArray[np.floating], anomalous: NDArray[Any]) -> Curves | None:
    """Return the curves of scores against what is known, None if they are not defined.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        The higher, the more unusual. Infinite ones come first; NaN is left out.
    anomalous : ndarray of shape (n_samples,)
        1 for an anomaly, 0 for a usual item, anything else where it is not known.
    """
    from sklearn.metrics import (
        average_precision_score,
        precision_recall_curve,
        roc_auc_score,
        roc_curve,
    )

    known = np.isin(anomalous, (0, 1)) & ~np.isnan(scores)
    y = np.asarray(anomalous)[known].astype(int)
    if not 0 < y.sum() < len(y):
        return None
    values = np.clip(np.asarray(scores, np.float64)[known], None, np.finfo(np.float64).max)
    false, true, _ = roc_curve(y, values)
    precision, recall, _ = precision_recall_curve(y, values)
    return Curves(
        false_positives=false,
        true_positives=true,
        roc_auc=float(roc_auc_score(y, values)),
        recall=recall,
        precision=precision,
        average_precision=float(average_precision_score(y, values)),
    )
