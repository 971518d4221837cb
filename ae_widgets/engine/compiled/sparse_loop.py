"""Batches of sparse items one after another, without a dense copy of any.

For the mean squared error of a linear output layer, W (n_features, width) and b,
on the activations H (n, width) of the layer before it, everything that the step
needs follows from small matrices and from the values that are not zero::

    sum_f (h W[f] + b[f] - x[f])^2 = h G h' + 2 h c + b b' - 2 x (W h' + b) + x x'
    gradient by h ~ h G + c - x W            with G = W' W and c = W' b
    gradient by W ~ W (H' H) + b' sum(H) - X' H

The gradients of the two large layers are never held whole: a block of features
at a time is computed and at once followed by its step of Adam. As in
`ae_widgets.engine.compiled.dense_loop`, shards are fixed in number, whatever the threads.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.engine.compiled.adam import adam_constants
from ae_widgets.engine.compiled.loop import (
    FAN_IN,
    FAN_OUT,
    KIND,
    Task,
    add,
    add_complexity,
    backward,
    forward,
    meet,
    move,
    note_losses,
    of_layer,
    write,
)
from ae_widgets.engine.compiled.sparse_arrays import Rows, SparseBuffers, weight_by_feature
from ae_widgets.engine.compiled.sparse_moves import move_first, move_last, order_by_feature
from ae_widgets.jit import compiled, entry, exact, gram, product
from ae_widgets.losses.gradients import complexity_gradient
from ae_widgets.model.activations import activate, chain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Integers = NDArray[np.int64]

__all__ = ["train_sparse_batches"]

ZERO = np.float32(0)


@entry
def train_sparse_batches(
    thread: int, threads: int, rows: Rows, task: Task, arrays: SparseBuffers
) -> int:
    """Train on ``task.rows``, batch by batch; return the items trained on.

    Run by `threads` threads at once, each with its number. Ends before a batch
    whose loss is not finite moves the parameters.
    """
    shards, met, start, step = arrays.gradients.shape[0], 0, 0, task.step
    width = arrays.layers[task.code_layer, FAN_OUT]
    n_small, moves = _small_moved(task, arrays), task.alpha != 0 or task.beta != 0
    while start < len(task.rows):
        n = min(task.batch_size, len(task.rows) - start)
        code = arrays.codes[: n * width].reshape(n, width)
        by_code = arrays.code_slopes[: n * width].reshape(n, width)
        errors = task.errors[start : start + n]
        if thread == 0 and moves:
            order_by_feature(rows, task.rows[start : start + n], arrays)
        for shard in range(thread, shards, threads):
            low, high = n * shard // shards, n * (shard + 1) // shards
            _encode(rows, task, arrays, shard, start + low, start + high, code[low:high])
            if moves or start == 0:
                _gram(arrays, shard)
        met = meet(task.counter, threads, met)
        complexity = 0.0
        if thread == 0:
            if moves or start == 0:
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
        if thread == 0:
            _add_up(arrays.inner)
            _add_up(arrays.sums)
            note_losses(task, errors, complexity)
        met = meet(task.counter, threads, met)
        if task.sums[2] != 0:
            break
        if moves:
            step += 1
            rate, epsilon = adam_constants(task.learning_rate, step)
            move(arrays, n_small, thread, threads, rate, epsilon)
            for shard in range(thread, shards, threads):
                move_first(arrays, shard, rate, epsilon)
                if task.alpha:
                    move_last(task, arrays, shard, n, rate, epsilon)
        met = meet(task.counter, threads, met)
        start += n
    return start


@compiled
def _small_moved(task: Task, arrays: SparseBuffers) -> int:
    """Return how many of the parameters before the large weights are moved."""
    if task.alpha:
        return arrays.gradients.shape[1]
    # Without a reconstruction error nothing pulls at the decoder.
    fan_in, fan_out, _, offset = arrays.layers[task.code_layer]
    return offset + (fan_in + 1) * fan_out if task.code_layer else fan_out


@compiled
def _add_up(parts: Floats) -> None:
    for shard in range(1, parts.shape[0]):
        add(parts[:1], parts[shard : shard + 1])


@compiled
def _encode(
    rows: Rows, task: Task, arrays: SparseBuffers, shard: int, start: int, stop: int, code: Floats
) -> None:
    """Encode the items from `start` to `stop` into `code`."""
    n, n_features, width = stop - start, arrays.layers[0, FAN_IN], arrays.layers[0, FAN_OUT]
    output = of_layer(arrays, arrays.outputs[shard], 0, n)
    output[:] = ZERO
    _add_product(
        rows,
        task.rows[start:stop],
        weight_by_feature(arrays.parameters, arrays.layers[0], n_features, width),
        output,
    )
    activate(arrays.layers[0, KIND], output, arrays.parameters[:width])
    forward(arrays, shard, output, 1, task.code_layer)
    write(code, of_layer(arrays, arrays.outputs[shard], task.code_layer, n))
    if len(task.codes):
        write(task.codes[start:stop], code)


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
    weight = weight_by_feature(arrays.parameters, last, n_features, width)[low:high]
    bias = arrays.parameters[len(arrays.parameters) - n_features :][low:high]
    gram(weight, arrays.gram[shard].reshape(width, width))
    product(bias.reshape(1, len(bias)), weight, arrays.by_bias[shard : shard + 1], 0.0)
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
    code = of_layer(arrays, arrays.outputs[shard], task.code_layer, n)
    forward(arrays, shard, code, task.code_layer + 1, top)
    hidden = of_layer(arrays, arrays.outputs[shard], top, n)
    write(arrays.hidden[low * width : (low + n) * width].reshape(n, width), hidden)
    gram(hidden, arrays.inner[shard].reshape(width, width))
    slope = of_layer(arrays, arrays.slopes[shard], top, n)
    product(hidden, arrays.gram[0].reshape(width, width), slope, 0.0)
    by_values = arrays.scratch[shard, : n * width].reshape(n, width)
    by_values[:] = ZERO
    weight = weight_by_feature(arrays.parameters, arrays.layers[-1], n_features, width)
    _add_product(rows, batch, weight, by_values)
    bias = arrays.parameters[len(arrays.parameters) - n_features :]
    by_bias, sums, squares = arrays.by_bias[0], arrays.sums[shard], 0.0
    for part in arrays.squares:
        squares += part
    scale = np.float32(2 * task.alpha / (n_batch * n_features))
    sums[:] = ZERO
    for i in range(n):
        h, s, p, error = hidden[i], slope[i], by_values[i], squares
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
    output = of_layer(arrays, arrays.outputs[shard], 0, n)
    slope = of_layer(arrays, arrays.slopes[shard], 0, n)
    add_complexity(task, 0, slope, by_code)
    chain(arrays.layers[0, KIND], output, slope, arrays.gradients[shard, :width])
    write(arrays.deltas[low * width : (low + n) * width].reshape(n, width), slope)
