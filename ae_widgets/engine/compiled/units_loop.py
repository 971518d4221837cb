"""Batches of a large dense network one after another, without the interpreter.

Where there are more parameters than values in a batch, the units of each layer are
shared out instead of the items: a part's weights, their gradients and Adam's sums never
leave the core that works on it, and what the parts tell each other is the outputs of a
layer. That counts where cores are far apart. As in `ae_widgets.engine.compiled.dense_loop` the
number of parts never depends on how many threads work on them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ae_widgets.engine.compiled.adam import adam, adam_constants
from ae_widgets.engine.compiled.loop import (
    FAN_IN,
    FAN_OUT,
    Task,
    add,
    gather,
    meet,
    note_losses,
    write,
)
from ae_widgets.jit import compiled, entry, inlined, product
from ae_widgets.losses.gradients import complexity_gradient, reconstruction_gradient
from ae_widgets.model.activations import activate, chain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Integers = NDArray[np.int64]

__all__ = ["Parts", "train_batches"]


class Parts(NamedTuple):
    """Arrays that stay from batch to batch.

    Attributes
    ----------
    layers : ndarray of shape (n_layers, 4), int64
    parameters, first, second : ndarray of shape (n_parameters,), float32
        Each layer's weight (fan_out, fan_in) and bias (fan_out,); Adam's sums.
    gradients : ndarray of shape (1, n_parameters), float32
    inputs : ndarray of shape (n_parts, batch_size * sum of fan_in), float32
        Of each layer the inputs from all units, every part's own copy.
    by_inputs : ndarray of the same shape, float32
        What the part's units add to the gradient by them.
    outputs, slopes : ndarray of shape (n_parts, batch_size * most of their units), float32
        Outputs of the part's units of each layer, and the gradients by them.
    codes, code_slopes : ndarray of shape (batch_size * code_dim,), float32
        The code and the complexity's gradient by it.
    errors : ndarray of shape (n_parts, batch_size), float32
        The items' errors in the features of each part.
    """

    layers: Integers
    parameters: Floats
    first: Floats
    second: Floats
    gradients: Floats
    inputs: Floats
    by_inputs: Floats
    outputs: Floats
    slopes: Floats
    codes: Floats
    code_slopes: Floats
    errors: Floats


@entry
def train_batches(thread: int, threads: int, features: Floats, task: Task, arrays: Parts) -> int:
    """Train on ``task.rows``, batch by batch; return the items trained on.

    Run by `threads` threads at once, each with its number. Ends before a batch
    whose loss is not finite moves the parameters.
    """
    met, start, step = 0, 0, task.step
    width = arrays.layers[task.code_layer, FAN_OUT]
    while start < len(task.rows):
        n = min(task.batch_size, len(task.rows) - start)
        code = arrays.codes[: n * width].reshape(n, width)
        by_code = arrays.code_slopes[: n * width].reshape(n, width)
        rows, errors = task.rows[start : start + n], task.errors[start : start + n]
        met = _pass_forward(thread, threads, features, rows, task, arrays, code, met)
        if thread == 0:
            complexity = complexity_gradient(task.complexity, code, task.target, by_code, task.beta)
            if len(task.codes):
                write(task.codes[start : start + n], code)
            _add_errors(arrays, errors)
            note_losses(task, errors, complexity)
        met = meet(task.counter, threads, met)
        if task.sums[2] != 0:
            break
        if task.alpha or task.beta:
            step += 1
            met = _pass_back(thread, threads, task, arrays, by_code, step, met)
        start += n
    return start


@compiled
def _pass_forward(
    thread: int, threads: int, features: Floats, rows: NDArray[np.int32], task: Task,
    arrays: Parts, code: Floats, met: int,
) -> int:  # fmt: skip
    """Leave all outputs of a batch, its code, and the gradient by the last layer's outputs."""
    parts, n_layers, n = len(arrays.errors), len(arrays.layers), len(rows)
    for part in range(thread, parts, threads):
        _gather(features, rows, arrays, part)
    met = meet(task.counter, threads, met)
    for layer in range(n_layers):
        for part in range(thread, parts, threads):
            if layer:
                _assemble(arrays, part, layer, n)
            _forward(arrays, part, layer, n)
            if layer == task.code_layer:
                _show_code(arrays, part, layer, code)
            if layer == n_layers - 1:
                _compare(task, arrays, part, n)
        met = meet(task.counter, threads, met)
    return met


@compiled
def _pass_back(
    thread: int, threads: int, task: Task, arrays: Parts, by_code: Floats, step: int, met: int
) -> int:
    """Move the parameters by the gradients of a batch, last layer first."""
    rate, epsilon = adam_constants(task.learning_rate, step)
    # Without a reconstruction error nothing pulls at the decoder.
    for layer in range(len(arrays.layers) - 1 if task.alpha else task.code_layer, -1, -1):
        for part in range(thread, len(arrays.errors), threads):
            _backward(task, arrays, part, layer, by_code)
            _move(arrays, part, layer, rate, epsilon)
        met = meet(task.counter, threads, met)
    return met


@compiled
def _units(arrays: Parts, part: int, layer: int) -> tuple[int, int]:
    """Return the first of the part's units of a layer and where they end."""
    fan_out, parts = arrays.layers[layer, FAN_OUT], len(arrays.errors)
    return fan_out * part // parts, fan_out * (part + 1) // parts


@inlined
def _inputs(arrays: Parts, part: int, layer: int, n: int) -> Floats:
    inputs: Floats = _of_inputs(arrays.layers, arrays.inputs[part if layer else 0], layer, n)
    return inputs


@inlined
def _of_inputs(layers: Integers, values: Floats, layer: int, n: int) -> Floats:
    place = 0
    for before in range(layer):
        place += n * layers[before, FAN_IN]
    fan_in = layers[layer, FAN_IN]
    return values[place : place + n * fan_in].reshape(n, fan_in)


@inlined
def _of_outputs(arrays: Parts, values: Floats, part: int, layer: int, n: int) -> Floats:
    place = 0
    for before in range(layer):
        first, stop = _units(arrays, part, before)
        place += n * (stop - first)
    first, stop = _units(arrays, part, layer)
    return values[part, place : place + n * (stop - first)].reshape(n, stop - first)


@compiled
def _gather(features: Floats, rows: NDArray[np.int32], arrays: Parts, part: int) -> None:
    """Copy the part's share of a batch to where all parts read it."""
    n, parts = len(rows), len(arrays.errors)
    low, high = n * part // parts, n * (part + 1) // parts
    gather(_inputs(arrays, 0, 0, n)[low:high], features, rows[low:high])


@compiled
def _assemble(arrays: Parts, part: int, layer: int, n: int) -> None:
    """Copy what all parts put out into the part's inputs of the next layer."""
    inputs = _inputs(arrays, part, layer, n)
    for other in range(len(arrays.errors)):
        first, stop = _units(arrays, other, layer - 1)
        output = _of_outputs(arrays, arrays.outputs, other, layer - 1, n)
        write(inputs[:, first:stop], output)


@compiled
def _forward(arrays: Parts, part: int, layer: int, n: int) -> None:
    fan_in, fan_out, kind, offset = arrays.layers[layer]
    first, stop = _units(arrays, part, layer)
    weight = arrays.parameters[offset + first * fan_in : offset + stop * fan_in]
    bias = offset + fan_in * fan_out
    output = _of_outputs(arrays, arrays.outputs, part, layer, n)
    product(_inputs(arrays, part, layer, n), weight.reshape(stop - first, fan_in).T, output, 0.0)
    activate(kind, output, arrays.parameters[bias + first : bias + stop])


@compiled
def _show_code(arrays: Parts, part: int, layer: int, code: Floats) -> None:
    first, stop = _units(arrays, part, layer)
    write(code[:, first:stop], _of_outputs(arrays, arrays.outputs, part, layer, len(code)))


@compiled
def _compare(task: Task, arrays: Parts, part: int, n: int) -> None:
    """Leave the gradient by the part's features, and the items' errors in them."""
    layer = len(arrays.layers) - 1
    first, stop = _units(arrays, part, layer)
    if first == stop:
        return
    x = _inputs(arrays, part, 0, n)
    output = _of_outputs(arrays, arrays.outputs, part, layer, n)
    slope = _of_outputs(arrays, arrays.slopes, part, layer, n)
    weight = task.alpha / n * (stop - first) / x.shape[1]
    for i in range(n):
        reconstruction_gradient(
            task.reconstruction, output[i : i + 1], x[i, first:stop].reshape(1, stop - first),
            slope[i : i + 1], arrays.errors[part, i : i + 1], weight,
        )  # fmt: skip


@compiled
def _add_errors(arrays: Parts, errors: Floats) -> None:
    """Put the items' errors together from those in each part's features."""
    layer = len(arrays.layers) - 1
    errors[:] = np.float32(0)
    for part in range(len(arrays.errors)):
        first, stop = _units(arrays, part, layer)
        share = np.float32((stop - first) / arrays.layers[layer, FAN_OUT])
        if first < stop:
            for i in range(len(errors)):
                errors[i] += share * arrays.errors[part, i]


@compiled
def _backward(task: Task, arrays: Parts, part: int, layer: int, by_code: Floats) -> None:
    """Turn the gradient by the outputs of the part's units into those by all that made them."""
    n, n_layers = len(by_code), len(arrays.layers)
    fan_in, fan_out, kind, offset = arrays.layers[layer]
    first, stop = _units(arrays, part, layer)
    slope = _of_outputs(arrays, arrays.slopes, part, layer, n)
    if layer == task.code_layer and not task.alpha:
        slope[:] = np.float32(0)
    elif layer < n_layers - 1:
        _collect(arrays, layer, first, slope)
    if layer == task.code_layer and task.beta:
        add(slope, by_code[:, first:stop])
    output = _of_outputs(arrays, arrays.outputs, part, layer, n)
    bias = offset + fan_in * fan_out
    chain(kind, output, slope, arrays.gradients[0, bias + first : bias + stop])
    begin, end = offset + first * fan_in, offset + stop * fan_in
    by_weight = arrays.gradients[0, begin:end].reshape(stop - first, fan_in)
    product(slope.T, _inputs(arrays, part, layer, n), by_weight, 0.0)
    if layer:
        weight = arrays.parameters[begin:end].reshape(stop - first, fan_in)
        by_inputs = _of_inputs(arrays.layers, arrays.by_inputs[part], layer, n)
        product(slope, weight, by_inputs, 0.0)


@compiled
def _collect(arrays: Parts, layer: int, first: int, slope: Floats) -> None:
    """Add up what the units of the next layer of all parts say of these outputs."""
    n, width = slope.shape
    for part in range(len(arrays.errors)):
        by_inputs = _of_inputs(arrays.layers, arrays.by_inputs[part], layer + 1, n)
        say = by_inputs[:, first : first + width]
        if part:
            add(slope, say)
        else:
            write(slope, say)


@compiled
def _move(arrays: Parts, part: int, layer: int, rate: np.float32, epsilon: np.float32) -> None:
    fan_in, fan_out, _, offset = arrays.layers[layer]
    first, stop = _units(arrays, part, layer)
    bias = offset + fan_in * fan_out
    for begin, end in (
        (offset + first * fan_in, offset + stop * fan_in),
        (bias + first, bias + stop),
    ):
        adam(
            arrays.parameters, arrays.gradients, arrays.first, arrays.second,
            begin, end, rate, epsilon,
        )  # fmt: skip
