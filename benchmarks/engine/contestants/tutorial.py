"""What introductions to torch teach: DataLoader, autograd, Adam."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from contestants import _torch

if TYPE_CHECKING:
    from data import Items
    from workloads import Workload

    from contestants import Reconstruct, Train


def prepare(X: Items, work: Workload, seed: int) -> Train:
    """Make the network, the loader and the optimiser."""
    network = _torch.network(work, X.shape[1], seed)
    loader = torch.utils.data.DataLoader(
        _torch.dataset(X), batch_size=work.batch_size, shuffle=True
    )
    optimizer = torch.optim.Adam(network.parameters())

    def train() -> Reconstruct:
        for _ in range(work.epochs):
            for (batch,) in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(network(batch), batch).backward()
                optimizer.step()
        return _torch.reconstruction(network)

    return train
