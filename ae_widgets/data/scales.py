"""Whether the columns of a table are of one scale, and images of one that can be trained on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.data.sparse import is_sparse, value_range
from ae_widgets.data.table import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "brightness_notice",
    "mended_by_scaling",
    "pixel_notice",
    "rounding_notice",
    "scale_notice",
    "spreads",
]

FAR = 100.0
"""A column that varies this many times as much as a typical one drowns it: its squared error
weighs ten thousand times as much."""

STEPS = 300.0
"""A column whose standard deviation is of fewer steps of float32 has lost what tells its values
apart: to round them is a noise of 0.1 % of it."""

BRIGHT = 10.0
"""Images of a larger root mean square are not scaled: it is 1 of standardised ones, 8 of the
digits, which go to 16, and that of MNIST, which goes to 255, is 85."""

BYTE = 255

MIN_PIXELS, MIN_BYTE = 64, 100
"""Fewer columns, or whole numbers that go no further, are taken for counts, not for pixels."""

ADVICE = ("Scale the columns", "Divide them first")
"""What a notice of a scale tells to do."""

MAX_ROWS, MIN_ROWS = 10_000, 100
FEW_IMAGES = 10
MAX_VALUES = 1 << 18
"""Bounds of what is looked at, so that large data is not read once more."""


def spreads(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the standard deviation of each column over evenly picked rows, shape (n_features,).

    What is missing (NaN) is left out; a column of nothing else has 0.
    """
    picked = _picked(features, MIN_ROWS).astype(np.float64)
    known = np.isfinite(picked)
    if known.all():
        counts, centred = np.asarray(len(picked)), picked - picked.mean(axis=0)
    else:
        counts = np.maximum(known.sum(axis=0), 1)
        centred = np.where(known, picked - np.where(known, picked, 0).sum(axis=0) / counts, 0)
    spread: NDArray[np.float64] = np.sqrt(np.einsum("ij,ij->j", centred, centred) / counts)
    return spread


def rounding_notice(
    features: NDArray[np.float32], spread: NDArray[np.float64], names: Sequence[str]
) -> str:
    """Say which columns lie so far from 0 that float32 rounds them; '' if none does.

    Moments in seconds are an example: 1.7e9 has a step of 128. To scale them afterwards
    brings nothing back.
    """
    far = np.fmax.reduce(np.abs(_picked(features, MIN_ROWS)), axis=0)  # NaN where all is missing
    step = np.spacing(far)
    rounded = np.flatnonzero((spread > 0) & (spread < STEPS * step))
    if not rounded.size:
        return ""
    first = int(rounded[0])
    columns, lie, it = ("Column", "lies", "it") if rounded.size == 1 else ("Columns", "lie", "them")
    return (
        f"{columns} {listing([repr(names[int(i)]) for i in rounded])} {lie} so far from 0 that "
        f"float32 rounds {it}: {names[first]!r} varies by {spread[first]:,.6g}, in steps of "
        f"{step[first]:,.6g}. Subtract the mean before: X - X.mean(axis=0)."
    )


def scale_notice(spread: NDArray[np.float64], names: Sequence[str]) -> str:
    """Say which column drowns the others and what to do; '' if none does.

    A column does if its standard deviation is more than `FAR` times the median of
    those that are not 0, the lower one of two.
    """
    varied = np.sort(spread[spread > 0])
    if not varied.size or not varied[-1] > FAR * varied[(varied.size - 1) // 2]:
        return ""
    times = varied[-1] / varied[(varied.size - 1) // 2]
    widest = listing([repr(names[int(spread.argmax())])])
    return (
        f"Column {widest} varies {times:,.0f} times as much as a typical one. Scale the columns: "
        "preprocess='standard'."
    )


def mended_by_scaling(notice: str) -> bool:
    """Whether what a notice tells of is gone once the items are scaled."""
    return any(advice in notice for advice in ADVICE)


def brightness_notice(features: Any) -> str:
    """Say by what images that are not scaled are to be divided; '' if they need not be.

    Parameters
    ----------
    features : ndarray or CSR matrix of shape (n_samples, n_features), float32
        What is missing (NaN) is left out.
    """
    if not _bright(features):
        return ""
    low, high = value_range(features) if is_sparse(features) else _range(features)
    divisor = max(BYTE, math.ceil(max(-low, high)))
    return (
        f"The values of the images go from {low:,.6g} to {high:,.6g}, which makes the loss large. "
        f"Divide them first: X / {divisor}."
    )


def pixel_notice(features: NDArray[np.float32]) -> str:
    """Say what to do with a table whose values look like those of images; '' if they do not.

    They do if they are whole numbers from 0 to 255, or reach 255 and go no further, as
    images from 0 to 1 do once they are multiplied.
    """
    n_features = features.shape[1]
    if n_features < MIN_PIXELS or not _bright(features):
        return ""
    low, high = _range(features)
    picked = _picked(features, MIN_ROWS)
    whole = high > MIN_BYTE and bool((np.isnan(picked) | (picked == np.floor(picked))).all())
    if low < 0 or high > BYTE or not (whole or high == BYTE):
        return ""
    return (
        f"The values go from {low:,.6g} to {high:,.6g}, as those of pixels do, which makes the "
        f"loss large. Divide them first: X / {BYTE}. If the items are images, pass "
        f"item_shape={_square(n_features)}."
    )


def _square(n_features: int) -> str:
    """Return the shape of a square image of so many values, grey or RGB, or what stands for it."""
    for channels in (1, 3):
        side = math.isqrt(n_features // channels)
        if channels * side**2 == n_features:
            return f"({side}, {side})" if channels == 1 else f"({side}, {side}, {channels})"
    return "(height, width)"


def _bright(features: Any) -> bool:
    """Whether the values are large, by evenly picked rows."""
    picked = _picked(features, FEW_IMAGES)
    values = picked.data if is_sparse(picked) else picked
    squares = np.nansum(np.square(values, dtype=np.float64))
    return bool(squares > BRIGHT**2 * math.prod(picked.shape))


def _range(features: NDArray[np.float32]) -> tuple[float, float]:
    return float(np.nanmin(features)), float(np.nanmax(features))


def _picked(features: Any, least: int) -> Any:
    """Return evenly picked rows, enough to tell a scale by."""
    n_samples, n_features = features.shape
    n_rows = min(MAX_ROWS, max(least, MAX_VALUES // n_features))
    return features[:: -(-n_samples // n_rows)]
