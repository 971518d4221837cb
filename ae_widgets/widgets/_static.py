"""The built front end, as traits of the widgets that use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import traitlets

__all__ = ["STATIC", "StaticFile"]

STATIC = Path(__file__).parents[1] / "static"
"""Where the front end is built to."""


class StaticFile(traitlets.TraitType[str, str]):
    """Text of a built file, read when a widget needs it.

    Parameters
    ----------
    name : str
        Name of the file in `STATIC`.

    Raises
    ------
    FileNotFoundError
        When a widget is made before the front end was built.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.file = name
        self.tag(sync=True)

    def default(self, obj: Any = None) -> str:  # noqa: ARG002  # traitlets' signature
        """Return the text of the file."""
        path = STATIC / self.file
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            msg = (
                f"The front end is not built: {self.file} is missing in {path.parent.name}/. "
                "Run 'make build', or install the package again."
            )
            raise FileNotFoundError(msg) from None
