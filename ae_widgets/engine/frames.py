"""When the trainer may spend time on a picture of the latent space (no torch)."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FramePacer"]

BUDGET = 0.05
"""Largest share of the training time that exact frames may take."""

PASS_SECONDS = 0.25
"""Shortest time between two frames of the training pass's own codes."""


class FramePacer:
    """Keeps the books on frames: what was asked for, sent, and spent.

    Attributes
    ----------
    requested : bool
        Whether a view waits for a frame.
    exact_at : int or None
        The step at which the last exact frame was taken.
    """

    def __init__(self) -> None:
        self.requested = False
        self.exact_at: int | None = None
        self._step = -1
        self._sent_at = float("-inf")
        self._cost = 0.0
        self._spent = 0.0

    def wanted(self, step: int) -> bool:
        """Whether a view waits and `step` has something new for it."""
        return self.requested and step != self._step

    def shown(self, step: int) -> bool:
        """Whether the last frame is of `step`."""
        return step == self._step

    def affordable(self, training_seconds: float) -> bool:
        """Whether one more exact frame stays within the budget."""
        return self._spent + self._cost <= BUDGET * training_seconds

    def due(self) -> bool:
        """Whether the last frame is old enough for one that costs nothing."""
        return time.perf_counter() - self._sent_at >= PASS_SECONDS

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Book the time of an exact frame."""
        started = time.perf_counter()
        yield
        self._cost = time.perf_counter() - started
        self._spent += self._cost

    def sent(self, step: int, *, exact: bool) -> None:
        """Book a frame that was sent."""
        self.requested = False
        self._step = step
        self._sent_at = time.perf_counter()
        self.exact_at = step if exact else None
