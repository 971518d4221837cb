"""The step of a dense network with its gradients written out.

A small network's step is far cheaper than what surrounds it in a general
framework: recording the graph, allocating each result, one optimiser call a
parameter. Here every array is allocated once, the parameters lie in one vector,
and the products are bound to their operands before the first batch.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from ae_widgets.engine.flat_adam import FlatAdam
from ae_widgets.engine.step import Measured
from ae_widgets.losses.gradients import COMPLEXITY_GRADIENTS, RECONSTRUCTION_GRADIENTS
from ae_widgets.model.activations import IN_PLACE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ae_widgets.losses.objective import Objective
    from ae_widgets.model.architecture import Architecture
    from ae_widgets.model.network import AutoencoderNetwork

    Floats = NDArray[np.float32]
    Layers = list[tuple[Floats, Floats]]  # weight (fan_out, fan_in) and bias (fan_out,)

__all__ = ["DenseStep", "bind_product"]

SMALL_PRODUCT = 2**18
"""Multiplications up to which numpy's product, quicker to call, beats torch's."""


class DenseStep:
    """Gradients by hand into arrays that stay, and Adam on one flat vector.

    The network's parameters are moved into that vector and go on to live there,
    so that the network itself is always up to date.

    Parameters
    ----------
    network : AutoencoderNetwork
        Linear layers with activations, as `build_network` makes them.
    architecture : Architecture
        What the network was built from.
    features : ndarray of shape (n_samples, n_features), float32
        All items.
    objective : Objective
        What to minimise; its settings may change between batches.
    learning_rate : float
        Step size of Adam.
    """

    def __init__(
        self,
        network: AutoencoderNetwork,
        architecture: Architecture,
        features: Floats,
        objective: Objective,
        learning_rate: float,
    ) -> None:
        self.learning_rate = learning_rate
        self._features = features
        self._objective = objective
        names = architecture.layer_activations()
        self._activations = [IN_PLACE[name] for name in names]
        self._code_layer = len(architecture.hidden_layer_sizes)
        linear = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
        self._parameters, self._layers = _flatten(linear)
        self._gradients = np.zeros_like(self._parameters)
        self._layer_gradients = _views(self._gradients, linear)
        self._encoder_size = sum(w.size + b.size for w, b in self._layers[: self._code_layer + 1])
        self._passes: dict[int, _Pass] = {}
        self.forget()

    @staticmethod
    def applies(architecture: Architecture, kind: str = "plain") -> bool:
        """Whether nothing is asked for but dense layers with activations that are known here."""
        plain = architecture.simple and kind in {"plain", "sparse"}
        return plain and all(name in IN_PLACE for name in architecture.layer_activations())

    def measure(self, rows: NDArray[np.int64]) -> Measured:
        """Compute loss parts and gradients of the items at `rows`."""
        batch = self._pass(len(rows))
        np.take(self._features, rows, axis=0, out=batch.x, mode="clip")
        for (_, bias), product, output, activation in zip(
            self._layers, batch.forward, batch.outputs, self._activations, strict=True
        ):
            product()
            np.add(output, bias, out=output)
            activation.apply(output)
        return self._differentiate(batch)

    def update(self) -> None:
        """Move the parameters by the gradients of the batch last measured."""
        settings = self._objective.settings
        if settings.alpha:
            self._adam.update(self.learning_rate)
        elif settings.beta:  # nothing pulls at the decoder
            self._adam.update(self.learning_rate, stop=self._encoder_size)

    def forget(self) -> None:
        """Drop the optimiser's memory of past gradients."""
        self._adam = FlatAdam(self._parameters, self._gradients)

    def memory(self) -> Any:
        """Return a copy of the optimiser's memory, for `load_memory`."""
        return self._adam.memory

    def load_memory(self, memory: Any) -> None:
        """Go on with the memory of a step of the same kind and network."""
        self._adam.memory = memory

    def _pass(self, n: int) -> _Pass:
        if n not in self._passes:
            if len(self._passes) > 1:  # a full batch and the last of an epoch
                self._passes.clear()
            self._passes[n] = _Pass(n, self._layers, self._layer_gradients)
        return self._passes[n]

    def _differentiate(self, batch: _Pass) -> Measured:
        settings = self._objective.settings
        output, code = batch.outputs[-1], batch.outputs[self._code_layer]
        errors = RECONSTRUCTION_GRADIENTS[settings.reconstruction](
            output, batch.x, batch.gradients[-1], settings.alpha
        )
        by_code = batch.gradients[self._code_layer]
        if settings.alpha:
            self._propagate(batch, range(len(self._layers) - 1, self._code_layer, -1))
        else:
            by_code.fill(0)
        complexity = COMPLEXITY_GRADIENTS[settings.complexity](
            code, settings.sparsity_target, by_code, settings.beta
        )
        if settings.alpha or settings.beta:
            self._propagate(batch, range(self._code_layer, -1, -1))
        error = float(np.add.reduce(errors)) / len(errors)
        return Measured({"reconstruction": error, "complexity": complexity}, code, errors)

    def _propagate(self, batch: _Pass, layers: range) -> None:
        for layer in layers:
            self._activations[layer].chain(batch.outputs[layer], batch.gradients[layer])
            for product in batch.backward[layer]:
                product()


class _Pass:
    """The arrays of batches of `n` items, and the products between them."""

    def __init__(self, n: int, layers: Layers, gradients: Layers) -> None:
        self.x = np.empty((n, layers[0][0].shape[1]), np.float32)
        self.outputs = [np.empty((n, len(bias)), np.float32) for _, bias in layers]
        self.gradients = [np.empty_like(output) for output in self.outputs]
        inputs = [self.x, *self.outputs[:-1]]
        by_inputs = [None, *self.gradients[:-1]]
        ones = np.ones((1, n), np.float32)
        self.forward = [
            bind_product(x, weight.T, output)
            for x, (weight, _), output in zip(inputs, layers, self.outputs, strict=True)
        ]
        self.backward: list[list[Callable[[], object]]] = []
        for x, by_x, (weight, _), (by_weight, by_bias), gradient in zip(
            inputs, by_inputs, layers, gradients, self.gradients, strict=True
        ):
            products = [
                bind_product(gradient.T, x, by_weight),
                bind_product(ones, gradient, by_bias[np.newaxis]),
            ]
            if by_x is not None:
                products.append(bind_product(gradient, weight, by_x))
            self.backward.append(products)


def bind_product(a: Floats, b: Floats, out: Floats) -> Callable[[], object]:
    """Return a function without arguments that writes the matrix product ``a @ b`` to `out`."""
    if a.shape[0] * a.shape[1] * b.shape[1] <= SMALL_PRODUCT:
        return partial(np.matmul, a, b, out=out)
    return partial(torch.mm, torch.from_numpy(a), torch.from_numpy(b), out=torch.from_numpy(out))


def _flatten(layers: list[nn.Linear]) -> tuple[Floats, Layers]:
    """Move the parameters of `layers` into one vector; return it and its views."""
    flat = np.empty(sum(p.numel() for layer in layers for p in layer.parameters()), np.float32)
    views = _views(flat, layers)
    for layer, (weight, bias) in zip(layers, views, strict=True):
        weight[:] = layer.weight.detach().numpy()
        bias[:] = layer.bias.detach().numpy()
        layer.weight.data = torch.from_numpy(weight)
        layer.bias.data = torch.from_numpy(bias)
    return flat, views


def _views(flat: Floats, layers: list[nn.Linear]) -> Layers:
    sizes = [size for layer in layers for size in (layer.weight.numel(), layer.bias.numel())]
    ends = np.cumsum([0, *sizes])
    parts = [flat[start:end] for start, end in pairwise(ends)]
    return [
        (weight.reshape(layer.weight.shape), bias)
        for layer, weight, bias in zip(layers, parts[::2], parts[1::2], strict=True)
    ]
