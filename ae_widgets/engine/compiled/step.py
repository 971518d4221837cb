"""What the steps with compiled loops share: one vector of parameters, and a team of threads.

A small network's step is far cheaper than what surrounds it in a general
framework: recording the graph, allocating each result, one call an operation.
Here the parameters lie in one vector, every array is allocated once, and many
batches run in one call that needs neither the interpreter nor its lock.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import nn

from ae_widgets.engine.compiled.loop import FAN_OUT, Task
from ae_widgets.engine.compiled.team import CORES, Team
from ae_widgets.engine.optimizers import joined
from ae_widgets.engine.step import Noted, Trained
from ae_widgets.losses.gradients import COMPILED_COMPLEXITIES, COMPILED_RECONSTRUCTIONS
from ae_widgets.model.activations import COMPILED_ACTIVATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ae_widgets.engine.settings import Settings
    from ae_widgets.losses.objective import Objective
    from ae_widgets.model.architecture import Architecture
    from ae_widgets.model.network import AutoencoderNetwork

    Floats = NDArray[np.float32]

__all__ = [
    "ROOM",
    "ArrayStep",
    "CompiledStep",
    "Place",
    "constant",
    "count_shards",
    "flatten",
    "in_order",
    "known",
    "layers_of",
]

ROOM = 64
"""Items for which a step of dense layers has room, however small its batches are."""

WORTH_A_SHARD = 1e7
"""Operations of a batch below which cutting it up costs more than a second thread brings."""


class Place(NamedTuple):
    """Where a parameter lies in the vector of all.

    Attributes
    ----------
    start, stop : int
    shape : tuple of int
        The parameter's, or one with the same values in the same order.
    axes : tuple of int, optional
        The axes of `shape` in the order in which they lie there, default as they are.
    """

    start: int
    stop: int
    shape: tuple[int, ...]
    axes: tuple[int, ...] | None = None

    def of(self, flat: Floats) -> Floats:
        """Return the parameter's view of `flat`."""
        part = flat[self.start : self.stop]
        if self.axes is None:
            return part.reshape(self.shape)
        return part.reshape([self.shape[axis] for axis in self.axes]).transpose(
            np.argsort(self.axes)
        )


class CompiledStep(ABC):
    """Gradients by hand into arrays that stay, and Adam on one flat vector.

    The network's parameters are moved into that vector and go on to live there, or are
    copied from and to it, so that the network is up to date whenever a call returns.

    Parameters
    ----------
    network : AutoencoderNetwork
        Layers with activations, as `build_network` makes them.
    n_items : int
        Items at most in a batch, however large it is to be.
    objective : Objective
        What to minimise; its settings may change between batches.
    settings : Settings
        The architecture, and the learning rate to begin with.
    """

    def __init__(
        self, network: AutoencoderNetwork, n_items: int, objective: Objective, settings: Settings
    ) -> None:
        self._n_items = n_items
        architecture = settings.architecture
        self.learning_rate = settings.learning_rate
        self._objective = objective
        self._code_layer = len(architecture.layer_activations()) // 2 - 1
        self._layers, self._parameters, self._places = self._lay_out(network, architecture)
        self._team = Team(1)
        self._buffers: Any = None
        self._batch_size = min(settings.batch_size, n_items)
        self.forget()
        no_rows, no_codes = np.empty(0, np.int32), np.empty((0, architecture.code_dim), np.float32)
        # Compiles what this machine has not compiled yet.
        self.train(no_rows, settings.batch_size, Noted(no_codes, no_codes[:, 0], np.zeros(2)))

    @abstractmethod
    def _lay_out(
        self, network: AutoencoderNetwork, architecture: Architecture
    ) -> tuple[NDArray[np.int64], Floats, list[Place]]:
        """Return the table of layers, the vector of parameters and where each lies there."""

    @abstractmethod
    def _fit_buffers(self, batch_size: int) -> Any:
        """Return arrays that hold a batch of this size."""

    @abstractmethod
    def _job(self, task: Task, buffers: Any) -> Callable[[int, int], int]:
        """Return the loop over the batches of `task`, for `Team.run`."""

    def train(self, rows: NDArray[np.int32], batch_size: int, noted: Noted) -> Trained:
        """Train on the items at `rows`, in order, `batch_size` at a time."""
        batch_size = min(batch_size, self._n_items)
        buffers = self._fit_buffers(batch_size)
        start = 0
        while True:
            threads, n_batches = self._team.stint()
            stop = len(rows) if n_batches is None else start + n_batches * batch_size
            part = slice(start, min(stop, len(rows)))
            task = self._task(rows[part], batch_size, noted, part)
            steps = -(-len(task.rows) // batch_size)
            n_items = self._team.run(self._job(task, buffers), threads, steps)
            if task.alpha or task.beta:
                self._step += -(-n_items // batch_size)
            noted.sums[:2] = task.sums[:2]
            start += n_items
            if task.sums[2] != 0:
                return Trained(start, float(task.sums[2]))
            if start >= len(rows):
                return Trained(start, None)

    def forget(self) -> None:
        """Drop the optimiser's memory of past gradients."""
        self._first, self._second = np.zeros_like(self._parameters), np.zeros_like(self._parameters)
        self._step = 0
        self._buffers = None

    def memory(self, *, copy: bool = True) -> Any:
        """Return the optimiser's memory, for `load_memory`.

        Adam's sums as two vectors in the order of the network's parameters, or
        without a copy, as an array for each parameter; and how many steps it took.
        """
        first, second = (
            [place.of(flat) for place in self._places] for flat in (self._first, self._second)
        )
        if copy:
            return joined(first), joined(second), self._step
        return first, second, self._step

    def load_memory(self, memory: Any) -> None:
        """Go on with the memory of a step on a network of the same layers."""
        ends = np.cumsum([place.stop - place.start for place in self._places])
        *sums, self._step = memory
        for own, given in zip((self._first, self._second), sums, strict=True):
            parts = np.split(given, ends[:-1]) if isinstance(given, np.ndarray) else given
            for place, part in zip(self._places, parts, strict=True):
                place.of(own)[:] = part.reshape(place.shape)

    def _passed(self, rows: NDArray[np.int32], at_a_time: int) -> tuple[Floats, Floats] | None:
        """Return codes (n, code_dim) and errors (n,); None if they are not all finite."""
        n, code_dim = len(rows), int(self._layers[self._code_layer, FAN_OUT])
        noted = Noted(np.empty((n, code_dim), np.float32), np.empty(n, np.float32), np.zeros(2))
        task = self._task(rows, at_a_time, noted, slice(0, n))
        task = task._replace(alpha=0.0, beta=0.0)  # nothing pulls, nothing moves
        job = self._job(task, self._fit_buffers(self._batch_size))
        self._team.run(job, self._team.stint()[0], 0)
        return None if task.sums[2] != 0 else (noted.codes, noted.errors)

    def _task(self, rows: NDArray[np.int32], batch_size: int, noted: Noted, part: slice) -> Task:
        settings = self._objective.settings
        return Task(
            rows=rows,
            batch_size=batch_size,
            code_layer=self._code_layer,
            step=self._step,
            reconstruction=COMPILED_RECONSTRUCTIONS[settings.reconstruction],
            complexity=COMPILED_COMPLEXITIES[settings.penalty],
            alpha=settings.alpha,
            beta=settings.beta,
            target=settings.sparsity_target,
            learning_rate=self.learning_rate,
            codes=noted.codes[part],
            errors=noted.errors[part],
            sums=np.append(noted.sums[:2], 0.0),
            counter=np.zeros(1, np.int64),
        )


class ArrayStep(CompiledStep):
    """The compiled step on items that lie in one array.

    Parameters
    ----------
    network : AutoencoderNetwork
        Layers with activations, as `build_network` makes them.
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
        self._features = constant(features, np.float32)
        super().__init__(network, len(features), objective, settings)


def constant(values: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """Return a view that is of one type to the compiler, whoever else may write to it."""
    view = np.ascontiguousarray(values, dtype).view()
    view.flags.writeable = False
    return view


def layers_of(
    network: AutoencoderNetwork, kinds: tuple[type[nn.Module], ...] = (nn.Linear,)
) -> list[Any]:
    """Return the layers of the encoder and the decoder that have weights; not the heads'."""
    trunk = *network.encoder.modules(), *network.decoder.modules()
    return [module for module in trunk if isinstance(module, kinds)]


def known(settings: Settings, trunk: str = "dense") -> bool:
    """Whether compiled loops know the gradients, and their Adam is what is asked for."""
    architecture = settings.architecture
    return (
        architecture.trunk == trunk
        and architecture.simple
        and settings.kind in {"plain", "sparse"}
        and all(name in COMPILED_ACTIVATIONS for name in architecture.layer_activations())
        and settings.reconstruction in COMPILED_RECONSTRUCTIONS
        and settings.complexity in COMPILED_COMPLEXITIES
        and settings.optimizer == "adam"
        and not settings.weight_decay
        and settings.gradient_clip is None
    )


def count_shards(operations: float, cores: int = CORES) -> int:
    """Return into how many shards a batch of so many operations is cut."""
    return max(1, min(cores, int(operations / WORTH_A_SHARD)))


def in_order(shapes: list[tuple[int, ...]]) -> list[Place]:
    """Return places one after another."""
    ends = np.cumsum([0, *(np.prod(shape) for shape in shapes)]).tolist()
    return [
        Place(start, stop, shape)
        for shape, (start, stop) in zip(shapes, pairwise(ends), strict=True)
    ]


def flatten(
    network: AutoencoderNetwork,
    architecture: Architecture,
    arrange: Callable[[list[tuple[int, ...]]], list[Place]],
) -> tuple[NDArray[np.int64], Floats, list[Place]]:
    """Move the parameters of `network` into one vector.

    Parameters
    ----------
    network : AutoencoderNetwork
    architecture : Architecture
    arrange : callable
        Takes the shapes of each layer's weight and bias and returns their places.

    Returns
    -------
    layers : ndarray of shape (n_layers, 4), int64
        The table of layers; its last column is where the weight begins.
    parameters : ndarray of shape (n_parameters,), float32
    places : list of Place
    """
    linear = layers_of(network)
    parts = [parameter for layer in linear for parameter in (layer.weight, layer.bias)]
    places = arrange([tuple(part.shape) for part in parts])
    flat = np.empty(sum(part.numel() for part in parts), np.float32)
    for part, place in zip(parts, places, strict=True):
        view = place.of(flat)
        view[:] = part.detach().numpy()
        part.data = torch.from_numpy(view)
    table = [
        (layer.in_features, layer.out_features, COMPILED_ACTIVATIONS[name], place.start)
        for layer, name, place in zip(
            linear, architecture.layer_activations(), places[::2], strict=True
        )
    ]
    return np.array(table, np.int64), flat, places
