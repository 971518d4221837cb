"""The arrays of a step on sparse items."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ae_widgets.engine.compiled.loop import OFFSET
from ae_widgets.jit import inlined

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Integers = NDArray[np.int64]

__all__ = ["Rows", "SparseBuffers", "weight_by_feature"]


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


@inlined
def weight_by_feature(values: Floats, layer: Integers, n_features: int, width: int) -> Floats:
    """Return the part of `values` that belongs to a large weight, by feature."""
    start = layer[OFFSET]
    return values[start : start + n_features * width].reshape(n_features, width)
