"""The engines that are compared; each trains one workload and returns its final error.

A new one is one function, decorated with `contestant`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray
    from workloads import Workload

CONTESTANTS: dict[str, Callable[[NDArray[np.float32], Workload], float]] = {}


def contestant(
    function: Callable[[NDArray[np.float32], Workload], float],
) -> Callable[[NDArray[np.float32], Workload], float]:
    """Enter a function under its own name."""
    CONTESTANTS[function.__name__] = function
    return function


def _network(X: NDArray[np.float32], work: Workload) -> nn.Sequential:
    torch.manual_seed(0)
    sizes = work.layer_sizes(X.shape[1])
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _error(network: nn.Module, X: torch.Tensor) -> float:
    with torch.no_grad():
        return nn.functional.mse_loss(network(X), X).item()


@contestant
def tutorial(X: NDArray[np.float32], work: Workload) -> float:
    """Train as introductions to torch do: DataLoader, autograd, Adam."""
    data, network = torch.from_numpy(X), _network(X, work)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(data), batch_size=work.batch_size, shuffle=True
    )
    optimizer = torch.optim.Adam(network.parameters())
    for _ in range(work.epochs):
        for (batch,) in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(network(batch), batch).backward()
            optimizer.step()
    return _error(network, data)


@contestant
def index_gather(X: NDArray[np.float32], work: Workload) -> float:
    """Train the same without a DataLoader."""
    data, network = torch.from_numpy(X), _network(X, work)
    optimizer = torch.optim.Adam(network.parameters())
    for _ in range(work.epochs):
        for rows in torch.randperm(len(data)).split(work.batch_size):
            batch = data[rows]
            optimizer.zero_grad()
            nn.functional.mse_loss(network(batch), batch).backward()
            optimizer.step()
    return _error(network, data)


@contestant
def sklearn_mlp(X: NDArray[np.float32], work: Workload) -> float:
    """Train scikit-learn's MLPRegressor."""
    import warnings

    from sklearn.neural_network import MLPRegressor

    model = MLPRegressor(
        hidden_layer_sizes=work.layer_sizes(X.shape[1])[1:-1],
        alpha=0.0,
        batch_size=work.batch_size,
        max_iter=work.epochs,
        n_iter_no_change=work.epochs,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has not converged: that is the workload
        model.fit(X, X)
    return float(((model.predict(X) - X) ** 2).mean())


@contestant
def ae_widgets(X: NDArray[np.float32], work: Workload) -> float:
    """Train with `ae_widgets.Autoencoder`."""
    from ae_widgets import Autoencoder

    model = Autoencoder(
        work.code_dim,
        work.hidden_layer_sizes,
        code_activation="relu",
        batch_size=work.batch_size,
        max_iter=work.epochs,
        n_iter_no_change=work.epochs,
        random_state=0,
    ).fit(X)
    return -model.score(X)
