"""Columns of any type, made into numbers or refused by name."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from numbers import Complex, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.data.table import listing, show
from ae_widgets.exceptions import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ae_widgets.data.table import Table

__all__ = ["check_dtype", "is_missing", "numeric_array", "numeric_columns", "value_name"]

TEXT, AMONG, WRITTEN = "text or categories", "text among numbers", "numbers written as text"
ADVICE = {
    AMONG: (
        "Make what is no number missing, e.g. with pandas.to_numeric(column, errors='coerce'), "
        "drop those rows, or take all as categories: categorical=[...] with their names "
        "(of a DataFrame)."
    ),
    WRITTEN: (
        "Make numbers of them, e.g. with .astype(float), or take them as categories: "
        "categorical=[...] with their names (of a DataFrame)."
    ),
    TEXT: (
        "Pass categorical='auto', or categorical=[...] with their names if they hold numbers too "
        "(of a DataFrame), turn them into numbers, e.g. with "
        "sklearn.preprocessing.OneHotEncoder or skrub.TableVectorizer, or drop them."
    ),
    "dates or times": (
        "Turn them into numbers first, e.g. days since the earliest one, or drop them."
    ),
    "durations": "Turn them into numbers first, e.g. of seconds, or drop them.",
    "complex numbers": (
        "Complex data not supported: pass their real and imaginary parts as two features."
    ),
    "extended-precision numbers": "Convert them first: X.astype('float32').",
    "nested values": "Give each of their values a column of its own, or drop them.",
    "named fields": "Make a table of them first: pandas.DataFrame(X).",
    "objects that are no numbers": "Turn them into numbers, or drop them.",
}
"""What a column can hold that is no number -> what to do about it."""

KINDS = {
    "U": TEXT, "S": TEXT, "T": TEXT, "M": "dates or times", "m": "durations",
    "c": "complex numbers", "V": "named fields",
}  # fmt: skip
"""numpy's kind of a dtype -> what it holds."""

NUMBERS = (Real, Decimal, np.bool_)
BEYOND_FLOAT32 = 1e39
MAX_ITEMSIZE = 8  # bytes of float64
BEYOND_INTEGERS = 2**64  # of any column of integers


def numeric_array(table: Table, flat: NDArray[Any]) -> NDArray[Any]:
    """Return the values as real numbers or bools, refusing all else.

    Parameters
    ----------
    table : Table
        Where the values come from, for the names in a message.
    flat : ndarray of shape (n_samples, n_features)
        The values of `table`, one item a row.

    Raises
    ------
    DataError
        If a value is no real number.
    """
    if flat.dtype.kind == "O":
        return np.stack(numeric_columns(table, list(flat.T)), axis=1)
    check_dtype(flat.dtype)
    return flat


def check_dtype(dtype: np.dtype[Any]) -> None:
    """Raise DataError if `dtype` is not one of real numbers or bools."""
    held = _held_by(dtype)
    if held is not None:
        msg = f"X holds {held} (dtype {dtype}). {ADVICE[held]}"
        raise DataError(msg)


def numeric_columns(table: Table, columns: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """Return each column as real numbers or bools.

    Raises
    ------
    DataError
        Naming all columns that hold what the first faulty one holds.
    """
    faults = {i: fault for i, column in enumerate(columns) if (fault := _fault(column))}
    if not faults:
        return [_numbers(column) if column.dtype.kind == "O" else column for column in columns]
    first, (held, row, value) = next(iter(faults.items()))
    same = [table.column(i) for i, fault in faults.items() if fault[0] == held]
    where = f"column{'s' if len(same) > 1 else ''} {listing(same)}"
    msg = f"X has {held} in {where} (first: {table.cell(row, first)}: {show(value)}). "
    raise DataError(msg + ADVICE[held])


def is_missing(value: object) -> bool:
    """Whether a value is None, NaN, NaT or pandas' NA."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(value))
    if isinstance(value, Decimal):
        return value.is_nan()
    return isinstance(value, (float, np.floating)) and math.isnan(value)


def value_name(value: Any) -> str:
    """Return a category or a label as it prints, a whole float as the integer that it equals.

    Beside a gap a frame's integers become floats, and still are the same categories.
    """
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if number.is_integer() and abs(number) < BEYOND_INTEGERS:
            return str(int(number))
    return str(value)


def _held_by(dtype: np.dtype[Any]) -> str | None:
    if dtype.kind in "iub" or (dtype.kind == "f" and dtype.itemsize <= MAX_ITEMSIZE):
        return None
    if dtype.kind == "f":
        return "extended-precision numbers"
    return KINDS.get(dtype.kind, "objects that are no numbers")


def _fault(column: NDArray[Any]) -> tuple[str, int, Any] | None:
    """Return what is held instead of numbers, the first row that does, and its value."""
    if column.dtype.kind != "O":
        held = _held_by(column.dtype)
        return (held, 0, column[0] if len(column) else None) if held else None
    for row, value in enumerate(column):
        if not isinstance(value, NUMBERS) and not is_missing(value):
            held = _held_in(value)
            return _text_fault(column, row) if held == TEXT else (held, row, value)
    return None


def _text_fault(column: NDArray[Any], row: int) -> tuple[str, int, Any]:
    """Return what a column holds whose first text is in `row`, and what is no number of it."""
    others = [i for i, value in enumerate(column) if not (_is_number(value) or is_missing(value))]
    if not others:
        return WRITTEN, row, column[row]
    held = AMONG if any(map(_is_number, column)) else TEXT
    return held, others[0], column[others[0]]


def _is_number(value: object) -> bool:
    """Whether a value is a number, or a text that reads as one."""
    if isinstance(value, (str, bytes)):
        try:
            return math.isfinite(float(value))
        except ValueError:
            return False
    return isinstance(value, NUMBERS) and not is_missing(value)


def _held_in(value: object) -> str:
    for types, held in (
        ((str, bytes), TEXT),
        ((dt.timedelta, np.timedelta64), "durations"),
        ((dt.date, dt.time, np.datetime64), "dates or times"),
        ((Complex,), "complex numbers"),
        ((list, tuple, dict, set, np.ndarray), "nested values"),
    ):
        if isinstance(value, types):
            return held
    return "objects that are no numbers"


def _numbers(column: NDArray[Any]) -> NDArray[np.float64]:
    return np.fromiter((_number(value) for value in column), np.float64, len(column))


def _number(value: Any) -> float:
    if is_missing(value):
        return math.nan
    try:
        return float(value)
    except OverflowError:  # an int too large for a float: reported as beyond float32 later
        return math.copysign(BEYOND_FLOAT32, 1 if value > 0 else -1)
