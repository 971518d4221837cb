"""The weights and kinds of the loss, and the optimiser's two numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from ae_widgets.exceptions import SettingsError
from ae_widgets.losses import COMPLEXITIES, MODEL_COMPLEXITIES, RECONSTRUCTIONS
from ae_widgets.widgets._controls import (
    Dropdown,
    FloatField,
    IntField,
    LogSlider,
    message_label,
    row,
)
from ae_widgets.widgets._style import style_sheet
from ae_widgets.widgets._view import SessionView

if TYPE_CHECKING:
    from ae_widgets.session import Session

__all__ = ["LossControls"]

RECONSTRUCTION_LABELS = {
    "mse": "squared error",
    "mae": "absolute error",
    "binary_cross_entropy": "cross-entropy",
    "huber": "Huber error",
    "cosine": "cosine distance",
    "multinomial": "multinomial",
    "masked_mse": "masked squared error",
}
COMPLEXITY_LABELS = {
    "l1": "l1 (sparse code)",
    "l2": "l2 (small code)",
    "kl_sparsity": "KL sparsity",
    "effective_dimension": "effective dimension",
    "contractive": "contractive",
    "kl_gaussian": "KL to the Gaussian",
    "gates": "open gates",
}
TOOLTIPS = {
    "alpha": "α multiplies the reconstruction error: with more, the outputs follow the inputs",
    "beta": "β multiplies the complexity of the code: with more, the code becomes simpler",
    "reconstruction": "How input and output are compared: squared, absolute or Huber error, "
    "cross-entropy for values from 0 to 1, angle, multinomial for counts, or squared error "
    "over the values that are not missing",
    "complexity": "What counts as a complex code: its size, activity, or used dimensions",
    "learning_rate": "Size of a step: the loss falls faster, or jumps if it is too large",
    "max_iter": "Times that all items are seen, after which training ends at the latest",
    "batch_size": "Items a step: small batches make the loss noisy, large ones smooth",
}


class LossControls(SessionView, ipywidgets.VBox):
    """Sliders and fields for what may be moved while the run trains.

    Parameters
    ----------
    session : Session
        The run whose loss is controlled. Every change is in force from the
        next batch.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._showing = False
        self._error = ""
        self._fields: dict[str, Any] = {}
        self._sliders: dict[str, LogSlider] = {}
        self._message = message_label()
        formula = ipywidgets.Label("loss = α · reconstruction + β · complexity")
        formula.add_class("ae-formula")
        super().__init__(
            children=[
                style_sheet(),
                formula,
                self._choice("reconstruction", "Reconstruction", RECONSTRUCTIONS),
                self._slider("alpha", "α", LogSlider(-3, 3, zero=True)),
                self._choice("complexity", "Complexity", (*COMPLEXITIES, *MODEL_COMPLEXITIES)),
                self._slider("beta", "β", LogSlider(-5, 1, zero=True)),
                self._slider("learning_rate", "Learning rate", LogSlider(-6, 0)),
                self._number("batch_size", "Batch size", IntField()),
                self._number("max_iter", "Epochs", IntField()),
                self._message,
            ]
        )
        self.add_class("ae-controls")
        self._follow("settings", self._show, messages=3)

    # Building blocks -----------------------------------------------------------

    def _choice(self, name: str, label: str, names: tuple[str, ...]) -> ipywidgets.Widget:
        labels = {**RECONSTRUCTION_LABELS, **COMPLEXITY_LABELS}
        options = [(labels.get(n, n), n) for n in names]
        return self._number(name, label, Dropdown(options=options))

    def _number(self, name: str, label: str, field: Any) -> ipywidgets.Widget:
        field.description, field.tooltip = label, TOOLTIPS[name]
        field.continuous_update = False
        field.observe(lambda change: self._ask(name, change["new"]), names=["value"])
        self._fields[name] = field
        return field

    def _slider(self, name: str, label: str, slider: LogSlider) -> ipywidgets.Widget:
        slider.description, slider.tooltip = label, TOOLTIPS[name]
        if len(label) == 1:
            slider.add_class("ae-symbol")  # it needs little room beside the slider
        slider.observe(lambda _change: self._ask(name, slider.number), names=["value"])
        field = FloatField(tooltip=f"{TOOLTIPS[name]} (exact value)", continuous_update=False)
        field.observe(lambda change: self._ask(name, change["new"]), names=["value"])
        self._fields[name], self._sliders[name] = field, slider
        return row(slider, field, css_class="ae-slider-row")

    # Handlers ------------------------------------------------------------------

    def _ask(self, name: str, value: Any) -> None:
        if self._showing:  # the publisher moved the control, not a person
            return
        try:
            self.session.change(**{name: value})
            self._error = ""
        except SettingsError as error:
            self._error = str(error)
        self._post("settings", self._show, messages=3)

    # What is shown ---------------------------------------------------------------

    def _show(self) -> None:
        self._showing = True
        try:
            for name, field in self._fields.items():
                value = self.session.settings.value(name)
                if field.value != value:
                    field.value = value
            for name, slider in self._sliders.items():
                place = slider.position(self.session.settings.value(name))
                if abs(slider.value - place) > slider.step / 2:
                    slider.value = place
            self._message.value = self._error
        finally:
            self._showing = False
