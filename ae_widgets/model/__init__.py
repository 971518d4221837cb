"""The architecture and the networks built from it.

Only `ae_widgets.model.network` imports torch.
"""

from ae_widgets.model.architecture import ACTIVATIONS, OUTPUT_ACTIVATIONS, Architecture

__all__ = ["ACTIVATIONS", "OUTPUT_ACTIVATIONS", "Architecture"]
