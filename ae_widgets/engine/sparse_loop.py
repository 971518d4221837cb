"""Batches of sparse items one after another, without a dense copy of any.

For the mean squared error of a linear output layer, W (n_features, width) and b,
on the activations H (n, width) of the layer before it, everything that the step
needs follows from small matrices and from the values that are not zero::

    sum_f (h W[f] + b[f] - x[f])^2 = h G h' + 2 h c + b b' - 2 x (W h' + b) + x x'
    gradient by h ~ h G + c - x W            with G = W' W and c = W' b
    gradient by W ~ W (H' H) + b' sum(H) - X' H

The gradients of the two large layers are never held whole: a block of features
at a time is computed and at once followed by its step of Adam. As in
`ae_widgets.engine.dense_loop`, shards are fixed in number, whatever the threads.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ae_widgets.engine.adam import adam, adam_constants
from ae_widgets.engine.loop import (
    FAN_IN,
    FAN_OUT,
    KIND,
    OFFSET,
    Task,
    add_complexity,
    backward,
    finite,
    forward,
    meet,
    place_of,
    weighted,
)
from ae_widgets.jit import compiled, exact, gram
from ae_widgets.losses.gradients import complexity_gradient
from ae_widgets.model.activations import activate, chain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Integers = NDArray[np.int64]

__all__ = ["BLOCK_VALUES", "Rows", "SparseBuffers", "block_features", "train_sparse_batches"]

BLOCK_VALUES = 65_536
"""Weights of a large layer that are moved at once: they and Adam's sums fit a core's cache."""

ZERO = np.float32(0)


class Rows(NamedTuple):
    """A matrix in CSR form, each place named once.

    Attributes
    ----------
    values : ndarray of shape (n_values,), float32
    columns : ndarray of shape (n_values,), int32
    starts : ndarray of shape (n_samples + 1,), int64
    """

    values: Floats
    columns: NDArray[np.int32]
    starts: Integers


class SparseBuffers(NamedTuple):
    """Arrays that stay from batch to batch.

    Attributes
    ----------
    layers : ndarray of shape (n_layers, 4), int64
        Of the first and the last layer, where their weights begin.
    parameters, first, second : ndarray of shape (n_parameters,), float32
        The bias of the first layer; weight (fan_out, fan_in) and bias of the layers
        between; the weights of the first and of the last layer, both of shape
        (n_features, width); the last bias. Adam's sums in the same order.
    gradients : ndarray of shape (n_shards, n_small), float32
        By the parameters before those weights.
    outputs, slopes : ndarray of shape (n_shards, rows * sum of fan_out), float32
        Outputs of each layer but the last and the gradients by them.
    codes, code_slopes : ndarray of shape (batch_size * code_dim,), float32
        The code of the whole batch and the complexity's gradient by it.
    hidden, deltas : ndarray of shape (batch_size * width,), float32
        H of the whole batch, and the gradient by what enters the first activation.
    gram, inner : ndarray of shape (n_shards, width * width), float32
        Each shard's part of W' W and of H' H; the sums end in the first row.
    by_bias, sums : ndarray of shape (n_shards, width), float32
        The same of W' b and of H' 1.
    squares : ndarray of shape (n_shards,), float64
        The same of b b'.
    scratch : ndarray of shape (n_shards, size), float32
    starts : ndarray of shape (n_features + 1,), int64
        Where the batch's values of each feature begin.
    items, values : ndarray of shape (at least the batch's values,), int32 and float32
    """

    layers: Integers
    parameters: Floats
    first: Floats
    second: Floats
    gradients: Floats
    outputs: Floats
    slopes: Floats
    codes: Floats
    code_slopes: Floats
    hidden: Floats
    deltas: Floats
    gram: Floats
    inner: Floats
    by_bias: Floats
    sums: Floats
    squares: NDArray[np.float64]
    scratch: Floats
    starts: Integers
    items: NDArray[np.int32]
    values: Floats


@compiled
def train_sparse_batches(
    thread: int, threads: int, rows: Rows, task: Task, arrays: SparseBuffers
) -> int:
    """Train on ``task.rows``, batch by batch; return the items trained on.

    Run by `threads` threads at once, each with its number. Ends before a batch
    whose loss is not finite moves the parameters.
    """
    shards, met, start, step = arrays.gradients.shape[0], 0, 0, task.step
    width = arrays.layers[task.code_layer, FAN_OUT]
    n_small = _small_moved(task, arrays)
    while start < len(task.rows):
        n = min(task.batch_size, len(task.rows) - start)
        code = arrays.codes[: n * width].reshape(n, width)
        by_code = arrays.code_slopes[: n * width].reshape(n, width)
        errors = task.errors[start : start + n]
        if thread == 0:
            _order_by_feature(rows, task.rows[start : start + n], arrays)
        for shard in range(thread, shards, threads):
            low, high = n * shard // shards, n * (shard + 1) // shards
            _encode(rows, task, arrays, shard, start + low, start + high, code[low:high])
            _gram(arrays, shard)
        met = meet(task.counter, threads, met)
        complexity = 0.0
        if thread == 0:
            _add_up(arrays.gram)
            _add_up(arrays.by_bias)
            complexity = complexity_gradient(task.complexity, code, task.target, by_code, task.beta)
        met = meet(task.counter, threads, met)
        for shard in range(thread, shards, threads):
            low, high = n * shard // shards, n * (shard + 1) // shards
            batch = task.rows[start + low : start + high]
            _decode(rows, batch, task, arrays, shard, low, errors[low:high], n)
            _propagate(task, arrays, shard, low, by_code[low:high])
        met = meet(task.counter, threads, met)
        error = 0.0
        for i in range(n):
            error += errors[i]
        total = weighted(task, error / n, complexity)
        if thread == 0:
            _add_up(arrays.inner)
            _add_up(arrays.sums)
            if finite(total):
                task.sums[0] += error
                task.sums[1] += complexity * n
            else:
                task.sums[2] = total
        met = meet(task.counter, threads, met)
        if task.sums[2] != 0:
            break
        if task.alpha or task.beta:
            step += 1
            rate, epsilon = adam_constants(task.learning_rate, step)
            adam(
                arrays.parameters, arrays.gradients, arrays.first, arrays.second,
                n_small * thread // threads, n_small * (thread + 1) // threads, rate, epsilon,
            )  # fmt: skip
            for shard in range(thread, shards, threads):
                _move_first(arrays, shard, rate, epsilon)
                if task.alpha:
                    _move_last(task, arrays, shard, n, rate, epsilon)
        met = meet(task.counter, threads, met)
        start += n
    return start


@compiled
def block_features(width: int) -> int:
    """Return how many features of a layer of this width are moved at once."""
    return max(1, BLOCK_VALUES // width)


@compiled
def _small_moved(task: Task, arrays: SparseBuffers) -> int:
    """Return how many of the parameters before the large weights are moved."""
    if task.alpha:
        return arrays.gradients.shape[1]
    # Without a reconstruction error nothing pulls at the decoder.
    fan_in, fan_out, _, offset = arrays.layers[task.code_layer]
    return offset + (fan_in + 1) * fan_out if task.code_layer else fan_out


@compiled
def _order_by_feature(rows: Rows, batch: NDArray[np.int32], arrays: SparseBuffers) -> None:
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
def _add_up(parts: Floats) -> None:
    for shard in range(1, parts.shape[0]):
        parts[0] += parts[shard]


@compiled
def _weight(values: Floats, layer: Integers, n_features: int, width: int) -> Floats:
    """Return the part of `values` that belongs to a large weight, by feature."""
    start = layer[OFFSET]
    return values[start : start + n_features * width].reshape(n_features, width)


@compiled
def _encode(
    rows: Rows, task: Task, arrays: SparseBuffers, shard: int, start: int, stop: int, code: Floats
) -> None:
    """Encode the items from `start` to `stop` into `code`."""
    n, n_features, width = stop - start, arrays.layers[0, FAN_IN], arrays.layers[0, FAN_OUT]
    output = arrays.outputs[shard, : n * width].reshape(n, width)
    output[:] = ZERO
    _add_product(
        rows,
        task.rows[start:stop],
        _weight(arrays.parameters, arrays.layers[0], n_features, width),
        output,
    )
    activate(arrays.layers[0, KIND], output, arrays.parameters[:width])
    code[:] = forward(arrays, shard, output, 1, task.code_layer + 1, n * width)
    if len(task.codes):
        task.codes[start:stop] = code


@compiled
def _add_product(rows: Rows, batch: NDArray[np.int32], weight: Floats, output: Floats) -> None:
    """Add X W to `output`, with the rows of `batch` as X and W (n_features, width)."""
    for i in range(len(batch)):
        out = output[i]
        for k in range(rows.starts[batch[i]], rows.starts[batch[i] + 1]):
            x, w = rows.values[k], weight[rows.columns[k]]
            for j in range(out.shape[0]):
                out[j] += x * w[j]


@compiled
def _gram(arrays: SparseBuffers, shard: int) -> None:
    """Leave the shard's part of W' W, W' b and b b'."""
    shards, last = arrays.gradients.shape[0], arrays.layers[-1]
    width, n_features = last[FAN_IN], last[FAN_OUT]
    low, high = n_features * shard // shards, n_features * (shard + 1) // shards
    weight = _weight(arrays.parameters, last, n_features, width)[low:high]
    bias = arrays.parameters[len(arrays.parameters) - n_features :][low:high]
    gram(weight, arrays.gram[shard].reshape(width, width))
    np.dot(bias, weight, arrays.by_bias[shard])
    squares = 0.0
    for f in range(len(bias)):
        squares += bias[f] * np.float64(bias[f])
    arrays.squares[shard] = squares


@compiled
def _decode(
    rows: Rows,
    batch: NDArray[np.int32],
    task: Task,
    arrays: SparseBuffers,
    shard: int,
    low: int,
    errors: Floats,
    n_batch: int,
) -> None:
    """Leave the errors of the shard's items and the gradient by H, without the output."""
    n, top = len(batch), len(arrays.layers) - 2
    width, n_features = arrays.layers[-1, FAN_IN], arrays.layers[-1, FAN_OUT]
    place, code_dim = place_of(arrays, task.code_layer, n), arrays.layers[task.code_layer, FAN_OUT]
    code = arrays.outputs[shard, place : place + n * code_dim].reshape(n, code_dim)
    hidden = forward(arrays, shard, code, task.code_layer + 1, top + 1, place + n * code_dim)
    arrays.hidden[low * width : (low + n) * width].reshape(n, width)[:] = hidden
    gram(hidden, arrays.inner[shard].reshape(width, width))
    place = place_of(arrays, top, n)
    slope = arrays.slopes[shard, place : place + n * width].reshape(n, width)
    np.dot(hidden, arrays.gram[0].reshape(width, width), slope)
    product = arrays.scratch[shard, : n * width].reshape(n, width)
    product[:] = ZERO
    weight = _weight(arrays.parameters, arrays.layers[-1], n_features, width)
    _add_product(rows, batch, weight, product)
    bias = arrays.parameters[len(arrays.parameters) - n_features :]
    by_bias, sums, squares = arrays.by_bias[0], arrays.sums[shard], arrays.squares.sum()
    scale = np.float32(2 * task.alpha / (n_batch * n_features))
    sums[:] = ZERO
    for i in range(n):
        h, s, p, error = hidden[i], slope[i], product[i], squares
        # In double precision: these sums nearly cancel.
        for j in range(width):
            error += np.float64(h[j]) * (
                np.float64(s[j]) + 2 * np.float64(by_bias[j]) - 2 * np.float64(p[j])
            )
        for k in range(rows.starts[batch[i]], rows.starts[batch[i] + 1]):
            x = np.float64(rows.values[k])
            error += x * (x - 2 * np.float64(bias[rows.columns[k]]))
        errors[i] = _not_negative(error / n_features)
        for j in range(width):
            sums[j] += h[j]
            s[j] = scale * (s[j] + by_bias[j] - p[j])


@exact
def _not_negative(error: float) -> float:
    # What rounding made negative is 0; minus infinity is not finite, and is told so.
    return 0.0 if -math.inf < error < 0 else error


@compiled
def _propagate(task: Task, arrays: SparseBuffers, shard: int, low: int, by_code: Floats) -> None:
    """Turn the gradient by H into that by what enters the first activation."""
    n, width = by_code.shape[0], arrays.layers[0, FAN_OUT]
    if task.alpha == 0 and task.beta == 0:
        return
    backward(
        task, arrays, shard, by_code, len(arrays.layers) - 2 if task.alpha else task.code_layer
    )
    output = arrays.outputs[shard, : n * width].reshape(n, width)
    slope = arrays.slopes[shard, : n * width].reshape(n, width)
    add_complexity(task, 0, slope, by_code)
    chain(arrays.layers[0, KIND], output, slope, arrays.gradients[shard, :width])
    arrays.deltas[low * width : (low + n) * width].reshape(n, width)[:] = slope


@compiled
def _move_first(arrays: SparseBuffers, shard: int, rate: np.float32, epsilon: np.float32) -> None:
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
def _move_last(
    task: Task, arrays: SparseBuffers, shard: int, n: int, rate: np.float32, epsilon: np.float32
) -> None:
    """Move the shard's part of the last layer's weight and bias."""
    shards = arrays.gradients.shape[0]
    width, n_features, _, offset = arrays.layers[-1]
    weight = _weight(arrays.parameters, arrays.layers[-1], n_features, width)
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
        np.dot(weight[low:high], inner, gradient)
        np.dot(weight[low:high], sums, by_bias)
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
