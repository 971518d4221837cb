"""The weights and kinds of the loss, and how its minimum is looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from ae_widgets.engine import CORRUPTIONS, KINDS
from ae_widgets.engine.settings import OPTIMIZERS, SCHEDULES
from ae_widgets.exceptions import SettingsError
from ae_widgets.losses import RECONSTRUCTIONS
from ae_widgets.losses.names import CLUSTERINGS
from ae_widgets.widgets._controls import Checkbox, FloatField, IntField, LogSlider, Panel, row
from ae_widgets.widgets._settings_controls import SettingsControls
from ae_widgets.widgets._style import style_sheet

if TYPE_CHECKING:
    from collections.abc import Callable

    from ae_widgets.engine import Settings
    from ae_widgets.session import Session

__all__ = ["LossControls"]

RECONSTRUCTION_LABELS = {
    "mse": "squared error",
    "mae": "absolute error",
    "binary_cross_entropy": "cross-entropy",
    "huber": "Huber error",
    "cosine": "cosine distance",
    "multinomial": "multinomial",
    "masked_mse": "masked squared",
}
COMPLEXITY_LABELS = {
    "l1": "l1 (sparse code)",
    "l2": "l2 (small code)",
    "kl_sparsity": "KL sparsity",
    "effective_dimension": "used dimensions",
    "contractive": "sensitivity",
    "kl_gaussian": "KL to Gaussian",
    "gates": "open gates",
}
CLUSTERING_LABELS = {"dec": "soft (DEC)", "dcn": "nearest (DCN)"}
OPTIMIZER_LABELS = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "rmsprop": "RMSprop"}
CORRUPTION_LABELS = {"gaussian": "Gaussian noise", "masking": "masking"}
SCHEDULE_LABELS = {"reduce_on_plateau": "on plateaus"}
TOOLTIPS = {
    "alpha": "α multiplies the reconstruction error: with more, the outputs follow the inputs",
    "beta": "β multiplies the complexity of the code: with more, the code becomes simpler",
    "gamma": "γ multiplies the clustering of the code: with more, the codes gather around the "
    "centres of their clusters",
    "delta": "δ multiplies the classification: with more, the codes of items with different "
    "labels are easier to tell apart. It needs labels of two classes",
    "clustering": "What draws a code to a cluster: DEC pulls it to the cluster that it is likely "
    "in, DCN to the nearest centre",
    "n_clusters": "Clusters to look for; another number has their centres placed anew",
    "clustering_start": "Epochs before k-means places the centres on the codes: by then the code "
    "knows something of the data. They are placed anew when the codes leave them",
    "class_weight": "Whether all items with a label count alike, or all classes: 'balanced' helps "
    "a class of few items. Above δ = 0 it weighs the classification; at δ = 0 batches are "
    "balanced, from the next epoch on",
    "reconstruction": "How input and output are compared: squared, absolute or Huber error, "
    "cross-entropy for values from 0 to 1, angle, multinomial for counts, or squared error "
    "over the values that are not missing",
    "complexity": "What counts as a complex code, of what the kind of model allows: its size, "
    "activity, used dimensions, sensitivity to the item, or distance from a Gaussian",
    "corruption": "What is done to the inputs while it trains: noise is added, or values are set "
    "to 0; the outputs are compared with the clean ones",
    "noise": "Spread of the noise, or share of values set to 0: with more, the reconstruction "
    "error is higher and the code has to know more of the data",
    "warm_up": "Epochs over which β grows from 0 to its value: the reconstruction comes first",
    "sparsity_target": "Mean activity of a code value that costs nothing: less makes codes sparser",
    "learning_rate": "Size of a step: the loss falls faster, or jumps if it is too large",
    "max_iter": "Times that all items are seen, after which training ends at the latest",
    "batch_size": "Items a step: small batches make the loss noisy, large ones smooth",
    "n_iter_no_change": "Epochs without a better loss of the held-out items after which training "
    "ends: fewer leave less time to overfit, and less to get over a standstill",
    "tol": "Share of the lowest loss by which one has to be below it to count as better",
    "restore_best": "Whether a run that ends, by itself or by Stop, does so with the weights of "
    "the epoch whose loss was lowest; Resume goes on from the last ones all the same",
    "validation_fraction": "Share of the items that are not trained on and that tell of "
    "overfitting; with 0 the training loss decides. For the next run",
    "optimizer": "How a step follows from the gradients of the loss; for the next run",
    "momentum": "Share of the last step that SGD repeats: the loss falls faster, or overshoots",
    "weight_decay": "Pulls all parameters towards 0: a smoother network with a higher loss",
    "gradient_clip": "Longest gradient, longer ones are shortened: the loss no longer jumps. "
    "0: no limit",
    "schedule": "How the learning rate falls from epoch to epoch: the loss settles at the end",
    "schedule_factor": "What the learning rate is multiplied by: the less, the sooner the loss "
    "settles",
    "schedule_epochs": "Epochs in which the learning rate is multiplied by the factor once",
    "schedule_patience": "Epochs without a better loss before the learning rate is multiplied",
}


class LossControls(SettingsControls):
    """Sliders and fields for what may be moved while the run trains.

    Parameters
    ----------
    session : Session
        The run whose loss is controlled. A change is in force from the next
        batch; what is marked, like another optimiser, from the next run.
    """

    ASIDE = frozenset({"validation_fraction"})  # `preprocess` is fitted on the other items

    def __init__(self, session: Session) -> None:
        super().__init__(session, TOOLTIPS)
        self.add_class("ae-loss")
        formulas = [
            ipywidgets.Label("loss = α · reconstruction + β · complexity"),
            ipywidgets.Label("+ γ · clustering + δ · classification"),
        ]
        for formula in formulas:
            formula.add_class("ae-formula")
        self._active = ipywidgets.Label("")
        self._active.add_class("ae-note")
        self._active.add_class("ae-active")
        self._begin(
            style_sheet(),
            *formulas,
            self._choice("reconstruction", "Reconstruction", _reconstructions),
            self._choice("corruption", "Corruption", _corruptions, when=_looks_at("corruption")),
            self._slider("noise", "Noise", LogSlider(-2, 0, zero=True), when=_looks_at("noise")),
            self._slider("alpha", "α", LogSlider(-3, 3, zero=True)),
            self._choice("complexity", "Complexity", _complexities),
            self._slider("beta", "β", LogSlider(-5, 1, zero=True)),
            self._active,
            self._slider(
                "sparsity_target", "Sparsity", LogSlider(-3, -0.25), when=_aims_at_sparsity
            ),
            self._field("warm_up", "Warm-up", FloatField(), when=_looks_at("warm_up")),
            self._slider("gamma", "γ", LogSlider(-5, 1, zero=True)),
            self._slider("delta", "δ", LogSlider(-5, 1, zero=True)),
            self._groups(),
            self._slider("learning_rate", "Learning rate", LogSlider(-6, 0)),
            row(
                self._field("batch_size", "Batch size", IntField()),
                self._field("max_iter", "Epochs", IntField()),
                css_class="ae-pair",
            ),
            self._optimiser(),
            self._message,
            ae_active="With a larger β a gated model closes dimensions of its code",
        )
        self._follow("losses", self._show_active, key=self._active_text)
        self._follow("settings", self._show_active, key=self._active_text)

    def _groups(self) -> ipywidgets.Widget:
        return Panel(
            "Clusters and classes",
            self._choice("clustering", "Clustering", _clusterings),
            self._field("n_clusters", "Clusters", IntField()),
            self._field("clustering_start", "Start (epoch)", IntField()),
            self._choice("class_weight", "Class weight", _class_weights),
            css_class="ae-section",
            folded=True,
        )

    def _optimiser(self) -> ipywidgets.Widget:
        return Panel(
            "Optimiser and stopping",
            self._choice("optimizer", "Method", _optimizers),
            self._field("momentum", "Momentum", FloatField(), when=_has_momentum),
            self._slider("weight_decay", "Weight decay", LogSlider(-6, 0, zero=True)),
            self._field(
                "gradient_clip", "Gradient limit", FloatField(),
                read=_limit, text=lambda value: value or 0.0,
            ),
            self._choice("schedule", "Schedule", _schedules),
            self._field("schedule_factor", "Factor", FloatField(), when=_has_factor),
            self._field("schedule_epochs", "Every (epochs)", IntField(), when=_has_epochs),
            self._field("schedule_patience", "Plateau (epochs)", IntField(), when=_has_patience),
            self._field("n_iter_no_change", "Patience", IntField()),
            self._field("tol", "Tolerance", FloatField()),
            self._field("restore_best", "Best weights", Checkbox(indent=False)),
            self._field("validation_fraction", "Held out", FloatField(step=0.05)),
            css_class="ae-section",
            folded=True,
        )  # fmt: skip

    def _active_text(self) -> str:
        """Say how many dimensions of its code a gated model uses; '' of other kinds."""
        current, planned = self.session.settings, self._planned()
        if current.kind == "gated":
            size, active = current.architecture.code_dim, self.session.active_dimensions
            return f"{size if active is None else active} of {size} dimensions active"
        if planned.kind == "gated":
            return f"Begins with {planned.architecture.code_dim} dimensions active"
        return ""

    def _show_active(self) -> None:
        self._active.value = self._active_text()


def _labelled(names: tuple[str, ...], labels: dict[str, str]) -> list[tuple[str, str]]:
    return [(labels.get(name, name), name) for name in names]


def _limit(value: float) -> float | None:
    """Read the longest gradient; 0 is none, in the words of the page."""
    if value < 0:
        msg = f"Gradient limit must be 0, for none, or above, got {value:g}."
        raise SettingsError(msg)
    return value or None


def _reconstructions(_settings: Settings) -> list[tuple[str, str]]:
    return _labelled(RECONSTRUCTIONS, RECONSTRUCTION_LABELS)


def _complexities(settings: Settings) -> list[tuple[str, str]]:
    return _labelled(KINDS[settings.kind].complexities, COMPLEXITY_LABELS)


def _clusterings(_settings: Settings) -> list[tuple[str, str]]:
    return _labelled(CLUSTERINGS, CLUSTERING_LABELS)


def _class_weights(_settings: Settings) -> list[tuple[str, str]]:
    return [("as they are", ""), ("balanced", "balanced")]


def _corruptions(_settings: Settings) -> list[tuple[str, str]]:
    return _labelled(CORRUPTIONS, CORRUPTION_LABELS)


def _optimizers(_settings: Settings) -> list[tuple[str, str]]:
    return _labelled(OPTIMIZERS, OPTIMIZER_LABELS)


def _schedules(_settings: Settings) -> list[tuple[str, str]]:
    return _labelled(SCHEDULES, SCHEDULE_LABELS)


def _looks_at(name: str) -> Callable[[Settings], bool]:
    """Return a test of whether the kind of model looks at the setting `name`."""
    return lambda settings: name in KINDS[settings.kind].settings


def _aims_at_sparsity(settings: Settings) -> bool:
    return settings.complexity == "kl_sparsity"


def _has_momentum(settings: Settings) -> bool:
    return settings.optimizer == "sgd"


def _has_factor(settings: Settings) -> bool:
    return settings.schedule in {"step", "exponential", "reduce_on_plateau"}


def _has_epochs(settings: Settings) -> bool:
    return settings.schedule in {"step", "exponential"}


def _has_patience(settings: Settings) -> bool:
    return settings.schedule == "reduce_on_plateau"
