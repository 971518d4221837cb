"""One line about a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ae_widgets.text import short

if TYPE_CHECKING:
    from ae_widgets.engine.protocol import RunState

__all__ = ["Status"]


@dataclass(frozen=True)
class Status:
    """Where a run is.

    Attributes
    ----------
    state : str
        'idle', 'starting', 'running', 'paused', 'finished' or 'failed'.
    reason : str
        Why it paused ('asked', 'batch', 'epoch') or finished ('converged',
        'max_iter', 'stopped'); else ''.
    epoch, step : int
        Epochs and batches completed.
    steps_per_epoch, max_iter : int
        Batches an epoch, and the epoch at which the run ends at the latest.
    seconds : float
        Training time so far.
    best_epoch, best_loss
        Where the watched loss was lowest, None before the first epoch.
    watched : str
        Which loss decides on convergence: 'validation' or 'training'.
    loss : float or None
        The watched loss of the last epoch.
    restored : int or None
        The epoch whose weights a finished run has, where those are not the last ones.
    patience : int
        Epochs without improvement after which training ends.
    note : str
        Something to say beside, such as a refused setting.
    error : bool
        Whether `note` or the state tells of an error.
    """

    state: RunState = "idle"
    reason: str = ""
    epoch: int = 0
    step: int = 0
    steps_per_epoch: int = 0
    max_iter: int = 0
    seconds: float = 0.0
    best_epoch: int | None = None
    best_loss: float | None = None
    watched: str = "validation"
    loss: float | None = None
    patience: int = 0
    restored: int | None = None
    note: str = ""
    error: bool = False

    @property
    def busy(self) -> bool:
        """Whether it trains, or is about to."""
        return self.state in {"starting", "running"}

    @property
    def live(self) -> bool:
        """Whether it trains, or may go on as it is."""
        return self.busy or self.state == "paused"

    @property
    def goes_on(self) -> bool:
        """Whether it rests before the last epoch that it was asked for."""
        return self.state == "paused" or (self.state == "finished" and not self.all_done)

    @property
    def all_done(self) -> bool:
        """Whether all epochs that were asked for are trained."""
        return self.epoch >= self.max_iter

    @property
    def seconds_left(self) -> float | None:
        """Seconds to `max_iter` at the pace so far; None while it is unknown."""
        if self.state != "running" or not self.epoch:
            return None
        return self.seconds / self.epoch * (self.max_iter - self.epoch)

    @property
    def message(self) -> str:
        """The status line."""
        if self.error:
            return self.note
        sentence = self._sentence()
        return f"{sentence} {self.note}" if self.note else sentence

    def _sentence(self) -> str:
        losses = self._losses()
        match self.state:
            case "idle":
                return "Ready: press Start."
            case "starting":
                slow = "the trainer… The first start on a machine compiles it: some seconds."
                return "Starting…" if self.step else f"Starting {slow}"
            case "running":
                return f"Training: {losses}." if losses else "Training: first epoch."
            case "paused":
                what = {"batch": "after one batch", "epoch": "after one epoch"}.get(self.reason)
                where = what or f"in epoch {self.epoch + 1:,}"
                return f"Paused {where}: {losses or 'no epoch completed yet'}."
            case "finished":
                said = [f"{self._ending()}{': ' + losses if losses else ''}."]
                if self.restored is not None:
                    said.append(f"The weights are those of epoch {self.restored:,}.")
                if self.goes_on:
                    said.append(f"Resume goes on to epoch {self.max_iter:,}.")
                return " ".join(said)
            case "failed":
                return "Failed."

    def _ending(self) -> str:
        match self.reason:
            case "converged":
                return (
                    f"Converged at epoch {self.epoch:,}, no better {self.watched} loss "
                    f"for {self.patience:,} epochs"
                )
            case "max_iter":
                return f"Finished all {self.epoch:,} epochs"
            case _:
                return f"Stopped in epoch {self.epoch + 1:,}"

    def _losses(self) -> str:
        if self.loss is None:
            return ""
        text = f"{self.watched} loss {short(self.loss, 4)}"
        if self.best_epoch is None or self.best_loss is None:
            return text
        return f"{text}, best {short(self.best_loss, 4)} at {self.best_epoch:,}"
