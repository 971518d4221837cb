"""Whether a network's parameters, and what it can put out, are numbers still."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn

__all__ = ["are_finite", "are_moderate"]

MODERATE = 1e15
"""How many times longer the outputs may get than the inputs without a look at them: float32
holds squares of errors up to 1e38."""


def are_finite(network: nn.Module) -> bool:
    """Whether no parameter of a network, nor what a layer notes beside, is NaN or infinite."""
    return all(bool(value.isfinite().all()) for value in network.state_dict().values())


@torch.no_grad()
def are_moderate(network: nn.Module) -> bool:
    """Whether parameters are finite and so small that finite items have finite outputs.

    A layer makes no vector longer than the Frobenius norm of its weights does, so their
    product bounds what a network does. It is cheap; if it is too large, look closer.
    """
    gain = 1.0
    for parameter in network.parameters():
        norm = torch.linalg.vector_norm(parameter).item()
        if not math.isfinite(norm):
            return False
        gain *= max(1.0, norm)
    return gain < MODERATE and all(bool(b.isfinite().all()) for b in network.buffers())
