"""`ae_widgets.Autoencoder.fit` on modules of one's own, which no written-out step knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scipy.sparse import issparse

import ae_widgets.estimator  # noqa: F401  # the import is not timed
from contestants import DoesNotApply, _ours, _torch

if TYPE_CHECKING:
    from data import Items
    from workloads import Workload

    from contestants import Train

_ours.load_loops()


def prepare(X: Items, work: Workload, seed: int) -> Train:
    """Make the estimator around the tutorial loop's modules."""
    if issparse(X):
        msg = "modules of one's own take dense items"
        raise DoesNotApply(msg)
    encoder, decoder = _torch.network(work, X.shape[1], seed)
    return _ours.estimator_training(X, work, seed, encoder=encoder, decoder=decoder)
