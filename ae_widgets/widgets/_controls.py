"""Small building blocks of the control panels."""

from __future__ import annotations

import math
from typing import Any

import ipywidgets

from ae_widgets.widgets._view import FromFrontEnd

__all__ = [
    "Checkbox",
    "Dropdown",
    "FloatField",
    "IntField",
    "IntSlider",
    "LogSlider",
    "Panel",
    "PlainLabel",
    "Ranking",
    "TextField",
    "Toggle",
    "ToggleButtons",
    "message_label",
    "row",
]


class Checkbox(FromFrontEnd, ipywidgets.Checkbox):
    """Yes or no."""


class Dropdown(FromFrontEnd, ipywidgets.Dropdown):
    """A choice among names."""


class FloatField(FromFrontEnd, ipywidgets.FloatText):
    """An exact number."""


class IntField(FromFrontEnd, ipywidgets.FloatText):
    """An exact integer, or what was typed in its place.

    ipywidgets' own drops the signs that no integer has: 2.7 would be 27.
    """

    def __init__(self, **traits: Any) -> None:
        super().__init__(step=1, **traits)

    @staticmethod
    def read(value: float) -> float:
        """Return the integer that a value is, or the value."""
        return int(value) if float(value).is_integer() else value


class IntSlider(FromFrontEnd, ipywidgets.IntSlider):
    """An integer between two ends, shown beside the slider."""


class Ranking(FromFrontEnd, ipywidgets.Select):
    """A list of which one line can be chosen."""


class TextField(FromFrontEnd, ipywidgets.Text):
    """A line of text."""


class Toggle(FromFrontEnd, ipywidgets.ToggleButton):
    """A button that stays pressed."""


class ToggleButtons(FromFrontEnd, ipywidgets.ToggleButtons):
    """A choice among a few buttons."""


class LogSlider(FromFrontEnd, ipywidgets.FloatSlider):
    """A slider over powers of ten, with 0 at its left end if `zero`.

    Its `value` is the exponent; `number` is what it stands for.
    """

    def __init__(self, low: float, high: float, *, zero: bool = False, **traits: Any) -> None:
        self.low, self.zero = low, zero
        super().__init__(min=low - zero * 0.25, max=high, step=0.05, readout=False, **traits)

    @property
    def number(self) -> float:
        """What the slider stands for, to two digits."""
        if self.zero and self.value < self.low:
            return 0.0
        return float(f"{10**self.value:.1e}")

    def position(self, number: float) -> float:
        """Where `number` lies, clipped to the ends."""
        if number <= 0:
            return float(self.min)
        place = min(max(math.log10(number), self.low), self.max)
        # The front end rounds to whole steps from `min`; so do we, or it would move the handle.
        return float(round(self.min + round((place - self.min) / self.step) * self.step, 6))


class PlainLabel(ipywidgets.Label):
    """A line of text in which nothing is a formula.

    JupyterLab typesets what stands between two dollars in a `Label`, as names of
    columns and of classes may.
    """

    def __init__(self, value: str = "", **traits: Any) -> None:
        super().__init__(value, **traits)
        self.add_class("mathjax_ignore")


class Panel(ipywidgets.VBox):
    """A part of the Lab that folds away under its heading.

    The style sheet hides what follows a pressed heading, so that folding needs
    no answer from Python and survives a reload.
    """

    def __init__(
        self, title: str, *children: ipywidgets.Widget, css_class: str = "", folded: bool = False
    ) -> None:
        self.heading = Toggle(value=folded, description=title, tooltip=f"Fold or unfold: {title}")
        self.heading.add_class("ae-panel-heading")
        super().__init__(children=[self.heading, *children])
        self.add_class("ae-panel")
        if css_class:
            self.add_class(css_class)


def row(*children: ipywidgets.Widget, css_class: str = "ae-row") -> ipywidgets.HBox:
    """Put `children` beside each other."""
    box = ipywidgets.HBox(children=children)
    box.add_class(css_class)
    return box


def message_label() -> PlainLabel:
    """Make the line under some controls that says what was wrong, empty for now."""
    label = PlainLabel()
    label.add_class("ae-message")
    return label
