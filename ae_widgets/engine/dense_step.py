"""The step of a dense network with its gradients written out and compiled."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.engine.compiled_step import ArrayStep, count_shards, flatten, in_order, known
from ae_widgets.engine.dense_loop import Buffers, train_batches
from ae_widgets.engine.loop import FAN_OUT, Task
from ae_widgets.engine.team import CORES, Team

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ae_widgets.engine.compiled_step import Place
    from ae_widgets.engine.settings import Settings
    from ae_widgets.model.architecture import Architecture
    from ae_widgets.model.network import AutoencoderNetwork

    Floats = NDArray[np.float32]

__all__ = ["DenseStep"]


class DenseStep(ArrayStep):
    """The compiled step of linear layers with activations; see `ArrayStep`."""

    @staticmethod
    def applies(settings: Settings) -> bool:
        """Whether the gradients of these settings are known here."""
        return known(settings)

    def _lay_out(
        self, network: AutoencoderNetwork, architecture: Architecture
    ) -> tuple[NDArray[np.int64], Floats, list[Place]]:
        return flatten(network, architecture, in_order)

    def _job(self, task: Task, buffers: Buffers) -> Callable[[int, int], int]:
        return partial(_train, features=self._features, task=task, buffers=buffers)

    def _fit_buffers(self, batch_size: int) -> Buffers:
        if self._buffers is None or batch_size != self._batch_size:
            shards = count_shards(6 * batch_size * len(self._parameters), CORES)
            if shards != self._team.size:
                self._team = Team(shards)
            rows = -(-batch_size // shards)
            n_features, width = self._features.shape[1], int(self._layers[:, FAN_OUT].sum())
            code_dim = int(self._layers[self._code_layer, FAN_OUT])
            self._batch_size = batch_size
            self._buffers = Buffers(
                layers=self._layers,
                parameters=self._parameters,
                first=self._first,
                second=self._second,
                gradients=np.zeros((shards, len(self._parameters)), np.float32),
                inputs=np.empty((shards, rows * n_features), np.float32),
                outputs=np.empty((shards, rows * width), np.float32),
                slopes=np.empty((shards, rows * width), np.float32),
                codes=np.empty(batch_size * code_dim, np.float32),
                code_slopes=np.empty(batch_size * code_dim, np.float32),
            )
        buffers: Buffers = self._buffers
        return buffers


def _train(thread: int, threads: int, *, features: Floats, task: Task, buffers: Buffers) -> int:
    n_items: int = train_batches(thread, threads, features, task, buffers)
    return n_items
