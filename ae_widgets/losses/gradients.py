"""Loss parts with their gradients in closed form, on numpy arrays.

The same formulas as in `ae_widgets.losses.reconstruction` and
`ae_widgets.losses.complexity`, differentiated by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from ae_widgets.losses.complexity import EPSILON, MEAN_BOUND

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["COMPLEXITY_GRADIENTS", "RECONSTRUCTION_GRADIENTS"]


def _mse(output: Floats, target: Floats, gradient: Floats, weight: float) -> Floats:
    np.subtract(output, target, out=gradient)
    errors: Floats = np.einsum("ij,ij->i", gradient, gradient) / np.float32(output.shape[1])
    gradient *= np.float32(2 * weight / output.size)
    return errors


def _mae(output: Floats, target: Floats, gradient: Floats, weight: float) -> Floats:
    np.subtract(output, target, out=gradient)
    errors: Floats = np.abs(gradient).mean(axis=1)
    np.sign(gradient, out=gradient)
    gradient *= np.float32(weight / output.size)
    return errors


def _binary_cross_entropy(
    output: Floats, target: Floats, gradient: Floats, weight: float
) -> Floats:
    # Logarithms bounded at -100 and the divisor at 1e-12, as torch.nn.BCELoss has them.
    logs = target * np.maximum(np.log(output), -100)
    logs += (1 - target) * np.maximum(np.log1p(-output), -100)
    np.subtract(output, target, out=gradient)
    gradient /= np.maximum(output * (1 - output), np.float32(1e-12))
    gradient *= np.float32(weight / output.size)
    errors: Floats = -logs.mean(axis=1)
    return errors


RECONSTRUCTION_GRADIENTS: dict[str, Callable[[Floats, Floats, Floats, float], Floats]] = {
    "mse": _mse,
    "mae": _mae,
    "binary_cross_entropy": _binary_cross_entropy,
}
"""By kind: takes output, target (n, n_features), an array for the gradient and a weight.

Each returns the items' errors, shape (n,), and writes `weight` times the gradient
of their mean with respect to the output.
"""


def _l1(code: Floats, _: float, gradient: Floats, weight: float) -> float:
    if weight:
        gradient += np.sign(code) * np.float32(weight / len(code))
    return float(np.add.reduce(np.abs(code), axis=None)) / len(code)


def _l2(code: Floats, _: float, gradient: Floats, weight: float) -> float:
    if weight:
        gradient += code * np.float32(2 * weight / len(code))
    return float(np.vdot(code, code)) / len(code)


def _kl_sparsity(code: Floats, target: float, gradient: Floats, weight: float) -> float:
    activation = expit(code)
    mean = activation.mean(axis=0)
    bounded = np.clip(mean, MEAN_BOUND, 1 - MEAN_BOUND)
    value = target * np.log(target / bounded) + (1 - target) * np.log((1 - target) / (1 - bounded))
    if weight:
        slope = (1 - target) / (1 - bounded) - target / bounded
        slope *= (mean >= MEAN_BOUND) & (mean <= 1 - MEAN_BOUND)
        slope *= np.float32(weight / len(code))
        gradient += activation * (1 - activation) * slope
    return float(value.sum())


def _effective_dimension(code: Floats, _: float, gradient: Floats, weight: float) -> float:
    # In double precision: the two terms of the slope nearly cancel.
    centred = code - code.mean(axis=0, dtype=np.float64)
    covariance = centred.T @ centred / len(code)
    trace = float(covariance.trace())
    squares = float(np.vdot(covariance, covariance)) + EPSILON
    if weight:
        # With r = t^2 / q: dr = 2 t / q dt - t^2 / q^2 dq, dt = tr(dC), dq = 2 tr(C dC).
        slope = covariance * (-2 * trace**2 / squares**2)
        slope[np.diag_indices_from(slope)] += 2 * trace / squares
        gradient += (centred @ slope * (2 * weight / len(code))).astype(np.float32)
    return trace**2 / squares


COMPLEXITY_GRADIENTS: dict[str, Callable[[Floats, float, Floats, float], float]] = {
    "l1": _l1,
    "l2": _l2,
    "kl_sparsity": _kl_sparsity,
    "effective_dimension": _effective_dimension,
}
"""By kind: takes a code (n, code_dim), the sparsity target, a gradient and a weight.

Each returns the complexity and adds `weight` times its gradient to `gradient`.
"""
