"""Tooltips of fields that have a label too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from ae_widgets.widgets._static import StaticFile
from ae_widgets.widgets._view import OwnFrontEnd, tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ipywidgets

__all__ = ["Tips"]


class Tips(OwnFrontEnd):
    """A widget without a face: it shows the tooltips of the fields beside it.

    ipywidgets 8 shows the `tooltip` of a dropdown, a text field or a checkbox only where that
    has no `description`.

    Parameters
    ----------
    boxes : sequence of Widget
        Whose fields it looks after; to be put among the children of a box around them.
    **classes : str
        Tooltips of lines without a label, by their class names with ``_`` for ``-``.
    """

    _esm = StaticFile("tips.js")

    tips = traitlets.Dict().tag(sync=True)
    """Label, or class name, -> tooltip."""

    def __init__(self, boxes: Sequence[ipywidgets.Widget], **classes: str) -> None:
        self._classes = {name.replace("_", "-"): text for name, text in classes.items()}
        within = [widget for box in boxes for widget in tree(box)]
        self._fields: list[Any] = [w for w in within if getattr(w, "description", "")]
        super().__init__(tips=self._collected())
        for field in self._fields:
            field.observe(self._renew, names=["tooltip"])

    def _collected(self) -> dict[str, str]:
        found = {field.description: field.tooltip for field in self._fields if field.tooltip}
        return {**found, **self._classes}

    def _renew(self, _change: dict[str, Any]) -> None:
        self.tips = self._collected()
