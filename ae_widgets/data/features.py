"""Numbers of any type, made into finite float32 without touching the input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.data.table import show
from ae_widgets.exceptions import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ae_widgets.data.table import Table

__all__ = [
    "NOT_FINITE",
    "blocks",
    "constant_features",
    "empty_features",
    "not_finite",
    "to_float32",
]

BLOCK = 1 << 20
"""Values looked at in one go, so that memory-mapped data is never in memory as a whole."""

NOT_FINITE = {
    "NaN": (
        "Drop those rows, fill them in, e.g. with sklearn.impute.SimpleImputer, or leave those "
        "values out of the error: missing='mask'."
    ),
    "infinite values": "Drop those rows, or replace the values.",
    "values beyond float32 (3.4e38)": (
        "Scale them first, e.g. with sklearn.preprocessing.StandardScaler."
    ),
}
"""What a value can be instead of a finite number -> what to do about it."""


def to_float32(
    table: Table,
    values: NDArray[Any],
    *,
    divisor: float | None = None,
    allow_nan: bool = False,
) -> NDArray[np.float32]:
    """Return values as finite, C-contiguous float32.

    Parameters
    ----------
    table : Table
        Where the values come from, for the names in a message.
    values : ndarray of shape (n_samples, n_features)
        Real numbers or bools.
    divisor : float, optional
        What the values are divided by.
    allow_nan : bool, default=False
        Whether NaN, a value that is missing, is let through.

    Returns
    -------
    ndarray of shape (n_samples, n_features)
        `values` itself if it is float32 and C-contiguous already.

    Raises
    ------
    DataError
        If a value is NaN and that is not allowed, infinite or beyond float32, or
        memory is short.
    """
    as_is = values.dtype == np.float32 and values.flags.c_contiguous and divisor is None
    features = values if as_is else _empty(values.shape)
    # float() of a wide number is infinite beyond float32; signalling NaN raises "invalid".
    with np.errstate(over="ignore", invalid="ignore"):
        for rows in blocks(values):
            if not as_is:
                features[rows] = values[rows]
                if divisor is not None:
                    features[rows] /= divisor
            fits = np.isfinite(features[rows])
            if not (fits | np.isnan(features[rows]) if allow_nan else fits).all():
                raise _not_finite(table, values, allow_nan=allow_nan)
    return features


def constant_features(features: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the indices of the features that are the same in every row."""
    same = np.flatnonzero((features[:64] == features[0]).all(axis=0))  # most vary soon
    for rows in blocks(features):
        same = same[(features[rows, same] == features[0, same]).all(axis=0)]
        if not same.size:
            break
    return same


def empty_features(features: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the indices of the features that are missing (NaN) in every row."""
    empty = np.flatnonzero(np.isnan(features[0]))  # most have a value there
    for rows in blocks(features):
        if not empty.size:
            break
        empty = empty[np.isnan(features[rows, empty]).all(axis=0)]
    return empty


def blocks(values: NDArray[Any]) -> Iterator[slice]:
    """Return all rows, some at a time, so that what is made of these is small."""
    size = max(1, BLOCK // values.shape[1])
    for start in range(0, values.shape[0], size):
        yield slice(start, start + size)


def _empty(shape: tuple[int, ...]) -> NDArray[np.float32]:
    try:
        return np.empty(shape, np.float32)
    except MemoryError as error:
        gigabytes = shape[0] * shape[1] * 4 / 1e9
        msg = (
            f"X needs {gigabytes:,.1f} GB of memory as float32, more than there is. Pass fewer "
            "rows, or a float32 numpy.memmap, which is read in place."
        )
        raise DataError(msg) from error


def _not_finite(table: Table, values: NDArray[Any], *, allow_nan: bool) -> DataError:
    """Describe the first kind of fault: NaN, else infinity, else beyond float32."""
    faulty_rows = dict.fromkeys(NOT_FINITE, 0)
    first: dict[str, tuple[int, int]] = {}
    for rows in blocks(values):
        block = values[rows]
        finite = np.isfinite(block)
        beyond = finite & ~np.isfinite(block.astype(np.float32))
        masks = (np.isnan(block), np.isinf(block), beyond)
        for kind, faulty in zip(NOT_FINITE, masks, strict=True):
            hit = np.flatnonzero(faulty.any(axis=1))
            if hit.size:
                faulty_rows[kind] += hit.size
                first.setdefault(kind, (rows.start + hit[0], int(faulty[hit[0]].argmax())))
    kind = next(kind for kind in NOT_FINITE if kind in first and not (allow_nan and kind == "NaN"))
    row, column = first[kind]
    first_value = values[row, column]
    return not_finite(
        table, kind, faulty_rows[kind], len(values), first=(int(row), column), value=first_value
    )


def not_finite(  # noqa: PLR0913  # what the message tells
    table: Table,
    kind: str,
    n_faulty: int,
    n_samples: int,
    *,
    first: tuple[int, int],
    value: object,
) -> DataError:
    """Return the error of values that are no finite numbers.

    Parameters
    ----------
    table : Table
        Where the values come from.
    kind : str
        What they are, of `NOT_FINITE`.
    n_faulty, n_samples : int
        Rows that have such values, and all rows.
    first : tuple of int
        Row and column of the first one.
    value : object
        The first one.
    """
    shown = "" if kind == "NaN" else f": {show(value)}"
    return DataError(
        f"X has {kind} in {n_faulty:,} of {n_samples:,} rows "
        f"(first: {table.cell(*first)}{shown}). {NOT_FINITE[kind]}"
    )
