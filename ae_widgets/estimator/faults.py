"""What is no table of numbers, told as a session tells it."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse

from ae_widgets.data import Dataset, read_dataset
from ae_widgets.data.sources import read_array
from ae_widgets.exceptions import DataError

__all__ = ["fault_of", "readable"]

TIMES = ("date", "duration", "time")
"""How the names of types of dates, times and durations begin, in any library of frames."""


def readable(X: Any) -> Any:
    """Return frames and sparse matrices as they are, and all else as an array.

    With NaN where a masked array hides values.

    Raises
    ------
    DataError
        If it cannot be read as an array, or there are dates, times, durations or texts,
        which scikit-learn's checks would make numbers of.
    """
    if isinstance(X, np.ma.MaskedArray):
        return np.where(np.ma.getmaskarray(X), np.nan, np.ma.getdata(X).astype(np.float64))
    names, dtypes = getattr(X, "columns", None), getattr(X, "dtypes", None)
    if names is not None and dtypes is not None:
        for name, dtype in zip(names, dtypes, strict=False):
            if str(dtype).lower().startswith(TIMES):
                raise DataError(_times(f" in column {name!r}"))
    if names is not None or issparse(X):
        return X
    if isinstance(X, Dataset):
        msg = "X is a Dataset. Pass its features, X.features, and for classes its X.labels."
        raise DataError(msg)
    if isinstance(X, dict) and hasattr(X, "data"):
        msg = "X is a Bunch. Pass its data, X.data, and for classes its X.target."
        raise DataError(msg)
    array = read_array(X, "X")
    if array.dtype.kind in "mM":
        raise DataError(_times(""))
    if _has_text(array) and (fault := fault_of(array, allow_nan=True)):
        raise fault
    return array


def fault_of(X: Any, *, allow_nan: bool) -> DataError | None:
    """Return the error by which a session refuses what scikit-learn refuses.

    Parameters
    ----------
    X : object
        Items.
    allow_nan : bool
        Whether values may be missing.

    Returns
    -------
    DataError or None
        None if a session takes it.
    """
    try:
        read_dataset(X, allow_nan=allow_nan, scales=False)
    except DataError as error:
        return error
    shape = getattr(X, "shape", ())
    if len(shape) > 2:  # noqa: PLR2004  # images, which a session takes
        return DataError(
            f"X has {len(shape)} dimensions, shape {shape}, and an item is a row here. Flatten the "
            "items: X.reshape(len(X), -1)."
        )
    return None


def _has_text(array: Any) -> bool:
    if array.dtype.kind != "O":
        return array.dtype.kind in "SUT"
    return any(isinstance(value, (str, bytes)) for value in array.flat)


def _times(where: str) -> str:
    return (
        f"X has dates, times or durations{where}. Turn them into numbers first, such as days since "
        "a date, or leave them out."
    )
