"""Every setting of a run, validated where it arrives (no torch)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from ae_widgets.data.steps import Step, read_steps
from ae_widgets.engine.kinds import CORRUPTIONS, KINDS
from ae_widgets.engine.unknown import unknown_setting
from ae_widgets.exceptions import SettingsError
from ae_widgets.losses import CLUSTERINGS, RECONSTRUCTIONS, TAKES_MISSING
from ae_widgets.model import Architecture

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LIVE_SETTINGS", "OBJECTIVE_SETTINGS", "OPTIMIZERS", "PRESETS", "SCHEDULES", "Settings"]

OPTIMIZERS = ("adam", "adamw", "sgd", "rmsprop")
"""Optimisers, by torch's names."""

SCHEDULES = ("constant", "cosine", "step", "exponential", "reduce_on_plateau")
"""How the learning rate moves from epoch to epoch."""

OBJECTIVE_SETTINGS = frozenset({
    "alpha", "beta", "reconstruction", "complexity", "sparsity_target",
    "corruption", "noise", "warm_up",
    "gamma", "n_clusters", "clustering", "delta", "class_weight",
})  # fmt: skip
"""Settings of what is minimised: losses before and after a change of one do not compare."""

LIVE_SETTINGS = OBJECTIVE_SETTINGS | frozenset({
    "clustering_start",
    "learning_rate", "batch_size", "max_iter", "tol", "n_iter_no_change", "restore_best",
    "momentum", "weight_decay", "gradient_clip",
    "schedule", "schedule_factor", "schedule_epochs", "schedule_patience",
})  # fmt: skip
"""Settings that take effect at the next batch; all others wait for the next run."""

PRECISIONS = ("float32", "bf16")

SEEDS = 2**32 - 1
"""Largest seed: scikit-learn, which prepares items and places clusters, takes no larger one."""

ARCHITECTURE_SETTINGS = frozenset(f.name for f in fields(Architecture))


@dataclass(frozen=True)
class Settings:
    """The settings of one run.

    Parameters
    ----------
    architecture : Architecture
        The network; default hidden layers (128, 64) and a code of 2.
    alpha : float >= 0, default=1.0
        Weight of the reconstruction error.
    beta : float >= 0, default=0.0
        Weight of the complexity of the code.
    gamma : float >= 0, default=0.0
        Weight of the clustering of the code.
    n_clusters : int >= 1, default=8
        Clusters; another number has their centres placed anew.
    clustering : {'dec', 'dcn'}, default='dec'
        'dec' draws the codes to the cluster that they are likely in (Xie 2016; with
        `alpha` above 0 that is IDEC, Guo 2017), 'dcn' to the nearest centre (Yang
        2017). See `ae_widgets.losses.clustering`.
    clustering_start : int >= 0, default=0
        Epochs before the clusters begin: k-means then places their centres on the
        codes. They begin earlier if training has converged by then, and after three
        quarters of `max_iter` at the latest. The centres are placed anew after an
        epoch in which the codes left them, see `ae_widgets.engine.centers.settle`.
    delta : float >= 0, default=0.0
        Weight of the classification: the cross-entropy of a linear classifier on the
        code, over the items that have a label.
    class_weight : {'balanced'} or None, default=None
        With 'balanced' all classes count alike: in the classification, or where `delta`
        is 0 by drawing the items of each label as often as those of every other, from the
        next epoch on. Items without a label are drawn as often as they are.
    reconstruction : str, default='mse'
        One of 'mse', 'mae', 'binary_cross_entropy', 'huber', 'cosine',
        'multinomial' and 'masked_mse'; see `ae_widgets.losses.reconstruction`.
    complexity : str, default='auto'
        What `beta` penalises: one of the kind's complexities in `KINDS`, 'l1',
        'l2', 'kl_sparsity' and 'effective_dimension' for the plain kind. 'auto'
        is at once replaced by the kind's first.
    sparsity_target : float in (0, 1), default=0.05
        The mean activation that 'kl_sparsity' aims at: of the codes if `code_activation` is
        'sigmoid', else of their sigmoid, which codes of 'relu' cannot bring below 0.5.
    learning_rate : float > 0, default=1e-3
        Step size of the optimiser, before `schedule` multiplies it.
    optimizer : {'adam', 'adamw', 'sgd', 'rmsprop'}, default='adam'
        One of torch's optimisers with its defaults, but for what is set here.
    momentum : float in [0, 1), default=0.9
        Share of its last step that 'sgd' repeats; the others do without.
    weight_decay : float >= 0, default=0.0
        Weight of the squared parameters' gradient in each step; with 'adamw'
        the share, times the learning rate, by which each step shrinks them.
    gradient_clip : float > 0 or None, default=None
        Largest norm of all parameters' gradient together; longer ones are
        shortened to it. None leaves them.
    schedule : str, default='constant'
        What multiplies the learning rate, 1 in the first epoch: 'constant',
        'cosine' (along half a wave, close to 0 in epoch `max_iter`), 'step' (by
        `schedule_factor` every `schedule_epochs`), 'exponential' (as much, but a
        little every epoch), or 'reduce_on_plateau' (by `schedule_factor` each time
        that `schedule_patience` epochs brought no improvement).
    schedule_factor : float in (0, 1), default=0.5
        By what the learning rate is multiplied.
    schedule_epochs : int >= 1, default=30
        Epochs in which 'step' and 'exponential' multiply by it once.
    schedule_patience : int >= 1, default=5
        Epochs without improvement, as `tol` has it, before 'reduce_on_plateau'
        multiplies by it. Fewer than `n_iter_no_change`, or training ends first.
    batch_size : int >= 1, default=64
        Items a step.
    max_iter : int >= 1, default=200
        Epochs after which training ends.
    tol : float in [0, 1), default=1e-4
        An epoch improves the validation loss if it is lower than the best by
        more than ``tol`` times the best's size.
    n_iter_no_change : int >= 1, default=10
        Epochs without improvement after which training ends as converged.
    restore_best : bool, default=False
        Whether a run that ends, by itself or by `Session.stop`, does so with the weights
        of its best epoch. If it is resumed, it goes on from the last ones all the same.
    validation_fraction : float in [0, 1), default=0.1
        Share of the items held out; 0 watches the training loss instead.
    random_state : int from 0 to 2**32 - 1, default=0
        Seed of the weights, the split, the order of the items and all noise.
    device : str, default='auto'
        Where to train: 'cpu', 'cuda', 'cuda:<number>' or 'mps'; 'auto' takes CUDA
        or MPS where present, else the CPU. Whether it is present shows when the
        run begins.
    precision : {'float32', 'bf16'}, default='float32'
        Of the matrix products while training. 'bf16' rounds what those of large
        layers read and write to 8 bits of precision, which is up to twice as fast.
        A processor that would be slower with it goes on in float32, and so do the
        parameters everywhere.
    kind : str, default='plain'
        Kind of model, a name in `KINDS`.
    corruption : {'gaussian', 'masking'}, default='gaussian'
        What a denoising model does to its inputs while it trains: adds noise, or
        sets some values to 0.
    noise : float >= 0, default=0.2
        Standard deviation of 'gaussian', or probability of 'masking'.
    warm_up : float >= 0, default=0.0
        Epochs over which the weight of a variational or gated model's complexity
        grows from 0 to `beta`.
    preprocess : None, str, PCAFeatures, KMeansFeatures, transformer or a list, default=()
        What is done to the items before the network, fitted on those that are trained
        on; `ae_widgets.data.steps.read_steps` tells what it may be. It waits for the
        next run.

    Raises
    ------
    SettingsError
        If a value is of the wrong type or out of its range, or two do not go
        together.
    """

    architecture: Architecture = field(default_factory=Architecture)
    alpha: float = 1.0
    beta: float = 0.0
    gamma: float = 0.0
    n_clusters: int = 8
    clustering: str = "dec"
    clustering_start: int = 0
    delta: float = 0.0
    class_weight: str | None = None
    reconstruction: str = "mse"
    complexity: str = "auto"
    sparsity_target: float = 0.05
    learning_rate: float = 1e-3
    optimizer: str = "adam"
    momentum: float = 0.9
    weight_decay: float = 0.0
    gradient_clip: float | None = None
    schedule: str = "constant"
    schedule_factor: float = 0.5
    schedule_epochs: int = 30
    schedule_patience: int = 5
    batch_size: int = 64
    max_iter: int = 200
    tol: float = 1e-4
    n_iter_no_change: int = 10
    restore_best: bool = False
    validation_fraction: float = 0.1
    random_state: int = 0
    device: str = "auto"
    precision: str = "float32"
    kind: str = "plain"
    corruption: str = "gaussian"
    noise: float = 0.2
    warm_up: float = 0.0
    preprocess: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.architecture, Architecture):
            msg = f"architecture must be an Architecture, got {self.architecture!r}."
            raise SettingsError(msg)
        number, integer = self._number, self._integer
        number("alpha", 0, 1e12)
        number("beta", 0, 1e12)
        self._check_groups()
        self._choice("reconstruction", RECONSTRUCTIONS)
        self._choice("kind", tuple(KINDS))
        self._choose_complexity()
        number("sparsity_target", 0, 1, exclusive=True)
        number("learning_rate", 1e-12, 1e3)
        self._check_optimizer()
        integer("batch_size", 1)
        integer("max_iter", 1)
        number("tol", 0, 0.9999)
        integer("n_iter_no_change", 1)
        self._check_restoring()
        number("validation_fraction", 0, 0.99)
        integer("random_state", 0, SEEDS)
        self._choice("corruption", CORRUPTIONS)
        number("noise", 0, 1 if self.corruption == "masking" else 1e12)
        number("warm_up", 0, 1e12)
        self._check_kind()
        self._check_device()
        self._choice("precision", PRECISIONS)
        object.__setattr__(self, "preprocess", read_steps(self.preprocess))

    def _check_groups(self) -> None:
        self._number("gamma", 0, 1e12)
        self._integer("n_clusters", 1)
        self._choice("clustering", CLUSTERINGS)
        self._integer("clustering_start", 0)
        self._number("delta", 0, 1e12)
        if self.class_weight is not None and self.class_weight != "balanced":
            msg = f"class_weight must be 'balanced' or None, got {self.class_weight!r}."
            raise SettingsError(msg)

    def _check_restoring(self) -> None:
        if not isinstance(self.restore_best, bool):
            msg = f"restore_best must be True or False, got {self.restore_best!r}."
            raise SettingsError(msg)

    def _check_optimizer(self) -> None:
        self._choice("optimizer", OPTIMIZERS)
        self._number("momentum", 0, 0.9999)
        self._number("weight_decay", 0, 1e3)
        if self.gradient_clip is not None:
            self._number("gradient_clip", 1e-12, 1e12, wanted="None or a number")
        self._choice("schedule", SCHEDULES)
        self._number("schedule_factor", 0, 1, exclusive=True)
        self._integer("schedule_epochs", 1)
        self._integer("schedule_patience", 1)

    def change(self, **values: Any) -> Settings:
        """Return a copy with `values` replaced.

        Names of `Architecture` (``code_dim``, ``hidden_layer_sizes``, …) are
        accepted beside the names of this class. Another kind brings its own
        complexity unless one is given or both kinds offer the same.

        Raises
        ------
        SettingsError
            If a name is unknown or a value is out of its range.
        """
        own = {f.name for f in fields(self)}
        unknown = sorted(set(values) - own - ARCHITECTURE_SETTINGS)
        if unknown:
            known = (own | ARCHITECTURE_SETTINGS) - {"architecture"}
            raise SettingsError(unknown_setting(unknown[0], known))
        inner = {k: v for k, v in values.items() if k in ARCHITECTURE_SETTINGS}
        outer = {k: v for k, v in values.items() if k in own}
        base = outer.get("architecture", self.architecture)
        if inner and isinstance(base, Architecture):
            outer["architecture"] = replace(base, **inner)
        if "kind" in outer and "complexity" not in outer:
            new, old = KINDS.get(str(outer["kind"])), KINDS[self.kind]
            if new is None or new.complexities != old.complexities:
                outer["complexity"] = "auto"
        return replace(self, **outer)

    def in_turn(self, names: Iterable[str]) -> list[str]:
        """Return settings in an order in which they reach these one by one, valid at each step.

        What masking takes for `noise` is a part of what the other corruption takes.
        """
        last = "corruption" if self.corruption == "masking" else "noise"
        return sorted(names, key=lambda name: name == last)

    def is_live(self, name: str, planned: Settings) -> bool:
        """Whether `name` takes effect at the next batch, on the way to `planned`.

        A complexity waits with the kind that it was chosen for.
        """
        return name in LIVE_SETTINGS and (name != "complexity" or planned.kind == self.kind)

    @property
    def takes_missing(self) -> bool:
        """Whether values may be missing: they are left out of the error."""
        return self.reconstruction in TAKES_MISSING

    @property
    def penalty(self) -> str:
        """The complexity as it is measured: codes of a sigmoid are activations themselves."""
        within = self.architecture.code_activation == "sigmoid"
        return "kl_activations" if self.complexity == "kl_sparsity" and within else self.complexity

    def n_parameters(self, n_features: int) -> int:
        """Return the number of trainable values for items of `n_features` values."""
        return self.architecture.n_parameters(n_features, self.kind)

    def value(self, name: str) -> Any:
        """Return a setting by name, the architecture's included."""
        return getattr(self.architecture if name in ARCHITECTURE_SETTINGS else self, name)

    def _number(
        self,
        name: str,
        low: float,
        high: float,
        *,
        exclusive: bool = False,
        wanted: str = "a number",
    ) -> None:
        value = getattr(self, name)
        # Compared as it is: an int may be too large for a float, and NaN is in no range.
        fits = isinstance(value, Real) and not isinstance(value, bool)
        if not fits or not low <= value <= high or (exclusive and value in {low, high}):
            span = f"between {low:g} and {high:g}" if exclusive else f"from {low:g} to {high:g}"
            msg = f"{name} must be {wanted} {span}, got {value!r}."
            raise SettingsError(msg)
        object.__setattr__(self, name, float(value))

    def _integer(self, name: str, low: int, high: int | None = None) -> None:
        value = getattr(self, name)
        if not isinstance(value, Integral) or isinstance(value, bool) or value < low:
            msg = f"{name} must be an integer of at least {low}, got {value!r}."
            raise SettingsError(msg)
        if high is not None and int(value) > high:
            msg = f"{name} must be an integer of at most {high}, got {value!r}."
            raise SettingsError(msg)
        object.__setattr__(self, name, int(value))

    def _choose_complexity(self) -> None:
        allowed = KINDS[self.kind].complexities
        value = self.complexity
        if isinstance(value, str) and value == "auto":
            object.__setattr__(self, "complexity", allowed[0])
        elif not isinstance(value, str) or value not in allowed:
            msg = (
                f"complexity must be one of {', '.join(allowed)} for the kind "
                f"{self.kind!r}, got {value!r}."
            )
            raise SettingsError(msg)

    def _check_kind(self) -> None:
        architecture = self.architecture
        if self.kind == "variational" and architecture.code_activation != "identity":
            msg = (
                "code_activation must be 'identity' for the kind 'variational', whose code layer "
                f"gives means and log-variances, got {architecture.code_activation!r}."
            )
            raise SettingsError(msg)
        if self.kind == "contractive" and architecture.normalization == "batch":
            msg = (
                "normalization must be None or 'layer' for the kind 'contractive', since under "
                "'batch' the code of an item depends on the others, got 'batch'."
            )
            raise SettingsError(msg)

    def _check_device(self) -> None:
        name = self.device
        if not isinstance(name, str) or not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", name):
            msg = f"device must be auto, cpu, cuda, cuda:<number> or mps, got {name!r}."
            raise SettingsError(msg)

    def _choice(self, name: str, allowed: tuple[str, ...]) -> None:
        value = getattr(self, name)
        if not isinstance(value, str) or value not in allowed:
            msg = f"{name} must be one of {', '.join(allowed)}, got {value!r}."
            raise SettingsError(msg)


PRESETS: dict[str, dict[str, Any]] = {
    "deep": {
        "hidden_layer_sizes": (128, 64), "code_dim": 2, "activation": "relu",
        "code_activation": "identity", "output_activation": "identity",
        "reconstruction": "mse",
    },
    "simple": {
        "hidden_layer_sizes": (), "code_dim": 32, "code_activation": "relu",
        "output_activation": "sigmoid", "reconstruction": "mse",
    },
}  # fmt: skip
"""Preset name -> the settings it changes.

'simple' is the model with which most introductions to autoencoders begin:
``Dense(code, relu) -> Dense(input, sigmoid)``, Adam, mean squared error.
"""
