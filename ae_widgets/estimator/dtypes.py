"""What scikit-learn's checks would let through as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ae_widgets.exceptions import DataError

__all__ = ["checked_dtypes"]

TIMES = ("date", "duration", "time")
"""How the names of types of dates, times and durations begin, in any library of frames."""


def checked_dtypes(X: Any) -> Any:
    """Return `X`, with NaN where a masked array hides values.

    Raises
    ------
    DataError
        If there are dates, times or durations, which would become huge numbers.
    """
    if isinstance(X, np.ma.MaskedArray):
        return np.where(np.ma.getmaskarray(X), np.nan, np.ma.getdata(X).astype(np.float64))
    names, dtypes = getattr(X, "columns", None), getattr(X, "dtypes", None)
    if names is not None and dtypes is not None:
        for name, dtype in zip(names, dtypes, strict=False):
            if str(dtype).lower().startswith(TIMES):
                raise DataError(_message(f" in column {name!r}"))
    elif getattr(getattr(X, "dtype", None), "kind", "") in {"m", "M"}:
        raise DataError(_message(""))
    return X


def _message(where: str) -> str:
    return (
        f"X has dates, times or durations{where}. Turn them into numbers first, such as days since "
        "a date, or leave them out."
    )
