"""A drawing of the network's layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from ae_widgets.widgets._static import StaticFile
from ae_widgets.widgets._view import FromFrontEnd, OwnFrontEnd, SessionView

if TYPE_CHECKING:
    from ae_widgets.model import Architecture
    from ae_widgets.session import Session

__all__ = ["NetworkDrawing", "describe_layers"]


class NetworkDrawing(FromFrontEnd, SessionView, OwnFrontEnd):
    """Drawing of the layers that follows the settings, those of the next run included.

    Parameters
    ----------
    session : Session
        The run whose network is drawn.
    """

    _esm = StaticFile("network_drawing.js")
    _css = StaticFile("network_drawing.css")

    layers = traitlets.List(traitlets.Dict()).tag(sync=True)
    """Layers from the input to the output, each with name, size and activation; a gated code
    also with how many of its dimensions are 'active'."""

    description = traitlets.Unicode().tag(sync=True)
    """The drawing in words."""

    pending = traitlets.Bool(default_value=False).tag(sync=True)
    """Whether this network waits for the next run."""

    def __init__(self, session: Session) -> None:
        self.session = session
        super().__init__()
        self._follow("settings", self._send_layers)
        self._follow("losses", self._send_layers, key=self._active)

    def _active(self) -> int | None:
        return self.session.active_dimensions

    def _send_layers(self) -> None:
        current = self.session.settings
        settings = current.change(**self.session.pending)
        planned, n_features = settings.architecture, self.session.n_inputs(settings)
        layers = describe_layers(planned, n_features)
        pending = any(
            getattr(settings, name) != getattr(current, name)
            for name in ("architecture", "kind", "preprocess")
        )
        if not pending and (active := self._active()) is not None:
            layers[len(layers) // 2]["active"] = active
        with self.hold_sync():
            self.layers = layers
            self.pending = pending
            self.description = _in_words(layers, settings.n_parameters(n_features), pending=pending)


def describe_layers(architecture: Architecture, n_features: int) -> list[dict[str, Any]]:
    """Return name, size and activation of every layer, the input included."""
    sizes = architecture.layer_sizes(n_features)
    code = len(sizes) // 2
    layers = [{"name": "input", "size": sizes[0], "activation": ""}]
    for i, size in enumerate(sizes[1:], start=1):
        if i == code:
            name, activation = "code", architecture.code_activation
        elif i == len(sizes) - 1:
            name, activation = "output", architecture.output_activation
        else:
            name, activation = "hidden", architecture.activation
        layers.append({"name": name, "size": size, "activation": activation})
    return layers


def _in_words(layers: list[dict[str, Any]], n_parameters: int, *, pending: bool) -> str:
    parts = []
    for layer in layers:
        use = f"({layer['active']} active)" if "active" in layer else ""
        words = (layer["name"], str(layer["size"]), use, layer["activation"])
        parts.append(" ".join(word for word in words if word))
    wait = " It applies to the next run." if pending else ""
    return f"Network of {n_parameters:,} parameters: {', '.join(parts)}.{wait}"
