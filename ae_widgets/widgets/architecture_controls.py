"""The shape of the network: presets, layers, code, activations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import ipywidgets

from ae_widgets.engine import PRESETS
from ae_widgets.exceptions import SettingsError
from ae_widgets.model import ACTIVATIONS, OUTPUT_ACTIVATIONS
from ae_widgets.widgets._controls import Dropdown, IntField, TextField, message_label
from ae_widgets.widgets._style import style_sheet
from ae_widgets.widgets._view import SessionView
from ae_widgets.widgets.network_drawing import NetworkDrawing

if TYPE_CHECKING:
    from ae_widgets.session import Session

__all__ = ["ArchitectureControls", "parse_layers"]

CUSTOM = "custom"
WAITING = "Applies to the next run: press Reset"
TOOLTIPS = {
    "preset": "A network to begin with",
    "hidden_layer_sizes": "Units of the encoder's layers, as in '128, 64'; the decoder mirrors "
    "them. Empty: none",
    "code_dim": "Values in an item's code; 2 can be drawn as they are",
    "activation": "Function after each hidden layer",
    "code_activation": "Function after the code layer",
    "output_activation": "Function after the output layer; sigmoid keeps outputs from 0 to 1",
}


class ArchitectureControls(SessionView, ipywidgets.VBox):
    """Fields for the network's shape with a drawing that follows.

    Parameters
    ----------
    session : Session
        The run whose network is shaped. Before the first start a change
        applies at once, afterwards to the next run.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._showing = False
        self._error = ""
        self._fields: dict[str, Any] = {}
        presets = [*PRESETS, CUSTOM]
        self._preset = self._field("preset", "Preset", Dropdown(options=presets))
        layers = self._field("hidden_layer_sizes", "Hidden layers", TextField())
        layers.placeholder = "none"
        code_dim = self._field("code_dim", "Code dimension", IntField())
        kinds = {
            "activation": ("Activation", ACTIVATIONS),
            "code_activation": ("- of the code", ACTIVATIONS),
            "output_activation": ("- of the output", OUTPUT_ACTIVATIONS),
        }
        dropdowns = [
            self._field(name, label, Dropdown(options=list(names)))
            for name, (label, names) in kinds.items()
        ]
        self._count = ipywidgets.Label("")
        self._count.add_class("ae-note")
        self._message = message_label()
        self._drawing = NetworkDrawing(session)
        super().__init__(
            children=[
                style_sheet(), self._preset, layers, code_dim, *dropdowns,
                self._count, self._drawing, self._message,
            ]
        )  # fmt: skip
        self.add_class("ae-controls")
        self._follow("settings", self._show, messages=4)
        self._follow("status", self._show, messages=2, key=self._is_pending)

    def _field(self, name: str, label: str, field: Any) -> Any:
        field.description, field.tooltip = label, TOOLTIPS[name]
        field.continuous_update = False
        field.observe(lambda change: self._ask(name, change["new"]), names=["value"])
        if name != "preset":
            self._fields[name] = field
        return field

    # Handlers --------------------------------------------------------------------

    def _ask(self, name: str, value: Any) -> None:
        if self._showing or value == CUSTOM:
            return
        try:
            if name == "preset":
                self.session.change(**PRESETS[value])
            elif name == "hidden_layer_sizes":
                self.session.change(hidden_layer_sizes=parse_layers(value))
            else:
                self.session.change(**{name: value})
            self._error = ""
        except SettingsError as error:
            self._error = str(error)
        self._post("settings", self._show, messages=4)

    # What is shown -----------------------------------------------------------------

    def _is_pending(self) -> bool:
        return bool(self.session.pending)

    def _show(self) -> None:
        # The network in force, or the one that waits for the next run.
        settings = self.session.settings.change(**self.session.pending)
        wanted = {name: settings.value(name) for name in self._fields}
        pending = {name for name in wanted if name in self.session.pending}
        self._showing = True
        try:
            for name, field in self._fields.items():
                shown = wanted[name]
                if name == "hidden_layer_sizes":
                    shown = ", ".join(map(str, shown))
                if field.value != shown:
                    field.value = shown
                (field.add_class if name in pending else field.remove_class)("ae-pending")
            self._preset.value = self._preset_name(wanted)
        finally:
            self._showing = False
        n_parameters = settings.n_parameters(self.session.dataset.n_features)
        self._count.value = f"{n_parameters:,} parameters"
        self._message.value = self._error or (WAITING if pending else "")
        (self._message.add_class if self._error else self._message.remove_class)("ae-error")

    @staticmethod
    def _preset_name(wanted: dict[str, Any]) -> str:
        for name, preset in PRESETS.items():
            if all(wanted[k] == v for k, v in preset.items() if k in wanted):
                return name
        return CUSTOM


def parse_layers(text: str) -> tuple[int, ...]:
    """Read layer sizes from a text like '128, 64'; brackets and spaces are fine.

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
            msg = f"Hidden layers are whole numbers such as 128, 64; {word!r} is not one."
            raise SettingsError(msg)
        sizes.append(int(word))
    return tuple(sizes)
