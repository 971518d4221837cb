"""Patches of images, for convolutions as matrix products, compiled.

A convolution makes a small image of a large one, a transposed convolution a large one
of a small one: each is the other's adjoint. Both multiply by a matrix of shape
(channels of the small image, values of a patch): either the patches of the large image
under each pixel of the small one are gathered and multiplied, or the products are
patches that are added up in the large image. Channels lie innermost, so that a patch is
a run of values in each of its three lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.jit import compiled, inlined
from ae_widgets.model.architecture import KERNEL_SIZE, PADDING, STRIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["gather", "spread"]

ZERO = np.float32(0)

# An index that might be negative is looked at before it is used, and its loop not vectorised.
U0, U1, SIDE = np.uintp(0), np.uintp(1), np.uintp(KERNEL_SIZE)


@compiled
def gather(images: Floats, patches: Floats) -> None:
    """Copy the patches of large images; outside of these all values are 0.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, channels), float32
    patches : ndarray of shape (n, small height, small width, 9 * channels), float32
    """
    n, height, width, channels = images.shape
    small, size = patches.shape[2:]
    for i in range(n):
        for y in range(patches.shape[1]):
            for row in range(KERNEL_SIZE):
                part = patches[i, y].reshape(small * size)[row * KERNEL_SIZE * channels :]
                line = y * STRIDE - PADDING + row
                if 0 <= line < height:
                    values = images[i, line].reshape(width * channels)
                    _gather_line(values, part, np.uintp(channels), np.uintp(small))
                else:
                    for x in range(np.uintp(small)):
                        _clear(part, x * np.uintp(size), SIDE * np.uintp(channels))


@compiled
def spread(patches: Floats, images: Floats) -> None:
    """Add every patch to its place in the large images; shapes as for `gather`."""
    n, height, width, channels = images.shape
    small, size = patches.shape[2:]
    for i in range(n):
        for y in range(patches.shape[1]):
            for row in range(KERNEL_SIZE):
                line = y * STRIDE - PADDING + row
                if 0 <= line < height:
                    part = patches[i, y].reshape(small * size)[row * KERNEL_SIZE * channels :]
                    values = images[i, line].reshape(width * channels)
                    _spread_line(part, values, np.uintp(channels), np.uintp(small))


@compiled
def _gather_line(line: Floats, patches: Floats, channels: int, small: int) -> None:
    """Copy a line of a large image to one of the three lines of each of its patches."""
    run, step, stride = SIDE * channels, SIDE * SIDE * channels, channels + channels
    full = _full(len(line), channels, small)
    _clear(patches, U0, channels)
    if full == U0:
        _copy(line, U0, patches, channels, channels)
        _clear(patches, stride, channels)
        return
    _copy(line, U0, patches, channels, stride)
    if channels == U1:  # how long a run is, the compiler knows
        for x in range(U1, full):
            _copy(line, x * stride - channels, patches, x * step, SIDE)
    else:
        for x in range(U1, full):
            _copy(line, x * stride - channels, patches, x * step, run)
    if full < small:
        _copy(line, full * stride - channels, patches, full * step, stride)
        _clear(patches, full * step + stride, channels)


@compiled
def _spread_line(patches: Floats, line: Floats, channels: int, small: int) -> None:
    """Add one of the three lines of each patch to the line of the large image."""
    run, step, stride = SIDE * channels, SIDE * SIDE * channels, channels + channels
    full = _full(len(line), channels, small)
    if full == U0:
        _add(patches, channels, line, U0, channels)
        return
    _add(patches, channels, line, U0, stride)
    if channels == U1:
        for x in range(U1, full):
            _add(patches, x * step, line, x * stride - channels, SIDE)
    else:
        for x in range(U1, full):
            _add(patches, x * step, line, x * stride - channels, run)
    if full < small:
        _add(patches, full * step, line, full * stride - channels, stride)


@inlined
def _full(length: int, channels: Any, small: Any) -> Any:
    """Return how many patches do not reach beyond the end of a line, the first counted in."""
    return small if small * (channels + channels) <= np.uintp(length) else small - U1


@inlined
def _clear(values: Floats, start: int, length: int) -> None:
    for j in range(length):
        values[start + j] = ZERO


@inlined
def _copy(source: Floats, at: int, target: Floats, to: int, length: int) -> None:
    for j in range(length):
        target[to + j] = source[at + j]


@inlined
def _add(source: Floats, at: int, target: Floats, to: int, length: int) -> None:
    for j in range(length):
        target[to + j] += source[at + j]
