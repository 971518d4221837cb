"""What every panel of settings has in common: fields that show them and ask for others."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import ipywidgets

from ae_widgets.exceptions import AEWidgetsError, SettingsError
from ae_widgets.widgets._controls import (
    Dropdown,
    FloatField,
    IntField,
    LogSlider,
    message_label,
    row,
)
from ae_widgets.widgets._tips import Tips
from ae_widgets.widgets._view import SessionView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ae_widgets.engine import Settings
    from ae_widgets.session import Session

__all__ = ["SettingsControls", "parse_sizes", "sizes_text"]

AWAY = "ae-away"
PENDING = "ae-pending"


class SettingsControls(SessionView, ipywidgets.VBox):
    """Base of the panels: fields by the names of settings, each with label and tooltip.

    A field shows the setting of the next run and is marked where that differs from
    the one in force. Fields that the kind of model has no use for are away.

    Parameters
    ----------
    session : Session
        The run whose settings are shown.
    tooltips : dict of str to str
        Name of a setting -> what it does, in one line.
    """

    ASIDE: ClassVar[frozenset[str]] = frozenset()
    """Settings whose change takes its time: it is made on another thread."""

    def __init__(self, session: Session, tooltips: dict[str, str]) -> None:
        self.session = session
        self._tooltips = tooltips
        self._showing = False
        self._error = ""
        self._asked: dict[str, Any] = {}  # by the fields that wait to be obeyed
        self._fields: dict[str, Any] = {}
        self._sliders: dict[str, LogSlider] = {}
        self._rows: dict[str, ipywidgets.Widget] = {}
        self._when: dict[str, Callable[[Settings], bool]] = {}
        self._options: dict[str, Callable[[Settings], Sequence[tuple[str, str]]]] = {}
        self._texts: dict[str, Callable[[Any], Any]] = {}
        self._message = message_label()
        super().__init__()
        self.add_class("ae-controls")

    def _begin(self, *children: ipywidgets.Widget, **tips: str) -> None:
        """Put the fields on the screen and follow the session; `tips` is as for `Tips`."""
        self.children = (*children, Tips(children, **tips))
        # The arrangement first: a value may need a choice that is not offered yet.
        self._follow("settings", self._arrange, messages=11, key=self._arrangement)
        self._follow("settings", self._show_news, messages=3)

    # Building blocks -----------------------------------------------------------

    def _field(  # noqa: PLR0913  (what tells one field from another)
        self,
        name: str,
        label: str,
        field: Any,
        *,
        when: Callable[[Settings], bool] | None = None,
        read: Callable[[Any], Any] | None = None,
        text: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Let `field` show the setting `name`.

        Parameters
        ----------
        when : callable, optional
            Takes the settings of the next run and tells whether the field has a use.
        read, text : callable, optional
            From what the field holds to the setting, and back.
        """
        field.description, field.tooltip = label, self._tooltips[name]
        field.continuous_update = False
        if read is None and isinstance(field, IntField):
            read = field.read
        field.observe(lambda change: self._ask(name, change["new"], read), names=["value"])
        self._fields[name] = self._rows[name] = field
        if when:
            self._when[name] = when
        if text:
            self._texts[name] = text
        return field

    def _choice(
        self,
        name: str,
        label: str,
        options: Callable[[Settings], Sequence[tuple[str, str]]],
        *,
        when: Callable[[Settings], bool] | None = None,
    ) -> Any:
        """Let a dropdown show `name`; `options` tells what the next run may have.

        The option '' stands for None, which would be no choice in a dropdown.
        """
        self._options[name] = options
        field = Dropdown(options=list(options(self._planned())))
        return self._field(
            name, label, field, when=when,
            read=lambda value: value or None, text=lambda value: value or "",
        )  # fmt: skip

    def _slider(
        self,
        name: str,
        label: str,
        slider: LogSlider,
        *,
        when: Callable[[Settings], bool] | None = None,
    ) -> ipywidgets.Widget:
        """Let a slider and an exact field show `name`."""
        slider.description, slider.tooltip = label, self._tooltips[name]
        if len(label) == 1:
            slider.add_class("ae-symbol")  # it needs little room beside the slider
        slider.observe(lambda _change: self._slide(name, slider), names=["value"])
        field = self._field(name, "", FloatField(), when=when)
        field.tooltip = f"{self._tooltips[name]} (exact value)"
        self._sliders[name] = slider
        self._rows[name] = row(slider, field, css_class="ae-slider-row")
        return self._rows[name]

    # Handlers ------------------------------------------------------------------

    def _slide(self, name: str, slider: LogSlider) -> None:
        # The front end says what it has made of the place in floating point: the handle
        # stands where it did, and the exact value stays.
        if abs(slider.value - slider.position(self._planned().value(name))) > slider.step / 2:
            self._ask(name, slider.number)

    def _ask(self, name: str, value: Any, read: Callable[[Any], Any] | None = None) -> None:
        if self._showing:  # the publisher moved the control, not a person
            return
        try:
            wanted = read(value) if read else value
        except SettingsError as error:
            self._error = str(error)
            self._post("settings", self._show, messages=3)
            return
        if name in self.ASIDE:
            self._asked[name] = wanted
            self._post("busy", self._show_busy)
            self.session.do_aside(f"{type(self).__name__} {name}", partial(self._obey, name))
        else:
            self._make(name, wanted)

    def _obey(self, name: str) -> None:
        if name not in self._asked:  # an earlier job did it
            return
        value = self._asked[name]
        self._make(name, value)
        if self._asked[name] is value:  # else another job is about to do that
            del self._asked[name]
        self._post("settings", self._show, messages=3)

    def _make(self, name: str, value: Any) -> None:
        try:
            self._change(name, value)
            self._error = ""
        except AEWidgetsError as error:
            self._error = self._in_labels(str(error))
        self._post("settings", self._show, messages=3)

    def _in_labels(self, message: str) -> str:
        """Call the setting that a message begins with by the label of its field."""
        name, *rest = message.split(" ", 1)
        return " ".join([self._label(name) if name in self._fields else name, *rest])

    def _label(self, name: str) -> str:
        """Return what stands before the field `name`."""
        label: str = self._sliders.get(name, self._fields[name]).description
        return label

    def _change(self, name: str, value: Any) -> None:
        """Ask the session for a setting that a person chose."""
        self.session.change(**{name: value})

    # What is shown -------------------------------------------------------------

    def _planned(self) -> Settings:
        """Return the settings of the next run."""
        return self.session.settings.change(**self.session.pending)

    def _waiting(self) -> set[str]:
        """Return the settings here that differ from those in force."""
        planned, current = self._planned(), self.session.settings
        value = self._value
        return {name for name in self._fields if value(planned, name) != value(current, name)}

    def _value(self, settings: Settings, name: str) -> Any:
        """Return what the field `name` is to show of some settings, or was asked for."""
        return self._asked[name] if name in self._asked else self._set(settings, name)

    def _set(self, settings: Settings, name: str) -> Any:
        """Return what the field `name` shows of some settings."""
        return settings.value(name)

    def _show_busy(self) -> None:
        """Say that a change is being made, where that is to be said."""

    def _arrangement(self) -> object:
        """Return what decides on which fields are there and what they offer."""
        planned = self._planned()
        shown = tuple(name for name, when in self._when.items() if when(planned))
        return shown, tuple(tuple(options(planned)) for options in self._options.values())

    def _arrange(self) -> None:
        """Bring the fields that have a use, and the choices that are allowed."""
        planned = self._planned()
        self._showing = True
        try:
            for name, options in self._options.items():
                field, offered = self._fields[name], tuple(options(planned))
                if tuple(field.options) != offered:
                    with field.hold_sync():
                        field.options = offered
                        field.value = self._shown(name, self._value(planned, name))
            for name, field in self._fields.items():  # before it can be seen
                self._show_value(field, self._shown(name, self._value(planned, name)))
            for name, when in self._when.items():
                _set_class(self._rows[name], AWAY, on=not when(planned))
        finally:
            self._showing = False

    def _show_news(self) -> None:
        self._error = ""  # it was about what is no longer
        self._show()

    def _show(self) -> None:
        planned, waiting = self._planned(), self._waiting()
        self._showing = True
        try:
            for name, field in self._fields.items():
                self._show_value(field, self._shown(name, self._value(planned, name)))
                _set_class(self._rows[name], PENDING, on=name in waiting)
            for name, slider in self._sliders.items():
                place = slider.position(self._value(planned, name))
                if abs(slider.value - place) > slider.step / 2:
                    slider.value = place
            self._message.value = self._error
        finally:
            self._showing = False

    def _shown(self, name: str, value: Any) -> Any:
        return self._texts[name](value) if name in self._texts else value

    @staticmethod
    def _show_value(field: Any, value: Any) -> None:
        offered = [v for _, v in field.options] if isinstance(field, Dropdown) else [value]
        if field.value != value and value in offered:  # else `_arrange` is about to come
            field.value = value


def _set_class(widget: ipywidgets.Widget, name: str, *, on: bool) -> None:
    (widget.add_class if on else widget.remove_class)(name)


def parse_sizes(text: str, what: str) -> tuple[int, ...]:
    """Read sizes from a text like '128, 64'; brackets and spaces are fine.

    Raises
    ------
    SettingsError
        If something in it is no positive integer.
    """
    sizes = []
    for word in re.split(r"[\s,;]+", text.strip(" \t()[]")):
        if not word:
            continue
        if not word.isdecimal() or int(word) == 0:
            msg = f"{what} are whole numbers such as 128, 64; {word!r} is not one."
            raise SettingsError(msg)
        sizes.append(int(word))
    return tuple(sizes)


def sizes_text(sizes: Sequence[int]) -> str:
    """Write sizes as a person would, as in '128, 64'."""
    return ", ".join(map(str, sizes))
