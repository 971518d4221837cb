"""Whether a loss runs away without ever being infinite (no torch)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ae_widgets.engine.settings import OBJECTIVE_SETTINGS
from ae_widgets.text import short

if TYPE_CHECKING:
    from ae_widgets.engine.protocol import LossParts
    from ae_widgets.engine.settings import Settings

__all__ = ["Divergence"]

TIMES = 100.0
"""How many times its start a loss must be to be called diverged."""

CHECKS = 3
"""Epochs in a row for which it must be."""

ROUNDING = 1e-6
"""Weights of loss parts are means over an epoch: up to this, they are the same."""


class Divergence:
    """Compares the loss of each epoch with that of the first of the same objective.

    Losses that are not above 0 at the start tell nothing.

    Attributes
    ----------
    diverged : bool
        Whether the last losses have.
    """

    def __init__(self) -> None:
        self._start = math.nan
        self._high = 0
        self._objective: tuple[object, ...] = ()
        self._weights: dict[str, float] = {}

    @property
    def diverged(self) -> bool:
        """Whether the loss has been far above its start for some epochs."""
        return self._high >= CHECKS

    def forget(self) -> None:
        """Begin anew: losses before and after do not compare."""
        self._start, self._high = math.nan, 0

    def follow(self, settings: Settings) -> None:
        """Begin anew if `settings` ask for another objective than those before.

        Another learning rate, optimiser or batch size leaves the meaning of the loss.
        """
        objective = tuple(settings.value(name) for name in sorted(OBJECTIVE_SETTINGS))
        if objective != self._objective:
            self.forget()
        self._objective = objective

    def update(self, losses: LossParts) -> bool:
        """Take in the losses of an epoch; return whether they have diverged.

        It begins anew where a part joins in, or its weight is another, as in a warm-up.
        """
        if not self._same_weights(losses.weights):
            self.forget()
        self._weights = dict(losses.weights)
        if math.isnan(self._start):
            self._start = losses.total
        high = self._start > 0 and losses.total > TIMES * self._start
        self._high = self._high + 1 if high else 0
        return self.diverged

    def _same_weights(self, weights: dict[str, float]) -> bool:
        """Whether each part weighs what it did; one that is not there weighs nothing."""
        before = self._weights
        return all(
            math.isclose(before.get(name, 0.0), weights.get(name, 0.0), rel_tol=ROUNDING)
            for name in before.keys() | weights.keys()
        )

    @staticmethod
    def advice(loss: float, learning_rate: float) -> str:
        """Return what to tell the user."""
        return (
            f"The loss is {short(loss)}, more than {TIMES:g} times what it was at the start: "
            f"the learning rate ({learning_rate:g}) may be too high."
        )
