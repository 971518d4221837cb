"""The kind of model and the shape of its network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from ae_widgets.engine import KINDS, PRESETS
from ae_widgets.model import ACTIVATIONS, NORMALIZATIONS, OUTPUT_ACTIVATIONS, TRUNKS
from ae_widgets.widgets._controls import (
    Checkbox,
    Dropdown,
    FloatField,
    IntField,
    Panel,
    TextField,
)
from ae_widgets.widgets._settings_controls import SettingsControls, parse_sizes, sizes_text
from ae_widgets.widgets._style import style_sheet
from ae_widgets.widgets.network_drawing import NetworkDrawing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ae_widgets.engine import Settings
    from ae_widgets.session import Session

__all__ = ["ArchitectureControls", "kind_changes"]

CUSTOM = "custom"
WAITING = "What is marked • applies to the next run: press Reset"
TOOLTIPS = {
    "kind": "What the model learns beside its inputs",
    "preset": "A network to begin with",
    "hidden_layer_sizes": "Units of the encoder's layers, as in '128, 64'; the decoder mirrors "
    "them. Empty: none",
    "code_dim": "Values in an item's code; 2 can be drawn as they are",
    "activation": "Function after each hidden layer",
    "code_activation": "Function after the code layer",
    "output_activation": "Function after the output layer; sigmoid keeps outputs from 0 to 1",
    "tied_weights": "Whether the decoder uses the encoder's weights, transposed: half as many to "
    "learn, a slightly higher loss",
    "normalization": "Brings each hidden layer to mean 0 and spread 1, over the items of a batch "
    "or the units of a layer: the loss falls faster in deep networks",
    "dropout": "Share of hidden units that are left out at random in each step: a higher training "
    "loss, and less of a gap to validation",
    "trunk": "What comes before the hidden layers: convolutions reach a lower loss on images with "
    "fewer parameters",
    "channels": "Channels after each convolution, as in '16, 32'; each halves height and width",
}


class ArchitectureControls(SettingsControls):
    """Fields for the kind of model and its network, with a drawing that follows.

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
        kind = self._choice("kind", "Kind", _kinds)
        layers = self._sizes("hidden_layer_sizes", "Hidden layers")
        code_dim = self._field("code_dim", "Code dimension", IntField())
        more = self._more()
        self._count = ipywidgets.Label("")
        self._count.add_class("ae-note")
        self._drawing = NetworkDrawing(session)
        self.add_class("ae-architecture")
        self._begin(
            style_sheet(), kind, self._preset, layers, code_dim, more, self._count, self._drawing,
            self._message, ae_waiting=WAITING,
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
            self._field("tied_weights", "Tied weights", Checkbox(indent=False)),
            self._choice("normalization", "Normalization", _normalizations),
            self._field("dropout", "Dropout", FloatField(step=0.1)),
            *(self._trunk() if self.session.dataset.is_image else ()),
            css_class="ae-section",
            folded=True,
        )

    def _trunk(self) -> tuple[ipywidgets.Widget, ...]:
        """Return what only images can have."""
        return (
            self._choice("trunk", "Trunk", _trunks),
            self._sizes("channels", "Channels", when=_is_convolutional),
        )

    # Handlers --------------------------------------------------------------------

    def _change(self, name: str, value: Any) -> None:
        if name == "kind":
            self.session.change(**kind_changes(self._planned(), value))
        elif name == "preset":
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
            self._fields["kind"].tooltip = f"{TOOLTIPS['kind']}. {KINDS[planned.kind].description}"
            self._preset.value = self._preset_name(planned)
        finally:
            self._showing = False
        n_parameters = planned.n_parameters(self.session.n_inputs(planned))
        pending = bool(self._waiting()) or "preprocess" in self.session.pending
        with self._count.hold_sync():
            after = "next run: " if pending else ""
            self._count.value = f"{after}{n_parameters:,} parameters"
            (self._count.add_class if pending else self._count.remove_class)("ae-waiting")

    def _preset_name(self, planned: Settings) -> str:
        """Return the preset that the network is of, whatever else is set."""
        for name, preset in PRESETS.items():
            if all(planned.value(k) == v for k, v in preset.items() if k in self._fields):
                return name
        return CUSTOM


def kind_changes(planned: Settings, kind: str) -> dict[str, Any]:
    """Return the settings that choosing a kind of model changes: it, and what it needs."""
    changes: dict[str, Any] = {"kind": kind}
    if kind == "variational" and planned.architecture.code_activation != "identity":
        changes["code_activation"] = "identity"
    if kind == "contractive" and planned.architecture.normalization == "batch":
        changes["normalization"] = None
    return changes


def _named(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(name or "none", name) for name in names]


def _activations(_settings: Settings) -> list[tuple[str, str]]:
    return _named(ACTIVATIONS)


def _output_activations(_settings: Settings) -> list[tuple[str, str]]:
    return _named(OUTPUT_ACTIVATIONS)


def _kinds(_settings: Settings) -> list[tuple[str, str]]:
    return _named(tuple(KINDS))


def _normalizations(_settings: Settings) -> list[tuple[str, str]]:
    return _named(("", *NORMALIZATIONS))


def _trunks(_settings: Settings) -> list[tuple[str, str]]:
    return _named(TRUNKS)


def _is_convolutional(settings: Settings) -> bool:
    return settings.architecture.convolutional
