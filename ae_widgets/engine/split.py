"""Which items are trained on and which are held out (no torch)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["count_held_out", "split_rows"]


def count_held_out(n_samples: int, validation_fraction: float) -> int:
    """Return how many rows are held out; at least one is always left to train on."""
    held_out = math.ceil(n_samples * validation_fraction) if validation_fraction else 0
    return min(held_out, n_samples - 1)


def split_rows(
    n_samples: int, validation_fraction: float, random_state: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the sorted rows to train on and the sorted rows held out.

    At least one row is held out if the fraction is above 0 and there are two
    rows or more; at least one row is always left to train on.
    """
    held_out = count_held_out(n_samples, validation_fraction)
    rows = np.arange(n_samples, dtype=np.int32)
    if not held_out:
        return rows, rows[:0]
    order = np.random.default_rng(random_state).permutation(n_samples).astype(np.int32)
    return np.sort(order[held_out:]), np.sort(order[:held_out])
