"""What is no table of numbers, told as a session tells it, and what is refused leaves no trace."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import issparse

from ae_widgets.data import Dataset, read_dataset
from ae_widgets.data.columns import check_dtype, numeric_array
from ae_widgets.data.sources import read_array
from ae_widgets.data.table import Table
from ae_widgets.exceptions import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

__all__ = ["fault_of", "readable", "unchanged_if_refused"]

TIMES = ("date", "duration", "time")
"""How the names of types of dates, times and durations begin, in any library of frames."""


@contextmanager
def unchanged_if_refused(estimator: Any) -> Iterator[Callable[[], None]]:
    """Have the estimator be what it was before the block if that ends with an error.

    What was learnt of new items must not stand before a network that was trained on others.

    Yields
    ------
    begin : callable
        Tells that training begins, within the block: from then on nothing is taken back.
    """
    before: dict[str, Any] | None = dict(vars(estimator))

    def begin() -> None:
        nonlocal before
        before = None

    try:
        yield begin
    except BaseException:
        if before is not None:
            vars(estimator).clear()
            vars(estimator).update(before)
        raise


class NoNumberError(DataError, TypeError):
    """Objects that numpy makes no number of; a TypeError too, which scikit-learn asks for."""


def readable(X: Any) -> Any:
    """Return frames and sparse matrices as they are, and all else as an array.

    With NaN where a masked array hides values, and where one of objects has none.

    Raises
    ------
    DataError
        If it cannot be read as an array; or there are dates, times, durations, texts or
        numbers wider than float64, which scikit-learn's checks would make numbers of; or
        other objects that are no numbers.
    """
    if hasattr(X, "columns"):
        _refuse_times(X)
        return X
    if issparse(X):
        check_dtype(X.dtype)
        return X
    if isinstance(X, Dataset):
        msg = "X is a Dataset. Pass its features, X.features, and for classes its X.labels."
        raise DataError(msg)
    if isinstance(X, dict) and hasattr(X, "data"):
        msg = "X is a Bunch. Pass its data, X.data, and for classes its X.target."
        raise DataError(msg)
    hidden = np.ma.getmaskarray(X) if isinstance(X, np.ma.MaskedArray) else None
    array = np.ma.getdata(X) if hidden is not None and X.dtype != object else read_array(X, "X")
    if array.dtype.kind in "mM":
        raise DataError(_times(""))
    if array.dtype == object:
        return _numbers(array)
    try:
        check_dtype(array.dtype)
    except DataError as fault:
        raise (fault_of(array, allow_nan=True) or fault) from None
    return array if hidden is None else np.where(hidden, np.nan, array.astype(np.float64))


def fault_of(X: Any, *, allow_nan: bool, categorical: Any = None) -> DataError | None:
    """Return the error by which a session refuses what scikit-learn refuses.

    Parameters
    ----------
    X : object
        Items.
    allow_nan : bool
        Whether values may be missing.
    categorical : None, 'auto' or sequence of str, default=None
        Which columns of a frame hold categories, beside those of such a type.

    Returns
    -------
    DataError or None
        None if a session takes it.
    """
    try:
        read_dataset(X, allow_nan=allow_nan, scales=False, categorical=categorical)
    except DataError as error:
        return error
    shape = getattr(X, "shape", ())
    if len(shape) > 2:  # noqa: PLR2004  # images, which a session takes
        return DataError(
            f"X has {len(shape)} dimensions, shape {shape}, and an item is a row here. Flatten the "
            "items: X.reshape(len(X), -1)."
        )
    return None


def _numbers(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array of objects as one of numbers, NaN where a value is missing."""
    if array.ndim != 2 or not array.size:  # noqa: PLR2004  # no table, which is what is wrong
        if fault := fault_of(array, allow_nan=True):
            raise fault
        return array
    try:
        return numeric_array(Table(array), array)
    except DataError as fault:
        try:
            array.astype(np.float64)
        except TypeError as error:
            msg = f"{fault} numpy says: {error}."
            raise NoNumberError(msg) from error
        except ValueError:
            pass
        raise


def _refuse_times(frame: Any) -> None:
    for name, dtype in zip(frame.columns, getattr(frame, "dtypes", ()), strict=False):
        if str(dtype).lower().startswith(TIMES):
            raise DataError(_times(f" in column {name!r}"))


def _times(where: str) -> str:
    return (
        f"X has dates, times or durations{where}. Turn them into numbers first, such as days since "
        "a date, or leave them out."
    )
