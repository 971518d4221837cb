"""Items in a sparse matrix, read and looked at without a dense copy of them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.data.columns import check_dtype
from ae_widgets.data.features import NOT_FINITE, not_finite
from ae_widgets.data.table import listing
from ae_widgets.exceptions import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ae_widgets.data.table import Table

__all__ = [
    "check_stored",
    "constant_columns",
    "empty_columns",
    "is_sparse",
    "size_notice",
    "to_csr",
    "to_dense",
    "value_range",
]

FAR = 100.0
"""A column whose values are this many times as large as a typical one's drowns it."""


def is_sparse(data: Any) -> bool:
    """Whether `data` is a sparse matrix or array of scipy; nothing is imported to know."""
    return hasattr(data, "tocsr") and hasattr(data, "toarray")


def to_csr(table: Table, *, divisor: float | None = None, allow_nan: bool = False) -> Any:
    """Return a sparse matrix of any format and type of number as float32 in CSR form.

    Parameters
    ----------
    table : Table
        The matrix, and the names for a message.
    divisor : float, optional
        What the values are divided by.
    allow_nan : bool, default=False
        Whether NaN, a value that is missing, is let through.

    Returns
    -------
    scipy.sparse.csr_array of shape (n_samples, n_features), float32
        Each place named once, in the order of the columns: values of a place that is
        named twice are added up. It shares the memory of what is so already.

    Raises
    ------
    DataError
        If it has not two dimensions or no values, or one of them is no finite number.
    """
    from scipy.sparse import csr_array

    given: Any = table.values
    _check_shape(given)
    check_dtype(given.dtype)
    if given.dtype not in (np.float32, np.float64):
        given = given.astype(np.float64)  # before places are added up: small integers wrap
    matrix = csr_array(given)
    if not matrix.has_canonical_format:
        matrix = matrix.astype(np.float64)
        matrix.sum_duplicates()
    check_stored(matrix)
    with np.errstate(over="ignore"):  # float() of a wide number is infinite beyond float32
        features = matrix.astype(np.float32, copy=False)
    fits = np.isfinite(features.data)
    if not (fits | np.isnan(features.data) if allow_nan else fits).all():
        raise _not_finite(table, matrix, allow_nan=allow_nan)
    if divisor is not None:
        features = features.copy()
        features.data /= divisor
    return features


def check_stored(matrix: Any) -> None:
    """Refuse a sparse matrix without any value."""
    if not matrix.nnz:
        msg = "X is a sparse matrix without any value: all of it is 0. Check how it was made."
        raise DataError(msg)


def to_dense(matrix: Any, unstored: float = 0.0) -> NDArray[np.float32]:
    """Return a CSR matrix, each place named once, with `unstored` where it has no value."""
    dense = np.full(matrix.shape, unstored, np.float32)
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    dense[rows, matrix.indices] = matrix.data
    return dense


def value_range(matrix: Any) -> tuple[float, float]:
    """Return the smallest and the largest value of a CSR matrix, NaN left out, 0 included."""
    values = matrix.data
    return float(np.fmin.reduce(values, initial=0)), float(np.fmax.reduce(values, initial=0))


def _check_shape(matrix: Any) -> None:
    """Refuse what is no table, in scikit-learn's words."""
    shape = matrix.shape
    if len(shape) != 2:  # noqa: PLR2004  # a table
        msg = (
            f"Expected 2D array, got {len(shape)}D array instead: X is sparse, of shape {shape}. "
            "Pass one item a row."
        )
        raise DataError(msg)
    for size, what, axis in (
        (shape[0], "sample(s)", "rows"),
        (shape[1], "feature(s)", "columns"),
    ):
        if not size:
            msg = (
                f"Found array with 0 {what} (shape={shape}) while a minimum of 1 is required. "
                f"Check what selected the {axis} of X."
            )
            raise DataError(msg)


def _not_finite(table: Table, matrix: Any, *, allow_nan: bool) -> DataError:
    """Describe the first kind of fault: NaN, else infinity, else beyond float32."""
    values = matrix.data
    with np.errstate(over="ignore"):
        beyond = np.isfinite(values) & ~np.isfinite(values.astype(np.float32))
    faulty = dict(zip(NOT_FINITE, (np.isnan(values), np.isinf(values), beyond), strict=True))
    kind = next(k for k, hit in faulty.items() if hit.any() and not (allow_nan and k == "NaN"))
    places = np.flatnonzero(faulty[kind])
    rows = np.searchsorted(matrix.indptr, places, side="right") - 1
    first = int(rows[0]), int(matrix.indices[places[0]])
    n_rows, value = np.unique(rows).size, values[places[0]]
    return not_finite(table, kind, n_rows, matrix.shape[0], first=first, value=value)


def constant_columns(features: Any) -> NDArray[np.intp]:
    """Return the indices of the features that are the same in every row."""
    n_samples, n_features = features.shape
    varied = np.bincount(features.indices[features.data != 0], minlength=n_features)
    constant = varied == 0
    for column in np.flatnonzero(varied == n_samples):  # of full columns there are few
        values = features.data[features.indices == column]
        constant[column] = (values == values[0]).all()
    return np.flatnonzero(constant)


def empty_columns(features: Any) -> NDArray[np.intp]:
    """Return the indices of the features that are stored as missing (NaN) in every row."""
    missing = features.indices[np.isnan(features.data)]
    return np.flatnonzero(np.bincount(missing, minlength=features.shape[1]) == features.shape[0])


def size_notice(features: Any, names: Sequence[str]) -> str:
    """Say which column drowns the others by the size of the values that it has; '' if none does.

    Not by their deviation, as in a table: that of a rare term or of a film that few
    have seen is small, and need not be mended.
    """
    n_features = features.shape[1]
    known = np.isfinite(features.data)
    columns, values = features.indices[known], features.data[known].astype(np.float64)
    counts = np.bincount(columns[values != 0], minlength=n_features)
    squares = np.bincount(columns, np.square(values), n_features)
    sizes = np.sqrt(squares / np.maximum(counts, 1))
    present = np.sort(sizes[sizes > 0])
    if not present.size or not present[-1] > FAR * present[(present.size - 1) // 2]:
        return ""
    times = present[-1] / present[(present.size - 1) // 2]
    largest = listing([repr(names[int(sizes.argmax())])])
    return (
        f"The values of column {largest} are {times:,.0f} times as large as those of a typical "
        "one. Scale the columns first, e.g. sklearn.preprocessing.MaxAbsScaler().fit_transform(X)."
    )
