"""Compile the training loops ahead of their first use.

They are compiled when they are first needed, which takes up to a minute, and kept
beside the package for good. Where an image is built, do it there::

    python -m ae_widgets.engine.compile
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from ae_widgets.engine.compiled.team import CORES
from ae_widgets.engine.settings import Settings
from ae_widgets.engine.trainer import Trainer

__all__ = ["main"]

RUNS: tuple[dict[str, Any], ...] = (
    {},
    {"hidden_layer_sizes": (1024,), "batch_size": 32},
    {"hidden_layer_sizes": (1024,), "precision": "bf16"},
    {"trunk": "convolutional", "item_shape": (8, 8), "channels": (4,)},
    {"sparse": True},
)
"""Settings of a run for each way to train, and whether the items are sparse."""


def main() -> None:
    """Train each of the loops on one batch of nothing much, as many at once as there are cores."""
    with ProcessPoolExecutor(CORES, get_context("spawn")) as processes:
        list(processes.map(_train, RUNS))


def _train(changes: dict[str, Any]) -> None:
    features = np.eye(16, 64, dtype=np.float32)
    settings = {"hidden_layer_sizes": (8,), "batch_size": 8} | changes
    items = csr_array(features) if settings.pop("sparse", False) else features
    Trainer(items, Settings().change(**settings)).run_batch()


if __name__ == "__main__":
    main()
