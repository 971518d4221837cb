"""The step of a dense network in bfloat16: torch's products between compiled loops.

Only what the product of a large layer reads and writes is rounded to 8 bits of
precision, which halves its time on processors that know the format. Parameters, sums
and everything between two products stay in float32.
"""

from __future__ import annotations

import math
import time
from operator import mul
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ae_widgets.engine.compiled.adam import BETA_1, BETA_2, EPSILON
from ae_widgets.engine.compiled.dense_step import DenseStep
from ae_widgets.engine.compiled.loop import FAN_IN, FAN_OUT, KIND, OFFSET
from ae_widgets.engine.compiled.rounded_output import finish
from ae_widgets.engine.compiled.step import flatten, in_order
from ae_widgets.engine.compiled.team import CORES, Team
from ae_widgets.engine.optimizers import drop_what_has_decayed, joined
from ae_widgets.engine.rounding import rounds
from ae_widgets.engine.step import Noted, Trained
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


LARGE = 2**15
"""Weights of a layer from which on its products are faster in bfloat16."""


class ProductStep:
    """As `DenseStep`, with torch's products, those of large layers in bfloat16.

    How many threads they have is chosen by the clock, as in `Team`; it changes no bit.

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
        self._gradients = np.zeros_like(self._parameters)
        self._team = Team(CORES)
        self._layers = [_Layer(row, self._parameters, self._gradients) for row in table.tolist()]
        self._passes: dict[int, _Pass] = {}
        self.forget()

    applies = DenseStep.applies

    @staticmethod
    def is_worth_it(settings: Settings, n_features: int) -> bool:
        """Whether any product is to be in bfloat16."""
        architecture = settings.architecture
        sizes = (n_features, *architecture.hidden_layer_sizes, architecture.code_dim)
        return rounds(settings) and max(map(mul, sizes, sizes[1:])) >= LARGE

    def train(self, rows: NDArray[np.int32], batch_size: int, noted: Noted) -> Trained:
        """Train on the items at `rows`, in order, `batch_size` at a time."""
        weights = list(self._objective.weights.values())[:2]
        for start in range(0, len(rows), batch_size):
            batch = slice(start, min(start + batch_size, len(rows)))
            n = batch.stop - batch.start
            errors = noted.errors[batch]
            started, (threads, _) = time.perf_counter(), self._team.stint()
            torch.set_num_threads(threads)
            code, complexity = self._measure(torch.from_numpy(rows[batch]), errors)
            self._team.learn(threads, time.perf_counter() - started, 1)
            error = float(errors.mean(dtype=np.float64))
            total = weights[0] * error + weights[1] * complexity
            if not math.isfinite(total):
                return Trained(start, total)
            self._update()
            noted.sums[0] += error * n
            noted.sums[1] += complexity * n
            if len(noted.codes):
                noted.codes[batch] = code
        return Trained(len(rows), None)

    def forget(self) -> None:
        """Drop the optimiser's memory of past gradients."""
        self._first, self._second = np.zeros_like(self._parameters), np.zeros_like(self._parameters)
        self._step = 0
        self._moved = [
            torch.from_numpy(flat)
            for flat in (self._parameters, self._gradients, self._first, self._second)
        ]
        self._clock = torch.zeros(())

    def memory(self, *, copy: bool = True) -> Any:
        """Return the optimiser's memory, for `load_memory`."""
        sums = self._first, self._second
        return *((part.copy() if copy else part) for part in sums), self._step

    def load_memory(self, memory: Any) -> None:
        """Go on with the memory of a step of the same kind and network."""
        first, second, self._step = memory
        self._first[:], self._second[:] = joined(first), joined(second)

    def _measure(self, rows: Tensor, errors: Floats) -> tuple[Floats, float]:
        """Compute the gradients of one batch; return its code and complexity."""
        n, settings = len(rows), self._objective.settings
        arrays = self._pass(n)
        for layer in self._layers:
            _write(layer.rounded_weight, layer.weight)
        torch.index_select(self._features, 0, rows, out=arrays.x)
        _write(arrays.inputs[0], arrays.x)
        last = len(self._layers) - 1
        for index, layer in enumerate(self._layers):
            torch.mm(arrays.inputs[index], layer.transposed, out=arrays.products[index])
            if index == last and layer.rounds:
                self._finish(arrays, errors)
                break
            output = _write(arrays.outputs[index], arrays.products[index])
            activate(layer.kind, arrays.outputs_array[index], layer.bias)
            if index < last:
                _write(arrays.inputs[index + 1], output)
            else:
                reconstruction_gradient(
                    COMPILED_RECONSTRUCTIONS[settings.reconstruction], arrays.outputs_array[-1],
                    arrays.x_array, arrays.slopes_array[-1], errors, settings.alpha / n,
                )  # fmt: skip
        code, by_code = arrays.outputs_array[self._code_layer], arrays.by_code
        complexity = complexity_gradient(
            COMPILED_COMPLEXITIES[settings.penalty], code, settings.sparsity_target,
            by_code, settings.beta,
        )  # fmt: skip
        self._propagate(arrays)
        return code, complexity

    def _finish(self, arrays: _Pass, errors: Floats) -> None:
        settings, layer = self._objective.settings, self._layers[-1]
        finish(
            layer.kind, COMPILED_RECONSTRUCTIONS[settings.reconstruction],
            _bits(arrays.products[-1]), layer.bias, arrays.x_array, _bits(arrays.by_products[-1]),
            layer.by_bias, errors, settings.alpha / len(errors),
            np.empty((3, len(layer.bias)), np.float32),
        )  # fmt: skip

    def _propagate(self, arrays: _Pass) -> None:
        settings = self._objective.settings
        if not (settings.alpha or settings.beta):
            return
        top = len(self._layers) - 1 if settings.alpha else self._code_layer
        for index in range(top, -1, -1):
            layer, slope = self._layers[index], arrays.slopes[index]
            if index == self._code_layer:
                if not settings.alpha:
                    slope.zero_()
                if settings.beta:
                    slope += torch.from_numpy(arrays.by_code)
            rounded = arrays.by_products[index]
            if index < len(self._layers) - 1 or not layer.rounds:  # else it is `finish`ed
                chain(layer.kind, arrays.outputs_array[index], slope.numpy(), layer.by_bias)
                _write(rounded, slope)
            torch.mm(rounded.T, arrays.inputs[index], out=layer.rounded_by_weight)
            _write(layer.by_weight, layer.rounded_by_weight)
            if index:
                torch.mm(rounded, layer.rounded_weight, out=arrays.by_inputs[index])
                _write(arrays.slopes[index - 1], arrays.by_inputs[index])

    def _update(self) -> None:
        settings = self._objective.settings
        if settings.alpha or settings.beta:
            self._step += 1
            # Without a reconstruction error nothing pulls at the decoder.
            stop = len(self._parameters)
            if not settings.alpha:
                stop = self._layers[self._code_layer].end
            # As `torch.optim.Adam` calls it when it is fused: with torch's threads.
            parameters, gradients, first, second = ([flat[:stop]] for flat in self._moved)
            torch._fused_adam_(
                parameters, gradients, first, second, [], [self._clock.fill_(self._step)],
                lr=self.learning_rate, beta1=BETA_1, beta2=BETA_2, eps=EPSILON,
                weight_decay=0.0, amsgrad=False, maximize=False,
            )  # fmt: skip
            drop_what_has_decayed([*first, *second], self._step)

    def _pass(self, n: int) -> _Pass:
        if n not in self._passes:
            if len(self._passes) > 1:  # a full batch and the last of an epoch
                self._passes.clear()
            self._passes[n] = _Pass(n, self._layers, self._code_layer)
        return self._passes[n]


class _Layer:
    """Views of one layer's part of the flat vectors, and its weights as products take them."""

    def __init__(self, row: list[int], parameters: Floats, gradients: Floats) -> None:
        self.fan_in, self.fan_out, self.kind, offset = (
            row[column] for column in (FAN_IN, FAN_OUT, KIND, OFFSET)
        )
        weights, shape = offset + self.fan_in * self.fan_out, (self.fan_out, self.fan_in)
        self.end = weights + self.fan_out
        self.rounds = self.fan_in * self.fan_out >= LARGE
        self.weight = torch.from_numpy(parameters[offset:weights]).view(shape)
        self.rounded_weight = self.rounded(self.weight)
        self.transposed = self.rounded_weight.T
        self.bias = parameters[weights : self.end]
        self.by_weight = torch.from_numpy(gradients[offset:weights]).view(shape)
        self.rounded_by_weight = self.rounded(self.by_weight)
        self.by_bias = gradients[weights : self.end]

    def rounded(self, tensor: Tensor) -> Tensor:
        """Return what stands for `tensor` in this layer's products: itself, unless they round."""
        return tensor.to(torch.bfloat16) if self.rounds else tensor


class _Pass:
    """The arrays of batches of `n` items.

    What the product of a large layer reads or writes is in bfloat16, what that of
    another does is the very array that stands in float32 beside it.
    """

    def __init__(self, n: int, layers: list[_Layer], code_layer: int) -> None:
        self.x = torch.zeros(n, layers[0].fan_in)
        self.outputs = [torch.zeros(n, layer.fan_out) for layer in layers]
        self.slopes = [torch.zeros(n, layer.fan_out) for layer in layers]
        self.inputs = _rounded(layers, [self.x, *self.outputs[:-1]])
        self.products = _rounded(layers, self.outputs)
        self.by_products = _rounded(layers, self.slopes)
        # The first is not used.
        self.by_inputs = _rounded(layers, [self.x, *self.slopes[:-1]])
        self.x_array = self.x.numpy()
        self.outputs_array = [tensor.numpy() for tensor in self.outputs]
        self.slopes_array = [tensor.numpy() for tensor in self.slopes]
        self.by_code = np.zeros((n, layers[code_layer].fan_out), np.float32)


def _rounded(layers: list[_Layer], tensors: list[Tensor]) -> list[Tensor]:
    return [layer.rounded(tensor) for layer, tensor in zip(layers, tensors, strict=True)]


def _bits(rounded: Tensor) -> NDArray[np.uint16]:
    bits: NDArray[np.uint16] = rounded.view(torch.int16).numpy().view(np.uint16)
    return bits


def _write(target: Tensor, source: Tensor) -> Tensor:
    """Copy `source` into `target`, unless they are one."""
    return target if target is source else target.copy_(source)
