"""The items of a run, read as its settings allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ae_widgets.data import Dataset, read_dataset
from ae_widgets.losses import TAKES_MISSING

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["read_items"]


def read_items(  # noqa: PLR0913  # as `read_dataset`
    X: Any,
    y: ArrayLike | None,
    item_shape: tuple[int, ...] | None,
    reconstruction: str,
    *,
    scaled: bool = False,
    categorical: Any = None,
    copy: bool = False,
) -> Dataset:
    """Return `X` as a Dataset; values may be missing if the error can do without.

    If they are `scaled` before the network, nothing is said of different scales.
    """
    if isinstance(X, Dataset):
        return read_dataset(X, y, item_shape=item_shape, copy=copy)
    allow_nan = isinstance(reconstruction, str) and reconstruction in TAKES_MISSING
    return read_dataset(
        X,
        y,
        item_shape=item_shape,
        allow_nan=allow_nan,
        scales=not scaled,
        categorical=categorical,
        copy=copy,
    )
