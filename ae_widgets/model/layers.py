"""The layers of encoders and decoders, built from an `Architecture`."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ae_widgets.model.architecture import KERNEL_SIZE, PADDING, STRIDE

if TYPE_CHECKING:
    from ae_widgets.model.architecture import Architecture

    Map = tuple[int, int, int]  # channels, height, width

__all__ = ["BATCH_NORMS", "Dropout", "build_decoder", "build_encoder"]

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
"""Modules through which an item of a training batch depends on the others."""

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}


def build_encoder(
    architecture: Architecture, n_features: int, *, code_units: int | None = None
) -> nn.Sequential:
    """Build the layers from flat items to codes.

    Parameters
    ----------
    architecture : Architecture
        Layers and activations.
    n_features : int
        Values of an item.
    code_units : int, optional
        Units of the code layer, default `code_dim`.
    """
    maps = architecture.feature_maps()
    layers: list[nn.Module] = []
    if maps:
        layers.append(_ToImage(maps[0]))
        for before, after in pairwise(maps):
            layers.append(_convolution(before[0], after[0]))
            layers += _after_hidden(architecture, after)
        layers.append(nn.Flatten())
    sizes = (math.prod(maps[-1]) if maps else n_features, *architecture.hidden_layer_sizes)
    for fan_in, fan_out in pairwise(sizes):
        layers.append(nn.Linear(fan_in, fan_out))
        layers += _after_hidden(architecture, fan_out)
    layers.append(nn.Linear(sizes[-1], code_units or architecture.code_dim))
    layers += _activation(architecture.code_activation)
    return nn.Sequential(*layers)


def build_decoder(
    architecture: Architecture, n_features: int, encoder: nn.Sequential
) -> nn.Sequential:
    """Build the mirrored layers from codes to flat reconstructions.

    Parameters
    ----------
    architecture : Architecture
        Layers and activations.
    n_features : int
        Values of an item.
    encoder : Sequential
        What `build_encoder` made; tied weights are read from it.
    """
    maps = architecture.feature_maps()
    flat = math.prod(maps[-1]) if maps else n_features
    sizes = (architecture.code_dim, *reversed(architecture.hidden_layer_sizes), flat)
    sources = [layer for layer in reversed(encoder) if isinstance(layer, (nn.Linear, nn.Conv2d))]
    mirrored = iter(sources if architecture.tied_weights else [None] * len(sources))
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes[:-1]):
        layers.append(_linear(fan_in, fan_out, next(mirrored)))
        layers += _after_hidden(architecture, fan_out)
    layers.append(_linear(sizes[-2], flat, next(mirrored)))
    if maps:
        layers.append(nn.Unflatten(1, maps[-1]))
        for before, after in pairwise(reversed(maps)):
            layers += _after_hidden(architecture, before)
            layers.append(_transposed(before, after, next(mirrored)))
        layers.append(_ToItems())
    layers += _activation(architecture.output_activation)
    return nn.Sequential(*layers)


class Dropout(nn.Module):
    """Dropout that draws from a generator of its own.

    Parameters
    ----------
    p : float in [0, 1)
        Probability with which a value is set to 0 while training; the others are
        divided by ``1 - p``.

    Attributes
    ----------
    generator : torch.Generator or None
        Where the masks come from; None is torch's global state.

    References
    ----------
    N. Srivastava et al., "Dropout: a simple way to prevent neural networks from
    overfitting", JMLR 15, 2014, section 4, in the form scaled while training
    (section 10).
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.generator: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` with some values set to 0, or `x` itself outside training."""
        if not self.training:
            return x
        kept = torch.empty_like(x).bernoulli_(1 - self.p, generator=self.generator)
        return x * kept / (1 - self.p)

    def extra_repr(self) -> str:
        """Return what stands in the brackets of the module's text."""
        return f"p={self.p:g}"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "generator": None}  # a copy draws from its own


class _TiedLinear(nn.Module):
    """A dense layer with the transposed weight of `source` and a bias of its own.

    The first `in_features` rows of the source's weight are used: those of a
    variational encoder that give the mean.
    """

    def __init__(self, source: nn.Linear, in_features: int) -> None:
        super().__init__()
        self._source = (source,)  # in a tuple, so that its parameters are not listed twice
        self.in_features = in_features
        bound = 1 / math.sqrt(in_features)
        self.bias = nn.Parameter(torch.empty(source.in_features).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        weight = self._source[0].weight[: self.in_features]
        return functional.linear(x, weight.T, self.bias)


class _TiedTransposed(nn.Module):
    """A transposed convolution with the kernels of `source` and a bias of its own."""

    def __init__(self, source: nn.Conv2d, output_padding: tuple[int, int]) -> None:
        super().__init__()
        self._source = (source,)  # in a tuple, so that its parameters are not listed twice
        self.output_padding = output_padding
        bound = 1 / math.sqrt(source.in_channels * KERNEL_SIZE**2)
        self.bias = nn.Parameter(torch.empty(source.in_channels).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        weight = self._source[0].weight  # (channels of x, channels of the result, 3, 3)
        return functional.conv_transpose2d(
            x, weight, self.bias, STRIDE, PADDING, self.output_padding
        )


class _ToImage(nn.Module):
    """``(n, height * width * channels) -> (n, channels, height, width)``."""

    def __init__(self, shape: Map) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        channels, height, width = self.shape
        return x.reshape(-1, height, width, channels).permute(0, 3, 1, 2)


class _ToItems(nn.Module):
    """``(n, channels, height, width) -> (n, height * width * channels)``."""

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1).flatten(1)


def _after_hidden(architecture: Architecture, shape: int | Map) -> list[nn.Module]:
    """Return what follows a hidden layer of so many units, or with such a map."""
    layers: list[nn.Module] = []
    image = not isinstance(shape, int)
    units = shape if isinstance(shape, int) else shape[0]
    if architecture.normalization == "batch":
        layers.append(nn.BatchNorm2d(units) if image else nn.BatchNorm1d(units))
    elif architecture.normalization == "layer":
        # One group of all channels: the layer norm of a feature map.
        layers.append(nn.GroupNorm(1, units) if image else nn.LayerNorm(units))
    layers += _activation(architecture.activation)
    if architecture.dropout:
        layers.append(Dropout(architecture.dropout))
    return layers


def _activation(name: str) -> list[nn.Module]:
    return [] if name == "identity" else [_ACTIVATIONS[name]()]


def _linear(fan_in: int, fan_out: int, source: nn.Module | None) -> nn.Module:
    if isinstance(source, nn.Linear):
        return _TiedLinear(source, fan_in)
    return nn.Linear(fan_in, fan_out)


def _convolution(channels_in: int, channels_out: int) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, KERNEL_SIZE, STRIDE, PADDING)


def _transposed(before: Map, after: Map, source: nn.Module | None) -> nn.Module:
    # A size and the next odd one are both halved to the same: this restores which it was.
    height, width = ((size - 1) % STRIDE for size in after[1:])
    if isinstance(source, nn.Conv2d):
        return _TiedTransposed(source, (height, width))
    return nn.ConvTranspose2d(before[0], after[0], KERNEL_SIZE, STRIDE, PADDING, (height, width))
