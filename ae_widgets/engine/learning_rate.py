"""How the learning rate moves from epoch to epoch (no torch)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ae_widgets.engine.stopping import Stopping

if TYPE_CHECKING:
    from ae_widgets.engine.settings import Settings

__all__ = ["Schedule"]


class Schedule:
    r"""What the learning rate is multiplied by in each epoch; 1 in the first.

    With :math:`t` epochs completed, :math:`T` `max_iter`, :math:`\gamma` the factor
    and :math:`s` the schedule's epochs: 'cosine' is
    :math:`(1 + \cos(\pi t / T)) / 2`, and stays where it was in the last epoch;
    'step' is :math:`\gamma^{\lfloor t / s \rfloor}`; 'exponential' is
    :math:`\gamma^{t / s}`; and 'reduce_on_plateau' is :math:`\gamma` to the number of
    times that the watched loss did not improve for `schedule_patience` epochs.

    Parameters
    ----------
    settings : Settings
        Replace the attribute to change them between two epochs.

    References
    ----------
    I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm
    restarts", ICLR 2017, equation 5, with the least rate 0 and without restart.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._epoch = 0
        self._reductions = 0
        self._plateau = Stopping(settings.tol, settings.schedule_patience)

    @property
    def learning_rate(self) -> float:
        """The learning rate in force."""
        return self.settings.learning_rate * self.factor

    @property
    def factor(self) -> float:
        """What the learning rate that was set is multiplied by."""
        settings, epoch = self.settings, self._epoch
        match settings.schedule:
            case "cosine":
                epoch = min(epoch, settings.max_iter - 1)
                return (1 + math.cos(math.pi * epoch / settings.max_iter)) / 2
            case "step":
                return settings.schedule_factor ** (epoch // settings.schedule_epochs)
            case "exponential":
                return math.pow(settings.schedule_factor, epoch / settings.schedule_epochs)
            case "reduce_on_plateau":
                return settings.schedule_factor**self._reductions
            case _:
                return 1.0

    def finish_epoch(self, loss: float) -> None:
        """Go on to the next epoch; `loss` is the one that was watched in the last."""
        self._epoch += 1
        plateau, settings = self._plateau, self.settings
        plateau.tol, plateau.n_iter_no_change = settings.tol, settings.schedule_patience
        plateau.update(self._epoch, loss)
        if plateau.converged:
            self._reductions += settings.schedule == "reduce_on_plateau"
            plateau.wait_again()

    def forget_losses(self) -> None:
        """Watch anew, as after a change of the objective; the rate stays."""
        self._plateau.forget()

    def memory(self) -> dict[str, Any]:
        """Return where the schedule is, for `load_memory`."""
        return {
            "epoch": self._epoch,
            "reductions": self._reductions,
            "plateau": dict(vars(self._plateau)),
        }

    def load_memory(self, memory: dict[str, Any]) -> None:
        """Go on from where another schedule was."""
        self._epoch, self._reductions = memory["epoch"], memory["reductions"]
        vars(self._plateau).update(memory["plateau"])
