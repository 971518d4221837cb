"""Batches of a dense network one after another, without the interpreter.

A batch is cut into shards whose number depends on the model and the machine,
never on how many threads happen to work on them: the same seed gives the same
weights on a busy machine as on an idle one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ae_widgets.engine.adam import adam, adam_constants
from ae_widgets.jit import atomic_add, atomic_load, compiled, exact, give_way
from ae_widgets.losses.gradients import complexity_gradient, reconstruction_gradient
from ae_widgets.model.activations import activate, chain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Integers = NDArray[np.int64]

__all__ = ["FAN_IN", "FAN_OUT", "KIND", "OFFSET", "Buffers", "Task", "train_batches"]

FAN_IN, FAN_OUT, KIND, OFFSET = range(4)
"""Columns of the table of layers; the last is where the parameters of a layer begin."""

SPINS = 2000
"""How often a thread looks for the others before it gives way."""

ZERO = np.float32(0)


class Buffers(NamedTuple):
    """Arrays that stay from batch to batch.

    Attributes
    ----------
    layers : ndarray of shape (n_layers, 4), int64
    parameters, first, second : ndarray of shape (n_parameters,), float32
        Each layer's weight (fan_out, fan_in) and bias (fan_out,); Adam's sums.
    gradients : ndarray of shape (n_shards, n_parameters), float32
    inputs : ndarray of shape (n_shards, rows * n_features), float32
    outputs, slopes : ndarray of shape (n_shards, rows * sum of fan_out), float32
        Outputs of each layer and the gradients by them.
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
    codes: Floats
    code_slopes: Floats


class Task(NamedTuple):
    """What is to be trained on, and how.

    Attributes
    ----------
    rows : ndarray of shape (n,), int32
        Items, in order.
    batch_size, code_layer, step : int
        `code_layer` is the layer that puts out the code, `step` the steps so far.
    reconstruction, complexity : int
        Numbers of the loss parts.
    alpha, beta, target, learning_rate : float
    codes : ndarray of shape (n, code_dim) or (0, code_dim), float32
        Receives the codes of the training pass, unless it is empty.
    errors : ndarray of shape (n,), float32
        Receives the items' errors.
    sums : ndarray of shape (3,), float64
        The loss parts times their items are added to the first two; the third
        receives a total that is not finite.
    counter : ndarray of shape (1,), int64
        Zero; where the threads count each other.
    """

    rows: NDArray[np.int32]
    batch_size: int
    code_layer: int
    step: int
    reconstruction: int
    complexity: int
    alpha: float
    beta: float
    target: float
    learning_rate: float
    codes: Floats
    errors: Floats
    sums: NDArray[np.float64]
    counter: Integers


@compiled
def train_batches(thread: int, threads: int, features: Floats, task: Task, arrays: Buffers) -> int:
    """Train on ``task.rows``, batch by batch; return the items trained on.

    Run by `threads` threads at once, each with its number. Ends before a batch
    whose loss is not finite moves the parameters.
    """
    shards, met, start, step = arrays.gradients.shape[0], 0, 0, task.step
    last = arrays.layers[task.code_layer]
    # Without a reconstruction error nothing pulls at the decoder.
    n_moved = len(arrays.parameters)
    if task.alpha == 0:
        n_moved = last[OFFSET] + (last[FAN_IN] + 1) * last[FAN_OUT] if task.beta else 0
    while start < len(task.rows):
        n = min(task.batch_size, len(task.rows) - start)
        code = arrays.codes[: n * last[FAN_OUT]].reshape(n, last[FAN_OUT])
        by_code = arrays.code_slopes[: n * last[FAN_OUT]].reshape(n, last[FAN_OUT])
        errors = task.errors[start : start + n]
        for shard in range(thread, shards, threads):
            low, high = n * shard // shards, n * (shard + 1) // shards
            _encode(features, task, arrays, shard, start + low, start + high, code[low:high])
        met = _meet(task.counter, threads, met)
        complexity = 0.0
        if thread == 0:
            complexity = complexity_gradient(task.complexity, code, task.target, by_code, task.beta)
        met = _meet(task.counter, threads, met)
        for shard in range(thread, shards, threads):
            low, high = n * shard // shards, n * (shard + 1) // shards
            _decode(task, arrays, shard, errors[low:high], n)
            _propagate(task, arrays, shard, by_code[low:high])
        met = _meet(task.counter, threads, met)
        error = 0.0
        for i in range(n):
            error += errors[i]
        total = _total(task, error / n, complexity)
        if thread == 0:
            if _finite(total):
                task.sums[0] += error
                task.sums[1] += complexity * n
            else:
                task.sums[2] = total
        met = _meet(task.counter, threads, met)
        if task.sums[2] != 0:
            break
        if n_moved:
            step += 1
            rate, epsilon = adam_constants(task.learning_rate, step)
            adam(
                arrays.parameters, arrays.gradients, arrays.first, arrays.second,
                n_moved * thread // threads, n_moved * (thread + 1) // threads, rate, epsilon,
            )  # fmt: skip
        met = _meet(task.counter, threads, met)
        start += n
    return start


@exact
def _total(task: Task, reconstruction: float, complexity: float) -> float:
    return task.alpha * reconstruction + task.beta * complexity


@exact
def _finite(total: float) -> bool:
    # Not within a loop whose sums may be reordered: there the question is folded away.
    return abs(total) < math.inf


@compiled
def _meet(counter: Integers, threads: int, met: int) -> int:
    """Wait until all threads have come here; `met` counts the comings so far."""
    if threads == 1:
        return met
    met += threads
    atomic_add(counter, 1)
    spins = 0
    while atomic_load(counter) < met:
        spins += 1
        if spins > SPINS:
            give_way()
    return met


@compiled
def _forward(
    arrays: Buffers, shard: int, values: Floats, first: int, last: int, place: int
) -> Floats:
    """Pass `values` (n, fan_in) through the layers from `first` to before `last`."""
    n = values.shape[0]
    for layer in range(first, last):
        fan_in, fan_out, kind, offset = arrays.layers[layer]
        end = offset + fan_in * fan_out
        weight = arrays.parameters[offset:end].reshape(fan_out, fan_in)
        output = arrays.outputs[shard, place : place + n * fan_out].reshape(n, fan_out)
        np.dot(values, weight.T, output)
        activate(kind, output, arrays.parameters[end : end + fan_out])
        values = output
        place += n * fan_out
    return values


@compiled
def _encode(
    features: Floats, task: Task, arrays: Buffers, shard: int, start: int, stop: int, code: Floats
) -> None:
    """Gather the items from `start` to `stop` and encode them into `code`."""
    n, n_features = stop - start, features.shape[1]
    x = arrays.inputs[shard, : n * n_features].reshape(n, n_features)
    for i in range(n):
        row = task.rows[start + i]
        for j in range(n_features):
            x[i, j] = features[row, j]
    code[:] = _forward(arrays, shard, x, 0, task.code_layer + 1, 0)
    if len(task.codes):
        task.codes[start:stop] = code


@compiled
def _place(arrays: Buffers, layer: int, n: int) -> int:
    """Return where the outputs of `layer` for `n` items begin."""
    place = 0
    for before in range(layer):
        place += n * arrays.layers[before, FAN_OUT]
    return place


@compiled
def _decode(task: Task, arrays: Buffers, shard: int, errors: Floats, n_batch: int) -> None:
    """Decode the shard's codes; leave the gradient by the outputs, and the errors."""
    n, n_layers, width = len(errors), len(arrays.layers), arrays.layers[task.code_layer, FAN_OUT]
    place = _place(arrays, task.code_layer, n)
    code = arrays.outputs[shard, place : place + n * width].reshape(n, width)
    output = _forward(arrays, shard, code, task.code_layer + 1, n_layers, place + n * width)
    n_features = output.shape[1]
    place = _place(arrays, n_layers - 1, n)
    slopes = arrays.slopes[shard, place : place + n * n_features].reshape(n, n_features)
    x = arrays.inputs[shard, : n * n_features].reshape(n, n_features)
    reconstruction_gradient(task.reconstruction, output, x, slopes, errors, task.alpha / n_batch)


@compiled
def _propagate(task: Task, arrays: Buffers, shard: int, by_code: Floats) -> None:
    """Turn the gradient by the outputs into that by the parameters, last layer first."""
    n, n_features = by_code.shape[0], arrays.layers[0, FAN_IN]
    if task.alpha == 0 and task.beta == 0:
        return
    top = len(arrays.layers) - 1 if task.alpha else task.code_layer
    for layer in range(top, -1, -1):
        fan_in, fan_out, kind, offset = arrays.layers[layer]
        end, place = offset + fan_in * fan_out, _place(arrays, layer, n)
        output = arrays.outputs[shard, place : place + n * fan_out].reshape(n, fan_out)
        slope = arrays.slopes[shard, place : place + n * fan_out].reshape(n, fan_out)
        if layer == task.code_layer:
            if task.alpha == 0:
                slope[:] = by_code
            elif task.beta:
                slope += by_code
        chain(kind, output, slope, arrays.gradients[shard, end : end + fan_out])
        by_weight = arrays.gradients[shard, offset:end].reshape(fan_out, fan_in)
        if layer == 0:
            x = arrays.inputs[shard, : n * n_features].reshape(n, n_features)
            np.dot(slope.T, x, by_weight)
        else:
            before = place - n * fan_in
            values = arrays.outputs[shard, before:place].reshape(n, fan_in)
            np.dot(slope.T, values, by_weight)
            weight = arrays.parameters[offset:end].reshape(fan_out, fan_in)
            by_input = arrays.slopes[shard, before:place].reshape(n, fan_in)
            np.dot(slope, weight, by_input)
