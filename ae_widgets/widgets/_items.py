"""What is shown of an item that has too many features to draw, nearly all of them 0."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ae_widgets.losses import TAKES_MISSING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ae_widgets.data import Dataset
    from ae_widgets.data.preprocess import Preprocessor
    from ae_widgets.session import Reconstructions

__all__ = [
    "EXCERPT",
    "LINE",
    "Telling",
    "comparable",
    "excerpt",
    "has_values",
    "in_words",
    "largest_of",
    "short_name",
    "telling_features",
]

RECOMMENDING = frozenset({"multinomial", *TAKES_MISSING})
"""Errors by which what an item does not have is a guess of what it may yet get."""

MAX_GIVEN = 8
"""Features of a sparse item that are drawn with their reconstructions."""

MAX_ADDED = 5
"""Features that only the reconstruction has and that are drawn beside them."""

EXCERPT = 280
"""Characters of an item's text that are shown."""

LINE = 90
"""Characters of the line that tells what an item in the sheet is."""


def in_words(dataset: Dataset) -> bool:
    """Whether its items are shown by a few of their features."""
    return dataset.sparse and dataset.item_shape is None


class Telling(NamedTuple):
    """The few features of a sparse item that tell most of it.

    Attributes
    ----------
    features : ndarray of int
        The largest that the item has, the largest first; then those that its
        reconstruction adds.
    n_given : int
        How many of them the item has.
    n_present : int
        How many it has in all.
    """

    features: NDArray[np.intp]
    n_given: int
    n_present: int

    def told(self, items: Dataset, drawn: Dataset, kind: str) -> dict[str, Any]:
        """Return the names of the features and what they are, for the front end.

        Parameters
        ----------
        items, drawn : Dataset
            As they came, and as they are drawn.
        kind : str
            The reconstruction error.
        """
        recommended = kind in RECOMMENDING and not items.texts
        return {
            "names": [str(drawn.feature_names[feature]) for feature in self.features],
            "given": self.n_given,
            "of": self.n_present,
            "heading": "recommended" if recommended else "only in the reconstruction",
        }


def telling_features(inputs: NDArray[np.float32], outputs: NDArray[np.float32]) -> Telling:
    """Choose what to draw of a sparse item of shape (n_features,).

    An item has what is not 0 in `inputs` or, where values are missing (NaN), what is not.
    """
    size = np.abs(inputs)
    lacks = np.isnan(inputs)
    lacks = lacks if lacks.any() else size == 0
    present = np.flatnonzero(~lacks)
    given = present[np.argsort(-size[present], kind="stable")][:MAX_GIVEN]
    others = np.flatnonzero(lacks & np.isfinite(outputs))
    added = others[np.argsort(-outputs[others], kind="stable")][:MAX_ADDED]
    features = np.concatenate([given, added[outputs[added] > 0]])
    return Telling(features, len(given), len(present))


def comparable(answer: Reconstructions, kind: str, made: Preprocessor | None) -> Reconstructions:
    """Return reconstructions on the scale of their inputs.

    Under the error 'multinomial' outputs are logits: the counts that are expected, an
    item's total times its probabilities (Liang et al. 2018, WWW, equation 1), take their
    place.

    Parameters
    ----------
    answer : Reconstructions
        As a session gives them.
    kind : str
        The reconstruction error.
    made : Preprocessor or None
        What makes the network's inputs of the items.
    """
    if kind != "multinomial":
        return answer
    from scipy.special import softmax

    inputs, logits = answer.as_seen
    counts = inputs.sum(axis=1, keepdims=True) * softmax(logits, axis=1)
    if made is not None and made.invertible_:
        counts = made.inverse_transform(counts)
    return replace(answer, outputs=counts.astype(np.float32))


def excerpt(text: str, length: int) -> str:
    """Return the beginning of a text in one line."""
    line = " ".join(text[: 4 * length].split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


def short_name(name: str, most: int) -> str:
    """Return a feature's name in at most `most` characters, as the item card does.

    Of 'column = category' the category stays: the others of the column begin alike. Other
    names keep some letters of their end, for the same reason.
    """
    if len(name) <= most:
        return name
    _, split, category = name.rpartition(" = ")
    if not (split and category):
        end = (most - 1) // 4  # names that begin alike end in a number, say
        return f"{name[: most - 1 - end]}…{name[len(name) - end :]}"
    room = most - len(category) - 4
    if room > 0:
        return f"{name[:room]}… = {category}"
    return f"…{category}" if len(category) < most else f"…{category[: most - 2]}…"


def largest_of(dataset: Dataset, index: int) -> str:
    """Name the largest features of an item of a sparse dataset, in a line."""
    row: Any = dataset.features[[index]]
    size = np.abs(np.nan_to_num(row.data))
    largest = np.argsort(-size, kind="stable")[:MAX_GIVEN]
    names = (str(dataset.feature_names[i]) for i in row.indices[largest[size[largest] > 0]])
    return excerpt(", ".join(names), LINE) or "nothing"


def has_values(dataset: Dataset, index: int) -> bool:
    """Whether anything is known of an item of a sparse dataset."""
    row: Any = dataset.features[[index]]
    return bool(np.isfinite(row.data).any())
