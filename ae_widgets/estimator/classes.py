"""What `fit` and `partial_fit` are told of classes, read and checked."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import column_or_1d

from ae_widgets.data import NO_LABEL
from ae_widgets.data.columns import is_missing
from ae_widgets.data.frames import as_series
from ae_widgets.data.labels import check_one_a_row, is_measurement, means_none, of_one_type
from ae_widgets.data.table import listing
from ae_widgets.exceptions import DataError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "all_classes",
    "class_numbers",
    "refuse_others",
    "require_one_a_row",
    "weights_of_classes",
    "weights_of_items",
]


def require_one_a_row(y: Any, n_samples: int) -> None:
    """Refuse `y` that is not one class an item, also where no class is asked for.

    Raises
    ------
    DataError
        If it has no length, or another one.
    """
    if y is None:
        return
    given = y if hasattr(y, "shape") or hasattr(y, "__len__") else np.asarray(y)
    if getattr(given, "shape", None) == ():
        msg = f"y, of type {type(y).__name__}, is not one class an item. Pass a list or an array."
        raise DataError(msg)
    check_one_a_row(n_samples, given.shape[0] if hasattr(given, "shape") else len(given))


def class_numbers(
    y: ArrayLike | None, n_samples: int, known: NDArray[Any] | None = None, *, least: int = 1
) -> tuple[NDArray[np.int32], NDArray[Any]]:
    """Return each item's class as a number, -1 for none, and the sorted classes.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Numbers, bools or texts, of which the classes have the type. NaN and None are no
        class; neither is -1, unless other classes are negative or they are -1 and 1. With
        known classes it is one only if it is among them.
    n_samples : int
    known : ndarray, optional
        Classes that there are, whether `y` has them or not.
    least : int, default=1
        How many classes there must be.

    Raises
    ------
    DataError
        If there is no `y`, it is of another length, holds too few classes, classes of
        another kind than the known ones, infinite values, or a measurement, as
        `ae_widgets.data.labels.read_labels` tells one.
    """
    if y is None:
        msg = (
            "Autoencoder with delta above 0 requires y to be passed, but the target y is None: "
            "pass y, the class of each item, or delta=0."
        )
        raise DataError(msg)
    try:
        values = column_or_1d(_with_gaps(y), dtype=None, warn=True)
    except ValueError as error:
        msg = f"{str(error).rstrip('.')}. If y is one-hot, pass y.argmax(axis=1)."
        raise DataError(msg) from error
    check_one_a_row(n_samples, len(values))
    missing = _are_missing(values, known)
    present = values[~missing]
    if not len(present) and known is None:
        msg = "y holds no class: every value is missing. Pass a class for some items, or delta=0."
        raise DataError(msg)
    if present.dtype == object:
        present = of_one_type(present)
    _check_discrete(present, known)
    classes = np.unique(present)
    if known is not None:
        classes = _joined(known, classes)
    if len(classes) < least:
        msg = (
            f"y holds a single class, {classes.tolist()[0]!r}: there is nothing to tell it from. "
            "Pass items of two at least, or delta=0."
        )
        raise DataError(msg)
    labels = np.full(n_samples, NO_LABEL, np.int32)
    labels[~missing] = np.searchsorted(classes, present.astype(classes.dtype))
    return labels, classes


def weights_of_classes(class_weight: Mapping[Any, float], classes: NDArray[Any]) -> Any:
    """Return the weight of each class, 1 for those that have none, as scikit-learn does.

    Raises
    ------
    SettingsError
        If a weight is not a finite number of at least 0, or some classes have none while others
        that do are not there.
    """
    wrong = [w for w in class_weight.values() if not isinstance(w, Real) or not 0 <= w < np.inf]
    if wrong:
        msg = f"class_weight must have finite weights of at least 0, got {wrong[0]!r}."
        raise SettingsError(msg)
    try:
        return compute_class_weight({**class_weight}, classes=classes, y=classes)
    except ValueError as error:
        msg = (
            f"class_weight must name classes of y, which are {_named(classes)}, but it names "
            f"{listing([repr(name) for name in class_weight])}. Give each of them a weight, if "
            "only 1."
        )
        raise SettingsError(msg) from error


def weights_of_items(
    class_weight: Mapping[Any, float],
    y: ArrayLike | None,
    sample_weight: NDArray[np.float64] | None,
    n_samples: int,
) -> NDArray[np.float64]:
    """Return the weights of the items times those of their classes; of no class it is 1.

    Raises
    ------
    DataError
        If there is no `y`, or none of classes.
    SettingsError
        As for `weights_of_classes`.
    """
    if y is None:
        msg = f"class_weight={class_weight!r} needs y, one class an item, got none."
        raise DataError(msg)
    labels, classes = class_numbers(y, n_samples)
    of_class = weights_of_classes(class_weight, classes)
    weight: NDArray[np.float64] = np.where(labels == NO_LABEL, 1.0, of_class[labels])
    return weight if sample_weight is None else weight * sample_weight


def _named(classes: NDArray[Any]) -> str:
    return listing([repr(one) for one in classes.tolist()])


def _are_missing(values: NDArray[Any], known: NDArray[Any] | None) -> NDArray[np.bool_]:
    """Return which values are no class, shape (n,)."""
    items = values.tolist()
    missing = np.array([is_missing(value) for value in items], bool)
    numbers = [isinstance(v, (int, float)) and not m for v, m in zip(items, missing, strict=True)]
    if known is None:
        none = means_none(v for v, is_number in zip(items, numbers, strict=True) if is_number)
    else:  # a part of a stream does not show what -1 means in the whole
        none = NO_LABEL not in known.tolist()
    if none:
        missing |= np.array(
            [n and v == NO_LABEL for v, n in zip(items, numbers, strict=True)], bool
        )
    return missing


def _check_discrete(values: NDArray[Any], known: NDArray[Any] | None) -> None:
    """Refuse numbers that are no classes, but for those that are known as such."""
    if values.dtype.kind != "f":
        return
    if known is not None and known.dtype.kind in "biuf":
        values = values[~np.isin(values, known)]
    if not len(values):
        return
    distinct = np.unique(values)
    if not np.isfinite(distinct[[0, -1]]).all():
        msg = "y has infinite values, which are no classes. Pass NaN or -1 where there is none."
        raise DataError(msg)
    if is_measurement(distinct, len(values)):
        msg = (
            f"Unknown label type: y has {distinct.size:,} distinct numbers, as a measurement has "
            "and not classes. Cut it into ranges, e.g. pandas.qcut(y, 5, labels=False), pass "
            "integers if these are classes, or delta=0."
        )
        raise DataError(msg)


def all_classes(told: ArrayLike, known: NDArray[Any] | None) -> NDArray[Any]:
    """Return the classes that are told to be all, sorted, if the known ones are among them."""
    try:
        values = column_or_1d(_with_gaps(told), dtype=None)
    except ValueError as error:
        msg = f"classes must be a list or an array of all classes, got {told!r}."
        raise DataError(msg) from error
    present = values[[not is_missing(value) for value in values.tolist()]]
    given = np.unique(of_one_type(present) if present.dtype == object else present)
    if len(present) < len(values) or len(given) < 2:  # noqa: PLR2004  # else nothing to tell apart
        msg = f"classes must be two classes or more, none of them missing, got {told!r}."
        raise DataError(msg)
    every = given if known is None else _joined(known, given, "classes")
    if len(every) > len(given):
        lacking = every[~np.isin(every, given)]
        msg = (
            f"classes lacks {_named(lacking)}, which came before. Pass all classes, in the first "
            "call alone or in each."
        )
        raise DataError(msg)
    return every


def refuse_others(classes: NDArray[Any], known: NDArray[Any]) -> None:
    """Refuse classes beside those that were told to be all."""
    if len(classes) == len(known):
        return
    others = classes[~np.isin(classes, known)]
    msg = (
        f"y holds {_named(others)}, but partial_fit was told that the classes are "
        f"{_named(known)}. Correct y, or pass to partial_fit "
        "classes that have all of them."
    )
    raise DataError(msg)


def _joined(known: NDArray[Any], classes: NDArray[Any], name: str = "y") -> NDArray[Any]:
    """Return the known classes and those that are new, sorted, if they are of one kind."""
    if not len(classes):
        return np.unique(known)
    kind, before = _kind(classes), _kind(known)
    if kind != before:  # numpy would make texts of all
        msg = (
            f"{name} holds {kind}, such as {classes.tolist()[0]!r}, but the classes so far are "
            f"{before}: {_named(known)}. Pass classes of that "
            "kind, or fit a new estimator."
        )
        raise DataError(msg)
    new = classes[~np.isin(classes, known)]
    return np.unique(np.concatenate([known, new]) if len(new) else known)


def _kind(classes: NDArray[Any]) -> str:
    if classes.dtype.kind in "biuf":
        return "numbers"
    texts = classes.dtype.kind == "U" or all(isinstance(one, str) for one in classes)
    return "texts" if texts else f"objects of type {type(classes[0]).__name__}"


def _with_gaps(y: Any) -> Any:
    """Return a series of integers or bools with gaps as objects: numpy would have floats."""
    series = as_series(y)
    if series is None or not series.null_count():
        return y
    whole = series.dtype.is_integer() or series.dtype == nw.Boolean
    return np.array(series.to_list(), object) if whole else y
