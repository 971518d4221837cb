"""How many threads training is worth."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ae_widgets.engine.settings import Settings

__all__ = ["choose_threads", "training_threads"]

WORTH_A_THREAD = 2e8
"""Operations a step below which handing work to a second thread costs more than it saves."""


def choose_threads(settings: Settings, n_features: int) -> int:
    """Return how many threads the matrix products of a step are worth.

    On a small model a busy neighbour makes a second thread several times
    slower than none.
    """
    operations = 6 * settings.batch_size * settings.architecture.n_parameters(n_features)
    if settings.architecture.convolutional:
        return 1  # shards of a batch have a thread each, see `ShardedStep`
    return 1 if operations < WORTH_A_THREAD else max(1, torch.get_num_threads())


@contextmanager
def training_threads(settings: Settings, n_features: int) -> Iterator[None]:
    """Train with as many threads as it is worth; what was set before is set again."""
    before = torch.get_num_threads()
    threads = choose_threads(settings, n_features)
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
