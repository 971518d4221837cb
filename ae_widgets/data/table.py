"""What every source of data becomes before it is checked."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["Table", "listing", "show"]

MAX_LISTED = 5


@dataclass(frozen=True, eq=False)
class Table:
    """Values of any type with the names by which a message can point at them.

    Parameters
    ----------
    values : ndarray of shape (n_samples, ...) or sparse matrix
        The values as they were passed in.
    names : tuple of str, optional
        Names of the columns.
    index : sequence, optional
        Labels of the rows.
    item_shape : tuple of int, optional
        Shape of an item if the source says that it is an image.
    target : object, optional
        Labels that came with the source.
    target_names : sequence, optional
        Names that the source gives to the integer labels 0, 1, ….
    groups : tuple of (start, stop)
        Columns that stand for the categories of one, one-hot.
    notices : tuple of str
        What was changed on the way, one sentence each.
    categories : dict of str to tuple of str
        Of each column of categories, by its name.
    columns : bool
        Whether the names are those of a frame's columns.
    """

    values: NDArray[Any] | Any
    names: tuple[str, ...] | None = None
    index: Sequence[Any] | None = None
    item_shape: tuple[int, ...] | None = None
    target: Any = None
    target_names: Sequence[Any] | None = None
    groups: tuple[tuple[int, int], ...] = ()
    notices: tuple[str, ...] = ()
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    columns: bool = False

    def column(self, column: int) -> str:
        """Return how to call a column in a message; a category by the column that it is of."""
        for (start, stop), name in zip(self.groups, self.categories, strict=False):
            if start <= column < stop:
                return repr(name)
        return str(column) if self.names is None else repr(self.names[column])

    def cell(self, row: int, column: int) -> str:
        """Return how to call a cell in a message."""
        label = row if self.index is None else self.index[row]
        label = label.item() if hasattr(label, "item") else label
        own = "" if isinstance(label, int) and label == row else f" (index {show(label)})"
        return f"row {row}{own}, column {self.column(column)}"


def show(value: object) -> str:
    """Return a short `repr` of a value, without numpy's type around it."""
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return str(value)  # `item` would make a plain integer of nanoseconds
    return reprlib.repr(value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value)


def listing(names: Sequence[str]) -> str:
    """Join the first few names and count the rest."""
    text = ", ".join(names[:MAX_LISTED])
    more = len(names) - MAX_LISTED
    return f"{text} and {more:,} more" if more > 0 else text
