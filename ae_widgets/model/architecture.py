"""What the network looks like, as plain numbers and names (no torch)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral

from ae_widgets.exceptions import SettingsError

__all__ = ["ACTIVATIONS", "OUTPUT_ACTIVATIONS", "Architecture"]

ACTIVATIONS = ("relu", "leaky_relu", "elu", "silu", "tanh", "sigmoid", "identity")
"""Names of the activations for hidden layers and for the code."""

OUTPUT_ACTIVATIONS = ("identity", "sigmoid", "relu", "tanh")
"""Names of the activations for the output layer."""

MAX_WIDTH = 65_536


@dataclass(frozen=True)
class Architecture:
    """A dense autoencoder: the encoder's layers, the code, and the mirrored decoder.

    Parameters
    ----------
    hidden_layer_sizes : tuple of int, default=(128, 64)
        Units of the encoder's hidden layers; the decoder mirrors them. May be
        empty: then the encoder and the decoder are one layer each.
    code_dim : int, default=2
        Number of values in an item's code.
    activation : str, default='relu'
        Activation after each hidden layer, one of `ACTIVATIONS`.
    code_activation : str, default='identity'
        Activation after the code layer, one of `ACTIVATIONS`.
    output_activation : str, default='identity'
        Activation after the last layer, one of `OUTPUT_ACTIVATIONS`.

    Raises
    ------
    SettingsError
        If a size is no integer from 1 to 65,536 or an activation is unknown.
    """

    hidden_layer_sizes: tuple[int, ...] = (128, 64)
    code_dim: int = 2
    activation: str = "relu"
    code_activation: str = "identity"
    output_activation: str = "identity"

    def __post_init__(self) -> None:
        sizes = self.hidden_layer_sizes
        if isinstance(sizes, Integral):
            sizes = (sizes,)
        if not isinstance(sizes, (tuple, list)):
            msg = f"hidden_layer_sizes must be a tuple of integers, got {sizes!r}."
            raise SettingsError(msg)
        object.__setattr__(
            self, "hidden_layer_sizes", tuple(_width("hidden_layer_sizes", s) for s in sizes)
        )
        object.__setattr__(self, "code_dim", _width("code_dim", self.code_dim))
        _one_of("activation", self.activation, ACTIVATIONS)
        _one_of("code_activation", self.code_activation, ACTIVATIONS)
        _one_of("output_activation", self.output_activation, OUTPUT_ACTIVATIONS)

    def layer_sizes(self, n_features: int) -> tuple[int, ...]:
        """Return the units of every layer from the input to the output, both included."""
        hidden = self.hidden_layer_sizes
        return (n_features, *hidden, self.code_dim, *reversed(hidden), n_features)

    def layer_activations(self) -> tuple[str, ...]:
        """Return the name of the activation after every layer but the input."""
        hidden = (self.activation,) * len(self.hidden_layer_sizes)
        return (*hidden, self.code_activation, *hidden, self.output_activation)

    def n_parameters(self, n_features: int) -> int:
        """Return the number of weights and biases for items of `n_features` values."""
        sizes = self.layer_sizes(n_features)
        return sum((a + 1) * b for a, b in pairwise(sizes))


def _width(name: str, value: object) -> int:
    if (
        isinstance(value, bool)
        or not isinstance(value, Integral)
        or not 1 <= int(value) <= MAX_WIDTH
    ):
        msg = f"{name} must be an integer from 1 to {MAX_WIDTH:,}, got {value!r}."
        raise SettingsError(msg)
    return int(value)


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in allowed:
        msg = f"{name} must be one of {', '.join(allowed)}, got {value!r}."
        raise SettingsError(msg)
