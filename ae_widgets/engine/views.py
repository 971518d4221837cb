"""Arrays that nobody writes to, as tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["tensor_view"]


class _Writable:
    """Describes the memory of an array as if it could be written to."""

    def __init__(self, array: NDArray[Any]) -> None:
        self.array = array  # keeps the memory alive
        interface = array.__array_interface__
        self.__array_interface__ = {**interface, "data": (interface["data"][0], False)}


def tensor_view(array: NDArray[np.float32]) -> Tensor:
    """Return a tensor on the memory of `array`, which must not be written to.

    Torch has no read-only tensors and warns of what it could write to but should
    not, such as a file mapped for reading.
    """
    return torch.from_numpy(np.asarray(_Writable(array)))
