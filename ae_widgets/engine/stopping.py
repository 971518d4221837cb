"""When a run has converged."""

from __future__ import annotations

__all__ = ["Stopping"]


class Stopping:
    """Watch a loss and say when it no longer improves.

    Parameters
    ----------
    tol : float in [0, 1)
        An epoch improves if its loss is below ``best - tol * abs(best)``.
    n_iter_no_change : int
        Epochs without improvement after which the run has converged.
    """

    def __init__(self, tol: float, n_iter_no_change: int) -> None:
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.best_loss: float | None = None
        self.best_epoch: int | None = None
        self._stale_epochs = 0

    @property
    def converged(self) -> bool:
        """Whether the loss has not improved for `n_iter_no_change` epochs."""
        return self._stale_epochs >= self.n_iter_no_change

    def update(self, epoch: int, loss: float) -> None:
        """Take in the loss of an epoch."""
        improves = self.best_loss is None or (
            loss < self.best_loss - self.tol * abs(self.best_loss)
        )
        if improves:
            self.best_loss, self.best_epoch = loss, epoch
            self._stale_epochs = 0
        else:
            self._stale_epochs += 1

    def wait_again(self) -> None:
        """Count the epochs without improvement from 0 again; the best stays."""
        self._stale_epochs = 0

    def forget(self) -> None:
        """Start over, as after a change of the objective."""
        self.best_loss = self.best_epoch = None
        self._stale_epochs = 0
