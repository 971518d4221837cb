"""Names for the selected items, given by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
import traitlets

from ae_widgets.exceptions import AEWidgetsError
from ae_widgets.widgets._static import StaticFile
from ae_widgets.widgets._style import style_sheet
from ae_widgets.widgets._view import FromFrontEnd, OwnFrontEnd, SessionView

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ae_widgets.session import Session

__all__ = ["LabelRow", "suggested"]

MOST_NAMES = 20
"""Names that are suggested at a time."""


class _Button(FromFrontEnd, ipywidgets.Button):
    """Gives or takes a label."""


class _Field(FromFrontEnd, OwnFrontEnd):
    """A line of text with some names suggested.

    ipywidgets' own tells of Enter before the last letters have come where the kernel is far
    away; this one says with it what was typed.
    """

    _esm = StaticFile("label_field.js")

    value = traitlets.Unicode().tag(sync=True)
    options = traitlets.Tuple().tag(sync=True)
    placeholder = traitlets.Unicode().tag(sync=True)
    told = traitlets.Unicode().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.add_class("widget-text")  # looks like the fields of ipywidgets


class LabelRow(SessionView, ipywidgets.HBox):
    """A field for a label and a button that gives it to the selected items.

    It is there while something is selected. The field offers the names that are known, the
    20 most frequent of those that fit what is typed, and takes any other; Enter in it
    labels, as the button does. With δ above 0 a classifier learns the label from the next
    batch on.

    Parameters
    ----------
    session : Session
        The run whose items are labelled.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._name = _Field(
            placeholder="a label",
            told="A label for the selected items: one of those known, or a new one",
        )
        self._name.on_msg(self._entered)
        self._name.observe(self._typed, names=["value"])
        self._give = _Button(
            description="Label",
            tooltip="Give the selected items this label (Enter); with δ above 0 it is learnt",
        )
        self._give.on_click(lambda _: self._label(self._name.value))
        self._take = _Button(
            description="No label", tooltip="Take the labels of the selected items away"
        )
        self._take.on_click(lambda _: self._label(None))
        super().__init__(children=[style_sheet(), self._name, self._give, self._take])
        self.add_class("ae-labelling")
        self._follow("selection", self._show_count, messages=2)
        self._follow("labels", self._show_names)

    def _show_count(self) -> None:
        count = len(self.session.selection)
        (self.remove_class if count else self.add_class)("ae-unused")
        if count:
            self._give.description = f"Label {_items(count)}"

    def _typed(self, _change: dict[str, Any]) -> None:
        if len(self.session.label_names) > MOST_NAMES:
            self._post("labels", self._show_names)

    def _show_names(self) -> None:
        self._name.options = suggested(
            self.session.labels, self.session.label_names, self._name.value
        )

    def _entered(self, _field: Any, message: dict[str, Any], _buffers: Any) -> None:
        if message.get("event") == "submit" and isinstance(message.get("value"), str):
            self._label(message["value"])

    def _label(self, name: str | None) -> None:
        session, chosen = self.session, self.session.selection
        if name is not None and not name.strip():
            session.say("Type a label first; 'No label' takes one away.", error=True)
            return
        try:
            session.label(chosen, name)
        except AEWidgetsError as error:
            session.say(str(error), error=True)
            return
        if name is None:
            session.say(f"{_items(len(chosen))} without a label.")
        else:
            session.say(f"{_items(len(chosen))} labelled '{name.strip()}'.{self._why_not_learnt()}")

    def _why_not_learnt(self) -> str:
        if not self.session.settings.delta:
            return " It is learnt once δ is above 0."
        if len(self.session.label_names) == 1:
            return " It is learnt once there is a second label."
        return ""


def suggested(
    labels: NDArray[np.int32], names: tuple[str, ...], typed: str = ""
) -> tuple[str, ...]:
    """Return the names to suggest: of those that have what is typed, the 20 of most items.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,), int
        Each item's label as an index into `names`; -1 for none.
    names : tuple of str
        All names, in whose order they are suggested.
    typed : str, default=''
        What stands in the field; small and capital letters are the same.
    """
    if len(names) <= MOST_NAMES:
        return names
    counts = np.bincount(labels[labels >= 0], minlength=len(names))
    sought = typed.strip().casefold()
    fitting = [i for i, name in enumerate(names) if sought in name.casefold()]
    common = sorted(fitting, key=lambda i: -counts[i])[:MOST_NAMES]
    return tuple(names[i] for i in sorted(common))


def _items(count: int) -> str:
    return f"{count:,} item{'' if count == 1 else 's'}"
