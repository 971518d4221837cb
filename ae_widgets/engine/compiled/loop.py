"""What the loops over batches share, dense or sparse."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from ae_widgets.engine.compiled.adam import adam
from ae_widgets.jit import atomic_add, atomic_load, compiled, exact, give_way, inlined, product
from ae_widgets.model.activations import activate, chain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Integers = NDArray[np.int64]

__all__ = [
    "FAN_IN",
    "FAN_OUT",
    "KIND",
    "OFFSET",
    "Task",
    "add",
    "add_complexity",
    "backward",
    "forward",
    "gather",
    "meet",
    "move",
    "note_losses",
    "of_layer",
    "place_of",
    "write",
]

FAN_IN, FAN_OUT, KIND, OFFSET = range(4)
"""Columns of the table of layers; the last is where the parameters of a layer begin."""

BLOCK = 256
"""More values than a vectorised loop takes at once, and a multiple of that."""

SPINS = 2000
"""How often a thread looks for the others before it gives way."""


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


@exact
def _weighted(task: Task, reconstruction: float, complexity: float) -> float:
    """Return the loss of a batch."""
    return task.alpha * reconstruction + task.beta * complexity


@exact
def _finite(total: float) -> bool:
    """Return whether `total` is neither infinite nor NaN."""
    # Not within a loop whose sums may be reordered: there the question is folded away.
    return abs(total) < math.inf


@compiled
def write(target: Floats, source: Floats) -> None:
    """Copy a matrix to another of its shape."""
    for i in range(target.shape[0]):
        to, values = target[i], source[i]
        for j in range(to.shape[0]):
            to[j] = values[j]


@compiled
def gather(target: Floats, features: Floats, rows: NDArray[np.int32]) -> None:
    """Copy the items at `rows` to a matrix."""
    for i in range(len(rows)):
        to, values = target[i], features[rows[i]]
        for j in range(to.shape[0]):
            to[j] = values[j]


@compiled
def add(target: Floats, source: Floats) -> None:
    """Add a matrix to another of its shape."""
    for i in range(target.shape[0]):
        to, values = target[i], source[i]
        for j in range(to.shape[0]):
            to[j] += values[j]


@compiled
def meet(counter: Integers, threads: int, met: int) -> int:
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
def note_losses(task: Task, errors: Floats, complexity: float) -> None:
    """Add the loss parts of a batch, or leave its loss where that is not finite."""
    n, error = len(errors), 0.0
    for i in range(n):
        error += errors[i]
    total = _weighted(task, error / n, complexity)
    if _finite(total):
        task.sums[0] += error
        task.sums[1] += complexity * n
    else:
        task.sums[2] = total


@compiled
def move(
    arrays: Any, n: int, thread: int, threads: int, rate: np.float32, epsilon: np.float32
) -> None:
    """Let Adam move a thread's own of the first `n` parameters."""
    start, stop = _piece(n, thread, threads), _piece(n, thread + 1, threads)
    adam(
        arrays.parameters, arrays.gradients, arrays.first, arrays.second,
        start, stop, rate, epsilon,
    )  # fmt: skip


@exact
def _piece(n: int, thread: int, threads: int) -> int:
    """Return where the piece of a vector of `n` values begins that is `thread`'s own.

    Pieces begin at whole blocks: the values behind the last whole block of a loop are
    rounded in another way than the others, and must be the same whatever the threads.
    """
    return n if thread == threads else n // BLOCK * thread // threads * BLOCK


@compiled
def forward(arrays: Any, shard: int, values: Floats, first: int, last: int) -> None:
    """Pass `values` (n, fan_in) through the layers from `first` to `last`."""
    n = values.shape[0]
    place = place_of(arrays, first, n)
    for layer in range(first, last + 1):
        fan_in, fan_out, kind, offset = arrays.layers[layer]
        end = offset + fan_in * fan_out
        weight = arrays.parameters[offset:end].reshape(fan_out, fan_in)
        output = arrays.outputs[shard, place : place + n * fan_out].reshape(n, fan_out)
        product(values, weight.T, output, 0.0)
        activate(kind, output, arrays.parameters[end : end + fan_out])
        values = output
        place += n * fan_out


@compiled
def place_of(arrays: Any, layer: int, n: int) -> int:
    """Return where the outputs of `layer` for `n` items begin."""
    place = 0
    for before in range(layer):
        place += n * arrays.layers[before, FAN_OUT]
    return place


@inlined
def of_layer(arrays: Any, values: Floats, layer: int, n: int) -> Floats:
    """Return the part of a shard's `values` that belongs to the outputs of `layer`."""
    place, width = place_of(arrays, layer, n), arrays.layers[layer, FAN_OUT]
    return values[place : place + n * width].reshape(n, width)


@compiled
def add_complexity(task: Task, layer: int, slope: Floats, by_code: Floats) -> None:
    """Add the complexity's gradient to that by the output of `layer`, if that is the code."""
    if layer == task.code_layer:
        if task.alpha == 0:
            write(slope, by_code)
        elif task.beta:
            add(slope, by_code)


@compiled
def backward(task: Task, arrays: Any, shard: int, by_code: Floats, top: int) -> None:
    """Turn the gradient by the outputs of layer `top` into that by the first layer's.

    That by the parameters of all layers above the first is left on the way.
    """
    n = by_code.shape[0]
    for layer in range(top, 0, -1):
        fan_in, fan_out, kind, offset = arrays.layers[layer]
        end = offset + fan_in * fan_out
        output = of_layer(arrays, arrays.outputs[shard], layer, n)
        slope = of_layer(arrays, arrays.slopes[shard], layer, n)
        add_complexity(task, layer, slope, by_code)
        chain(kind, output, slope, arrays.gradients[shard, end : end + fan_out])
        values = of_layer(arrays, arrays.outputs[shard], layer - 1, n)
        by_weight = arrays.gradients[shard, offset:end].reshape(fan_out, fan_in)
        product(slope.T, values, by_weight, 0.0)
        weight = arrays.parameters[offset:end].reshape(fan_out, fan_in)
        product(slope, weight, of_layer(arrays, arrays.slopes[shard], layer - 1, n), 0.0)
