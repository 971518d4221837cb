"""Figures that take long, kept in a file: a run that was cut off goes on where it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Figures = tuple[float, ...]

__all__ = ["Kept"]


class Kept:
    """Figures by what they are of.

    Parameters
    ----------
    path : Path or None
        The file, JSON; None keeps nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        known = json.loads(path.read_text("utf-8")) if path and path.exists() else {}
        self._figures: dict[str, Figures] = {key: tuple(row) for key, row in known.items()}

    def figures(self, key: str, measure: Callable[[], Figures]) -> Figures:
        """Return the figures of that key, measured now if they are not there.

        Parameters
        ----------
        key : str
            The method with all its settings, the data and the seed.
        measure : callable
        """
        if key not in self._figures:
            self._figures[key] = measure()
            if self._path:
                self._path.write_text(json.dumps(self._figures, indent=1), "utf-8")
        return self._figures[key]
