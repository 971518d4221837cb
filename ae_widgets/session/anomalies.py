"""How unusual the items of a run are at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.analysis.anomalies import CombinedScore, LatentDistance, unknown_items

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ae_widgets.data import Dataset
    from ae_widgets.session.latent import LatentFrame

__all__ = ["AnomalyScores", "anomaly_scores"]


@dataclass(frozen=True, eq=False)
class AnomalyScores:
    """Scores of all items, by one way to score them.

    Attributes
    ----------
    kind : str
        One of `ae_widgets.analysis.anomalies.SCORES`.
    values : ndarray of shape (n_samples,), float64
        The higher, the more unusual; infinite for an item without any observed value.
    epoch : float
        Epochs completed when the codes and errors were taken.
    exact : bool
        Whether all were computed with the weights of that moment.
    """

    kind: str
    values: NDArray[np.float64]
    epoch: float
    exact: bool


def anomaly_scores(
    kind: str, frame: LatentFrame, dataset: Dataset, *, masked: bool = False
) -> AnomalyScores | None:
    """Return the scores of the items of a frame, None if its codes are not finite.

    Where the run is `masked`, values that a sparse matrix does not store are missing.
    """
    if kind == "reconstruction":
        values = frame.errors.astype(np.float64)
    elif not np.isfinite(frame.codes).all():
        return None
    elif kind == "combined":
        values = CombinedScore(frame.errors, frame.codes)(frame.errors, frame.codes)
    else:
        values = LatentDistance(frame.codes, kind)(frame.codes)
    if dataset.has_missing or (masked and dataset.sparse):
        values[unknown_items(dataset.features)] = np.inf
    return AnomalyScores(kind, values, frame.epoch, frame.exact)
