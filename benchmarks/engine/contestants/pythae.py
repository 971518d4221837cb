"""pythae's AE with its BaseTrainer, which ends by writing the model to a file.

Its loss is the sum over an item's values where the others take the mean: the same
to Adam.
"""

from __future__ import annotations

import logging
import tempfile
from typing import TYPE_CHECKING

import torch
from pythae.data.datasets import BaseDataset
from pythae.models import AE, AEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from scipy.sparse import issparse

from contestants import DoesNotApply, _torch

if TYPE_CHECKING:
    from data import Items
    from torch import nn
    from workloads import Workload

    from contestants import Reconstruct, Train

logging.getLogger("pythae").setLevel(logging.ERROR)


class Encoder(BaseEncoder):
    """Our layers as pythae calls them."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, x: torch.Tensor) -> ModelOutput:
        """Return the codes."""
        return ModelOutput(embedding=self.layers(x))


class Decoder(BaseDecoder):
    """Our layers as pythae calls them."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, z: torch.Tensor) -> ModelOutput:
        """Return the reconstructions."""
        return ModelOutput(reconstruction=self.layers(z))


def prepare(X: Items, work: Workload, seed: int) -> Train:
    """Make the model, the data set and the trainer."""
    if issparse(X):
        msg = "its data set holds one dense tensor"
        raise DoesNotApply(msg)
    encoder, decoder = _torch.network(work, X.shape[1], seed)
    config = AEConfig(input_dim=(X.shape[1],), latent_dim=work.code_dim)
    model = AE(config, Encoder(encoder), Decoder(decoder))
    data = BaseDataset(torch.from_numpy(X), torch.zeros(X.shape[0]))

    def train() -> Reconstruct:
        with tempfile.TemporaryDirectory() as folder:
            settings = BaseTrainerConfig(
                output_dir=folder,
                num_epochs=work.epochs,
                per_device_train_batch_size=work.batch_size,
                learning_rate=1e-3,
                optimizer_cls="Adam",
                seed=seed,
                no_cuda=True,
            )
            BaseTrainer(model, data, training_config=settings).train()
        return lambda items: decoder(encoder(torch.from_numpy(items))).detach().numpy()

    return train
