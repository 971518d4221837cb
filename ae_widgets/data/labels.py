"""Labels of any type, made into indices and names."""

from __future__ import annotations

from itertools import pairwise
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ae_widgets.data.columns import is_missing, value_name
from ae_widgets.data.dataset import NO_LABEL
from ae_widgets.data.frames import (
    as_frame,
    as_series,
    category_numbers,
    series_categories,
    series_values,
)
from ae_widgets.data.sources import read_array
from ae_widgets.exceptions import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

__all__ = [
    "Labels",
    "check_one_a_row",
    "class_notices",
    "is_measurement",
    "means_none",
    "of_one_type",
    "read_labels",
]

MAX_VALUES = 20
"""Distinct values up to which floats are labels; more are taken for a measurement."""

MIN_ITEMS_PER_VALUE = 5
"""Items a distinct value must have on average if many whole floats are still labels."""

N_BINS = 5

MANY_NUMBERS = 50
"""More distinct whole numbers than this are told of: they may well be a measurement."""


class Labels(NamedTuple):
    """The label of each item, the names of the labels, what was noticed, and their numbers.

    The last are None where the labels were no numbers, or are named otherwise.
    """

    labels: NDArray[np.int32] | None
    names: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    classes: NDArray[Any] | None = None


def read_labels(y: Any, n_samples: int, target_names: Sequence[Any] | None = None) -> Labels:
    """Return labels as indices into names.

    Labels may be numbers, bools, text, dates or a mixture of them. They are
    named as they would be printed, whole floats as integers; labels of the same
    name are one label. Categories keep their order, all others are sorted,
    numbers before text.

    An item has no label if its value is NaN, None, pandas' NA or masked. So it
    is for -1, scikit-learn's mark for 'no label' and 'noise', unless the labels
    are -1 and 1 or others are negative too.

    Floats of more than 20 distinct values are a measurement rather than labels
    if one is not whole or if fewer than 5 items on average share a value: they
    are cut at their quantiles into 5 ranges. Integers are labels however many there
    are; what looks like a measurement or an id is told of, as `class_notices` has it.

    Parameters
    ----------
    y : object
        One label an item.
    n_samples : int
        How many there must be.
    target_names : sequence, optional
        Names of the integer labels 0, 1, ….

    Raises
    ------
    DataError
        If `y` is not one label an item.
    """
    values, categories = _one_dimensional(y)
    check_one_a_row(n_samples, len(values))
    if values.dtype.kind in "iuf":
        labels, names, notices, classes = _from_numbers(values, target_names)
    else:
        labels, names, notices, classes = _from_objects(values, categories)
    unlabelled = int(np.count_nonzero(labels == NO_LABEL))
    if unlabelled == n_samples:
        return Labels(None, notices=("y holds no label.",))
    counts = np.bincount(labels[labels != NO_LABEL].astype(np.intp), minlength=len(names))
    notices += class_notices(None if len(categories) else classes, counts)
    if unlabelled:
        have = "has" if unlabelled == 1 else "have"
        notices = (*notices, f"{unlabelled:,} of {n_samples:,} items {have} no label.")
    return Labels(labels.astype(np.int32), names, notices, classes)


def class_notices(
    numbers: NDArray[Any] | None, counts: NDArray[np.intp], *, ranges: bool = True
) -> tuple[str, ...]:
    """Say so if labels look like a measurement, or like an id of each item.

    Parameters
    ----------
    numbers : ndarray of shape (n_labels,), optional
        The labels, each once, if they are numbers that nobody said are categories.
    counts : ndarray of shape (n_labels,), int
        How many items have each.
    ranges : bool, default=True
        Whether floats that are a measurement are cut into ranges by themselves.

    Returns
    -------
    tuple of str
        A sentence or two each.
    """
    n_known, told = int(counts.sum()), []
    if numbers is not None and numbers.size > MANY_NUMBERS and _whole(numbers):
        cut = "cut them into ranges: pandas.qcut(y, 5)"
        if ranges and is_measurement(numbers.astype(np.float64), n_known):
            cut = "pass floats, which are shown as ranges: np.asarray(y, float)"
        told.append(
            f"y has {numbers.size:,} different whole numbers, each of which is a class. If they "
            f"measure something, {cut}."
        )
    alone = int(np.count_nonzero(counts == 1))
    if len(counts) > MAX_VALUES and 2 * alone > n_known:
        told.append(
            f"{alone:,} of {n_known:,} labels are of one item alone. Labels are classes, which "
            "items share; one an item is an id, and scores of it say nothing."
        )
    return tuple(told)


def _whole(numbers: NDArray[Any]) -> bool:
    """Whether numbers are whole, and of a type that tells so."""
    if numbers.dtype.kind == "f":
        return bool((numbers == np.floor(numbers)).all())
    return numbers.dtype.kind in "iu"


def check_one_a_row(n_samples: int, n_labels: int) -> None:
    """Refuse labels that are not one an item, in scikit-learn's words and what to do.

    Raises
    ------
    DataError
        If the numbers differ.
    """
    if n_labels == n_samples:
        return
    msg = (
        "Found input variables with inconsistent numbers of samples: "
        f"[{n_samples}, {n_labels}]. X has {n_samples:,} rows and y has {n_labels:,} labels: "
        "pass one label a row, None where there is none."
    )
    raise DataError(msg)


def _one_dimensional(y: Any) -> tuple[NDArray[Any], Sequence[str]]:
    """Return the values as an array and, if they are categories, their order."""
    categories: Sequence[str] = ()
    frame = as_frame(y)
    series = as_series(y) if frame is None else None
    if frame is not None:
        values = np.stack([series_values(frame[:, i]) for i in range(frame.shape[1])], axis=1)
    elif series is not None:
        values, categories = series_values(series), series_categories(series)
        if numbers := category_numbers(series):
            # Beside a gap integers come as floats, which are equal to them.
            values = np.array([numbers.get(value) for value in series.to_list()], object)
    else:
        values = read_array(y, "y")
    if values.ndim == 2 and values.shape[1] == 1:  # noqa: PLR2004 -- a single column
        values = values[:, 0]
    if values.ndim != 1:
        msg = (
            f"y has shape {values.shape}, but an item has one label. If y is one-hot, pass "
            "y.argmax(axis=1)."
        )
        raise DataError(msg)
    return values, categories


def _from_numbers(
    values: NDArray[Any], target_names: Sequence[Any] | None
) -> tuple[NDArray[Any], tuple[str, ...], tuple[str, ...], NDArray[Any] | None]:
    known = ~np.isnan(values) if values.dtype.kind == "f" else np.ones(len(values), bool)
    distinct = np.unique(values[known])
    if means_none(distinct[:3].tolist()):  # sorted: the negative ones come first
        known &= values != NO_LABEL
        distinct = distinct[distinct != NO_LABEL]
    labels = np.full(len(values), NO_LABEL)
    if values.dtype.kind == "f" and is_measurement(distinct, int(known.sum())):
        labels[known], names = _ranges(values[known].astype(np.float64))
        notice = f"y has {distinct.size:,} distinct values: they are shown as {len(names)} ranges."
        return labels, names, (notice,), None
    if target_names is not None and _are_indices(distinct, len(target_names)):
        labels[known] = values[known]
        return labels, tuple(value_name(name) for name in target_names), (), None
    labels[known] = np.searchsorted(distinct, values[known])
    return labels, tuple(value_name(value) for value in distinct), (), distinct


def is_measurement(distinct: NDArray[Any], n_known: int) -> bool:
    """Return whether floats of these values are a measurement rather than labels.

    Parameters
    ----------
    distinct : ndarray of shape (n_distinct,)
        The values, each once.
    n_known : int
        How many items have one.
    """
    if distinct.size <= MAX_VALUES:
        return False
    finite = distinct[np.isfinite(distinct)]
    whole = bool((finite == np.floor(finite)).all())
    return not whole or n_known < MIN_ITEMS_PER_VALUE * distinct.size


def _ranges(values: NDArray[np.float64]) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Cut at the quantiles; a range holds its lower bound, the last one both."""
    finite = values[np.isfinite(values)]
    # Edges that are values of y need no interpolation, which could overflow.
    edges = np.unique(np.quantile(finite, np.linspace(0, 1, N_BINS + 1), method="inverted_cdf"))
    for digits in range(3, 18):
        bounds = [f"{edge:.{digits}g}" for edge in edges]
        if len(set(bounds)) == len(bounds):
            break
    names = tuple(f"{low} to {high}" for low, high in pairwise(bounds))
    return np.searchsorted(edges[1:-1], values, side="right"), names


def _are_indices(distinct: NDArray[Any], n_names: int) -> bool:
    if not distinct.size or distinct.dtype.kind not in "iu":
        return False
    return bool(distinct[0] >= 0 and distinct[-1] < n_names)


def _from_objects(
    values: NDArray[Any], categories: Sequence[str]
) -> tuple[NDArray[Any], tuple[str, ...], tuple[str, ...], NDArray[Any] | None]:
    # Of numpy's dates and durations, astype(object) would make plain integers.
    items = list(values) if values.dtype.kind in "Mm" else list(values.astype(object))
    known = [value for value in items if not is_missing(value)]
    ignored = {NO_LABEL} if means_none(v for v in known if isinstance(v, Real)) else set()
    present: dict[str, tuple[int, Any, str]] = {
        value_name(value): (0, value, "") if isinstance(value, Real) else (1, 0, value_name(value))
        for value in known
        if not (isinstance(value, Real) and value in ignored)
    }
    ordered = [name for name in categories if name in present]
    ordered += sorted(present.keys() - set(ordered), key=lambda name: present[name])
    position = {name: i for i, name in enumerate(ordered)}
    labels = [
        NO_LABEL if is_missing(value) else position.get(value_name(value), NO_LABEL)
        for value in items
    ]
    numbers = [present[name][1] for name in ordered if present[name][0] == 0]
    classes = np.array(numbers) if len(numbers) == len(ordered) else None
    return np.array(labels, np.int64), tuple(ordered), (), classes


def means_none(numbers: Iterable[Any]) -> bool:
    """Return whether -1 says 'no label' among these numbers."""
    distinct = set(numbers)
    return {n for n in distinct if n < 0} == {NO_LABEL} and distinct != {-1, 1}


def of_one_type(values: NDArray[Any]) -> NDArray[Any]:
    """Return objects as an array of their type, as a gap beside them hides; texts if some are."""
    if any(isinstance(value, str) for value in values):
        return values.astype(str)
    if all(isinstance(value, (Real, np.bool_)) for value in values):
        return np.array(values.tolist())
    return values
