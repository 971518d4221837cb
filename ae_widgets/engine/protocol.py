"""What a session and its trainer say to each other (no torch).

Commands go in, events come out; both are frozen dataclasses of plain Python
and numpy values, so that they cross a thread or a process alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ae_widgets.engine.pipe import FeatureFile, SparseFiles
    from ae_widgets.engine.settings import Settings

__all__ = [
    "Begin",
    "Change",
    "Changed",
    "Command",
    "Event",
    "Failed",
    "Label",
    "Labelled",
    "Latent",
    "LossParts",
    "LossRecord",
    "Pause",
    "Progress",
    "Reconstruct",
    "Reconstructed",
    "Replay",
    "RequestLatent",
    "RequestState",
    "Resume",
    "Resumed",
    "RunState",
    "Scheduled",
    "Shutdown",
    "StateChanged",
    "Step",
    "StepUnit",
    "Stop",
    "TrainerState",
    "Watch",
    "Weights",
]

RunState = Literal["idle", "starting", "running", "paused", "finished", "failed"]
StepUnit = Literal["batch", "epoch"]


# Commands -------------------------------------------------------------------


@dataclass(frozen=True)
class Begin:
    """Build a new network for run `run` and wait.

    With the `state` of a trainer go on from there, and say that the run is `halted`.
    `features` are those of this run and the next ones, if others than until now.
    """

    run: int
    settings: Settings
    weights: dict[str, NDArray[np.float32]] | None = None
    state: dict[str, Any] | None = None
    halted: tuple[RunState, str] = ("idle", "")
    sample_weight: NDArray[np.float64] | None = None
    labels: NDArray[np.int32] | None = None
    features: NDArray[np.float32] | FeatureFile | SparseFiles | Any | None = None


@dataclass(frozen=True)
class Resume:
    """Train until told otherwise."""


@dataclass(frozen=True)
class Pause:
    """Stop between two batches, keeping everything for `Resume`."""


@dataclass(frozen=True)
class Step:
    """Train one batch or to the end of the epoch, then pause."""

    unit: StepUnit


@dataclass(frozen=True)
class Stop:
    """End the run."""


@dataclass(frozen=True)
class Change:
    """Set one live setting before the next batch."""

    name: str
    value: Any


@dataclass(frozen=True)
class Label:
    """Give the items at `indices` the class `label` before the next batch, or none by -1.

    The `name` is for those who read it.
    """

    indices: tuple[int, ...]
    label: int
    name: str = ""


Scheduled = Change | Label | Resume
"""What a `Replay` can have obeyed at a step."""


@dataclass(frozen=True)
class Replay:
    """Train to step `steps`, whatever converges on the way, then halt as `ending` says.

    Each command is obeyed at exactly its step: before the next batch, once so many
    batches are done. They come in the order of their steps.
    """

    commands: tuple[tuple[int, Scheduled], ...]
    steps: int
    ending: tuple[RunState, str] = ("paused", "asked")


@dataclass(frozen=True)
class Watch:
    """Send a `Latent` of the exact codes when a run begins and whenever it halts, or do not."""

    on: bool


@dataclass(frozen=True)
class RequestLatent:
    """Send one `Latent` as soon as there is something new and the budget allows."""


@dataclass(frozen=True)
class Reconstruct:
    """Reconstruct the items at `indices` with the present weights."""

    request: int
    indices: NDArray[np.int64]


@dataclass(frozen=True)
class RequestState:
    """Send a `TrainerState` between two batches."""

    request: int


@dataclass(frozen=True)
class Shutdown:
    """End the trainer."""


Command = (
    Begin | Resume | Pause | Step | Stop | Change | Label | Replay | Watch | RequestLatent
    | Reconstruct | RequestState | Shutdown
)  # fmt: skip


# Events ---------------------------------------------------------------------


@dataclass(frozen=True)
class LossParts:
    """One measurement of the objective.

    Attributes
    ----------
    total : float
        The objective; equals the sum of ``values[part] * weights[part]``.
    values : dict of str to float
        Each loss part before its weight, by name: 'reconstruction', 'complexity', and
        once clusters or classes are trained 'clustering' and 'classification'.
    weights : dict of str to float
        The weight of each part. If it was moved between the averaged batches,
        the effective weight: the mean of weighted part over the mean of part.
    """

    total: float
    values: dict[str, float]
    weights: dict[str, float]

    def weighted(self, part: str) -> float:
        """Return the part's share of the total."""
        return self.values[part] * self.weights[part]


@dataclass(frozen=True)
class LossRecord:
    """The losses at one moment of a run.

    Attributes
    ----------
    epoch : float
        Epochs completed; with a fraction when taken within an epoch.
    step : int
        Batches completed.
    train : LossParts
        Mean over the batches of the epoch, or since the last record within it.
    validation : LossParts or None
        On the held-out items; only at the end of an epoch.
    seconds : float
        Training time of the run so far, pauses left out.
    settings : dict of str to float
        Learning rate and batch size in force.
    active_dimensions : int or None
        Open gates of a gated model; None for every other kind.
    """

    epoch: float
    step: int
    train: LossParts
    validation: LossParts | None
    seconds: float
    settings: dict[str, float] = field(default_factory=dict)
    active_dimensions: int | None = None

    @property
    def complete(self) -> bool:
        """Whether this record closes an epoch."""
        return self.epoch == int(self.epoch)


@dataclass(frozen=True)
class StateChanged:
    """The run entered a state; `reason` says why it finished or paused.

    `reason` is '' or one of 'converged', 'max_iter', 'stopped' (finished) and
    'asked', 'batch', 'epoch' (paused). `restored` is the epoch whose weights a finished
    run has in place of the last ones.
    """

    run: int
    state: RunState
    reason: str
    epoch: int
    step: int
    restored: int | None = None


@dataclass(frozen=True)
class Progress:
    """Where the run is, and the losses measured since the last `Progress`."""

    run: int
    epoch: int
    step: int
    steps_per_epoch: int
    seconds: float
    best_epoch: int | None
    best_loss: float | None
    records: tuple[LossRecord, ...] = ()


@dataclass(frozen=True)
class Changed:
    """A live setting is in force from batch `step` on."""

    run: int
    name: str
    value: Any
    step: int
    epoch: float


@dataclass(frozen=True)
class Labelled:
    """Some items have another class from batch `step` on."""

    run: int
    indices: tuple[int, ...]
    label: int
    name: str
    step: int
    epoch: float


@dataclass(frozen=True)
class Resumed:
    """A run that had converged or failed trains on, from batch `step` on."""

    run: int
    step: int
    epoch: float


@dataclass(frozen=True)
class Latent:
    """Codes and reconstruction errors of all items.

    `exact` is True if all were computed with the present weights, False if each
    was taken from the last training batch that held it.
    """

    run: int
    step: int
    epoch: float
    exact: bool
    codes: NDArray[np.float32]  # (n_samples, code_dim)
    errors: NDArray[np.float32]  # (n_samples,)
    classes: NDArray[np.int32] | None = None  # (n_samples,), as the classifier has them
    clusters: NDArray[np.int32] | None = None  # (n_samples,), the nearest centre's


@dataclass(frozen=True)
class Reconstructed:
    """Answer to `Reconstruct`."""

    run: int
    request: int
    indices: NDArray[np.int64]
    reconstructions: NDArray[np.float32]  # (n_indices, n_features)
    errors: NDArray[np.float32]  # (n_indices,)


@dataclass(frozen=True)
class Weights:
    """The network's parameters by name, so that they outlive the trainer."""

    run: int
    step: int
    parameters: dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class TrainerState:
    """Answer to `RequestState`: what `Trainer.state` returned."""

    run: int
    request: int
    values: dict[str, Any]


@dataclass(frozen=True)
class Failed:
    """The trainer met an error; `kind` names the class in `ae_widgets.exceptions`."""

    run: int
    kind: str
    message: str
    traceback: str


Event = (
    StateChanged | Progress | Changed | Labelled | Resumed | Latent | Reconstructed | Weights
    | TrainerState | Failed
)  # fmt: skip
