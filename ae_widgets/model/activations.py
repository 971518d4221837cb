"""Activations with their derivatives, compiled (no torch).

Each derivative is written in terms of the activation's output, so that a
backward pass needs nothing but what the forward pass left behind.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.jit import entry, float_from_bits, inlined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["COMPILED_ACTIVATIONS", "activate", "chain"]

COMPILED_ACTIVATIONS = {
    "identity": 0, "relu": 1, "leaky_relu": 2, "elu": 3, "tanh": 4, "sigmoid": 5,
}  # fmt: skip
"""Name -> number. 'silu' is missing: its output does not tell its derivative."""

IDENTITY, RELU, LEAKY_RELU, ELU, TANH, SIGMOID = range(6)
ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)
LEAK = np.float32(0.01)

# Cephes' expf: exp(x) = 2^n exp(r) with |r| <= log(2)/2, and a polynomial for exp(r).
LOWEST, HIGHEST = np.float32(-87.3), np.float32(88.3)
LOG2_E = np.float32(1.44269504088896341)
LOG_2_HIGH, LOG_2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
E5, E4, E3 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3), np.float32(8.3334519073e-3)
E2, E1, E0 = np.float32(4.1665795894e-2), np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)
HALF = np.float32(0.5)
# Cephes' tanhf: a polynomial where the difference of exponentials would cancel.
TANH_SMALL = np.float32(0.625)
T4, T3 = np.float32(-5.70498872745e-3), np.float32(2.06390887954e-2)
T2, T1 = np.float32(-5.37397155531e-2), np.float32(1.33314422036e-1)
T0 = np.float32(-3.33332819422e-1)


@inlined
def exp(x: np.float32) -> np.float32:
    """Return e to the power of `x`, to float32 accuracy, so that loops of it are vectorised."""
    clipped = LOWEST if x < LOWEST else (HIGHEST if x > HIGHEST else x)  # NaN passes
    n = np.float32(math.floor(clipped * LOG2_E + HALF))
    r = (clipped - n * LOG_2_HIGH) - n * LOG_2_LOW
    tail = ((((E5 * r + E4) * r + E3) * r + E2) * r + E1) * r + E0
    return (tail * r * r + r + ONE) * float_from_bits((np.int32(n) + np.int32(127)) << np.int32(23))


@inlined
def _tanh(x: np.float32) -> np.float32:
    square = x * x
    tail = (((T4 * square + T3) * square + T2) * square + T1) * square + T0
    return x + x * square * tail if abs(x) < TANH_SMALL else ONE - TWO / (exp(TWO * x) + ONE)


@entry
def activate(kind: int, values: Floats, bias: Floats) -> None:
    """Add `bias` (width,) to `values` (n, width) and replace them by their activations."""
    for i in range(values.shape[0]):
        row = values[i]
        if kind == RELU:
            for j in range(row.shape[0]):
                x = row[j] + bias[j]
                row[j] = ZERO if x <= ZERO else x  # NaN stays
        elif kind == LEAKY_RELU:
            for j in range(row.shape[0]):
                x = row[j] + bias[j]
                row[j] = x * LEAK if x <= ZERO else x
        elif kind == ELU:
            for j in range(row.shape[0]):
                x = row[j] + bias[j]
                row[j] = np.float32(math.expm1(x)) if x <= ZERO else x
        elif kind == TANH:
            for j in range(row.shape[0]):
                row[j] = _tanh(row[j] + bias[j])
        elif kind == SIGMOID:
            for j in range(row.shape[0]):
                row[j] = ONE / (ONE + exp(-(row[j] + bias[j])))
        else:
            for j in range(row.shape[0]):
                row[j] += bias[j]


@entry
def chain(kind: int, outputs: Floats, gradient: Floats, by_bias: Floats) -> None:
    """Turn a gradient with respect to `outputs` (n, width) into one with respect to their inputs.

    Its sum over the rows is left in `by_bias`, shape (width,).
    """
    by_bias[:] = ZERO
    for i in range(outputs.shape[0]):
        y, g = outputs[i], gradient[i]
        if kind == RELU:
            for j in range(y.shape[0]):
                g[j] = g[j] if y[j] > ZERO else ZERO
        elif kind == LEAKY_RELU:
            for j in range(y.shape[0]):
                g[j] = g[j] if y[j] > ZERO else g[j] * LEAK
        elif kind == ELU:
            for j in range(y.shape[0]):
                g[j] = g[j] if y[j] > ZERO else g[j] * (y[j] + ONE)
        elif kind == TANH:
            for j in range(y.shape[0]):
                g[j] *= ONE - y[j] * y[j]
        elif kind == SIGMOID:
            for j in range(y.shape[0]):
                g[j] *= y[j] * (ONE - y[j])
        for j in range(y.shape[0]):
            by_bias[j] += g[j]
