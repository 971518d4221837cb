"""The step on items in CSR form, of which none is made dense."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.engine.compiled.loop import FAN_IN, FAN_OUT, Task
from ae_widgets.engine.compiled.sparse_arrays import Rows, SparseBuffers
from ae_widgets.engine.compiled.sparse_loop import train_sparse_batches
from ae_widgets.engine.compiled.sparse_moves import block_features
from ae_widgets.engine.compiled.step import (
    ROOM,
    CompiledStep,
    Place,
    constant,
    count_shards,
    flatten,
    known,
)
from ae_widgets.engine.compiled.team import CORES, Team

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ae_widgets.engine.settings import Settings
    from ae_widgets.engine.step import Noted, Trained
    from ae_widgets.losses.objective import Objective
    from ae_widgets.model.architecture import Architecture
    from ae_widgets.model.network import AutoencoderNetwork

    Floats = NDArray[np.float32]

__all__ = ["SparseStep"]


class SparseStep(CompiledStep):
    """The compiled step for the mean squared error of a linear output, on sparse items.

    The first layer's weight is kept transposed, so that the weights of one feature
    lie together; the network's own parameter is a view of it.

    Parameters
    ----------
    network : AutoencoderNetwork
        Linear layers with activations, as `build_network` makes them.
    features : scipy.sparse.csr_array of shape (n_samples, n_features), float32
        All items, each place named once.
    objective : Objective
        What to minimise; its settings may change between batches.
    settings : Settings
        The architecture, and the learning rate to begin with.
    """

    def __init__(
        self, network: AutoencoderNetwork, features: Any, objective: Objective, settings: Settings
    ) -> None:
        self._rows = Rows(
            constant(features.data, np.float32),
            constant(features.indices, np.int32),
            constant(features.indptr, np.int64),
        )
        self._n_values = 0
        super().__init__(network, features.shape[0], objective, settings)

    @staticmethod
    def applies(settings: Settings) -> bool:
        """Whether the gradients of these settings are known here."""
        linear = settings.architecture.output_activation == "identity"
        return linear and settings.reconstruction == "mse" and known(settings)

    def train(self, rows: NDArray[np.int32], batch_size: int, noted: Noted) -> Trained:
        """Train on the items at `rows`, in order, `batch_size` at a time."""
        self._make_room(rows, batch_size)
        return super().train(rows, batch_size, noted)

    def encode(self, rows: NDArray[np.int32]) -> tuple[Floats, Floats] | None:
        """Return codes (n, code_dim) and errors (n,); None if they are not all finite."""
        at_a_time = max(ROOM, self._batch_size)
        self._make_room(rows, at_a_time)
        return self._passed(rows, at_a_time)

    def _make_room(self, rows: NDArray[np.int32], batch_size: int) -> None:
        """Note how many values the fullest batch has."""
        starts = self._rows.starts
        if len(rows):
            counts = starts[rows + 1] - starts[rows]
            of_batches = np.add.reduceat(counts, np.arange(0, len(rows), batch_size))
            self._n_values = max(self._n_values, int(of_batches.max()))

    def _lay_out(
        self, network: AutoencoderNetwork, architecture: Architecture
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], list[Place]]:
        return flatten(network, architecture, _large_last)

    def _job(self, task: Task, buffers: SparseBuffers) -> Callable[[int, int], int]:
        return partial(_train, rows=self._rows, task=task, buffers=buffers)

    def _fit_buffers(self, batch_size: int) -> SparseBuffers:
        if self._buffers is None or batch_size != self._batch_size:
            self._batch_size = batch_size
            self._buffers = self._new_buffers(batch_size)
        buffers: SparseBuffers = self._buffers
        if len(buffers.values) < self._n_values:
            buffers = self._buffers = buffers._replace(
                items=np.empty(self._n_values, np.int32),
                values=np.empty(self._n_values, np.float32),
            )
        return buffers

    def _new_buffers(self, batch_size: int) -> SparseBuffers:
        first, width = (int(self._layers[i, j]) for i, j in [(0, FAN_OUT), (-1, FAN_IN)])
        n_features, code_dim = (
            int(n) for n in self._layers[[0, self._code_layer], [FAN_IN, FAN_OUT]]
        )
        n_small = self._places[0].start
        operations = 4 * width * (width * n_features) + 6 * batch_size * n_small
        shards = count_shards(operations, CORES)
        if shards != self._team.size:
            self._team = Team(shards)
        batch_size = max(ROOM, batch_size)
        rows, between = -(-batch_size // shards), int(self._layers[:-1, FAN_OUT].sum())
        blocks = [block_features(w) * (w + 1) for w in (first, width)]

        def empty(*shape: int) -> NDArray[np.float32]:
            return np.empty(shape, np.float32)

        return SparseBuffers(
            layers=self._layers,
            parameters=self._parameters,
            first=self._first,
            second=self._second,
            gradients=np.zeros((shards, n_small), np.float32),
            outputs=empty(shards, rows * between),
            slopes=empty(shards, rows * between),
            codes=empty(batch_size * code_dim),
            code_slopes=empty(batch_size * code_dim),
            hidden=empty(batch_size * width),
            deltas=empty(batch_size * first),
            gram=empty(shards, width * width),
            inner=empty(shards, width * width),
            by_bias=empty(shards, width),
            sums=empty(shards, width),
            squares=np.empty(shards),
            scratch=empty(shards, max(*blocks, rows * width)),
            starts=np.empty(n_features + 1, np.int64),
            items=np.empty(self._n_values, np.int32),
            values=empty(self._n_values),
        )


def _train(thread: int, threads: int, *, rows: Rows, task: Task, buffers: SparseBuffers) -> int:
    n_items: int = train_sparse_batches(thread, threads, rows, task, buffers)
    return n_items


def _large_last(shapes: list[tuple[int, ...]]) -> list[Place]:
    """Return places with the large weights last: gradients have the places of those before."""
    n = len(shapes)
    order, start = [*range(1, n - 2), 0, n - 2, n - 1], 0
    places = [Place(0, 0, shape, None if i else (1, 0)) for i, shape in enumerate(shapes)]
    for i in order:
        stop = start + int(np.prod(shapes[i]))
        places[i] = places[i]._replace(start=start, stop=stop)
        start = stop
    return places
