"""The tutorial loop without a DataLoader: batches gathered by index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contestants import _torch

if TYPE_CHECKING:
    from data import Items
    from workloads import Workload

    from contestants import Train


def prepare(X: Items, work: Workload, seed: int) -> Train:
    """Make the network and the optimiser."""
    return _torch.gathered_training(X, work, seed, fused=False)
