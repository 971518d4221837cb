"""The workload in the words of ae_widgets, for the estimator and for a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix, issparse

from contestants import DoesNotApply

if TYPE_CHECKING:
    from data import Items
    from workloads import Workload

    from contestants import Reconstruct, Train


def load_loops() -> None:
    """Have the engine load its compiled loops, which it does at the first use: an import."""
    from ae_widgets import Autoencoder

    X = np.eye(4, dtype=np.float32)
    for items in (X, csr_matrix(X)):
        Autoencoder(2, (), max_iter=1, random_state=0).fit(items)


def settings(work: Workload, seed: int) -> dict[str, Any]:
    """Return the settings that `Autoencoder` and `Session` share."""
    convolutional = {
        "trunk": "convolutional",
        "channels": work.channels,
        "item_shape": work.item_shape,
    }
    return {
        "code_dim": work.code_dim,
        "hidden_layer_sizes": work.hidden_layer_sizes,
        "code_activation": "relu",
        "batch_size": work.batch_size,
        "max_iter": work.epochs,
        "n_iter_no_change": work.epochs,
        "random_state": seed,
        **(convolutional if work.channels else {}),
    }


def estimator_training(X: Items, work: Workload, seed: int, **more: Any) -> Train:
    """Prepare `Autoencoder.fit` with the workload's settings and `more`."""
    from ae_widgets import Autoencoder

    wanted = {**settings(work, seed), **more}
    unknown = sorted(set(wanted) - set(Autoencoder().get_params()))
    if unknown:
        msg = f"Autoencoder has no parameter {unknown[0]}"
        raise DoesNotApply(msg)
    model = Autoencoder(**wanted)
    if issparse(X) and not model.__sklearn_tags__().input_tags.sparse:
        msg = "Autoencoder takes no sparse items"
        raise DoesNotApply(msg)

    def train() -> Reconstruct:
        return model.fit(X).reconstruct

    return train
