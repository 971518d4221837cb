"""What of an item and its reconstruction is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ae_widgets.session import Reconstructions

__all__ = ["Telling", "comparable", "excerpt", "telling_features"]

MAX_GIVEN = 10
"""Features of a sparse item that are drawn with their reconstructions."""

MAX_ADDED = 6
"""Features that only the reconstruction has and that are drawn beside them."""

EXCERPT = 280
"""Characters of an item's text that are shown."""


class Telling(NamedTuple):
    """The few features of a sparse item that tell most of it.

    Attributes
    ----------
    features : ndarray of int
        Those that the item has, the largest first; then those that its
        reconstruction adds.
    n_given : int
        How many the item has.
    """

    features: NDArray[np.intp]
    n_given: int


def telling_features(inputs: NDArray[np.float32], outputs: NDArray[np.float32]) -> Telling:
    """Choose what to draw of a sparse item of shape (n_features,).

    An item has what is neither 0 nor missing (NaN) in `inputs`.
    """
    size = np.abs(np.nan_to_num(inputs))
    given = np.flatnonzero(size)
    given = given[np.argsort(-size[given], kind="stable")][:MAX_GIVEN]
    others = np.flatnonzero((size == 0) & np.isfinite(outputs))
    added = others[np.argsort(-outputs[others], kind="stable")][:MAX_ADDED]
    return Telling(np.concatenate([given, added[outputs[added] > 0]]), len(given))


def comparable(answer: Reconstructions, kind: str) -> Reconstructions:
    """Return reconstructions on the scale of their inputs.

    Under the error 'multinomial' outputs are logits: the counts that are expected,
    an item's total times its probabilities, take their place.
    """
    if kind != "multinomial":
        return answer
    from scipy.special import softmax

    totals = np.nansum(answer.inputs, axis=1, keepdims=True)
    return replace(answer, outputs=(totals * softmax(answer.outputs, axis=1)).astype(np.float32))


def excerpt(text: str, length: int = EXCERPT) -> str:
    """Return the beginning of a text in one line."""
    line = " ".join(text[: 2 * length].split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"
