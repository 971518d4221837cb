"""What the network looks like, as plain numbers and names (no torch)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import prod
from numbers import Integral, Real

import numpy as np

from ae_widgets.exceptions import SettingsError

__all__ = ["ACTIVATIONS", "NORMALIZATIONS", "OUTPUT_ACTIVATIONS", "TRUNKS", "Architecture"]

ACTIVATIONS = ("relu", "leaky_relu", "elu", "silu", "tanh", "sigmoid", "identity")
"""Names of the activations for hidden layers and for the code."""

OUTPUT_ACTIVATIONS = ("identity", "sigmoid", "relu", "tanh")
"""Names of the activations for the output layer."""

TRUNKS = ("dense", "convolutional")
"""Names of what stands between the items and the dense hidden layers."""

NORMALIZATIONS = ("batch", "layer")
"""Names of the normalizations of hidden layers; None is none."""

KERNEL_SIZE, STRIDE, PADDING = 3, 2, 1
"""Of every convolution: it halves height and width, rounding up."""

MAX_WIDTH = 65_536


@dataclass(frozen=True)
class Architecture:
    """An autoencoder: the encoder's layers, the code, and the mirrored decoder.

    Parameters
    ----------
    hidden_layer_sizes : tuple of int, default=(128, 64)
        Units of the encoder's hidden layers; the decoder mirrors them. May be
        empty: then the encoder and the decoder are one dense layer each.
    code_dim : int, default=2
        Number of values in an item's code.
    activation : str, default='relu'
        Activation after each hidden layer, one of `ACTIVATIONS`.
    code_activation : str, default='identity'
        Activation after the code layer, one of `ACTIVATIONS`.
    output_activation : str, default='identity'
        Activation after the last layer, one of `OUTPUT_ACTIVATIONS`.
    tied_weights : bool, default=False
        Whether the decoder's weights are the encoder's, transposed; each layer
        keeps its own biases.
    normalization : {None, 'batch', 'layer'}, default=None
        Between each hidden layer and its activation: over the items of a batch
        (Ioffe & Szegedy 2015) or over the units of a layer (Ba et al. 2016).
    dropout : float in [0, 1), default=0.0
        Probability with which a hidden unit is set to 0 in a training batch, the
        others being scaled up to make up for it (Srivastava et al. 2014).
    trunk : {'dense', 'convolutional'}, default='dense'
        'convolutional' puts convolutions before the encoder's hidden layers, with
        a kernel of 3 and a stride of 2, and mirrors them in the decoder.
    channels : tuple of int, default=(16, 32)
        Channels of the convolutions' results.
    item_shape : tuple of int, optional
        ``(height, width)`` or ``(height, width, channels)`` of an item that is an image,
        which the convolutional trunk needs; ``(length,)`` of one that is a series. Items
        go in and come out flat all the same.

    Raises
    ------
    SettingsError
        If a value is of the wrong type or out of its range, or the trunk is
        convolutional and `item_shape` is not that of an image.
    """

    hidden_layer_sizes: tuple[int, ...] = (128, 64)
    code_dim: int = 2
    activation: str = "relu"
    code_activation: str = "identity"
    output_activation: str = "identity"
    tied_weights: bool = False
    normalization: str | None = None
    dropout: float = 0.0
    trunk: str = "dense"
    channels: tuple[int, ...] = (16, 32)
    item_shape: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        self._set("hidden_layer_sizes", _widths("hidden_layer_sizes", self.hidden_layer_sizes))
        self._set("code_dim", _width("code_dim", self.code_dim))
        _one_of("activation", self.activation, ACTIVATIONS)
        _one_of("code_activation", self.code_activation, ACTIVATIONS)
        _one_of("output_activation", self.output_activation, OUTPUT_ACTIVATIONS)
        if not isinstance(self.tied_weights, bool):
            msg = f"tied_weights must be True or False, got {self.tied_weights!r}."
            raise SettingsError(msg)
        if self.normalization is not None:
            _one_of("normalization", self.normalization, NORMALIZATIONS, "None, ")
        self._set("dropout", _fraction("dropout", self.dropout))
        self._set("channels", _widths("channels", self.channels))
        self._set("item_shape", _item_shape(self.item_shape))
        _one_of("trunk", self.trunk, TRUNKS)
        if self.convolutional and len(self.item_shape or ()) < 2:  # noqa: PLR2004  # no image
            msg = (
                "trunk must be 'dense' for items that are no images: for 'convolutional' also give "
                "item_shape=(height, width) or (height, width, channels)."
            )
            raise SettingsError(msg)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    @property
    def convolutional(self) -> bool:
        """Whether convolutions stand before the dense layers."""
        return self.trunk == "convolutional"

    @property
    def simple(self) -> bool:
        """Whether there is nothing but layers with their own weights, biases and activations."""
        return not self.tied_weights and self.normalization is None and not self.dropout

    def check_n_features(self, n_features: int) -> None:
        """Check that items of `n_features` values can have the shape `item_shape`.

        Raises
        ------
        SettingsError
            If the trunk is convolutional and they cannot.
        """
        if self.convolutional and self.item_shape and prod(self.item_shape) != n_features:
            msg = (
                f"item_shape must have {n_features:,} values, as the items have, "
                f"got {self.item_shape} with {prod(self.item_shape):,}."
            )
            raise SettingsError(msg)

    def feature_maps(self) -> tuple[tuple[int, int, int], ...]:
        """Return (channels, height, width) of the image and after each convolution.

        Empty without a convolutional trunk.
        """
        if not self.convolutional or self.item_shape is None:
            return ()
        height, width, image_channels = (*self.item_shape, 1)[:3]
        maps = [(image_channels, height, width)]
        for channels in self.channels:
            height, width = _halved(height), _halved(width)
            maps.append((channels, height, width))
        return tuple(maps)

    def encoder_sizes(self, n_features: int) -> tuple[int, ...]:
        """Return the values of an item before each of the encoder's layers, the input first."""
        maps = tuple(prod(shape) for shape in self.feature_maps()[1:])
        return (n_features, *maps, *self.hidden_layer_sizes)

    def layer_sizes(self, n_features: int) -> tuple[int, ...]:
        """Return the units of every layer from the input to the output, both included."""
        encoder = self.encoder_sizes(n_features)
        return (*encoder, self.code_dim, *reversed(encoder))

    def layer_activations(self) -> tuple[str, ...]:
        """Return the name of the activation after every layer but the input."""
        n_hidden = len(self.hidden_layer_sizes) + len(self.feature_maps()[1:])
        hidden = (self.activation,) * n_hidden
        return (*hidden, self.code_activation, *hidden, self.output_activation)

    def n_parameters(self, n_features: int, kind: str = "plain") -> int:
        """Return the number of trainable values for items of `n_features` values.

        Parameters
        ----------
        n_features : int
            Values of an item.
        kind : str, default='plain'
            Kind of model: a variational code layer has twice the units, and a
            gated one a gate for each.
        """
        maps, hidden = self.feature_maps(), self.hidden_layer_sizes
        channels = [shape[0] for shape in maps]
        flat = prod(maps[-1]) if maps else n_features
        code_units = (2 if kind == "variational" else 1) * self.code_dim
        kernels = sum(a * b * KERNEL_SIZE**2 for a, b in pairwise(channels))
        dense = sum(a * b for a, b in pairwise((flat, *hidden)))
        last = (flat, *hidden)[-1]  # units before the code
        encoder = kernels + dense + last * code_units
        decoder = 0 if self.tied_weights else kernels + dense + last * self.code_dim
        biases = sum(channels[1:]) + sum(hidden) + code_units  # of the encoder
        biases += sum(hidden) + flat + sum(channels[:-1])  # of the decoder
        normalized = 2 * 2 * (sum(channels[1:]) + sum(hidden)) if self.normalization else 0
        gates = self.code_dim if kind == "gated" else 0
        return encoder + decoder + biases + normalized + gates


def _halved(size: int) -> int:
    return (size + 2 * PADDING - KERNEL_SIZE) // STRIDE + 1


def _widths(name: str, sizes: object) -> tuple[int, ...]:
    sizes = _listed(sizes)
    if isinstance(sizes, Integral):
        sizes = (sizes,)
    if not isinstance(sizes, (tuple, list)):
        msg = f"{name} must be a tuple of integers, got {sizes!r}."
        raise SettingsError(msg)
    return tuple(_width(name, size, each=True) for size in sizes)


def _listed(sizes: object) -> object:
    """Return an array as a list, all else as it is."""
    return sizes.tolist() if isinstance(sizes, np.ndarray) else sizes


def _item_shape(shape: object) -> tuple[int, ...] | None:
    shape = _listed(shape)
    if shape is None:
        return None
    if not isinstance(shape, (tuple, list)) or len(shape) not in {1, 2, 3}:
        msg = (
            "item_shape must be (height, width) or (height, width, channels), or (length,) of a "
            f"series, got {shape!r}."
        )
        raise SettingsError(msg)
    return tuple(_width("item_shape", size, each=True) for size in shape)


def _fraction(name: str, value: object) -> float:
    fits = isinstance(value, Real) and not isinstance(value, bool)
    # Compared as it is: an int may be too large for a float, and NaN is in no range.
    if not fits or not 0 <= value < 1:  # type: ignore[operator]  # it is a Real
        msg = f"{name} must be a number from 0 to below 1, got {value!r}."
        raise SettingsError(msg)
    return float(value)  # type: ignore[arg-type]  # it is a Real


def _width(name: str, value: object, *, each: bool = False) -> int:
    if (
        isinstance(value, bool)
        or not isinstance(value, Integral)
        or not 1 <= int(value) <= MAX_WIDTH
    ):
        wanted = "must be integers, each" if each else "must be an integer"
        msg = f"{name} {wanted} from 1 to {MAX_WIDTH:,}, got {value!r}."
        raise SettingsError(msg)
    return int(value)


def _one_of(name: str, value: str, allowed: tuple[str, ...], also: str = "") -> None:
    if not isinstance(value, str) or value not in allowed:
        msg = f"{name} must be one of {also}{', '.join(allowed)}, got {value!r}."
        raise SettingsError(msg)
