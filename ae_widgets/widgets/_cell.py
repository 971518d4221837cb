"""Which notebook cell made which Lab, so that a cell run again leaves no orphan."""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ae_widgets.widgets.lab import Lab

__all__ = ["Cell", "current_cell", "take_over"]


class Cell(NamedTuple):
    """A cell, and the request that runs it now."""

    cell_id: str
    request: str


_labs: dict[str, list[tuple[str, weakref.ref[Lab]]]] = {}


def current_cell() -> Cell | None:
    """Return the notebook cell that runs, or None outside a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    parent = getattr(shell, "parent_header", None) or {}
    get_parent = getattr(shell, "get_parent", None)
    if get_parent is not None:
        parent = get_parent() or parent
    cell_id = parent.get("metadata", {}).get("cellId")
    request = parent.get("header", {}).get("msg_id")
    return Cell(cell_id, request) if cell_id and request else None


def take_over(lab: Lab, cell: Cell | None) -> list[Lab]:
    """Note that `cell` made `lab`; return the open Labs of its earlier runs."""
    if cell is None:
        return []
    known = [(request, ref()) for request, ref in _labs.get(cell.cell_id, ())]
    earlier = [old for request, old in known if old is not None and request != cell.request]
    same = [
        (request, weakref.ref(old)) for request, old in known if old and request == cell.request
    ]
    _labs[cell.cell_id] = [*same, (cell.request, weakref.ref(lab))]
    return earlier
