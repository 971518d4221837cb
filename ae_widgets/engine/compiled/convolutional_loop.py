"""Batches of a convolutional network one after another, without the interpreter.

As `ae_widgets.engine.compiled.dense_loop`, with images between some layers: every layer makes so
many values of so many, of which those of an image lie pixel by pixel. Convolutions take
a few items at a time, so that the patches of these stay in a core's cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ae_widgets.engine.compiled.adam import adam_constants
from ae_widgets.engine.compiled.image_layers import (
    N_BIASES,
    at_once,
    differentiate,
    end_of,
    multiply,
    multiply_back,
    parts,
)
from ae_widgets.engine.compiled.loop import (
    FAN_IN,
    FAN_OUT,
    KIND,
    Task,
    add_complexity,
    gather,
    meet,
    move,
    note_losses,
    place_of,
    write,
)
from ae_widgets.jit import compiled, entry, inlined
from ae_widgets.losses.gradients import complexity_gradient, reconstruction_gradient
from ae_widgets.model.activations import activate, chain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Integers = NDArray[np.int64]

__all__ = ["ImageBuffers", "train_image_batches"]

ZERO = np.float32(0)


class ImageBuffers(NamedTuple):
    """Arrays that stay from batch to batch.

    Attributes
    ----------
    layers : ndarray of shape (n_layers, 13), int64
    parameters, first, second : ndarray of shape (n_parameters,), float32
        Each layer's weight, of shape (fan_out, fan_in) or (channels of the small image,
        9 * channels of the large one), and bias; Adam's sums.
    gradients : ndarray of shape (n_shards, n_parameters), float32
    inputs : ndarray of shape (n_shards, rows * n_features), float32
    outputs : ndarray of shape (n_shards, rows * sum of fan_out), float32
    slopes : ndarray of shape (n_shards, 2, rows * largest fan_out), float32
        The gradients by the outputs of a layer and of the one before it.
    patches : ndarray of shape (n_shards, BLOCK * largest values of an item's patches), float32
    biases : ndarray of shape (n_shards, largest fan_out), float32
        A layer's bias for each of its outputs, or the gradient by that.
    codes, code_slopes : ndarray of shape (batch_size * code_dim,), float32
        The code of the whole batch and the complexity's gradient by it.
    """

    layers: Integers
    parameters: Floats
    first: Floats
    second: Floats
    gradients: Floats
    inputs: Floats
    outputs: Floats
    slopes: Floats
    patches: Floats
    biases: Floats
    codes: Floats
    code_slopes: Floats


@entry
def train_image_batches(
    thread: int, threads: int, features: Floats, task: Task, arrays: ImageBuffers
) -> int:
    """Train on ``task.rows``, batch by batch; return the items trained on.

    Run by `threads` threads at once, each with its number. Ends before a batch
    whose loss is not finite moves the parameters.
    """
    shards, met, start, step = arrays.gradients.shape[0], 0, 0, task.step
    width = arrays.layers[task.code_layer, FAN_OUT]
    n_moved = _moved(task, arrays)
    while start < len(task.rows):
        n = min(task.batch_size, len(task.rows) - start)
        code = arrays.codes[: n * width].reshape(n, width)
        by_code = arrays.code_slopes[: n * width].reshape(n, width)
        errors = task.errors[start : start + n]
        for shard in range(thread, shards, threads):
            low, high = n * shard // shards, n * (shard + 1) // shards
            _encode(features, task.rows[start + low : start + high], arrays, shard, task.code_layer)
            _, output = _ends(arrays, shard, task.code_layer, high - low)
            write(code[low:high], output)
        met = meet(task.counter, threads, met)
        complexity = 0.0
        if thread == 0:
            _note(task, start, code)
            complexity = complexity_gradient(task.complexity, code, task.target, by_code, task.beta)
        met = meet(task.counter, threads, met)
        for shard in range(thread, shards, threads):
            low, high = n * shard // shards, n * (shard + 1) // shards
            _decode(task, arrays, shard, errors[low:high], n)
            _propagate(task, arrays, shard, by_code[low:high])
        met = meet(task.counter, threads, met)
        if thread == 0:
            note_losses(task, errors, complexity)
        met = meet(task.counter, threads, met)
        if task.sums[2] != 0:
            break
        if n_moved:
            step += 1
            rate, epsilon = adam_constants(task.learning_rate, step)
            move(arrays, n_moved, thread, threads, rate, epsilon)
        met = meet(task.counter, threads, met)
        start += n
    return start


@compiled
def _moved(task: Task, arrays: ImageBuffers) -> int:
    """Return how many parameters move: nothing but the reconstruction pulls at the decoder."""
    if task.alpha == 0 and task.beta == 0:
        return 0
    last = len(arrays.layers) - 1 if task.alpha else task.code_layer
    end: int = end_of(arrays.layers[last])
    return end


@compiled
def _note(task: Task, start: int, code: Floats) -> None:
    """Keep the code of the items from `start` on, if it was asked for."""
    if len(task.codes):
        write(task.codes[start : start + len(code)], code)


@compiled
def _encode(
    features: Floats, rows: NDArray[np.int32], arrays: ImageBuffers, shard: int, code_layer: int
) -> None:
    """Gather the items at `rows` and encode them."""
    x, _ = _ends(arrays, shard, 0, len(rows))
    gather(x, features, rows)
    for layer in range(code_layer + 1):
        _forward(arrays, shard, layer, len(rows))


@compiled
def _decode(task: Task, arrays: ImageBuffers, shard: int, errors: Floats, n_batch: int) -> None:
    """Decode the shard's codes; leave the gradient by the outputs, and the errors."""
    n, n_layers = len(errors), len(arrays.layers)
    for layer in range(task.code_layer + 1, n_layers):
        _forward(arrays, shard, layer, n)
    (x, _), (_, output) = _ends(arrays, shard, 0, n), _ends(arrays, shard, n_layers - 1, n)
    slope = _slopes(arrays, shard, n_layers - 1, n)
    reconstruction_gradient(task.reconstruction, output, x, slope, errors, task.alpha / n_batch)


@compiled
def _propagate(task: Task, arrays: ImageBuffers, shard: int, by_code: Floats) -> None:
    """Turn the gradient by the outputs into that by the parameters, last layer first."""
    if task.alpha == 0 and task.beta == 0:
        return
    arrays.gradients[shard] = ZERO
    n, top = by_code.shape[0], len(arrays.layers) - 1 if task.alpha else task.code_layer
    for layer in range(top, -1, -1):
        if layer == task.code_layer:
            add_complexity(task, layer, _slopes(arrays, shard, layer, n), by_code)
        _backward(arrays, shard, layer, n)


@compiled
def _forward(arrays: ImageBuffers, shard: int, layer: int, n: int) -> None:
    """Write the outputs of a layer for the `n` items of a shard."""
    row = arrays.layers[layer]
    values, output = _ends(arrays, shard, layer, n)
    weight, bias = parts(row, arrays.parameters)
    each, scratch = arrays.biases[shard, : row[FAN_OUT]], arrays.patches[shard]
    for i in range(0, row[FAN_OUT], row[N_BIASES]):
        for j in range(row[N_BIASES]):
            each[i + j] = bias[j]
    block = at_once(row, n)
    for low in range(0, n, block):
        high = min(n, low + block)
        multiply(row, weight, values[low:high], output[low:high], scratch)
        activate(row[KIND], output[low:high], each)


@compiled
def _backward(arrays: ImageBuffers, shard: int, layer: int, n: int) -> None:
    """Turn the gradient by a layer's outputs into those by its parameters and its inputs."""
    row = arrays.layers[layer]
    values, output = _ends(arrays, shard, layer, n)
    weight, _ = parts(row, arrays.parameters)
    by_weight, by_bias = parts(row, arrays.gradients[shard])
    slope, by_values = _slopes(arrays, shard, layer, n), _slopes(arrays, shard, layer - 1, n)
    each, scratch = arrays.biases[shard, : row[FAN_OUT]], arrays.patches[shard]
    block = at_once(row, n)
    for low in range(0, n, block):
        high = min(n, low + block)
        chain(row[KIND], output[low:high], slope[low:high], each)
        for i in range(0, row[FAN_OUT], row[N_BIASES]):
            for j in range(row[N_BIASES]):
                by_bias[j] += each[i + j]
        differentiate(row, values[low:high], slope[low:high], by_weight, scratch)
        if layer:
            multiply_back(row, weight, slope[low:high], by_values[low:high], scratch)


@compiled
def _ends(arrays: ImageBuffers, shard: int, layer: int, n: int) -> tuple[Floats, Floats]:
    """Return what goes into a layer and what comes out of it, for `n` items."""
    fan_in, fan_out = arrays.layers[layer, FAN_IN], arrays.layers[layer, FAN_OUT]
    place = place_of(arrays, layer, n)
    below = arrays.inputs[shard, : n * fan_in]
    if layer:
        below = arrays.outputs[shard, place - n * fan_in : place]
    output = arrays.outputs[shard, place : place + n * fan_out]
    return below.reshape(n, fan_in), output.reshape(n, fan_out)


@inlined
def _slopes(arrays: ImageBuffers, shard: int, layer: int, n: int) -> Floats:
    """Return the gradient by the outputs of a layer, in place of that by the next but one."""
    fan_out = arrays.layers[layer, FAN_OUT]
    return arrays.slopes[shard, layer % 2, : n * fan_out].reshape(n, fan_out)
