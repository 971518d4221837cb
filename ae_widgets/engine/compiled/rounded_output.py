"""The last layer of a network whose products are in bfloat16, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.jit import bits_of_float, entry, float_from_bits
from ae_widgets.losses.gradients import reconstruction_gradient
from ae_widgets.model.activations import activate, chain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Rounded = NDArray[np.uint16]

__all__ = ["finish"]

HALF = np.int32(0x7FFF)
"""Just less than half of the last bit that is kept, in units of the first that is not."""


@entry
def finish(
    activation: int,
    reconstruction: int,
    product: Rounded,
    bias: Floats,
    x: Floats,
    slope: Rounded,
    by_bias: Floats,
    errors: Floats,
    weight: float,
    scratch: Floats,
) -> None:
    """Take a product for outputs, and leave the gradient by it in its place.

    Item by item, so that all but the product and the gradient stays in the nearest
    cache: together, the passes over a whole batch take longer than the product.

    Parameters
    ----------
    activation, reconstruction : int
        Numbers of `COMPILED_ACTIVATIONS` and `COMPILED_RECONSTRUCTIONS`.
    product, slope : ndarray of shape (n, n_features), uint16
        The bits of bfloat16 values: the inputs times the weights, and the gradient by them.
    bias, by_bias : ndarray of shape (n_features,), float32
        The bias, and the gradient by it.
    x : ndarray of shape (n, n_features), float32
    errors : ndarray of shape (n,), float32
        Receives each item's error.
    weight : float
        Alpha divided by the items of the batch.
    scratch : ndarray of shape (3, n_features), float32
        For what is kept of one item.
    """
    n, width = product.shape
    output, gradient, row_sum = scratch[:1], scratch[1:2], scratch[2]
    by_bias[:] = np.float32(0)
    for i in range(n):
        source, target = product[i], slope[i]
        for j in range(width):
            output[0, j] = float_from_bits(np.int32(source[j]) << np.int32(16))
        activate(activation, output, bias)
        reconstruction_gradient(
            reconstruction, output, x[i : i + 1], gradient, errors[i : i + 1], weight
        )
        chain(activation, output, gradient, row_sum)
        for j in range(width):
            by_bias[j] += row_sum[j]
            bits = bits_of_float(gradient[0, j])
            # To the nearest, of two as near to the even one.
            bits += HALF + ((bits >> np.int32(16)) & np.int32(1))
            target[j] = np.uint16(bits >> np.int32(16))
