"""The shape of the network: presets, layers, code, activations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from ae_widgets.engine import PRESETS
from ae_widgets.model import ACTIVATIONS, OUTPUT_ACTIVATIONS
from ae_widgets.widgets._controls import Dropdown, IntField, Panel, TextField
from ae_widgets.widgets._settings_controls import SettingsControls, parse_sizes, sizes_text
from ae_widgets.widgets._style import style_sheet
from ae_widgets.widgets.network_drawing import NetworkDrawing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ae_widgets.engine import Settings
    from ae_widgets.session import Session

__all__ = ["ArchitectureControls"]

CUSTOM = "custom"
WAITING = "What is marked • applies to the next run: press Reset"
TOOLTIPS = {
    "preset": "A network to begin with",
    "hidden_layer_sizes": "Units of the encoder's layers, as in '128, 64'; the decoder mirrors "
    "them. Empty: none",
    "code_dim": "Values in an item's code; 2 can be drawn as they are",
    "activation": "Function after each hidden layer",
    "code_activation": "Function after the code layer",
    "output_activation": "Function after the output layer; sigmoid keeps outputs from 0 to 1",
}


class ArchitectureControls(SettingsControls):
    """Fields for the network's shape with a drawing that follows.

    Parameters
    ----------
    session : Session
        The run whose network is shaped. Before the first start a change
        applies at once, afterwards to the next run.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session, TOOLTIPS)
        self._preset = Dropdown(
            options=[*PRESETS, CUSTOM], description="Preset", tooltip=TOOLTIPS["preset"]
        )
        self._preset.observe(lambda change: self._ask("preset", change["new"]), names=["value"])
        layers = self._sizes("hidden_layer_sizes", "Hidden layers")
        code_dim = self._field("code_dim", "Code dimension", IntField())
        more = self._more()
        self._count = ipywidgets.Label("")
        self._count.add_class("ae-note")
        self._drawing = NetworkDrawing(session)
        self.add_class("ae-architecture")
        self._begin(
            style_sheet(), self._preset, layers, code_dim, more, self._count, self._drawing,
            self._message,
        )  # fmt: skip
        self._follow("status", self._show, messages=2, key=self._is_pending)

    def _sizes(
        self, name: str, label: str, when: Callable[[Settings], bool] | None = None
    ) -> TextField:
        field: TextField = self._field(
            name, label, TextField(placeholder="none"), when=when, text=sizes_text,
            read=lambda text: parse_sizes(text, label),
        )  # fmt: skip
        return field

    def _more(self) -> ipywidgets.Widget:
        return Panel(
            "More",
            self._choice("activation", "Activation", _activations),
            self._choice("code_activation", "Code activation", _activations),
            self._choice("output_activation", "Output activation", _output_activations),
            css_class="ae-section",
            folded=True,
        )

    # Handlers --------------------------------------------------------------------

    def _change(self, name: str, value: Any) -> None:
        if name == "preset":
            if value != CUSTOM:
                self.session.change(**PRESETS[value])
        else:
            super()._change(name, value)

    # What is shown -----------------------------------------------------------------

    def _is_pending(self) -> bool:
        return bool(self.session.pending)

    def _show(self) -> None:
        super()._show()
        planned = self._planned()
        self._showing = True
        try:
            self._preset.value = self._preset_name(planned)
        finally:
            self._showing = False
        n_parameters = planned.n_parameters(self.session.dataset.n_features)
        pending = bool(self._waiting())
        with self._count.hold_sync():
            after = "• after Reset: " if pending else ""
            self._count.value = f"{after}{n_parameters:,} parameters"
            self._count.tooltip = WAITING if pending else ""
            (self._count.add_class if pending else self._count.remove_class)("ae-waiting")

    def _preset_name(self, planned: Settings) -> str:
        """Return the preset that the network is of, whatever else is set."""
        for name, preset in PRESETS.items():
            if all(planned.value(k) == v for k, v in preset.items() if k in self._fields):
                return name
        return CUSTOM


def _named(names: Sequence[str | None]) -> list[tuple[str, Any]]:
    return [(str(name).lower(), name) for name in names]


def _activations(_settings: Settings) -> list[tuple[str, Any]]:
    return _named(ACTIVATIONS)


def _output_activations(_settings: Settings) -> list[tuple[str, Any]]:
    return _named(OUTPUT_ACTIVATIONS)
