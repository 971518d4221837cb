"""The step of a large dense network: torch's matrix products between compiled loops.

Where products take nearly all of the time, torch's are faster than loops over a part of a
batch, and they know bfloat16: only what a product reads and writes is then rounded to 8
bits of precision, which halves its time on processors that know the format. Parameters,
sums and everything between two products stay in float32.

Two threads share a batch. Each takes half of the items forwards and backwards, and then
half of the layers, whose gradients it adds up and whose parameters it moves: so they wait
for each other twice a batch, where torch's own threads do so at every product.
"""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ae_widgets.engine.adam import adam, adam_constants
from ae_widgets.engine.compiled_step import flatten, in_order
from ae_widgets.engine.dense_step import DenseStep
from ae_widgets.engine.optimizers import joined
from ae_widgets.engine.product_arrays import SHARES, Half, Layer, Pass, Place, balanced, write
from ae_widgets.engine.step import Noted, Trained
from ae_widgets.engine.team import CORES, Team
from ae_widgets.engine.views import tensor_view
from ae_widgets.losses.gradients import (
    COMPILED_COMPLEXITIES,
    COMPILED_RECONSTRUCTIONS,
    complexity_gradient,
    reconstruction_gradient,
)
from ae_widgets.model.activations import activate, chain

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ae_widgets.engine.settings import Settings
    from ae_widgets.losses.objective import Objective
    from ae_widgets.model.network import AutoencoderNetwork

    Floats = NDArray[np.float32]

__all__ = ["ProductStep"]


WORTH_IT = 3e8
"""Operations of a batch from which on torch's products gain more than they cost."""


class ProductStep:
    """As `DenseStep`, with torch's products, in bfloat16 if the precision is 'bf16'.

    Whether two threads share a batch is chosen by the clock, as in `Team`; it changes no bit.

    Parameters
    ----------
    network : AutoencoderNetwork
        Linear layers with activations, as `build_network` makes them.
    features : ndarray of shape (n_samples, n_features), float32
        All items, in C order.
    objective : Objective
        What to minimise; its settings may change between batches.
    settings : Settings
        The architecture, the precision, and the learning rate to begin with.
    """

    def __init__(
        self,
        network: AutoencoderNetwork,
        features: Floats,
        objective: Objective,
        settings: Settings,
    ) -> None:
        self.learning_rate = settings.learning_rate
        self._features = tensor_view(features)
        self._objective = objective
        self._code_layer = len(settings.architecture.hidden_layer_sizes)
        table, self._parameters, _ = flatten(network, settings.architecture, in_order)
        self._gradients = np.zeros((1, len(self._parameters)), np.float32)
        self._rounds = settings.precision == "bf16"
        self._team = Team(min(CORES, SHARES))
        self._threads = ThreadPoolExecutor(SHARES, "ae_widgets-products")
        self._interrupted = False
        rounded = torch.from_numpy(self._parameters), torch.from_numpy(self._gradients[0])
        if self._rounds:
            rounded = rounded[0].bfloat16(), rounded[1].bfloat16()
        self._rounded = rounded[0]
        self._layers = [
            Layer(row, self._parameters, self._gradients[0], *rounded) for row in table.tolist()
        ]
        self._groups = balanced(self._layers)
        self._passes: dict[int, Pass] = {}
        self.forget()

    applies = DenseStep.applies

    @staticmethod
    def is_worth_it(settings: Settings, n_features: int) -> bool:
        """Whether the products are large, or to be in bfloat16."""
        operations = 6 * settings.batch_size * settings.architecture.n_parameters(n_features)
        return settings.precision == "bf16" or operations >= WORTH_IT

    def train(self, rows: NDArray[np.int32], batch_size: int, noted: Noted) -> Trained:
        """Train on the items at `rows`, in order, `batch_size` at a time."""
        if self._rounds:
            self._rounded.copy_(torch.from_numpy(self._parameters))
        batches = [
            slice(i, min(i + batch_size, len(rows))) for i in range(0, len(rows), batch_size)
        ]
        done = 0
        while done < len(batches):
            started, (threads, most) = time.perf_counter(), self._team.stint()
            stint = batches[done : done + (most or len(batches))]
            n_trained, total = self._share(stint, torch.from_numpy(rows), noted, threads)
            self._team.learn(threads, time.perf_counter() - started, max(1, n_trained))
            done += n_trained
            if total is not None:
                return Trained(batches[done].start, total)
        return Trained(len(rows), None)

    def forget(self) -> None:
        """Drop the optimiser's memory of past gradients."""
        self._first, self._second = np.zeros_like(self._parameters), np.zeros_like(self._parameters)
        self._step = 0

    def memory(self, *, copy: bool = True) -> Any:
        """Return the optimiser's memory, for `load_memory`."""
        sums = self._first, self._second
        return *((part.copy() if copy else part) for part in sums), self._step

    def load_memory(self, memory: Any) -> None:
        """Go on with the memory of a step of the same kind and network."""
        first, second, self._step = memory
        self._first[:], self._second[:] = joined(first), joined(second)

    def _share(
        self, batches: list[slice], rows: Tensor, noted: Noted, threads: int
    ) -> tuple[int, float | None]:
        """Train on batches; return how many, and the total that ended it if not finite.

        An interrupt is raised between two batches, once all threads have done the last.
        """
        meeting = threading.Barrier(threads)
        for batch in (batches[0], batches[-1]):
            self._pass(batch.stop - batch.start)

        def work(index: int) -> tuple[int, float | None]:
            # On a machine of many cores a product has threads of its own.
            torch.set_num_threads(max(1, CORES // SHARES) if threads > 1 else 1)
            try:
                return self._work(Place(index, threads, meeting), batches, rows, noted)
            except BaseException:
                meeting.abort()  # nobody is waited for any more
                raise

        self._interrupted, before = False, torch.get_num_threads()
        places = [self._threads.submit(work, index) for index in range(threads)]
        try:
            wait(places)
        except BaseException:
            self._interrupted = True
            wait(places)
            raise
        finally:
            torch.set_num_threads(before)  # MKL's number is one for all threads
        finished = [place for place in places if place.exception() is None]
        result = (finished or places)[0].result()
        if self._top is not None:
            self._step += result[0]
        return result

    def _work(
        self, place: Place, batches: list[slice], rows: Tensor, noted: Noted
    ) -> tuple[int, float | None]:
        """Do one thread's part of the batches."""
        weights, first = list(self._objective.weights.values())[:2], place.number == 0
        for number, batch in enumerate(batches):
            arrays, errors = self._pass(batch.stop - batch.start), noted.errors[batch]
            self._measure(place, arrays, rows[batch], errors)
            if first:
                arrays.ended = self._interrupted
            place.meet()
            if arrays.ended:
                return number, None
            complexity = arrays.complexity if self._weighs_code else self._complexity(arrays)
            values = np.array([errors.mean(dtype=np.float64), complexity])
            if not math.isfinite(total := float(values @ weights)):
                return number, total
            self._move(place, arrays, self._step + number + 1)
            if first:
                noted.sums[:2] += values * len(errors)
                if len(noted.codes):
                    noted.codes[batch] = arrays.outputs[self._code_layer].numpy()
            place.meet()
        return len(batches), None

    def _measure(self, place: Place, arrays: Pass, rows: Tensor, errors: Floats) -> None:
        """Take a thread's items through the network and back."""
        for half in place.of(arrays.halves):
            self._forward(half, rows)
        if self._weighs_code:  # the complexity is about all items at once
            place.meet()
            if place.number == 0:
                arrays.complexity = self._complexity(arrays)
            place.meet()
        for half in place.of(arrays.halves):
            self._backward(half, errors, len(errors))

    def _move(self, place: Place, arrays: Pass, step: int) -> None:
        """Add up the gradients of a thread's layers and move their parameters."""
        top = self._top
        if top is None:
            return
        constants = adam_constants(self.learning_rate, step)
        for group in place.of(self._groups):
            for index in group:
                if index <= top:
                    self._move_layer(index, arrays, constants)

    @property
    def _weighs_code(self) -> bool:
        return self._objective.settings.beta != 0

    @property
    def _top(self) -> int | None:
        """The last layer that anything pulls at, None if nothing does."""
        settings = self._objective.settings
        if settings.alpha:
            return len(self._layers) - 1
        return self._code_layer if settings.beta else None

    def _complexity(self, arrays: Pass) -> float:
        """Return the complexity of a batch; leave its gradient if beta is not 0."""
        settings = self._objective.settings
        return float(complexity_gradient(
            COMPILED_COMPLEXITIES[settings.complexity],
            arrays.outputs[self._code_layer].numpy(), settings.sparsity_target,
            arrays.by_code.numpy(), settings.beta,
        ))  # fmt: skip

    def _forward(self, half: Half, rows: Tensor) -> None:
        """Take half of a batch through the network."""
        torch.index_select(self._features, 0, rows[half.items], out=half.x)
        write(half.inputs[0], half.x)
        for index, layer in enumerate(self._layers):
            torch.mm(half.inputs[index], layer.weight.T, out=half.products[index])
            output = write(half.outputs[index], half.products[index])
            activate(layer.kind, output.numpy(), layer.bias)
            if index + 1 < len(self._layers):
                write(half.inputs[index + 1], output)

    def _backward(self, half: Half, errors: Floats, n: int) -> None:
        """Take half of a batch's error and complexity back through the network."""
        settings = self._objective.settings
        reconstruction_gradient(
            COMPILED_RECONSTRUCTIONS[settings.reconstruction], half.outputs[-1].numpy(),
            half.x.numpy(), half.slopes[-1].numpy(), errors[half.items], settings.alpha / n,
        )  # fmt: skip
        if (top := self._top) is None:
            return
        for index in range(top, -1, -1):
            layer, slope = self._layers[index], half.slopes[index]
            if index == self._code_layer:
                if not settings.alpha:
                    slope.zero_()
                if settings.beta:
                    slope += half.by_code
            chain(layer.kind, half.outputs[index].numpy(), slope.numpy(), half.by_bias[index])
            rounded = write(half.by_products[index], slope)
            if index:
                torch.mm(rounded, layer.weight, out=half.by_inputs[index])
                write(half.slopes[index - 1], half.by_inputs[index])

    def _move_layer(
        self, index: int, arrays: Pass, constants: tuple[np.float32, np.float32]
    ) -> None:
        layer = self._layers[index]
        torch.mm(arrays.by_products[index].T, arrays.inputs[index], out=layer.rounded_by_weight)
        write(layer.by_weight, layer.rounded_by_weight)
        one, other = (half.by_bias[index] for half in arrays.halves)
        np.add(one, other, out=layer.by_bias)
        adam(
            self._parameters, self._gradients, self._first, self._second,
            layer.start, layer.end, *constants,
        )  # fmt: skip
        write(layer.weight, layer.exact_weight)

    def _pass(self, n: int) -> Pass:
        if n not in self._passes:
            if len(self._passes) > 1:  # a full batch and the last of an epoch
                self._passes.clear()
            self._passes[n] = Pass(n, self._layers, self._code_layer, rounds=self._rounds)
        return self._passes[n]
