"""Lightning's Trainer without logger, checkpoints and progress bar."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import torch
from torch import nn

from contestants import (
    _torch,
    _torchvision,  # noqa: F401  # before the engine
)

# isort: split
import lightning

if TYPE_CHECKING:
    from data import Items
    from workloads import Workload

    from contestants import Reconstruct, Train

logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)


class Module(lightning.LightningModule):
    """The network with its loss and its optimiser."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
        """Return the loss of a batch."""
        return nn.functional.mse_loss(self.network(batch[0]), batch[0])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return Adam."""
        return torch.optim.Adam(self.parameters())


def prepare(X: Items, work: Workload, seed: int) -> Train:
    """Make the module, the loader and the trainer."""
    module = Module(_torch.network(work, X.shape[1], seed))
    loader = torch.utils.data.DataLoader(
        _torch.dataset(X), batch_size=work.batch_size, shuffle=True
    )
    trainer = lightning.Trainer(
        max_epochs=work.epochs,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )

    def train() -> Reconstruct:
        trainer.fit(module, loader)
        return _torch.reconstruction(module.network)

    return train
