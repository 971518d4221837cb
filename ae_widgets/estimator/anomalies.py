"""The estimator as a detector of anomalies."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import check_is_fitted

from ae_widgets.analysis.anomalies import (
    SCORES,
    CombinedScore,
    LatentDistance,
    threshold,
)
from ae_widgets.analysis.contributions import feature_contributions
from ae_widgets.engine.items import dense, items
from ae_widgets.estimator.available import available_unless
from ae_widgets.estimator.prediction import Predictions, prediction_of
from ae_widgets.estimator.use import FittedAutoencoder
from ae_widgets.exceptions import SettingsError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["AnomalyDetection"]

MOST = 0.5
"""Largest share of anomalies: what most items are is not anomalous."""


def _no_decisions(model: Any) -> str:
    if model.contamination is None:
        return "No threshold is known: set contamination, the share of anomalies, and fit."
    entry = prediction_of(model)
    if entry is not None and entry.estimator_type != "outlier_detector":
        return (
            f"The estimator is a {entry.estimator_type}, and scikit-learn would take it for how "
            "certain the predictions are. Anomalies are the items with score_samples(X) < offset_; "
            "for a detector set delta=0 and gamma=0."
        )
    return ""


class AnomalyDetection(Predictions, FittedAutoencoder):
    """Scores of items, and with `contamination` a threshold on them."""

    contamination: float | str | None
    anomaly_score: str
    offset_: float
    _usual: LatentDistance | CombinedScore | None

    def score_samples(self, X: ArrayLike) -> NDArray[np.floating]:
        """Return how usual each item is, shape (n_samples,): the lowest are anomalies.

        Minus the reconstruction error, the distance in the latent space, or the larger
        of both, as `anomaly_score` asks for. Minus infinity for an item without any observed value:
        nothing tells that it is usual.

        Returns
        -------
        ndarray of shape (n_samples,)
            float32. With `contamination` float64, and computed in it, so that an item's
            score does not depend on the items beside it in its last bits.
        """
        check_is_fitted(self, "network_")
        scores = self._scores(self._check(X))
        return scores if self.contamination is not None else scores.astype(np.float32)

    def contributions(self, X: ArrayLike) -> Floats:
        """Return what each feature adds to each item's anomaly score.

        A row sums to minus the item's `score_samples`, to rounding. The formulas
        stand in `ae_widgets.analysis.contributions`.

        Returns
        -------
        ndarray of shape (n_samples, n_features), float64
            Where a step of `preprocess` mixes features, as PCA and k-means do, each score is
            shared out among the features; where such a step cannot be undone, among what the
            network is given instead: see `feature_contributions` there. A row of NaN for an
            item without any observed value.

        Raises
        ------
        SettingsError
            If `anomaly_score` is not 'reconstruction': what is measured in the latent
            space is no sum over features.
        """
        if self.anomaly_score != "reconstruction":
            msg = (
                f"The anomaly_score {self.anomaly_score!r} is measured in the latent space and no "
                "sum over features. contributions needs anomaly_score='reconstruction'."
            )
            raise SettingsError(msg)
        checked: Any = self._check(X)
        inputs: Any = self._inputs(checked)
        outputs = self._outputs(inputs)
        if issparse(inputs):
            inputs = dense(items(inputs), self._error_kind).numpy()
        made = getattr(self, "preprocessor_", None)
        parts = feature_contributions(self._error_kind, inputs, outputs, made)
        if self._takes_missing:
            parts[self._unknown(checked)] = np.nan
        return parts

    @available_unless(_no_decisions)
    def decision_function(self, X: ArrayLike) -> Floats:
        """Return ``score_samples(X) - offset_``, shape (n_samples,): negative for anomalies.

        Not there beside `delta` and `gamma`: scikit-learn's scorers take a classifier's
        `decision_function` for that of the classes, before they look for `predict_proba`.
        """
        check_is_fitted(self, "offset_")
        return self._scores(self._check(X)) - self.offset_

    def _predict_outliers(self, X: ArrayLike) -> NDArray[np.int64]:
        return np.where(self.decision_function(X) < 0, -1, 1)

    def _prepare_anomalies(self) -> None:
        """Refuse parameters that make no sense, and forget what was learnt before."""
        share = self.contamination
        number = isinstance(share, Real) and not isinstance(share, bool) and 0 < share <= MOST
        if share is not None and not number and not (isinstance(share, str) and share == "auto"):
            msg = f"contamination must be None, 'auto' or a number in (0, 0.5], got {share!r}."
            raise SettingsError(msg)
        if not isinstance(self.anomaly_score, str) or self.anomaly_score not in SCORES:
            msg = f"anomaly_score must be one of {', '.join(SCORES)}, got {self.anomaly_score!r}."
            raise SettingsError(msg)
        self._usual = None
        self.__dict__.pop("offset_", None)

    def _fit_anomalies(self, features: Any) -> None:
        """Learn from checked items what is usual, as far as that is asked for."""
        if self.anomaly_score == "combined":
            self._usual = CombinedScore(*self._errors_and_codes(features))
        elif self.anomaly_score != "reconstruction":
            codes = self._codes(features, double=self._exact)
            self._usual = LatentDistance(codes, self.anomaly_score)
        if self.contamination is not None:
            self.offset_ = -threshold(-self._scores(features), self.contamination)

    def _scores(self, features: Any) -> Floats:
        """Return the scores of checked items."""
        scores: Floats
        usual: Any = None if self.anomaly_score == "reconstruction" else self._require_usual()
        if usual is None:
            scores = -self._errors(features, double=self._exact).astype(np.float64)
        elif isinstance(usual, CombinedScore):
            scores = -usual(*self._errors_and_codes(features))
        else:
            scores = -usual(self._codes(features, double=self._exact))
        if self._takes_missing:
            scores[self._unknown(features)] = -np.inf
        return scores

    @property
    def _exact(self) -> bool:
        """Whether to compute in float64; modules of the user's may not be able to."""
        return self.contamination is not None and self.encoder is None and self.decoder is None

    def _errors_and_codes(self, features: Any) -> tuple[Floats, Floats]:
        exact = self._exact
        return self._errors(features, double=exact), self._codes(features, double=exact)

    def _require_usual(self) -> LatentDistance | CombinedScore:
        usual: LatentDistance | CombinedScore | None = getattr(self, "_usual", None)
        if usual is None:
            msg = (
                f"The anomaly_score {self.anomaly_score!r} compares with the codes of the items "
                "that were fitted: set it before fit, and fit again."
            )
            raise SettingsError(msg)
        return usual
