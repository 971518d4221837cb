"""Commands that are due at a step of their own (no torch)."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from ae_widgets.engine.protocol import Resume

if TYPE_CHECKING:
    from ae_widgets.engine.protocol import Replay, Scheduled

__all__ = ["Schedule"]


class Schedule:
    """What is left of a `Replay`.

    Parameters
    ----------
    replay : Replay
        Commands in the order of their steps, and where to end.
    """

    def __init__(self, replay: Replay) -> None:
        self.ending = replay.ending
        self._steps = replay.steps
        self._waiting = deque(replay.commands)

    def due(self, step: int) -> list[Scheduled]:
        """Take out the commands to obey before the batch that follows `step` batches."""
        taken = []
        while self._waiting and self._waiting[0][0] <= step:
            taken.append(self._waiting.popleft()[1])
        return taken

    def goes_on(self, step: int) -> bool:
        """Whether a run that failed at `step` was told to go on there."""
        return any(at <= step and isinstance(command, Resume) for at, command in self._waiting)

    def ended(self, step: int) -> bool:
        """Whether `step` is where to end."""
        return step >= self._steps

    def limit(self, step: int) -> int:
        """Return how many batches may follow `step` in one go: up to what is due next."""
        following = self._waiting[0][0] if self._waiting else self._steps
        return max(0, min(following, self._steps) - step)
