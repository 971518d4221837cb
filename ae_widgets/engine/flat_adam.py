"""Adam on one vector that holds every parameter of a network (no torch)."""

from __future__ import annotations

import math
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
        self._first = np.zeros_like(parameters)
        self._second = np.zeros_like(parameters)
        self._scratch = np.empty(min(BLOCK, len(parameters)), np.float32)
        self._step = 0

    @property
    def memory(self) -> tuple[NDArray[np.float32], NDArray[np.float32], int]:
        """Decaying sums of the gradients and of their squares, and the steps so far."""
        return self._first.copy(), self._second.copy(), self._step

    @memory.setter
    def memory(self, memory: tuple[NDArray[np.float32], NDArray[np.float32], int]) -> None:
        self._first[:], self._second[:], self._step = memory

    def update(self, learning_rate: float, stop: int | None = None) -> None:
        """Move the parameters before `stop`, default all, by one step."""
        self._step += 1
        stop = len(self._parameters) if stop is None else stop
        # The running sums are not yet multiplied by one minus their decay; that and
        # the corrections for the first steps go into two numbers.
        root = math.sqrt((1 - BETA_2) / (1 - BETA_2**self._step))
        rate = learning_rate * (1 - BETA_1) / (1 - BETA_1**self._step) / root
        for start in range(0, stop, BLOCK):
            block = slice(start, min(start + BLOCK, stop))
            self._update(block, np.float32(rate), np.float32(EPSILON / root))

    def _update(self, block: slice, rate: np.float32, epsilon: np.float32) -> None:
        gradient, first, second = self._gradients[block], self._first[block], self._second[block]
        scratch, parameters = self._scratch[: len(gradient)], self._parameters[block]
        np.multiply(first, BETA_1_32, out=first)
        np.add(first, gradient, out=first)
        np.multiply(gradient, gradient, out=scratch)
        np.multiply(second, BETA_2_32, out=second)
        np.add(second, scratch, out=second)
        np.sqrt(second, out=scratch)
        np.add(scratch, epsilon, out=scratch)
        np.divide(first, scratch, out=scratch)
        np.multiply(scratch, rate, out=scratch)
        np.subtract(parameters, scratch, out=parameters)


BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8
BETA_1_32, BETA_2_32 = np.float32(BETA_1), np.float32(BETA_2)
