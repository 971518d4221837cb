"""Automatic gradients of the parts of a batch, on a thread each.

A convolution of small images leaves a second thread little to do: cut in two,
the batch keeps both busy from end to end. As in `ae_widgets.engine.dense_loop`
the number of shards never depends on how many threads work on them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ae_widgets.engine.step import AutogradStep
from ae_widgets.engine.team import CORES, Team

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ae_widgets.engine.settings import Settings
    from ae_widgets.engine.step import Noted
    from ae_widgets.losses.objective import ObjectiveSettings

__all__ = ["ShardedStep"]

MEANS_OVER_ITEMS = frozenset({"l1", "l2"})
"""Complexities of a batch that are the mean of those of its shards."""

SHARD_ROWS = 64
"""Items of a shard at least: below, calling its operations costs more than they take."""


class ShardedStep(AutogradStep):
    """As `AutogradStep`, for convolutional networks whose items do not meet."""

    def __init__(self, *what: Any, **how: Any) -> None:
        super().__init__(*what, **how)
        self._team = Team(1)
        self._trained = list(self._network.parameters())
        self._gradients: list[Tensor | None] | None = None

    @staticmethod
    def applies(settings: Settings) -> bool:
        """Whether it is worth it, and each item's gradient its own."""
        architecture = settings.architecture
        return (
            architecture.convolutional
            and _items_do_not_meet(settings)
            and (architecture.normalization != "batch" and not architecture.dropout)
        )

    def measure(self, rows: NDArray[np.int32], noted: Noted, batch: slice) -> dict[str, float]:
        """Compute the gradients of one batch and return its loss parts."""
        n, self._gradients = len(rows), None
        shards = max(1, n // SHARD_ROWS)
        if shards == 1 or not _items_do_not_meet(self._objective.settings):
            return super().measure(rows, noted, batch)
        if min(shards, CORES) > self._team.size:
            self._team = Team(min(shards, CORES))
        ends = [n * shard // shards for shard in range(shards + 1)]
        results: list[Any] = [None] * shards

        def job(thread: int, threads: int) -> int:
            torch.set_num_threads(1)  # of this thread
            for shard in range(thread, shards, threads):
                part = slice(ends[shard], ends[shard + 1])
                place = slice(batch.start + part.start, batch.start + part.stop)
                results[shard] = self._differentiate(rows[part], noted, place, n)
            return n

        self._team.run(job, min(shards, self._team.stint()[0]), 1)
        gradients, parts = zip(*results, strict=True)
        # Added in the order of the shards, whoever was ready first.
        self._gradients = [_sum(of_one) for of_one in zip(*gradients, strict=True)]
        shares = np.diff(ends) / n
        return {
            name: float(np.dot(shares, [values[name] for values in parts])) for name in parts[0]
        }

    def update(self) -> None:
        """Move the parameters by the gradients of the batch last measured."""
        if self._gradients is None:
            super().update()
            return
        self._optimizer.settings = self._objective.settings
        for parameter, gradient in zip(self._trained, self._gradients, strict=True):
            parameter.grad = gradient
        self._optimizer.step(self.learning_rate)

    def _differentiate(
        self, rows: NDArray[np.int32], noted: Noted, place: slice, n_batch: int
    ) -> tuple[list[Tensor | None], dict[str, float]]:
        total, parts = self._pass(rows, noted, place)
        if not total.requires_grad:
            return [None] * len(self._trained), parts
        share = len(rows) / n_batch
        gradients = torch.autograd.grad(total * share, self._trained, allow_unused=True)
        return list(gradients), parts


def _items_do_not_meet(settings: ObjectiveSettings) -> bool:
    return settings.kind in {"plain", "sparse"} and settings.complexity in MEANS_OVER_ITEMS


def _sum(gradients: tuple[Tensor | None, ...]) -> Tensor | None:
    present = [gradient for gradient in gradients if gradient is not None]
    return torch.stack(present).sum(dim=0) if present else None
