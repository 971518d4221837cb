"""The style sheet of all widgets, brought to the page once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget

from ae_widgets.widgets._static import StaticFile

__all__ = ["StyleSheet", "style_sheet"]


class StyleSheet(anywidget.AnyWidget):
    """A widget without a face: its model brings `style.css` to the page.

    It also keeps plain keys, such as a slider's arrows, from being taken as
    shortcuts of the notebook.

    All views of a kernel share one, so that the page has the style once.
    """

    _esm = StaticFile("style_sheet.js")
    _css = Path(__file__).with_name("style.css")

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.users = 0

    def close(self) -> None:
        """Leave the page once the last view that uses the sheet is closed."""
        self.users -= 1
        if self.users <= 0 and self.comm is not None:
            super().close()
            self.layout.close()


_shared: StyleSheet | None = None


def style_sheet() -> StyleSheet:
    """Return the shared style sheet, for a view to put among its children."""
    global _shared  # noqa: PLW0603  (one sheet a kernel)
    if _shared is None or _shared.comm is None:
        _shared = StyleSheet()
    _shared.users += 1
    return _shared
