"""PyOD's AutoEncoder, without its standardisation, batch norm and dropout.

Its `fit` drops the last, incomplete batch of an epoch and ends with the anomaly
score of every item.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyod.models.auto_encoder import AutoEncoder
from scipy.sparse import issparse

from contestants import DoesNotApply, _torch

if TYPE_CHECKING:
    from data import Items
    from workloads import Workload

    from contestants import Reconstruct, Train


def prepare(X: Items, work: Workload, seed: int) -> Train:
    """Make the model."""
    if work.channels or issparse(X):
        msg = "takes no sparse items" if issparse(X) else "dense layers only"
        raise DoesNotApply(msg)

    class SameStart(AutoEncoder):
        """The model with the weights that all start from."""

        def build_model(self) -> None:
            super().build_model()
            _torch.start_equal(self.model, work, X.shape[1], seed)

    model = SameStart(
        hidden_neuron_list=[*work.hidden_layer_sizes, work.code_dim],
        epoch_num=work.epochs,
        batch_size=work.batch_size,
        preprocessing=False,
        batch_norm=False,
        dropout_rate=0,
        random_state=seed,
        verbose=0,
    )

    def train() -> Reconstruct:
        return _torch.reconstruction(model.fit(X).model)

    return train
