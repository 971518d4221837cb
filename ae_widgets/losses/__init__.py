"""Reconstruction error, complexity of the code, and their weighted sum.

Only the modules `reconstruction`, `complexity` and `objective` import torch.
"""

from ae_widgets.losses.names import (
    CLUSTERINGS,
    COMPLEXITIES,
    MODEL_COMPLEXITIES,
    RECONSTRUCTIONS,
    TAKES_MISSING,
    WEIGHTS,
)

__all__ = [
    "CLUSTERINGS",
    "COMPLEXITIES",
    "MODEL_COMPLEXITIES",
    "RECONSTRUCTIONS",
    "TAKES_MISSING",
    "WEIGHTS",
]
