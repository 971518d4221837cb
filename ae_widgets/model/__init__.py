"""The architecture and the networks built from it.

The networks import torch; `architecture` and `activations` do not.
"""

from ae_widgets.model.architecture import (
    ACTIVATIONS,
    NORMALIZATIONS,
    OUTPUT_ACTIVATIONS,
    TRUNKS,
    Architecture,
)

__all__ = ["ACTIVATIONS", "NORMALIZATIONS", "OUTPUT_ACTIVATIONS", "TRUNKS", "Architecture"]
