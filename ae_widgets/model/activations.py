"""Activations on numpy arrays, in place, with their derivatives (no torch).

Each derivative is written in terms of the activation's output, so that a
backward pass needs nothing but what the forward pass left behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import expit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["IN_PLACE", "InPlaceActivation"]

LEAK = np.float32(0.01)


class InPlaceActivation(NamedTuple):
    """An activation and what the chain rule asks of it.

    Attributes
    ----------
    apply : callable
        Takes an array and replaces its values by their activations.
    chain : callable
        Takes the activation's output and the gradient with respect to it, and
        turns the latter into the gradient with respect to the input.
    """

    apply: Callable[[Floats], None]
    chain: Callable[[Floats, Floats], None]


def _leave(*_: Floats) -> None:
    pass


def _relu(values: Floats) -> None:
    np.maximum(values, 0, out=values)


def _relu_chain(output: Floats, gradient: Floats) -> None:
    np.multiply(gradient, output > 0, out=gradient)


def _leaky_relu(values: Floats) -> None:
    np.maximum(values, values * LEAK, out=values)


def _leaky_relu_chain(output: Floats, gradient: Floats) -> None:
    np.multiply(gradient, LEAK, out=gradient, where=output <= 0)


def _elu(values: Floats) -> None:
    np.expm1(values, out=values, where=values <= 0)


def _elu_chain(output: Floats, gradient: Floats) -> None:
    np.multiply(gradient, output + 1, out=gradient, where=output <= 0)


def _tanh(values: Floats) -> None:
    np.tanh(values, out=values)


def _tanh_chain(output: Floats, gradient: Floats) -> None:
    gradient *= 1 - output * output


def _sigmoid(values: Floats) -> None:
    expit(values, out=values)


def _sigmoid_chain(output: Floats, gradient: Floats) -> None:
    gradient *= output * (1 - output)


IN_PLACE = {
    "identity": InPlaceActivation(_leave, _leave),
    "relu": InPlaceActivation(_relu, _relu_chain),
    "leaky_relu": InPlaceActivation(_leaky_relu, _leaky_relu_chain),
    "elu": InPlaceActivation(_elu, _elu_chain),
    "tanh": InPlaceActivation(_tanh, _tanh_chain),
    "sigmoid": InPlaceActivation(_sigmoid, _sigmoid_chain),
}
"""By the activation's name. 'silu' is missing: its output does not tell its derivative."""
