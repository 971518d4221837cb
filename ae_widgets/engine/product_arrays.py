"""The arrays that `ProductStep` trains with, and the threads that share them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from ae_widgets.engine.loop import FAN_IN, FAN_OUT, KIND, OFFSET

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    Floats = NDArray[np.float32]

__all__ = ["SHARES", "Half", "Layer", "Pass", "Place", "balanced", "write"]

SHARES = 2
"""Parts of a batch and of the layers, however many threads there are: sums of other parts
would be rounded in another way."""


class Place(NamedTuple):
    """One of the threads that share a batch.

    Attributes
    ----------
    number, threads : int
    meeting : threading.Barrier
        Where they wait for each other.
    """

    number: int
    threads: int
    meeting: threading.Barrier

    def of(self, parts: Sequence[Any]) -> Sequence[Any]:
        """Return this thread's share of the parts."""
        return parts[self.number :: self.threads]

    def meet(self) -> None:
        """Wait for the other threads."""
        if self.threads > 1:
            self.meeting.wait()


class Layer:
    """Views of one layer's part of the flat vectors."""

    def __init__(
        self,
        row: list[int],
        parameters: Floats,
        gradients: Floats,
        rounded: Tensor,
        rounded_gradients: Tensor,
    ) -> None:
        self.fan_in, self.fan_out, self.kind, self.start = (
            row[column] for column in (FAN_IN, FAN_OUT, KIND, OFFSET)
        )
        start, shape = self.start, (self.fan_out, self.fan_in)
        stop = start + self.fan_in * self.fan_out
        self.end = stop + self.fan_out
        exact = rounded.dtype == torch.float32
        self.exact_weight = torch.from_numpy(parameters[start:stop]).view(shape)
        self.weight = self.exact_weight if exact else rounded[start:stop].view(shape)
        self.bias = parameters[stop : self.end]
        self.by_weight = torch.from_numpy(gradients[start:stop]).view(shape)
        rounded_by_weight = rounded_gradients[start:stop].view(shape)
        self.rounded_by_weight = self.by_weight if exact else rounded_by_weight
        self.by_bias = gradients[stop : self.end]


class Pass:
    """The arrays of batches of `n` items.

    What a product reads or writes is in bfloat16 if it `rounds`, and otherwise the very
    array that stands in float32 beside it.
    """

    complexity = 0.0
    ended = False

    def __init__(self, n: int, layers: list[Layer], code_layer: int, *, rounds: bool) -> None:
        def like(tensors: list[Tensor]) -> list[Tensor]:
            return [t.to(torch.bfloat16) for t in tensors] if rounds else tensors

        self.x = torch.zeros(n, layers[0].fan_in)
        self.outputs = [torch.zeros(n, layer.fan_out) for layer in layers]
        self.slopes = [torch.zeros(n, layer.fan_out) for layer in layers]
        self.inputs = like([self.x, *self.outputs[:-1]])
        self.products, self.by_products = like(self.outputs), like(self.slopes)
        self.by_inputs = like([self.x, *self.slopes[:-1]])  # the first is not used
        self.by_code = torch.zeros(n, layers[code_layer].fan_out)
        middle = n // SHARES
        self.halves = [Half(self, part, rounds=rounds) for part in
                       (slice(0, middle), slice(middle, n))]  # fmt: skip


class Half:
    """Views of the items of a batch that are taken through the network together."""

    def __init__(self, whole: Pass, items: slice, *, rounds: bool) -> None:
        def part(tensors: list[Tensor]) -> list[Tensor]:
            return [tensor[items] for tensor in tensors]

        self.items = items
        self.x, self.by_code = whole.x[items], whole.by_code[items]
        self.outputs, self.slopes = part(whole.outputs), part(whole.slopes)
        self.inputs, self.by_inputs = [self.x, *self.outputs[:-1]], [self.x, *self.slopes[:-1]]
        self.products, self.by_products = self.outputs, self.slopes
        if rounds:
            self.inputs, self.by_inputs = part(whole.inputs), part(whole.by_inputs)
            self.products, self.by_products = part(whole.products), part(whole.by_products)
        self.by_bias = [np.zeros(output.shape[1], np.float32) for output in self.outputs]


def balanced(layers: list[Layer]) -> list[list[int]]:
    """Return the layers in groups whose products take about as long."""
    groups: list[list[int]] = [[] for _ in range(SHARES)]
    sizes = [layer.fan_in * layer.fan_out for layer in layers]
    for index in sorted(range(len(layers)), key=lambda i: -sizes[i]):
        min(groups, key=lambda group: sum(sizes[i] for i in group)).append(index)
    return groups


def write(target: Tensor, source: Tensor) -> Tensor:
    """Copy `source` into `target`, unless they are one."""
    return target if target is source else target.copy_(source)
