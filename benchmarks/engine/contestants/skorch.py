"""skorch's NeuralNet of X on X, without its validation split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from scipy.sparse import issparse
from skorch import NeuralNet
from torch import nn

from contestants import _torch

if TYPE_CHECKING:
    from data import Items
    from workloads import Workload

    from contestants import Reconstruct, Train


class Pairs(torch.utils.data.Dataset):
    """Each row of a CSR matrix, made dense when it is asked for, as item and target."""

    def __init__(self, X: Items) -> None:
        self._rows = _torch.Rows(X)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, torch.Tensor]:
        (item,) = self._rows[row]
        return item, item


def prepare(X: Items, work: Workload, seed: int) -> Train:
    """Make the network and its trainer."""
    net = NeuralNet(
        _torch.network(work, X.shape[1], seed),
        criterion=nn.MSELoss,
        optimizer=torch.optim.Adam,
        lr=1e-3,
        batch_size=work.batch_size,
        max_epochs=work.epochs,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    data, target = (Pairs(X), None) if issparse(X) else (X, X)

    def train() -> Reconstruct:
        net.fit(data, target)
        return _torch.reconstruction(net.module_)

    return train
