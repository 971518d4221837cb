"""Whether a network's parameters are numbers still."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

__all__ = ["are_finite"]


def are_finite(network: nn.Module) -> bool:
    """Whether no parameter of a network, nor what a layer notes beside, is NaN or infinite."""
    values = network.state_dict().values()
    # Their sum tells it in one pass, unless finite values add up to more than float32 holds.
    total = sum(float(value.sum()) for value in values)
    return math.isfinite(total) or all(bool(value.isfinite().all()) for value in values)
