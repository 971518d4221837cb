"""Batches gathered by index, torch's fused Adam, one thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from contestants import _torch

if TYPE_CHECKING:
    from data import Items
    from workloads import Workload

    from contestants import Train


def prepare(X: Items, work: Workload, seed: int) -> Train:
    """Make the network and the optimiser."""
    torch.set_num_threads(1)
    return _torch.gathered_training(X, work, seed, fused=True)
