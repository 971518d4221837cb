"""How many threads training is worth."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ae_widgets.engine.settings import Settings

__all__ = ["choose_threads", "training_threads"]

WORTH_A_THREAD = 2e8
"""Operations a step below which handing work to a second thread costs more than it saves."""


def choose_threads(settings: Settings, n_features: int, own: nn.Module | None = None) -> int:
    """Return how many threads the matrix products of a step are worth.

    On a small model a busy neighbour makes a second thread several times
    slower than none.

    Parameters
    ----------
    settings : Settings
    n_features : int
    own : Module, optional
        A network of the user's, in place of what the settings describe.
    """
    as_set = max(1, torch.get_num_threads())
    if own is not None:
        if not _uses_each_parameter_once(own):
            return as_set  # nobody knows how often
        n_parameters = sum(parameter.numel() for parameter in own.parameters())
    elif settings.architecture.convolutional:
        return 1  # shards of a batch have a thread each, see `ShardedStep`
    else:
        n_parameters = settings.architecture.n_parameters(n_features)
    return 1 if 6 * settings.batch_size * n_parameters < WORTH_A_THREAD else as_set


def _uses_each_parameter_once(network: nn.Module) -> bool:
    return all(
        isinstance(module, nn.Linear)
        for module in network.modules()
        if any(True for _ in module.parameters(recurse=False))
    )


@contextmanager
def training_threads(
    settings: Settings, n_features: int, own: nn.Module | None = None
) -> Iterator[None]:
    """Train with as many threads as it is worth; what was set before is set again."""
    before = torch.get_num_threads()
    threads = choose_threads(settings, n_features, own)
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
