"""Whether the columns of a table are of one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.data.table import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["scale_notice", "spreads"]

FAR = 100.0
"""A column that varies this many times as much as a typical one drowns it: its squared error
weighs ten thousand times as much."""

MAX_ROWS, MIN_ROWS = 10_000, 100
MAX_VALUES = 1 << 18
"""Bounds of what is looked at, so that large data is not read once more."""


def spreads(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the standard deviation of each column over evenly picked rows, shape (n_features,).

    What is missing (NaN) is left out; a column of nothing else has 0.
    """
    n_samples, n_features = features.shape
    n_rows = min(MAX_ROWS, max(MIN_ROWS, MAX_VALUES // n_features))
    picked = features[:: -(-n_samples // n_rows)].astype(np.float64)
    known = np.isfinite(picked)
    counts = np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, picked - np.where(known, picked, 0).sum(axis=0) / counts, 0)
    spread: NDArray[np.float64] = np.sqrt(np.square(centred).sum(axis=0) / counts)
    return spread


def scale_notice(features: NDArray[np.float32], names: Sequence[str]) -> str:
    """Say which column drowns the others and what to do; '' if none does.

    A column does if its standard deviation is more than `FAR` times the median of
    those that are not 0, the lower one of two.
    """
    spread = spreads(features)
    varied = np.sort(spread[spread > 0])
    if not varied.size or not varied[-1] > FAR * varied[(varied.size - 1) // 2]:
        return ""
    times = varied[-1] / varied[(varied.size - 1) // 2]
    widest = listing([repr(names[int(spread.argmax())])])
    return (
        f"Column {widest} varies {times:,.0f} times as much as a typical one. Scale the columns: "
        "preprocess='standard'."
    )
