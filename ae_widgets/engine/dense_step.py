"""The step of a dense network with its gradients written out and compiled.

A small network's step is far cheaper than what surrounds it in a general
framework: recording the graph, allocating each result, one call an operation.
Here the parameters lie in one vector, every array is allocated once, and many
batches run in one call that needs neither the interpreter nor its lock.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from ae_widgets.engine.dense_loop import FAN_OUT, Buffers, Task, train_batches
from ae_widgets.engine.step import Noted, Trained
from ae_widgets.engine.team import CORES, Team
from ae_widgets.losses.gradients import COMPILED_COMPLEXITIES, COMPILED_RECONSTRUCTIONS
from ae_widgets.model.activations import COMPILED_ACTIVATIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ae_widgets.engine.settings import Settings
    from ae_widgets.losses.objective import Objective
    from ae_widgets.model.architecture import Architecture
    from ae_widgets.model.network import AutoencoderNetwork

    Floats = NDArray[np.float32]

__all__ = ["DenseStep", "flatten"]

WORTH_A_SHARD = 1e7
"""Operations of a batch below which cutting it up costs more than a second thread brings."""


class DenseStep:
    """Gradients by hand into arrays that stay, and Adam on one flat vector.

    The network's parameters are moved into that vector and go on to live there,
    so that the network itself is always up to date.

    Parameters
    ----------
    network : AutoencoderNetwork
        Linear layers with activations, as `build_network` makes them.
    features : ndarray of shape (n_samples, n_features), float32
        All items, in C order.
    objective : Objective
        What to minimise; its settings may change between batches.
    settings : Settings
        The architecture, and the learning rate to begin with.
    """

    def __init__(
        self,
        network: AutoencoderNetwork,
        features: Floats,
        objective: Objective,
        settings: Settings,
    ) -> None:
        architecture = settings.architecture
        self.learning_rate = settings.learning_rate
        # One type of array for the compiler, whoever else may write to it.
        self._features = np.asarray(features).view()
        self._features.flags.writeable = False
        self._objective = objective
        self._code_layer = len(architecture.hidden_layer_sizes)
        self._layers, self._parameters = flatten(network, architecture)
        self._team = Team(1)
        self._buffers: Buffers | None = None
        self._batch_size = 0
        self.forget()
        no_rows, no_codes = np.empty(0, np.int32), np.empty((0, architecture.code_dim), np.float32)
        # Compiles what this machine has not compiled yet.
        self.train(no_rows, settings.batch_size, Noted(no_codes, no_codes[:, 0], np.zeros(2)))

    @staticmethod
    def applies(settings: Settings) -> bool:
        """Whether the gradients are known here, and Adam as it is here is what is asked for."""
        architecture = settings.architecture
        return (
            architecture.simple
            and settings.kind in {"plain", "sparse"}
            and all(name in COMPILED_ACTIVATIONS for name in architecture.layer_activations())
            and settings.reconstruction in COMPILED_RECONSTRUCTIONS
            and settings.complexity in COMPILED_COMPLEXITIES
            and settings.optimizer == "adam"
            and not settings.weight_decay
            and settings.gradient_clip is None
        )

    def train(self, rows: NDArray[np.int32], batch_size: int, noted: Noted) -> Trained:
        """Train on the items at `rows`, in order, `batch_size` at a time."""
        buffers = self._fit_buffers(batch_size)
        start = 0
        while True:
            threads, n_batches = self._team.stint()
            stop = len(rows) if n_batches is None else start + n_batches * batch_size
            part = slice(start, min(stop, len(rows)))
            task = self._task(rows[part], batch_size, noted, part)
            job = partial(_train, features=self._features, task=task, buffers=buffers)
            steps = -(-len(task.rows) // batch_size)
            n_items = self._team.run(job, threads, steps)
            if task.alpha or task.beta:
                self._step += -(-n_items // batch_size)
            noted.sums[:] = task.sums[:2]
            start += n_items
            if task.sums[2] != 0:
                return Trained(start, float(task.sums[2]))
            if start >= len(rows):
                return Trained(start, None)

    def forget(self) -> None:
        """Drop the optimiser's memory of past gradients."""
        self._first, self._second = np.zeros_like(self._parameters), np.zeros_like(self._parameters)
        self._step = 0
        self._batch_size = 0

    def memory(self) -> Any:
        """Return a copy of the optimiser's memory, for `load_memory`."""
        return self._first.copy(), self._second.copy(), self._step

    def load_memory(self, memory: Any) -> None:
        """Go on with the memory of a step of the same kind and network."""
        self._first[:], self._second[:], self._step = memory

    def _task(self, rows: NDArray[np.int32], batch_size: int, noted: Noted, part: slice) -> Task:
        settings = self._objective.settings
        return Task(
            rows=rows,
            batch_size=batch_size,
            code_layer=self._code_layer,
            step=self._step,
            reconstruction=COMPILED_RECONSTRUCTIONS[settings.reconstruction],
            complexity=COMPILED_COMPLEXITIES[settings.complexity],
            alpha=settings.alpha,
            beta=settings.beta,
            target=settings.sparsity_target,
            learning_rate=self.learning_rate,
            codes=noted.codes[part],
            errors=noted.errors[part],
            sums=np.append(noted.sums, 0.0),
            counter=np.zeros(1, np.int64),
        )

    def _fit_buffers(self, batch_size: int) -> Buffers:
        """Return arrays that hold a batch of this size."""
        if self._buffers is None or batch_size != self._batch_size:
            operations = 6 * batch_size * len(self._parameters)
            shards = max(1, min(CORES, int(operations / WORTH_A_SHARD)))
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
        return self._buffers


def _train(thread: int, threads: int, *, features: Floats, task: Task, buffers: Buffers) -> int:
    n_items: int = train_batches(thread, threads, features, task, buffers)
    return n_items


def flatten(
    network: AutoencoderNetwork, architecture: Architecture
) -> tuple[NDArray[np.int64], Floats]:
    """Move the parameters of `network` into one vector; return its table of layers and it."""
    linear = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    parts = [parameter for layer in linear for parameter in (layer.weight, layer.bias)]
    ends = np.cumsum([0, *(part.numel() for part in parts)])
    flat = np.empty(ends[-1], np.float32)
    for part, (start, end) in zip(parts, pairwise(ends), strict=True):
        view = flat[start:end].reshape(part.shape)
        view[:] = part.detach().numpy()
        part.data = torch.from_numpy(view)
    table = [
        (layer.in_features, layer.out_features, COMPILED_ACTIVATIONS[name], start)
        for layer, name, start in zip(
            linear, architecture.layer_activations(), ends[:-1:2], strict=True
        )
    ]
    return np.array(table, np.int64), flat
