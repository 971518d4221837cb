"""Whether a loss runs away without ever being infinite (no torch)."""

from __future__ import annotations

import math

__all__ = ["Divergence"]

TIMES = 100.0
"""How many times its start a loss must be to be called diverged."""

CHECKS = 3
"""Epochs in a row for which it must be."""


class Divergence:
    """Compares the loss of each epoch with that of the first.

    Losses that are not above 0 at the start tell nothing.
    """

    def __init__(self) -> None:
        self._start = math.nan
        self._high = 0

    def forget(self) -> None:
        """Begin anew: the objective is another one."""
        self._start, self._high = math.nan, 0

    def update(self, loss: float) -> bool:
        """Take in the loss of an epoch; return whether it has diverged."""
        if math.isnan(self._start):
            self._start = loss
        high = self._start > 0 and loss > TIMES * self._start
        self._high = self._high + 1 if high else 0
        return self._high >= CHECKS

    @staticmethod
    def advice(loss: float, learning_rate: float) -> str:
        """Return what to tell the user."""
        return (
            f"The loss is {loss:.3g}, more than {TIMES:g} times what it was in the first epoch: "
            f"the learning rate ({learning_rate:g}) may be too high."
        )
