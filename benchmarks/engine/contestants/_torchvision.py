"""Import torchvision, which some peers load, even where it does not fit torch.

A torchvision that was built for CUDA has no operators beside a torch that was
not, and then fails to import over two that nothing here uses.
"""

import torch

try:
    import torchvision  # noqa: F401  # only whether it can be
except RuntimeError:
    for name in ("nms", "qnms"):
        torch.library.define(f"torchvision::{name}", "(Tensor a, Tensor b, float c) -> Tensor")
except ImportError:
    pass
