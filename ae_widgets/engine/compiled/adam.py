"""Adam on one vector that holds every parameter of a network, compiled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.jit import exact

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["adam", "adam_constants"]

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8
BETA_1_32, BETA_2_32 = np.float32(BETA_1), np.float32(BETA_2)

LEAST = np.float32(1e-34)
"""Sums that have decayed to less are 0, which moves no parameter: where nothing of an item is
left, as at the border of most images, they would become numbers (below 1.2e-38) with which
processors are a hundred times slower."""

ZERO = np.float32(0)


@exact
def adam_constants(learning_rate: float, step: int) -> tuple[np.float32, np.float32]:
    """Return the rate and the epsilon of step number `step`, counted from 1.

    The running sums are not multiplied by one minus their decay; that and the
    corrections for the first steps go into these two numbers.
    """
    root = math.sqrt((1 - BETA_2) / (1 - BETA_2**step))
    rate = learning_rate * (1 - BETA_1) / (1 - BETA_1**step) / root
    return np.float32(rate), np.float32(EPSILON / root)


# Exact: threads share the parameters out, and the last values of a piece must be rounded as the
# rest of it is.
@exact
def adam(
    parameters: Floats,
    gradients: Floats,
    first: Floats,
    second: Floats,
    start: int,
    stop: int,
    rate: np.float32,
    epsilon: np.float32,
) -> None:
    """Move the parameters from `start` to `stop` by one step.

    Parameters
    ----------
    parameters, first, second : ndarray of shape (n_parameters,), float32
        The parameters, and the decaying sums of their gradients and of the squares.
    gradients : ndarray of shape (n_shards, n_parameters), float32
        To be added up; the sum is left in the first row.
    rate, epsilon : float32
        As `adam_constants` gives them.

    References
    ----------
    D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR
    2015, algorithm 1.
    """
    # Slices that are counted from 0: an index that might be negative is not vectorised.
    gradient, moved = gradients[0, start:stop], parameters[start:stop]
    means, squares = first[start:stop], second[start:stop]
    for shard in range(1, gradients.shape[0]):
        more = gradients[shard, start:stop]
        for i in range(stop - start):
            gradient[i] += more[i]
    for i in range(stop - start):
        mean = BETA_1_32 * means[i] + gradient[i]
        square = BETA_2_32 * squares[i] + gradient[i] * gradient[i]
        means[i] = ZERO if abs(mean) < LEAST else mean  # NaN stays
        squares[i] = ZERO if square < LEAST else square
        moved[i] -= rate * means[i] / (np.float32(math.sqrt(squares[i])) + epsilon)
