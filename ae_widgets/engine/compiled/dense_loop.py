"""Batches of a dense network one after another, without the interpreter.

A batch is cut into shards whose number depends on the model and the machine,
never on how many threads happen to work on them: the same seed gives the same
weights on a busy machine as on an idle one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ae_widgets.engine.compiled.adam import adam_constants
from ae_widgets.engine.compiled.loop import (
    FAN_IN,
    FAN_OUT,
    OFFSET,
    Task,
    add_complexity,
    backward,
    forward,
    gather,
    meet,
    move,
    note_losses,
    of_layer,
    write,
)
from ae_widgets.jit import compiled, entry, product
from ae_widgets.losses.gradients import complexity_gradient, reconstruction_gradient
from ae_widgets.model.activations import chain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Integers = NDArray[np.int64]

__all__ = ["Buffers", "train_batches"]


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


@entry
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
        met = meet(task.counter, threads, met)
        complexity = 0.0
        if thread == 0:
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
def _encode(
    features: Floats, task: Task, arrays: Buffers, shard: int, start: int, stop: int, code: Floats
) -> None:
    """Gather the items from `start` to `stop` and encode them into `code`."""
    n, n_features = stop - start, features.shape[1]
    x = arrays.inputs[shard, : n * n_features].reshape(n, n_features)
    gather(x, features, task.rows[start:stop])
    forward(arrays, shard, x, 0, task.code_layer)
    write(code, of_layer(arrays, arrays.outputs[shard], task.code_layer, n))
    if len(task.codes):
        write(task.codes[start:stop], code)


@compiled
def _decode(task: Task, arrays: Buffers, shard: int, errors: Floats, n_batch: int) -> None:
    """Decode the shard's codes; leave the gradient by the outputs, and the errors."""
    n, last = len(errors), len(arrays.layers) - 1
    code = of_layer(arrays, arrays.outputs[shard], task.code_layer, n)
    forward(arrays, shard, code, task.code_layer + 1, last)
    output = of_layer(arrays, arrays.outputs[shard], last, n)
    slopes = of_layer(arrays, arrays.slopes[shard], last, n)
    x = arrays.inputs[shard, : output.size].reshape(output.shape)
    reconstruction_gradient(task.reconstruction, output, x, slopes, errors, task.alpha / n_batch)


@compiled
def _propagate(task: Task, arrays: Buffers, shard: int, by_code: Floats) -> None:
    """Turn the gradient by the outputs into that by the parameters, last layer first."""
    n, n_features = by_code.shape[0], arrays.layers[0, FAN_IN]
    if task.alpha == 0 and task.beta == 0:
        return
    backward(
        task, arrays, shard, by_code, len(arrays.layers) - 1 if task.alpha else task.code_layer
    )
    fan_in, fan_out, kind, offset = arrays.layers[0]
    end = offset + fan_in * fan_out
    output = of_layer(arrays, arrays.outputs[shard], 0, n)
    slope = of_layer(arrays, arrays.slopes[shard], 0, n)
    add_complexity(task, 0, slope, by_code)
    chain(kind, output, slope, arrays.gradients[shard, end : end + fan_out])
    x = arrays.inputs[shard, : n * n_features].reshape(n, n_features)
    by_weight = arrays.gradients[shard, offset:end].reshape(fan_out, fan_in)
    product(slope.T, x, by_weight, 0.0)
