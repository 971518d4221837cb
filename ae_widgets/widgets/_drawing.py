"""How items are drawn that are drawn whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ae_widgets.data import Dataset

__all__ = ["DRAWING", "drawing", "quantize"]

DRAWING = ("item_shape", "feature_names", "value_range", "feature_ranges")
"""Traits that tell how an item is drawn."""


def drawing(dataset: Dataset) -> dict[str, Any]:
    """Return the traits that tell how an item is drawn."""
    shape = [int(size) for size in dataset.item_shape or ()]
    whole = not shape and not dataset.sparse
    names = [str(name) for name in dataset.feature_names] if whole else []
    own = np.ndim(dataset.drawn_ranges[0]) > 0
    ranges = dataset.feature_ranges.astype("<f4").tobytes() if own else b""
    return dict(zip(DRAWING, (shape, names, list(dataset.value_range), ranges), strict=True))


def quantize(values: NDArray[np.float32], low: Any, high: Any) -> NDArray[np.uint8]:
    """Map ``[low, high]`` to 0 … 255, clipped; what is not finite becomes `low`.

    Parameters
    ----------
    values : ndarray of shape (..., n_features)
    low, high : float or ndarray of shape (n_features,)
        Where they are the same, all becomes 0.
    """
    width = np.subtract(high, low)
    scale = np.divide(255.0, width, out=np.zeros_like(width, np.float64), where=width > 0)
    levels = np.nan_to_num(
        (values - low) * scale.astype(np.float32), nan=0.0, posinf=255.0, neginf=0.0
    )
    quantized: NDArray[np.uint8] = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return quantized
