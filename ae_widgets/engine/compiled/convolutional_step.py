"""The step of a convolutional network with its gradients written out and compiled."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from torch import nn

from ae_widgets.engine.compiled.convolutional_loop import ImageBuffers, train_image_batches
from ae_widgets.engine.compiled.image_layers import BLOCK, COLUMNS, DENSE, GROW, ROWS, SHRINK, SMALL
from ae_widgets.engine.compiled.loop import FAN_OUT, Task
from ae_widgets.engine.compiled.step import ArrayStep, Place, count_shards, known, layers_of
from ae_widgets.engine.compiled.team import CORES, Team
from ae_widgets.model.activations import COMPILED_ACTIVATIONS
from ae_widgets.model.architecture import KERNEL_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ae_widgets.engine.settings import Settings
    from ae_widgets.engine.step import Noted, Trained
    from ae_widgets.model.architecture import Architecture
    from ae_widgets.model.network import AutoencoderNetwork

    Floats = NDArray[np.float32]
    Map = tuple[int, int, int]  # channels, height, width

__all__ = ["ConvolutionalStep"]


class ConvolutionalStep(ArrayStep):
    """The compiled step of convolutions, dense layers and transposed convolutions.

    The values of an image lie pixel by pixel here, and channel by channel in torch: the
    network's parameters are copied from it before a call and to it afterwards. See `ArrayStep`
    for the parameters.
    """

    @staticmethod
    def applies(settings: Settings) -> bool:
        """Whether the gradients of these settings are known here.

        Whatever the precision: in bfloat16, torch's convolutions of small images take longer
        than these in float32.
        """
        return len(settings.architecture.channels) > 0 and known(settings, "convolutional")

    def train(self, rows: NDArray[np.int32], batch_size: int, noted: Noted) -> Trained:
        """Train on the items at `rows`, in order, `batch_size` at a time."""
        self._read()
        try:
            return super().train(rows, batch_size, noted)
        finally:  # also after an interrupt
            for theirs, ours in self._copies:
                theirs[:] = ours

    def encode(self, rows: NDArray[np.int32]) -> tuple[Floats, Floats] | None:
        """Return codes (n, code_dim) and errors (n,); None if they are not all finite."""
        self._read()
        return self._passed(rows, self._batch_size)

    def _read(self) -> None:
        for theirs, ours in self._copies:
            ours[:] = theirs

    def _lay_out(
        self, network: AutoencoderNetwork, architecture: Architecture
    ) -> tuple[NDArray[np.int64], Floats, list[Place]]:
        kinds = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
        modules = layers_of(network, kinds)
        parameters = [part for module in modules for part in module.parameters()]  # weight, bias
        for parameter in parameters:  # another step may have laid them out its way
            parameter.data = parameter.data.contiguous()
        layers = _layers(architecture, [m for m in modules if isinstance(m, nn.Linear)])
        ends = np.cumsum([0, *(part.numel() for part in parameters)]).tolist()
        forms = [form for layer in layers for form in (layer.weight, layer.bias)]
        places = [Place(*span, *form) for span, form in zip(pairwise(ends), forms, strict=True)]
        flat = np.empty(ends[-1], np.float32)
        self._copies = [
            (part.detach().numpy().reshape(place.shape), place.of(flat))
            for part, place in zip(parameters, places, strict=True)
        ]
        activations = [COMPILED_ACTIVATIONS[name] for name in architecture.layer_activations()]
        table = [
            (*layer.fans, kind, place.start, *layer.numbers)
            for layer, kind, place in zip(layers, activations, places[::2], strict=True)
        ]
        return np.array(table, np.int64), flat, places

    def _job(self, task: Task, buffers: ImageBuffers) -> Callable[[int, int], int]:
        return partial(_train, features=self._features, task=task, buffers=buffers)

    def _fit_buffers(self, batch_size: int) -> ImageBuffers:
        if self._buffers is None or batch_size != self._batch_size:
            self._batch_size = batch_size
            self._buffers = self._new_buffers(batch_size)
        buffers: ImageBuffers = self._buffers
        return buffers

    def _new_buffers(self, batch_size: int) -> ImageBuffers:
        pixels = self._layers[:, SMALL] * self._layers[:, SMALL + 1]  # 0 of a dense layer
        products = self._layers[:, ROWS] * self._layers[:, COLUMNS] * np.maximum(1, pixels)
        shards = count_shards(6 * batch_size * int(products.sum()), CORES)
        if shards != self._team.size:
            self._team = Team(shards)
        rows, widths = -(-batch_size // shards), self._layers[:, FAN_OUT]
        patches = int((pixels * self._layers[:, COLUMNS]).max())
        code_values = batch_size * int(widths[self._code_layer])

        def empty(*shape: int) -> Floats:
            return np.empty(shape, np.float32)

        return ImageBuffers(
            layers=self._layers,
            parameters=self._parameters,
            first=self._first,
            second=self._second,
            gradients=empty(shards, len(self._parameters)),
            inputs=empty(shards, rows * self._features.shape[1]),
            outputs=empty(shards, rows * int(widths.sum())),
            slopes=empty(shards, 2, rows * int(widths.max())),
            patches=empty(shards, min(rows, BLOCK) * patches),
            biases=empty(shards, int(widths.max())),
            codes=empty(code_values),
            code_slopes=empty(code_values),
        )


class _Layer(NamedTuple):
    """What is known of a layer before its place.

    Attributes
    ----------
    fans : tuple of int
        Values that go in and come out.
    numbers : tuple of int
        The columns of `ae_widgets.engine.compiled.image_layers`.
    weight, bias : tuple
        The shapes of the parameters, and the axes in the order in which they lie here.
    """

    fans: tuple[int, int]
    numbers: tuple[int, ...]
    weight: tuple[tuple[int, ...], tuple[int, ...]]
    bias: tuple[tuple[int, ...], tuple[int, ...]]


def _layers(architecture: Architecture, dense: list[nn.Linear]) -> list[_Layer]:
    maps = architecture.feature_maps()
    between: list[tuple[tuple[int, ...], tuple[int, ...]]]
    between = [((layer.in_features,), (layer.out_features,)) for layer in dense]
    # The first dense layer of the encoder reads an image, the last of the decoder writes one.
    between[0], between[-1] = (maps[-1], between[0][1]), (between[-1][0], maps[-1])
    return [
        *(_convolution(SHRINK, large, small) for large, small in pairwise(maps)),
        *(_dense(before, after) for before, after in between),
        *(_convolution(GROW, large, small) for small, large in pairwise(reversed(maps))),
    ]


def _convolution(form: int, large: Map, small: Map) -> _Layer:
    before, after = (large, small) if form == SHRINK else (small, large)
    weight = (small[0], large[0], KERNEL_SIZE, KERNEL_SIZE)
    sizes = (small[0], KERNEL_SIZE**2 * large[0], after[0])
    images = (*large[1:], large[0], *small[1:], small[0])
    return _Layer(
        fans=(prod(before), prod(after)),
        numbers=(form, *sizes, *images),
        weight=(weight, (0, 2, 3, 1)),
        bias=((after[0],), (0,)),
    )


def _dense(before: tuple[int, ...], after: tuple[int, ...]) -> _Layer:
    fan_in, fan_out = prod(before), prod(after)
    outer, inner = _channels_last(len(after)), _channels_last(len(before))
    return _Layer(
        fans=(fan_in, fan_out),
        numbers=(DENSE, fan_out, fan_in, fan_out, *(0,) * 6),
        weight=((*after, *before), (*outer, *(len(after) + axis for axis in inner))),
        bias=(after, outer),
    )


def _channels_last(n_axes: int) -> tuple[int, ...]:
    return (*range(1, n_axes), 0)


def _train(
    thread: int, threads: int, *, features: Floats, task: Task, buffers: ImageBuffers
) -> int:
    n_items: int = train_image_batches(thread, threads, features, task, buffers)
    return n_items
