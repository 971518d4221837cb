"""What the contestants on torch share: the network, the data set, the batches."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.sparse import issparse
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

    from data import Items
    from numpy.typing import NDArray
    from workloads import Workload

    from contestants import Reconstruct, Train

# The first optimiser imports more of torch: that is no memory of the training.
torch.optim.Adam([torch.zeros(1, requires_grad=True)])


def network(work: Workload, n_features: int, seed: int) -> nn.Sequential:
    """Return the encoder and the decoder, with the weights that all start from."""
    torch.manual_seed(seed)
    if work.channels:
        return nn.Sequential(_convolutional_encoder(work), _convolutional_decoder(work))
    sizes = work.layer_sizes(n_features)
    middle = len(sizes) // 2
    encoder, decoder = _dense(sizes[: middle + 1]), _dense(sizes[middle:])
    return nn.Sequential(encoder, decoder[:-1])


def start_equal(module: nn.Module, work: Workload, n_features: int, seed: int) -> None:
    """Give a module of the same layers the weights that all start from."""
    with torch.no_grad():
        theirs = network(work, n_features, seed).parameters()
        for parameter, start in zip(module.parameters(), theirs, strict=True):
            parameter.copy_(start)


def _dense(sizes: tuple[int, ...]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    return nn.Sequential(*layers)


def smallest_image(work: Workload) -> tuple[int, int, int]:
    """Return channels, height and width behind the last convolution."""
    height, width = (-(-side // 2 ** len(work.channels)) for side in work.item_shape)
    return work.channels[-1], height, width


def _convolutional_encoder(work: Workload) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Unflatten(1, (1, *work.item_shape))]
    for below, above in pairwise((1, *work.channels)):
        layers += [nn.Conv2d(below, above, 3, stride=2, padding=1), nn.ReLU()]
    units = int(np.prod(smallest_image(work)))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(units, work.code_dim), nn.ReLU())


def _convolutional_decoder(work: Workload) -> nn.Sequential:
    image = smallest_image(work)
    layers: list[nn.Module] = [nn.Linear(work.code_dim, int(np.prod(image))), nn.ReLU()]
    layers += [nn.Unflatten(1, image)]
    for above, below in pairwise((*reversed(work.channels), 1)):
        up = nn.ConvTranspose2d(above, below, 3, stride=2, padding=1, output_padding=1)
        layers += [up, nn.ReLU()]
    return nn.Sequential(*layers[:-1], nn.Flatten())


class Rows(torch.utils.data.Dataset):
    """The rows of a CSR matrix, each made dense when it is asked for."""

    def __init__(self, X: Items) -> None:
        self._X = X

    def __len__(self) -> int:
        return self._X.shape[0]

    def __getitem__(self, row: int) -> tuple[torch.Tensor]:
        return (torch.from_numpy(self._X[row].toarray()[0]),)


def dataset(X: Items) -> torch.utils.data.Dataset:
    """Return the items as a data set of torch."""
    return Rows(X) if issparse(X) else torch.utils.data.TensorDataset(torch.from_numpy(X))


def batches(X: Items) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return what takes rows and gives their items."""
    if issparse(X):
        return lambda rows: torch.from_numpy(X[rows.numpy()].toarray())
    return torch.from_numpy(X).__getitem__


def gathered_training(X: Items, work: Workload, seed: int, *, fused: bool) -> Train:
    """Prepare a loop over batches gathered by index, without a DataLoader."""
    batch_of, model = batches(X), network(work, X.shape[1], seed)
    optimizer = torch.optim.Adam(model.parameters(), fused=fused)

    def train() -> Reconstruct:
        for _ in range(work.epochs):
            for rows in torch.randperm(X.shape[0]).split(work.batch_size):
                batch = batch_of(rows)
                optimizer.zero_grad()
                nn.functional.mse_loss(model(batch), batch).backward()
                optimizer.step()
        return reconstruction(model)

    return train


def reconstruction(model: nn.Module) -> Reconstruct:
    """Return what passes items through `model`."""

    def reconstruct(items: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            return model.eval()(torch.from_numpy(items)).numpy()

    return reconstruct
