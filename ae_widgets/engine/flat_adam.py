"""Adam on one vector that holds every parameter of a network (no torch)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FlatAdam"]

BLOCK = 16_384
"""Values treated at once: the five arrays of a block stay in the second-level cache."""


class FlatAdam:
    """Adam with the defaults of `torch.optim.Adam`, without a memory allocation.

    Parameters
    ----------
    parameters, gradients : ndarray of shape (n_parameters,), float32
        Where the parameters and their gradients lie; the former are changed in place.

    References
    ----------
    D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR
    2015, algorithm 1.
    """

    def __init__(self, parameters: NDArray[np.float32], gradients: NDArray[np.float32]) -> None:
        self._parameters = parameters
        self._gradients = gradients
        self._mean = np.zeros_like(parameters)
        self._square = np.zeros_like(parameters)
        self._scratch = np.empty(min(BLOCK, len(parameters)), np.float32)
        self._step = 0

    @property
    def memory(self) -> tuple[NDArray[np.float32], NDArray[np.float32], int]:
        """Running means of the gradients and of their squares, and the steps so far."""
        return self._mean.copy(), self._square.copy(), self._step

    @memory.setter
    def memory(self, memory: tuple[NDArray[np.float32], NDArray[np.float32], int]) -> None:
        self._mean[:], self._square[:], self._step = memory

    def update(self, learning_rate: float, stop: int | None = None) -> None:
        """Move the parameters before `stop`, default all, by one step."""
        self._step += 1
        stop = len(self._parameters) if stop is None else stop
        rate = np.float32(learning_rate / (1 - 0.9**self._step))
        scale = np.float32((1 - 0.999**self._step) ** -0.5)
        with np.errstate(all="ignore"):  # what is not finite shows in the next loss
            for start in range(0, stop, BLOCK):
                self._update(slice(start, min(start + BLOCK, stop)), rate, scale)

    def _update(self, block: slice, rate: np.float32, scale: np.float32) -> None:
        gradient, mean, square = self._gradients[block], self._mean[block], self._square[block]
        scratch = self._scratch[: len(gradient)]
        np.subtract(gradient, mean, out=scratch)
        np.multiply(scratch, ONE_MINUS_BETA_1, out=scratch)
        np.add(mean, scratch, out=mean)
        np.multiply(gradient, gradient, out=scratch)
        np.multiply(scratch, ONE_MINUS_BETA_2, out=scratch)
        np.multiply(square, BETA_2, out=square)
        np.add(square, scratch, out=square)
        np.sqrt(square, out=scratch)
        np.multiply(scratch, scale, out=scratch)
        np.add(scratch, EPSILON, out=scratch)
        np.divide(mean, scratch, out=scratch)
        np.multiply(scratch, rate, out=scratch)
        parameters = self._parameters[block]
        np.subtract(parameters, scratch, out=parameters)


ONE_MINUS_BETA_1 = np.float32(1 - 0.9)
ONE_MINUS_BETA_2 = np.float32(1 - 0.999)
BETA_2 = np.float32(0.999)
EPSILON = np.float32(1e-8)
