"""Gradients of the two large layers of a sparse step, and how they are moved by them.

The gradients are never held whole: a block of features at a time is computed and
at once followed by its step of Adam.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.engine.compiled.adam import adam
from ae_widgets.engine.compiled.sparse_arrays import Rows, SparseBuffers, weight_by_feature
from ae_widgets.jit import compiled, product

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ae_widgets.engine.compiled.loop import Task

    Floats = NDArray[np.float32]

__all__ = ["block_features", "move_first", "move_last", "order_by_feature"]

BLOCK_VALUES = 65_536
"""Weights of a large layer that are moved at once: they and Adam's sums fit a core's cache."""

ZERO = np.float32(0)


@compiled
def block_features(width: int) -> int:
    """Return how many features of a layer of this width are moved at once."""
    return max(1, BLOCK_VALUES // width)


@compiled
def order_by_feature(rows: Rows, batch: NDArray[np.int32], arrays: SparseBuffers) -> None:
    """Sort the values of a batch by feature, those of one feature by item (a counting sort)."""
    starts = arrays.starts
    starts[:] = 0
    for item in range(len(batch)):
        for k in range(rows.starts[batch[item]], rows.starts[batch[item] + 1]):
            starts[rows.columns[k] + 1] += 1
    for f in range(1, len(starts)):
        starts[f] += starts[f - 1]
    # Each start moves on to its feature's end while the feature's values are put down.
    for item in range(len(batch)):
        for k in range(rows.starts[batch[item]], rows.starts[batch[item] + 1]):
            place = starts[rows.columns[k]]
            arrays.items[place], arrays.values[place] = item, rows.values[k]
            starts[rows.columns[k]] = place + 1
    for f in range(len(starts) - 1, 0, -1):
        starts[f] = starts[f - 1]
    starts[0] = 0


@compiled
def move_first(arrays: SparseBuffers, shard: int, rate: np.float32, epsilon: np.float32) -> None:
    """Move the shard's part of the first layer's weight."""
    shards = arrays.gradients.shape[0]
    n_features, width, _, offset = arrays.layers[0]
    end, block = n_features * (shard + 1) // shards, block_features(width)
    for low in range(n_features * shard // shards, end, block):
        high = min(low + block, end)
        gradient = arrays.scratch[shard, : (high - low) * width].reshape(high - low, width)
        gradient[:] = ZERO
        for f in range(low, high):
            g = gradient[f - low]
            for k in range(arrays.starts[f], arrays.starts[f + 1]):
                place = arrays.items[k] * width
                x, delta = arrays.values[k], arrays.deltas[place : place + width]
                for j in range(width):
                    g[j] += x * delta[j]
        _move(arrays, gradient, offset + low * width, rate, epsilon)


@compiled
def move_last(
    task: Task, arrays: SparseBuffers, shard: int, n: int, rate: np.float32, epsilon: np.float32
) -> None:
    """Move the shard's part of the last layer's weight and bias."""
    shards = arrays.gradients.shape[0]
    width, n_features, _, offset = arrays.layers[-1]
    weight = weight_by_feature(arrays.parameters, arrays.layers[-1], n_features, width)
    n_before = len(arrays.parameters) - n_features
    bias, sums = arrays.parameters[n_before:], arrays.sums[0]
    inner = arrays.inner[0].reshape(width, width)
    scale = np.float32(2 * task.alpha / (n * n_features))
    end, block = n_features * (shard + 1) // shards, block_features(width)
    for low in range(n_features * shard // shards, end, block):
        high = min(low + block, end)
        size = (high - low) * width
        gradient = arrays.scratch[shard, :size].reshape(high - low, width)
        by_bias = arrays.scratch[shard, size : size + high - low]
        product(weight[low:high], inner, gradient, 0.0)
        product(weight[low:high], sums.reshape(width, 1), by_bias.reshape(high - low, 1), 0.0)
        for f in range(low, high):
            g, b, total = gradient[f - low], bias[f], n * bias[f]
            for k in range(arrays.starts[f], arrays.starts[f + 1]):
                place, x = arrays.items[k] * width, arrays.values[k]
                h = arrays.hidden[place : place + width]
                total -= x
                for j in range(width):
                    g[j] -= x * h[j]
            for j in range(width):
                g[j] = scale * (g[j] + b * sums[j])
            by_bias[f - low] = scale * (by_bias[f - low] + total)
        _move(arrays, gradient, offset + low * width, rate, epsilon)
        _move(arrays, by_bias.reshape(high - low, 1), n_before + low, rate, epsilon)


@compiled
def _move(
    arrays: SparseBuffers, gradient: Floats, start: int, rate: np.float32, epsilon: np.float32
) -> None:
    """Let Adam move the parameters from `start` on by `gradient`."""
    stop = start + gradient.size
    adam(
        arrays.parameters[start:stop],
        gradient.reshape(1, gradient.size),
        arrays.first[start:stop],
        arrays.second[start:stop],
        0,
        gradient.size,
        rate,
        epsilon,
    )
