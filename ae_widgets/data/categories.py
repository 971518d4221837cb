"""Columns of categories as one-hot features, whose reconstructions are probabilities.

Each category becomes a feature that is 1 or 0. The reconstruction error stays that of the
run: the squared error of one-hot features is the score of G. W. Brier ("Verification of
forecasts expressed in terms of probability", Monthly Weather Review 78, 1950), which is
least, in the mean, where an output is the probability of its category. So the outputs are
estimates of probabilities as they are, and are brought onto what probabilities can be by
`ae_widgets.data.simplex.onto_simplex`, which never makes that error larger. A column of
categories weighs as much as a standardised column of numbers at most, whatever the number
of its categories, where a cross-entropy would weigh the more the more there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, NamedTuple

import narwhals.stable.v2 as nw
import numpy as np

from ae_widgets.data.columns import is_missing, value_name
from ae_widgets.data.table import listing
from ae_widgets.exceptions import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "AUTO", "MAX_CATEGORIES", "OneHot", "categorical_columns", "no_columns", "one_hot",
    "read_wanted",
]  # fmt: skip

AUTO = "auto"
"""All columns of text are columns of categories."""

OTHER = "other"
"""What the rare categories are together."""

MAX_CATEGORIES = 20
"""Categories that get a feature of their own; all rarer ones share 'other'."""


class OneHot(NamedTuple):
    """A column of categories as features.

    Attributes
    ----------
    features : ndarray of shape (n_samples, n_categories), float32
        1 in the category of an item, 0 elsewhere, NaN in all if it is missing.
    names : tuple of str
        Of the features, such as 'colour = red'.
    categories : tuple of str
        Those that have a feature, in their order; 'other' last if it stands for several.
    notice : str
        What was changed on the way, '' if nothing.
    """

    features: NDArray[np.float32]
    names: tuple[str, ...]
    categories: tuple[str, ...] = ()
    notice: str = ""


def read_wanted(wanted: Any) -> str | list[str]:
    """Return what `categorical` asks for: 'auto', or the names of columns.

    Raises
    ------
    DataError
        If it is neither, nor None.
    """
    if wanted is None:
        return []
    if isinstance(wanted, str) and wanted == AUTO:
        return AUTO
    if isinstance(wanted, (str, bytes)) or not isinstance(wanted, Collection):
        msg = f"categorical must be None, 'auto' or a list of columns, got {wanted!r}."
        raise DataError(msg)
    return [str(name) for name in wanted]


def no_columns() -> DataError:
    """Return the error of columns of categories where there is no DataFrame."""
    return DataError(
        "categorical= is about the columns of a DataFrame, but X is no DataFrame. Make one of it "
        "first: pandas.DataFrame(X)."
    )


def categorical_columns(
    names: Sequence[str], series: Sequence[nw.Series[Any]], wanted: Any
) -> set[int]:
    """Return which columns hold categories.

    Parameters
    ----------
    names : sequence of str
        Names of the columns.
    series : sequence of narwhals.Series
        The columns.
    wanted : None, 'auto' or sequence of str
        What holds categories beside the columns of a categorical type: nothing, all
        columns of text, or those of these names.

    Raises
    ------
    DataError
        If `wanted` is nothing of these, or there is no column of a name.
    """
    asked = read_wanted(wanted)
    typed = {i for i, s in enumerate(series) if isinstance(s.dtype, (nw.Categorical, nw.Enum))}
    if asked == AUTO:
        return typed | {i for i, one in enumerate(series) if _is_text(one)}
    for name in asked:
        if name not in names:
            known = listing([*map(repr, names)])
            msg = f"categorical names {name!r}, which is no column of X. Its columns are: {known}."
            raise DataError(msg)
    return typed | {i for i, name in enumerate(names) if name in asked}


def one_hot(
    name: str,
    values: Sequence[Any],
    order: Sequence[str] = (),
    known: Sequence[str] | None = None,
) -> OneHot:
    """Return a column of categories as features.

    Parameters
    ----------
    name : str
        Of the column.
    values : sequence of length n_samples
        Of any type, named as `value_name` does; None and NaN are missing.
    order : sequence of str, default=()
        Names of the categories in their order; the others follow, sorted.
    known : sequence of str, optional
        The `categories` of the same column before: what is none of them counts as 'other',
        or as nothing where there is no such category.
    """
    texts = [None if is_missing(value) else value_name(value) for value in values]
    counts = Counter(text for text in texts if text is not None)
    chosen, notice = _chosen(name, counts, order) if known is None else _known(name, counts, known)
    column = {text: i for i, text in enumerate(chosen)}
    result = np.zeros((len(texts), max(len(chosen), 1)), np.float32)
    for row, text in enumerate(texts):
        if text is None:
            result[row] = np.nan
        elif (place := column.get(text, column.get(OTHER))) is not None:
            result[row, place] = 1
    return OneHot(result, tuple(f"{name} = {text}" for text in chosen) or (name,), chosen, notice)


def _chosen(name: str, counts: Counter[str], order: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Return the categories that get a feature, and what is to be said of the others."""
    kept = {text for text, _ in counts.most_common(MAX_CATEGORIES)}
    rare = len(counts) > len(kept)
    places = {text: i for i, text in enumerate(order)}
    named = sorted(kept - {OTHER} if rare else kept, key=lambda t: (places.get(t, len(places)), t))
    if not rare:
        return tuple(named), ""
    notice = (
        f"Column {name!r} has {len(counts):,} categories: the {MAX_CATEGORIES} most frequent are "
        f"kept, the others are {OTHER!r}."
    )
    return (*named, OTHER), notice


def _known(name: str, counts: Counter[str], known: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Return the categories known before, and what is to be said of others."""
    if OTHER in known or not (new := sorted(counts.keys() - set(known))):
        return tuple(known), ""
    n_new = sum(counts[text] for text in new)
    categories = "a category" if len(new) == 1 else f"{len(new):,} categories"
    items = "item has" if n_new == 1 else "items have"
    return tuple(known), (
        f"{n_new:,} {items} {categories} in column {name!r} that nothing was trained on: "
        f"{listing([*map(repr, new)])}. They count as none of the known ones."
    )


def _is_text(series: nw.Series[Any]) -> bool:
    if series.dtype == nw.String:
        return True
    if series.dtype != nw.Object:
        return False
    known = [value for value in series.to_list() if not is_missing(value)]
    return bool(known) and all(isinstance(value, str) for value in known)
