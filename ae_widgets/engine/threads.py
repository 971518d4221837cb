"""How many threads training is worth."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn

from ae_widgets.model.architecture import KERNEL_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ae_widgets.engine.settings import Settings
    from ae_widgets.model.architecture import Architecture

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
        products = sum(parameter.numel() for parameter in own.parameters())
    else:
        products = _products(settings.architecture, n_features)
    return 1 if 6 * settings.batch_size * products < WORTH_A_THREAD else as_set


def _products(architecture: Architecture, n_features: int) -> int:
    """Return how many numbers are multiplied to pass one item forward."""
    again = 0  # a convolution and its transpose use their weights at every place
    for (below, _, _), (above, height, width) in pairwise(architecture.feature_maps()):
        again += 2 * below * above * KERNEL_SIZE**2 * (height * width - 1)
    return architecture.n_parameters(n_features) + again


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
