"""Frames of pandas, polars and pyarrow, by way of narwhals (which scikit-learn brings)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
from narwhals.exceptions import DuplicateError

from ae_widgets.data.categories import MAX_CATEGORIES, categorical_columns, one_hot, read_wanted
from ae_widgets.data.columns import is_missing, numeric_columns, value_name
from ae_widgets.data.table import Table, listing
from ae_widgets.exceptions import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = [
    "as_frame",
    "as_series",
    "category_numbers",
    "filled_frame",
    "no_frame",
    "read_frame",
    "series_categories",
    "series_values",
    "split_column",
]


def as_frame(data: Any) -> nw.DataFrame[Any] | None:
    """Return a frame of any library as a narwhals frame, None if it is no frame.

    Raises
    ------
    DataError
        If the frame is lazy or two of its columns have the same name.
    """
    try:
        frame = nw.from_native(data, pass_through=True)
    except DuplicateError as error:  # a line a name: "- 'a' 2 times"
        doubled = [line.removeprefix("- ") for line in str(error).splitlines()[1:]]
        msg = f"Expected unique column names, got: {listing(doubled)}. Rename or drop them."
        raise DataError(msg) from error
    if isinstance(frame, nw.LazyFrame):
        msg = f"X is a lazy frame ({_type_name(data)}). Collect it first: X.collect()."
        raise DataError(msg)
    return frame if isinstance(frame, nw.DataFrame) else None


def as_series(data: Any) -> nw.Series[Any] | None:
    """Return a series of any library as a narwhals series, None if it is none."""
    series = nw.from_native(data, series_only=True, pass_through=True)
    return series if isinstance(series, nw.Series) else None


def read_frame(
    frame: nw.DataFrame[Any],
    label: str | None = None,
    categorical: Any = None,
    known: Mapping[str, tuple[str, ...]] | None = None,
) -> Table:
    """Return a frame's columns as one array of numbers, columns of categories one-hot.

    Those of a pandas frame that are sparse throughout, with 0 for what they do not store,
    become a sparse matrix.

    Parameters
    ----------
    frame : narwhals.DataFrame
        The frame.
    label : str, optional
        Name of the column that holds the labels; it is no feature.
    categorical : None, 'auto' or sequence of str
        What holds categories beside columns of such a type; see `categorical_columns`.
    known : dict of str to tuple of str, optional
        The categories of a frame before, which this one is like: its columns of
        categories are those, and no others.

    Raises
    ------
    DataError
        If a column holds neither numbers nor categories, or the column names are of mixed types or
        lack `label`.
    """
    names = list(frame.columns)
    _check_names(names)
    position = None if label is None else _position(label, names)
    kept = tuple(str(name) for i, name in enumerate(names) if i != position)
    shape = (frame.shape[0], len(kept))
    index = nw.maybe_get_index(frame)
    encoded = known or read_wanted(categorical)
    matrix = None if encoded else _sparse_matrix(frame, position)
    if matrix is not None:
        target = None if position is None else frame[:, position]
        return Table(matrix, kept, index, target=target)
    series = [frame[:, i] for i in range(len(names))]
    target = None if position is None else series.pop(position)
    table = Table(np.empty(shape), kept, index, target=target)
    if not table.values.size:
        return table  # which columns hold no numbers is not what is wrong with it
    if known is None:
        chosen = categorical_columns(kept, series, categorical)
    else:
        chosen = {i for i, name in enumerate(kept) if name in known}
    if not chosen:
        values = np.column_stack(numeric_columns(table, [series_values(one) for one in series]))
        return Table(values, kept, index, target=target)
    return replace(_encoded(kept, series, chosen, index, known or {}), target=target)


def _sparse_matrix(frame: nw.DataFrame[Any], position: int | None) -> Any:
    """Return the columns but the one at `position` as a sparse matrix; None if they are not."""
    if not frame.implementation.is_pandas() or frame.is_empty():
        return None
    native = frame.to_native()
    if position is not None:
        native = native.drop(columns=native.columns[position])
    # The accessor is there only if every column is sparse.
    sparse = getattr(native, "sparse", None) if native.shape[1] else None
    with suppress(ValueError):  # what is not stored is no 0
        return None if sparse is None else sparse.to_coo()
    return None


def _encoded(
    names: tuple[str, ...],
    series: list[nw.Series[Any]],
    chosen: set[int],
    index: Any,
    known: Mapping[str, tuple[str, ...]],
) -> Table:
    """Return columns of numbers and one-hot columns of categories, in their order."""
    plain = [i for i in range(len(series)) if i not in chosen]
    numeric = Table(np.empty((len(series[0]), 0)), tuple(names[i] for i in plain), index)
    numbers = iter(numeric_columns(numeric, [series_values(series[i]) for i in plain]))
    blocks: list[NDArray[Any]] = []
    features: list[str] = []
    groups: list[tuple[int, int]] = []
    notices: list[str] = []
    categories: dict[str, tuple[str, ...]] = {}
    for i, (name, one) in enumerate(zip(names, series, strict=True)):
        if i not in chosen:
            blocks.append(next(numbers)[:, None])
            features.append(name)
            continue
        block = one_hot(name, one.to_list(), series_categories(one), known.get(name))
        categories[name] = block.categories
        groups.append((len(features), len(features) + len(block.names)))
        blocks.append(block.features)
        features.extend(block.names)
        notices += [block.notice] if block.notice else []
    return Table(
        np.hstack(blocks), tuple(features), index, groups=tuple(groups), notices=tuple(notices),
        categories=categories,
    )  # fmt: skip


def no_frame(label: str) -> DataError:
    """Return the error of the name of a column where there are none."""
    return DataError(
        f"y={label!r} is a text, which names a column of a DataFrame, but X is no DataFrame. "
        "Pass one label an item."
    )


def split_column(X: Any, name: str) -> tuple[Any, NDArray[Any]]:
    """Return a frame of any library without one of its columns, and that column's values.

    Raises
    ------
    DataError
        If `X` is no frame, or has no column of that name.
    """
    if (frame := as_frame(X)) is None:
        raise no_frame(name)
    column = frame.columns[_position(name, list(frame.columns))]
    return frame.drop(column).to_native(), series_values(frame[column])


def filled_frame(
    frame: nw.DataFrame[Any],
    values: NDArray[np.floating],
    categories: Mapping[str, tuple[str, ...]],
) -> Any:
    """Return a frame like `frame`, of its own library, without gaps.

    Parameters
    ----------
    frame : narwhals.DataFrame
        With values missing.
    values : ndarray of shape (n_samples, n_features)
        What `read_frame` makes of it, all filled in.
    categories : dict of str to tuple of str
        Those of each column of categories. The gaps of one are filled with the most
        probable that is a value of its own, not with what stands for all rare ones.
    """
    filled, stop = [], 0
    for i, name in enumerate(frame.columns):
        one, known = frame[:, i], categories.get(str(name))
        start, stop = stop, stop + (1 if known is None else max(len(known), 1))
        items = series_values(one)
        gaps = np.array([is_missing(item) for item in items.tolist()], bool)
        if not gaps.any() or known == ():
            continue
        if known is None:
            wide = nw.Float32 if one.dtype == nw.Float32 else nw.Float64
            numbers = numeric_columns(Table(items[:, None], (str(name),)), [items])[0]
            fill = np.where(gaps, values[:, start], numbers).tolist()
            filled.append(nw.new_series(name, fill, wide(), backend=frame.implementation))
        else:
            own = _own_values(one, known[:MAX_CATEGORIES])  # one more is of the rare ones
            if not own:
                continue
            best = values[gaps][:, [start + k for k in own]].argmax(axis=1)
            fill = [[*own.values()][k] for k in best]
            filled.append(_scattered(one, np.flatnonzero(gaps).tolist(), fill))
    return frame.with_columns(*filled).to_native()


def series_values(series: nw.Series[Any]) -> NDArray[Any]:
    """Return a series as an array: text, categories and what has gaps as objects."""
    if isinstance(series.dtype, (nw.Categorical, nw.Enum, nw.String)):
        if not any(isinstance(one, Real) for one in _categories(series)):
            return _objects(series.cast(nw.String).to_list())
        # Beside a gap pandas makes floats of integers, and texts of those.
        items = series.to_list()
        return _objects([None if is_missing(item) else value_name(item) for item in items])
    if series.dtype == nw.Boolean and series.null_count():
        return _objects(series.to_list())
    values = np.asarray(series.to_numpy())
    return values if values.ndim == 1 else _objects(series.to_list())


def series_categories(series: nw.Series[Any]) -> list[str]:
    """Return the names of a series' categories in their order, none if it has none."""
    return [value_name(name) for name in _categories(series)]


def category_numbers(series: nw.Series[Any]) -> dict[Any, Any]:
    """Return the numbers that a series' categories are, each by itself; none if one is none."""
    found = _categories(series)
    return {one: one for one in found} if all(isinstance(one, Real) for one in found) else {}


def _categories(series: nw.Series[Any]) -> list[Any]:
    typed = isinstance(series.dtype, (nw.Categorical, nw.Enum))
    return series.cat.get_categories().to_list() if typed else []


def _own_values(series: nw.Series[Any], names: Sequence[str]) -> dict[int, Any]:
    """Return the values of a column that categories are, by their places among the names.

    Without those that the column's type has no value for.
    """
    items = [item for item in (*_categories(series), *series.to_list()) if not is_missing(item)]
    found = {value_name(item): item for item in items}
    values: dict[int, Any] = {}
    for place, name in enumerate(names):
        with suppress(KeyError, ValueError):
            values[place] = found[name] if name in found else _parsed(series, name)
    return values


def _parsed(series: nw.Series[Any], name: str) -> Any:
    """Return the value of a column's type of that name, which is not among its own.

    Raises
    ------
    KeyError or ValueError
        If the type has none.
    """
    if isinstance(series.dtype, (nw.Categorical, nw.Enum)) and _is_closed(series):
        raise KeyError(name)
    kinds = {type(item) for item in series.to_list() if not is_missing(item)}  # of objects too
    if series.dtype.is_integer() or kinds == {int}:
        return int(name)
    if series.dtype.is_float() or kinds == {float}:
        return float(name)
    if series.dtype == nw.Boolean or kinds == {bool}:
        return {"True": True, "False": False}[name]
    return name


def _is_closed(series: nw.Series[Any]) -> bool:
    """Whether a series of a categorical type takes no text but its categories."""
    closed = isinstance(series.dtype, nw.Enum) or series.implementation.is_pandas_like()
    return closed or not all(isinstance(one, str) for one in _categories(series))


def _scattered(series: nw.Series[Any], rows: list[int], fill: list[Any]) -> nw.Series[Any]:
    """Return a series with other values in some rows."""
    if not (series.implementation.is_pyarrow() and series.dtype == nw.Categorical):
        return series.scatter(rows, fill)
    native, items = series.to_native(), series.to_list()  # narwhals can cast to texts alone
    for row, value in zip(rows, fill, strict=True):
        items[row] = value
    pyarrow = nw.get_native_namespace(series)
    array = pyarrow.chunked_array([pyarrow.array(items, native.type)])
    filled: nw.Series[Any] = nw.from_native(array, series_only=True).alias(series.name)
    return filled


def _objects(values: list[Any]) -> NDArray[Any]:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _check_names(names: list[Any]) -> None:
    types = sorted({type(name).__name__ for name in names})
    if "str" in types and len(types) > 1:
        msg = (
            "Feature names are only supported if all input features have string names, but X "
            f"has {types} as column name types. Convert them: X.columns = X.columns.astype(str)."
        )
        raise DataError(msg)


def _position(label: str, names: list[Any]) -> int:
    texts = [str(name) for name in names]
    if label not in texts:
        msg = f"y={label!r} names no column of X. Its columns are: {listing([*map(repr, texts)])}."
        raise DataError(msg)
    return texts.index(label)


def _type_name(value: object) -> str:
    kind = type(value)
    return f"{kind.__module__.partition('.')[0]}.{kind.__name__}"
