"""What a linear method reaches with codes of the same size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.analysis.threads import one_thread
from ae_widgets.data.sparse import is_sparse, to_dense
from ae_widgets.exceptions import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

__all__ = ["pca_error"]

MAX_VALUES = 20_000_000
"""Values looked at, beside `max_rows`, so that wide data does not fill the memory."""

BLOCK_VALUES = 1 << 17
"""Values reconstructed at once."""

ROUNDING = 1e-12
"""Variance, in relation to the mean square, up to which it is one of rounding."""

MIN_PROBABILITY = 1e-7
"""Reconstructions are kept this far from 0 and 1 where they stand for probabilities."""


def pca_error(
    features: NDArray[np.float32] | Any,
    code_dim: int,
    kind: str,
    *,
    validation_rows: ArrayLike = (),
    max_rows: int = 10_000,
) -> float:
    """Return the reconstruction error of PCA on the validation rows.

    PCA with as many components as a code has values is the best linear
    autoencoder in squared error (Baldi and Hornik 1989, *Neural Networks* 2,
    53-58), so that an autoencoder which does not undercut it has gained nothing
    by being non-linear.

    Parameters
    ----------
    features : ndarray or CSR matrix of shape (n_samples, n_features)
        All items. A sparse matrix is centred without being made dense.
    code_dim : int
        Number of components; capped at what the data allows.
    kind : str
        The error, one of `ae_widgets.losses.RECONSTRUCTIONS`. For 'multinomial' the
        reconstruction of an item, kept above 0 and divided by its sum, stands for
        the probabilities. For 'masked_mse' a missing value, NaN or not stored by a
        sparse matrix, is replaced by the mean of its feature before PCA.
    validation_rows : array-like of int, default=()
        Indices of the items that PCA is not fitted on and the error is taken
        from. If there are none, or no others, all items serve for both.
    max_rows : int, default=10_000
        Items beyond this number are left out at random, in either part.

    Raises
    ------
    SettingsError
        If `kind` is unknown.
    """
    if kind not in ERRORS:
        msg = f"kind must be one of {', '.join(ERRORS)}, got {kind!r}."
        raise SettingsError(msg)
    n_samples, n_features = features.shape
    most = min(max_rows, max(code_dim + 1, MAX_VALUES // n_features))
    train, test = _split(n_samples, np.asarray(validation_rows, np.intp))
    if is_sparse(features):
        chosen, asked = features[_sample(train, max_rows)], features[_sample(test, most)]
        if min(chosen.shape) > code_dim:
            with one_thread():
                return _sparse_error(chosen, asked, code_dim, kind)
        unstored = np.nan if kind == "masked_mse" else 0.0  # few rows or few columns
        chosen, asked = to_dense(chosen, unstored), to_dense(asked, unstored)
    else:
        asked = features[_sample(test, most)]
        chosen = asked if train is test else features[_sample(train, most)]
    with one_thread():
        return _dense_error(chosen, asked, code_dim, kind)


def _split(n_samples: int, validation_rows: NDArray[np.intp]) -> tuple[Any, Any]:
    """Return the rows to fit PCA on and those to take the error from, a range for all."""
    held_out = np.zeros(n_samples, bool)
    held_out[validation_rows] = True
    if held_out.all() or not held_out.any():
        return (everything := range(n_samples)), everything
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def _dense_error(chosen: Any, asked: Any, code_dim: int, kind: str) -> float:
    """Return the error on `asked` of PCA fitted on `chosen`, two arrays of rows."""
    from sklearn.decomposition import PCA

    fitted: NDArray[np.float64] = chosen.astype(np.float64)
    means = np.zeros(fitted.shape[1])
    if kind == "masked_mse":
        means = _observed_means(fitted)
        fitted = np.where(np.isnan(fitted), means, fitted)
    constant = fitted[0].copy() if (fitted == fitted[0]).all() else None
    if constant is None:  # else there is no variance to divide by
        pca = PCA(min(code_dim, *fitted.shape), random_state=0).fit(fitted)
    del fitted
    total = 0.0
    size = max(1, BLOCK_VALUES // asked.shape[1])
    for start in range(0, len(asked), size):
        x: NDArray[np.float64] = asked[start : start + size].astype(np.float64)
        given = np.where(np.isnan(x), means, x) if kind == "masked_mse" else x
        if constant is not None:
            output = np.broadcast_to(constant, x.shape)
        else:
            output = pca.inverse_transform(pca.transform(given))
        total += ERRORS[kind](x, output) * len(x)
    return total / len(asked)


def _sparse_error(fitted: Any, inputs: Any, code_dim: int, kind: str) -> float:
    """Return the error on `inputs` of PCA fitted on `fitted`, two CSR matrices."""
    from sklearn.decomposition import PCA

    masked = kind == "masked_mse"
    unstored, means = np.nan if masked else 0.0, np.zeros(fitted.shape[1])
    if masked:  # what is missing is 0 where the mean is subtracted from what is not
        means = _stored_means(fitted)
        fitted = _centred(fitted, means)
    pca = None
    if _varies(fitted):
        pca = PCA(code_dim, svd_solver="arpack", random_state=0).fit(fitted)
    else:
        means = means + fitted.mean(axis=0)
    total: float = 0.0
    size = max(1, 4 * BLOCK_VALUES // fitted.shape[1])  # fewer rows would read PCA too often
    for start in range(0, inputs.shape[0], size):
        part = inputs[start : start + size].astype(np.float64)
        x = to_dense(part, unstored).astype(np.float64)
        output = np.broadcast_to(means, x.shape)
        if pca is not None:
            given = _centred(part, means) if masked else part
            output = means + pca.inverse_transform(pca.transform(given))
        total += ERRORS[kind](x, output) * len(x)
    return total / int(inputs.shape[0])


def _stored_means(x: Any) -> NDArray[np.float64]:
    """Return the mean of each column's stored values that are not NaN, 0 if it has none."""
    known = ~np.isnan(x.data)
    columns, n_features = x.indices[known], x.shape[1]
    counts = np.bincount(columns, minlength=n_features)
    means: NDArray[np.float64] = np.bincount(columns, x.data[known], n_features) / np.maximum(
        counts, 1
    )
    return means


def _centred(x: Any, means: NDArray[np.float64]) -> Any:
    """Return a CSR matrix with the column's mean subtracted from what it stores, 0 for NaN."""
    x = x.copy()
    x.data = np.nan_to_num(x.data - means[x.indices])
    return x


def _varies(x: Any) -> bool:
    """Whether the rows of a CSR matrix are not all the same."""
    x = x.astype(np.float64)  # rounding is told from variance by its size
    squares = x.copy()
    squares.data = np.square(squares.data)
    variances = squares.mean(axis=0) - np.square(x.mean(axis=0))
    return bool((variances > ROUNDING * squares.mean(axis=0)).any())


def _observed_means(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each feature's mean without NaN, 0 if there is nothing else."""
    means: NDArray[np.float64] = np.nansum(x, axis=0) / np.maximum((~np.isnan(x)).sum(axis=0), 1)
    return means


def _sample(rows: Any, size: int) -> Any:
    if len(rows) <= size:
        return slice(None) if isinstance(rows, range) else rows
    everything = isinstance(rows, range)  # not made into an array, which large data would notice
    random = np.random.default_rng(0)
    return np.sort(random.choice(len(rows) if everything else rows, size, replace=False))


def _mean_squared(x: NDArray[Any], y: NDArray[Any]) -> float:
    return float(np.mean(np.square(x - y)))


def _mean_absolute(x: NDArray[Any], y: NDArray[Any]) -> float:
    return float(np.mean(np.abs(x - y)))


def _binary_cross_entropy(x: NDArray[Any], y: NDArray[Any]) -> float:
    p = np.clip(y, MIN_PROBABILITY, 1 - MIN_PROBABILITY)
    return float(-np.mean(x * np.log(p) + (1 - x) * np.log1p(-p)))


def _huber(x: NDArray[Any], y: NDArray[Any]) -> float:
    distance = np.abs(x - y)
    return float(np.mean(np.where(distance < 1, distance**2 / 2, distance - 0.5)))


def _cosine(x: NDArray[Any], y: NDArray[Any]) -> float:
    lengths = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    return float(np.mean(1 - (x * y).sum(axis=1) / np.maximum(lengths, np.finfo(float).tiny)))


def _multinomial(x: NDArray[Any], y: NDArray[Any]) -> float:
    p = np.maximum(y, MIN_PROBABILITY)
    p = p / p.sum(axis=1, keepdims=True)
    return float(-np.mean((x * np.log(p)).sum(axis=1)))


def _masked_mean_squared(x: NDArray[Any], y: NDArray[Any]) -> float:
    observed = ~np.isnan(x)
    squares = np.where(observed, np.square(x - y), 0).sum(axis=1)
    return float(np.mean(squares / np.maximum(observed.sum(axis=1), 1)))


ERRORS: dict[str, Callable[[NDArray[Any], NDArray[Any]], float]] = {
    "mse": _mean_squared,
    "mae": _mean_absolute,
    "binary_cross_entropy": _binary_cross_entropy,
    "huber": _huber,
    "cosine": _cosine,
    "multinomial": _multinomial,
    "masked_mse": _masked_mean_squared,
}
