"""The step of a dense network with its gradients written out and compiled."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.engine.compiled import dense_loop, units_loop
from ae_widgets.engine.compiled.dense_loop import Buffers
from ae_widgets.engine.compiled.loop import FAN_IN, FAN_OUT, Task
from ae_widgets.engine.compiled.step import ROOM, ArrayStep, count_shards, flatten, in_order, known
from ae_widgets.engine.compiled.team import CORES, Team
from ae_widgets.engine.compiled.units_loop import Parts

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ae_widgets.engine.compiled.step import Place
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

    def encode(self, rows: NDArray[np.int32]) -> tuple[Floats, Floats] | None:
        """Return codes (n, code_dim) and errors (n,); None if they are not all finite."""
        return self._passed(rows, max(ROOM, self._batch_size))

    def _lay_out(
        self, network: AutoencoderNetwork, architecture: Architecture
    ) -> tuple[NDArray[np.int64], Floats, list[Place]]:
        return flatten(network, architecture, in_order)

    def _job(self, task: Task, buffers: Buffers | Parts) -> Callable[[int, int], int]:
        if isinstance(buffers, Parts):
            return partial(_train_units, features=self._features, task=task, buffers=buffers)
        return partial(_train_items, features=self._features, task=task, buffers=buffers)

    def _fit_buffers(self, batch_size: int) -> Buffers | Parts:
        if self._buffers is None or batch_size != self._batch_size:
            shards = count_shards(6 * batch_size * len(self._parameters), CORES)
            if shards != self._team.size:
                self._team = Team(shards)
            self._batch_size = batch_size
            n_values = batch_size * int(self._layers[:, FAN_OUT].sum())
            large = shards > 1 and by_units(len(self._parameters), n_values)
            make = self._parts if large else self._shards
            self._buffers = make(max(ROOM, batch_size), shards)
        buffers: Buffers | Parts = self._buffers
        return buffers

    def _shards(self, batch_size: int, shards: int) -> Buffers:
        rows = -(-batch_size // shards)
        width = rows * int(self._layers[:, FAN_OUT].sum())
        return Buffers(
            **self._whole(batch_size),
            gradients=np.zeros((shards, len(self._parameters)), np.float32),
            inputs=np.empty((shards, rows * self._features.shape[1]), np.float32),
            outputs=np.empty((shards, width), np.float32),
            slopes=np.empty((shards, width), np.float32),
        )

    def _parts(self, batch_size: int, parts: int) -> Parts:
        fan_in = batch_size * int(self._layers[:, FAN_IN].sum())
        own = batch_size * int(sum(-(-self._layers[:, FAN_OUT] // parts)))
        return Parts(
            **self._whole(batch_size),
            gradients=np.zeros((1, len(self._parameters)), np.float32),
            inputs=np.empty((parts, fan_in), np.float32),
            by_inputs=np.empty((parts, fan_in), np.float32),
            outputs=np.empty((parts, own), np.float32),
            slopes=np.empty((parts, own), np.float32),
            errors=np.empty((parts, batch_size), np.float32),
        )

    def _whole(self, batch_size: int) -> dict[str, NDArray[Any]]:
        """Return the arrays of which no thread has a part of its own."""
        code = batch_size * int(self._layers[self._code_layer, FAN_OUT])
        return {
            "layers": self._layers,
            "parameters": self._parameters,
            "first": self._first,
            "second": self._second,
            "codes": np.empty(code, np.float32),
            "code_slopes": np.empty(code, np.float32),
        }


def by_units(n_parameters: int, n_values: int) -> bool:
    """Whether units are shared out rather than items, by the values of a batch in all layers.

    What the threads must tell each other is the gradients and parameters if they share
    items, and the outputs of the layers if they share units.
    """
    return n_parameters >= n_values


def _train_items(
    thread: int, threads: int, *, features: Floats, task: Task, buffers: Buffers
) -> int:
    n_items: int = dense_loop.train_batches(thread, threads, features, task, buffers)
    return n_items


def _train_units(thread: int, threads: int, *, features: Floats, task: Task, buffers: Parts) -> int:
    n_items: int = units_loop.train_batches(thread, threads, features, task, buffers)
    return n_items
