"""ClustPy's FeedforwardAutoencoder, with a relu added on its code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scipy.sparse import issparse
from torch import nn

from contestants import (
    DoesNotApply,
    _torch,
    _torchvision,  # noqa: F401  # before the engine
)

# isort: split
from clustpy.deep.neural_networks import FeedforwardAutoencoder

if TYPE_CHECKING:
    from data import Items
    from workloads import Workload

    from contestants import Reconstruct, Train


def prepare(X: Items, work: Workload, seed: int) -> Train:
    """Make the model."""
    if work.channels:
        msg = "its convolutional autoencoder is a ResNet"
        raise DoesNotApply(msg)
    if issparse(X):
        msg = "takes no sparse items"
        raise DoesNotApply(msg)
    layers = [X.shape[1], *work.hidden_layer_sizes, work.code_dim]
    model = FeedforwardAutoencoder(layers, activation_fn=nn.ReLU, random_state=seed)
    model.encoder.block.append(nn.ReLU())
    _torch.start_equal(model, work, X.shape[1], seed)

    def train() -> Reconstruct:
        model.fit(work.epochs, {"lr": 1e-3}, work.batch_size, data=X)
        return _torch.reconstruction(nn.Sequential(model.encoder, model.decoder))

    return train
