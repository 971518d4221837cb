"""Loss parts with their gradients in closed form, compiled.

The same formulas as in `ae_widgets.losses.reconstruction` and
`ae_widgets.losses.complexity`, differentiated by hand.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.jit import allocating, compiled, entry
from ae_widgets.losses.complexity import EPSILON, MEAN_BOUND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = [
    "COMPILED_COMPLEXITIES",
    "COMPILED_RECONSTRUCTIONS",
    "complexity_gradient",
    "reconstruction_gradient",
]

COMPILED_RECONSTRUCTIONS = {"mse": 0, "mae": 1, "binary_cross_entropy": 2}
"""Name -> number of the reconstruction errors that are known here."""

COMPILED_COMPLEXITIES = {
    "l1": 0, "l2": 1, "kl_sparsity": 2, "kl_activations": 3, "effective_dimension": 4,
}  # fmt: skip
"""Name -> number of the complexities that are known here."""

MSE, MAE, BINARY_CROSS_ENTROPY = range(3)
L1, L2, KL_SPARSITY, KL_ACTIVATIONS, EFFECTIVE_DIMENSION = range(5)
ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)
# As torch.nn.BCELoss bounds the logarithms and the divisor.
LOWEST_LOG, LEAST_DIVISOR = np.float32(-100), np.float32(1e-12)


@entry
def reconstruction_gradient(
    kind: int, output: Floats, target: Floats, gradient: Floats, errors: Floats, weight: float
) -> None:
    """Write the items' errors and the gradient of their weighted sum by the output.

    Parameters
    ----------
    kind : int
        A number of `COMPILED_RECONSTRUCTIONS`.
    output, target : ndarray of shape (n, n_features), float32
    gradient : ndarray of shape (n, n_features), float32
        Receives `weight` times the gradient of ``errors.sum()``.
    errors : ndarray of shape (n,), float32
        Receives each item's error.
    weight : float
        Alpha divided by the items of the batch.
    """
    share = np.float32(1 / output.shape[1])
    scale = np.float32(weight / output.shape[1])
    for i in range(output.shape[0]):
        o, t, g = output[i], target[i], gradient[i]
        error = ZERO
        if kind == MSE:
            for j in range(o.shape[0]):
                difference = o[j] - t[j]
                error += difference * difference
                g[j] = difference * (TWO * scale)
        elif kind == MAE:
            for j in range(o.shape[0]):
                difference = o[j] - t[j]
                error += abs(difference)
                g[j] = scale if difference > ZERO else (-scale if difference < ZERO else ZERO)
        else:
            for j in range(o.shape[0]):
                log, log_of_rest = math.log(o[j]), math.log(ONE - o[j])
                error -= t[j] * (LOWEST_LOG if log < LOWEST_LOG else log)
                error -= (ONE - t[j]) * (LOWEST_LOG if log_of_rest < LOWEST_LOG else log_of_rest)
                divisor = o[j] * (ONE - o[j])
                divisor = LEAST_DIVISOR if divisor < LEAST_DIVISOR else divisor
                g[j] = (o[j] - t[j]) / divisor * scale
        errors[i] = error * share


@entry
def complexity_gradient(
    kind: int, code: Floats, target: float, gradient: Floats, weight: float
) -> float:
    """Return the complexity of a batch; write `weight` times its gradient by the code.

    Parameters
    ----------
    kind : int
        A number of `COMPILED_COMPLEXITIES`.
    code, gradient : ndarray of shape (n, code_dim), float32
    target : float
        The mean activation that 'kl_sparsity' and 'kl_activations' aim at.
    weight : float
        Beta; with 0 the gradient is left as it is.
    """
    if kind == L1:
        return _l1(code, gradient, weight)
    if kind == L2:
        return _l2(code, gradient, weight)
    if kind == EFFECTIVE_DIMENSION:
        return _effective_dimension(code, gradient, weight)
    return _kl_sparsity(kind, code, target, gradient, weight)


@compiled
def _l1(code: Floats, gradient: Floats, weight: float) -> float:
    n, step, total = code.shape[0], np.float32(weight / code.shape[0]), 0.0
    for i in range(n):
        for j in range(code.shape[1]):
            z = code[i, j]
            total += abs(z)
            if weight:
                gradient[i, j] = step if z > ZERO else (-step if z < ZERO else ZERO)
    return total / n


@compiled
def _l2(code: Floats, gradient: Floats, weight: float) -> float:
    n, step, total = code.shape[0], np.float32(2 * weight / code.shape[0]), 0.0
    for i in range(n):
        for j in range(code.shape[1]):
            total += code[i, j] * code[i, j]
            if weight:
                gradient[i, j] = step * code[i, j]
    return total / n


@compiled
def _kl_sparsity(kind: int, code: Floats, target: float, gradient: Floats, weight: float) -> float:
    n, total, squashed = code.shape[0], 0.0, kind == KL_SPARSITY
    for j in range(code.shape[1]):
        mean = 0.0
        for i in range(n):
            mean += 1 / (1 + math.exp(-code[i, j])) if squashed else code[i, j]
        mean /= n
        bounded = min(max(mean, MEAN_BOUND), 1 - MEAN_BOUND)
        total += target * math.log(target / bounded)
        total += (1 - target) * math.log((1 - target) / (1 - bounded))
        if weight:
            slope = 0.0
            if mean == bounded:
                slope = weight / n * ((1 - target) / (1 - bounded) - target / bounded)
            for i in range(n):
                activation = 1 / (1 + math.exp(-code[i, j]))
                gradient[i, j] = (activation * (1 - activation) if squashed else 1.0) * slope
    return total


@allocating
def _effective_dimension(code: Floats, gradient: Floats, weight: float) -> float:
    # In double precision: the two terms of the slope nearly cancel.
    n, dim = code.shape
    centred = code.astype(np.float64)
    for j in range(dim):
        centred[:, j] -= centred[:, j].mean()
    covariance = centred.T @ centred / n
    trace, squares = 0.0, EPSILON
    for j in range(dim):
        trace += covariance[j, j]
        for k in range(dim):
            squares += covariance[j, k] * covariance[j, k]
    if weight:
        # With r = t^2 / q: dr = 2 t / q dt - t^2 / q^2 dq, dt = tr(dC), dq = 2 tr(C dC).
        slope = covariance * (-2 * trace**2 / squares**2)
        for j in range(dim):
            slope[j, j] += 2 * trace / squares
        gradient[:] = centred @ slope * (2 * weight / n)
    return trace**2 / squares
