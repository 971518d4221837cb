"""Sessions to show: real ones, of which most never start a trainer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ae_widgets.engine.protocol import Changed, LossParts, LossRecord, Progress, StateChanged
from ae_widgets.session import Session, publisher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def items(n: int = 60) -> np.ndarray:
    return np.random.default_rng(0).random((n, 16), dtype=np.float32)


@pytest.fixture
def session() -> Iterator[Session]:
    """A session whose trainer is the test: see `tell`."""
    made = Session(items(), np.arange(60) % 3, item_shape=(4, 4), trainer="thread", max_iter=50)
    yield made
    made.close()


class Trainer:
    """Says to a session what a trainer would say, and waits until the views have it."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def run(self) -> int:
        return self.session._run.number

    def state(self, state: str, reason: str = "", *, epoch: int = 0, step: int = 0) -> None:
        if state == "running":
            self.session._run.starting()
        self.session._handle(StateChanged(self.run, state, reason, epoch, step))
        assert publisher.flush()

    def epochs(
        self,
        first: int,
        last: int,
        loss: Callable[[int], float] = lambda e: 1 / e,
        held_out: Callable[[int], float] | None = None,
    ) -> None:
        """Say what the epochs `first` to `last` cost; held-out items cost twice as much."""
        records = tuple(
            self._record(epoch, loss(epoch), held_out(epoch) if held_out else 2 * loss(epoch))
            for epoch in range(first, last + 1)
        )
        progress = Progress(self.run, last, last, 1, float(last), last, loss(last), records)
        self.session._handle(progress)
        assert publisher.flush()

    def changed(self, name: str, value: float, *, step: int, epoch: float) -> None:
        self.session._handle(Changed(self.run, name, value, step, epoch))
        assert publisher.flush()

    @staticmethod
    def _record(epoch: int, loss: float, held_out: float) -> LossRecord:
        weights = {"reconstruction": 1.0, "complexity": 0.5}
        train = LossParts(loss, {"reconstruction": loss - 0.05, "complexity": 0.1}, weights)
        validation = LossParts(held_out, {"reconstruction": held_out, "complexity": 0.0}, weights)
        return LossRecord(float(epoch), epoch, train, validation, float(epoch))


@pytest.fixture
def trainer(session: Session) -> Trainer:
    return Trainer(session)
