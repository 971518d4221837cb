"""Items drawn in proportion to their weights (no torch)."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.data import NO_LABEL
from ae_widgets.data.columns import is_missing
from ae_widgets.data.labels import means_none, of_one_type
from ae_widgets.exceptions import DataError, SettingsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["WeightedRows", "balance", "balance_labels", "check_sample_weight"]


def check_sample_weight(sample_weight: Any, n_samples: int) -> NDArray[np.float64] | None:
    """Return one weight an item as float64, or None if there are none.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,) or None
        How often each item is to be drawn, in relation to the others.
    n_samples : int
        Number of items.

    Raises
    ------
    DataError
        If there is not one weight an item, a weight is negative or not finite, or
        all are 0.
    """
    if sample_weight is None:
        return None
    try:
        weight = np.asarray(sample_weight, np.float64)
    except (TypeError, ValueError) as error:
        msg = f"sample_weight must be numbers, one an item: {error}."
        raise DataError(msg) from error
    if weight.shape != (n_samples,):
        msg = (
            f"sample_weight must have one weight an item, shape ({n_samples},), got shape "
            f"{weight.shape}."
        )
        raise DataError(msg)
    bad = np.flatnonzero(~(np.isfinite(weight) & (weight >= 0)))
    if bad.size:
        msg = (
            f"sample_weight must be finite and not negative, got {weight[bad[0]]:g} for item "
            f"{bad[0]}."
        )
        raise DataError(msg)
    if not weight.any():
        msg = f"sample_weight is zero for all {n_samples:,} items. Give some a weight."
        raise DataError(msg)
    return weight


def balance(
    class_weight: Any, y: Any, sample_weight: NDArray[np.float64] | None, n_samples: int
) -> NDArray[np.float64] | None:
    """Return the weights of the items times those of their classes.

    Parameters
    ----------
    class_weight : {'balanced'} or None
        With 'balanced' an item is weighed by ``n_samples / (n_classes * n_items)``,
        with the number of items of its class, as scikit-learn does.
    y : array-like of shape (n_samples,) or None
        The class of each item, needed by 'balanced' only.
    sample_weight : ndarray of shape (n_samples,) or None
        From `check_sample_weight`.
    n_samples : int
        Number of items.

    Raises
    ------
    SettingsError
        If `class_weight` is anything else.
    DataError
        If classes are needed and there is not one an item.
    """
    if class_weight is None:
        return sample_weight
    if not isinstance(class_weight, str) or class_weight != "balanced":
        msg = f"class_weight must be 'balanced' or None, got {class_weight!r}."
        raise SettingsError(msg)
    shape = () if y is None else np.shape(y)
    if shape not in {(n_samples,), (n_samples, 1)}:
        got = "none" if y is None else f"shape {shape}"
        msg = (
            f"class_weight='balanced' needs y, one class an item, shape ({n_samples},), got {got}."
        )
        raise DataError(msg)
    labels = np.ravel(np.asarray(y, object))
    none = {NO_LABEL} if means_none(n for n in labels if isinstance(n, Real)) else set()
    missing = [row for row, n in enumerate(labels) if is_missing(n) or n in none]
    if missing:
        msg = (
            f"class_weight='balanced' needs a class for every item, but {len(missing):,} have none "
            f"(None, NaN or -1; the first is item {missing[0]}). Give them one, or pass "
            "sample_weight."
        )
        raise DataError(msg)
    weight = _balanced(of_one_type(labels))
    return weight if sample_weight is None else weight * sample_weight


def balance_labels(
    labels: NDArray[np.integer], sample_weight: NDArray[np.float64] | None
) -> NDArray[np.float64] | None:
    """Return the weights of the items times those of their labels, as `balance` has them.

    Items without a label count as they did, and so do all where there are fewer than two
    labels.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
        Number of each item's label, -1 for none.
    sample_weight : ndarray of shape (n_samples,) or None
        From `check_sample_weight`.
    """
    known = labels != NO_LABEL
    told = labels[known]
    if (told == told[:1]).all():  # none are there to be balanced with one another
        return sample_weight
    weight = np.ones(len(labels))
    weight[known] = _balanced(told)
    return weight if sample_weight is None else weight * sample_weight


def _balanced(labels: NDArray[Any]) -> NDArray[np.float64]:
    """Return weights of items by which all labels count alike, with a mean of 1."""
    _, of_item, items = np.unique(labels, return_inverse=True, return_counts=True)
    weights: NDArray[np.float64] = (len(labels) / (len(items) * items))[of_item]
    return weights


class WeightedRows:
    """Draws rows with replacement, each with a probability proportional to its weight.

    Parameters
    ----------
    rows : ndarray of shape (n,), int32
        What is drawn from.
    weight : ndarray of shape (n_samples,), float64
        A weight for each item, also for those that are not among `rows`; kept as `weight`.

    Raises
    ------
    DataError
        If none of `rows` has a weight above 0.
    """

    def __init__(self, rows: NDArray[np.int32], weight: NDArray[np.float64]) -> None:
        self.weight = weight
        weight = weight[rows]
        self._rows = rows[weight > 0]
        if not self._rows.size:
            msg = (
                f"sample_weight is zero for all {len(rows):,} items to train on. Give some a "
                "weight, or hold out fewer items."
            )
            raise DataError(msg)
        # By the largest first: their sum may be beyond float64.
        ends = np.cumsum(weight[weight > 0] / weight.max())
        self._ends = ends / ends[-1]

    def draw(self, uniform: NDArray[np.float64]) -> NDArray[np.int32]:
        """Return a row for each number, drawn uniformly from [0, 1)."""
        return self._rows[np.searchsorted(self._ends, uniform, side="right")]
