"""`ae_widgets.Autoencoder.fit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ae_widgets.estimator  # noqa: F401  # the import is not timed
from contestants import _ours

if TYPE_CHECKING:
    from data import Items
    from workloads import Workload

    from contestants import Train

_ours.load_loops()


def prepare(X: Items, work: Workload, seed: int) -> Train:
    """Make the estimator."""
    return _ours.estimator_training(X, work, seed)
