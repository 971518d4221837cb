"""Several views in one place, of which one is seen at a time."""

from __future__ import annotations

from typing import Any

import ipywidgets

from ae_widgets.exceptions import SettingsError
from ae_widgets.widgets._controls import Panel, ToggleButtons

__all__ = ["Tabs"]


class Tabs(Panel):
    """A part of the Lab with pages, and a button for each beside its heading.

    The style sheet shows the page whose button is pressed, so that turning needs no
    answer from Python and survives a reload. All pages lie on each other and keep
    their size while they are not seen: nothing is laid out anew and nothing jumps.

    A page with an attribute `active` is told whether it is seen, so that it need not
    work while it is not.

    Parameters
    ----------
    title : str
        The heading.
    *pages : tuple of str and Widget
        Name and content of each page, at most six. The first is seen at the beginning.
    css_class : str, default=''
        Class of the whole.
    """

    def __init__(
        self, title: str, *pages: tuple[str, ipywidgets.Widget], css_class: str = ""
    ) -> None:
        names = self._names = [name for name, _ in pages]
        self._pages = [page for _, page in pages]
        self.strip = ToggleButtons(
            options=list(zip(names, range(len(names)), strict=True)),
            tooltips=[f"Show: {name}" for name in names],
        )
        self.strip.add_class("ae-tabs")
        for number, page in enumerate(self._pages, start=1):
            page.add_class(f"ae-page-{number}")
        box = ipywidgets.Box(children=self._pages)
        box.add_class("ae-pages")
        super().__init__(title, self.strip, box, css_class=css_class)
        self.add_class("ae-tabbed")
        self.strip.observe(self._turn, names=["value"])
        self._turn({"new": 0})

    def turn_to(self, name: str) -> None:
        """Show the page of that name.

        Raises
        ------
        SettingsError
            If there is none.
        """
        if name not in self._names:
            msg = f"There is no page {name!r}. Pages: {', '.join(self._names)}."
            raise SettingsError(msg)
        self.strip.value = self._names.index(name)

    def _turn(self, change: dict[str, Any]) -> None:
        for number, page in enumerate(self._pages):
            if hasattr(page, "active"):
                page.active = number == change["new"]
