"""Layers between values or images as matrix products, compiled.

A convolution makes a small image of a large one, a transposed convolution a large one
of a small one, with the same matrix of shape (channels of the small image, values of a
patch of the large one); and in the gradients each is the other's adjoint. The images of
an item lie pixel by pixel, all channels of a pixel together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.engine.compiled.loop import OFFSET
from ae_widgets.engine.compiled.patches import gather, spread
from ae_widgets.jit import compiled, product

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Integers = NDArray[np.int64]

__all__ = [
    "BLOCK", "COLUMNS", "DENSE", "GROW", "LARGE", "N_BIASES", "SHRINK", "SMALL", "at_once",
    "differentiate", "end_of", "multiply", "multiply_back", "parts",
]  # fmt: skip

FORM, ROWS, COLUMNS, N_BIASES, LARGE, SMALL = 4, 5, 6, 7, 8, 11
"""Further columns of the table of layers: one of the three below; the shape of the weight;
values of the bias; and where height, width and channels of the two images begin."""

DENSE, SHRINK, GROW = range(3)
"""Matrix product, convolution, transposed convolution."""

BLOCK = 16
"""Items of which patches are made at once, so that they stay in a core's cache."""

ZERO = np.float32(0)


@compiled
def parts(layer: Integers, flat: Floats) -> tuple[Floats, Floats]:
    """Return the weight of a layer as a matrix, and its bias."""
    weights = layer[OFFSET] + layer[ROWS] * layer[COLUMNS]
    weight = flat[layer[OFFSET] : weights].reshape(layer[ROWS], layer[COLUMNS])
    return weight, flat[weights : weights + layer[N_BIASES]]


@compiled
def end_of(layer: Integers) -> int:
    """Return where the parameters of a layer end."""
    end: int = layer[OFFSET] + layer[ROWS] * layer[COLUMNS] + layer[N_BIASES]
    return end


@compiled
def at_once(layer: Integers, n: int) -> int:
    """Return how many of `n` items a layer takes at once."""
    return max(1, n) if layer[FORM] == DENSE else BLOCK


@compiled
def multiply(
    layer: Integers, weight: Floats, values: Floats, output: Floats, scratch: Floats
) -> None:
    """Write what a layer makes of `values` (n, fan_in), without bias, to `output` (n, fan_out)."""
    if layer[FORM] == DENSE:
        product(values, weight.T, output, 0.0)
    elif layer[FORM] == SHRINK:
        _shrink(layer, weight, values, output, scratch)
    else:
        _grow(layer, weight, values, output, scratch)


@compiled
def multiply_back(
    layer: Integers, weight: Floats, slope: Floats, by_values: Floats, scratch: Floats
) -> None:
    """Turn the gradient by a layer's products into that by its values.

    Comes after `differentiate`, which leaves in `scratch` what is used here again.
    """
    if layer[FORM] == DENSE:
        product(slope, weight, by_values, 0.0)
    elif layer[FORM] == SHRINK:
        _grow(layer, weight, slope, by_values, scratch)
    else:
        patches, small = _matrices(layer, by_values, scratch)
        product(patches, weight.T, small, 0.0)


@compiled
def differentiate(
    layer: Integers, values: Floats, slope: Floats, by_weight: Floats, scratch: Floats
) -> None:
    """Add the gradient by a layer's weight, given that by its products."""
    if layer[FORM] == DENSE:
        product(slope.T, values, by_weight, 1.0)
        return
    large, small_values = (values, slope) if layer[FORM] == SHRINK else (slope, values)
    patches, small = _matrices(layer, small_values, scratch)
    _gather(layer, large, patches)
    product(small.T, patches, by_weight, 1.0)


@compiled
def _shrink(layer: Integers, weight: Floats, large: Floats, out: Floats, scratch: Floats) -> None:
    patches, small = _matrices(layer, out, scratch)
    _gather(layer, large, patches)
    product(patches, weight.T, small, 0.0)


@compiled
def _grow(layer: Integers, weight: Floats, values: Floats, out: Floats, scratch: Floats) -> None:
    patches, small = _matrices(layer, values, scratch)
    product(small, weight, patches, 0.0)
    out[:] = ZERO
    n, height, width = len(values), layer[SMALL], layer[SMALL + 1]
    images = out.reshape(n, layer[LARGE], layer[LARGE + 1], layer[LARGE + 2])
    spread(patches.reshape(n, height, width, layer[COLUMNS]), images)


@compiled
def _gather(layer: Integers, large: Floats, patches: Floats) -> None:
    n, height, width = len(large), layer[SMALL], layer[SMALL + 1]
    images = large.reshape(n, layer[LARGE], layer[LARGE + 1], layer[LARGE + 2])
    gather(images, patches.reshape(n, height, width, layer[COLUMNS]))


@compiled
def _matrices(layer: Integers, small: Floats, scratch: Floats) -> tuple[Floats, Floats]:
    """Return one row for each pixel of the small images: of patches, and of channels."""
    pixels = len(small) * layer[SMALL] * layer[SMALL + 1]
    patches = scratch[: pixels * layer[COLUMNS]].reshape(pixels, layer[COLUMNS])
    return patches, small.reshape(pixels, layer[SMALL + 2])
