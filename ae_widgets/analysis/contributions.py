"""What each feature adds to the reconstruction error of an item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.exceptions import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ae_widgets.data.preprocess import Preprocessor

    Floats = NDArray[np.float64]

__all__ = ["contributions", "feature_contributions"]

LOWEST_LOG, LEAST = -100.0, 1e-8  # as in `ae_widgets.losses.reconstruction`


def contributions(kind: str, inputs: NDArray[Any], outputs: NDArray[Any]) -> Floats:
    r"""Return what each feature adds to the reconstruction error of its item.

    A row sums to the item's error, to rounding. With :math:`D` features, input
    :math:`x` and output :math:`o`, feature :math:`j` adds

    - 'mse': :math:`(x_j - o_j)^2 / D`; 'mae', 'huber' and 'binary_cross_entropy'
      likewise the error of that value over :math:`D`;
    - 'masked_mse': :math:`(x_j - o_j)^2` over the number of observed values; 0 where
      nothing was observed;
    - 'multinomial': :math:`-x_j \log \mathrm{softmax}(o)_j`;
    - 'cosine': :math:`(x_j / \|x\| - o_j / \|o\|)^2 / 2`, since one minus the product
      of two vectors of length 1 is half their squared distance. What a vector without
      a direction lacks is shared equally.

    Parameters
    ----------
    kind : str
        The error, one of `ae_widgets.losses.RECONSTRUCTIONS`.
    inputs, outputs : ndarray of shape (n_samples, n_features)

    Returns
    -------
    ndarray of shape (n_samples, n_features), float64
        Never negative, but for 'binary_cross_entropy' and 'multinomial' of values
        that are no probabilities or counts.

    Raises
    ------
    SettingsError
        If `kind` is unknown.
    """
    if kind not in _CONTRIBUTIONS:
        msg = f"kind must be one of {', '.join(_CONTRIBUTIONS)}, got {kind!r}."
        raise SettingsError(msg)
    x, o = np.asarray(inputs, np.float64), np.asarray(outputs, np.float64)
    return _CONTRIBUTIONS[kind](x, o)


def feature_contributions(
    kind: str, inputs: NDArray[Any], outputs: NDArray[Any], made: Preprocessor | None
) -> Floats:
    r"""Return what each feature of the items adds to their errors, whatever was done to them.

    That of `contributions`, where a value that the network is given is a feature, scaled or
    not, or a step cannot be undone. Where steps such as PCA mix features, the error of an
    item is shared out by the squared differences of input and output before these steps:
    with :math:`r` that difference, feature :math:`j` adds
    :math:`e \, r_j^2 / \sum_k r_k^2` to the error :math:`e`. With 'mse' and components that
    are not whitened this is :math:`r_j^2` over their number, since a rotation keeps lengths.

    Parameters
    ----------
    kind : str
        The error, as for `contributions`.
    inputs, outputs : ndarray of shape (n_samples, n_inputs)
        What the network is given, and gives back.
    made : Preprocessor or None
        What made the inputs of the items.

    Returns
    -------
    ndarray of shape (n_samples, n_features), float64
        A row sums to the item's error; of shape (n_samples, n_inputs) where a step cannot be
        undone.
    """
    parts = contributions(kind, inputs, outputs)
    if made is None or not (made.mixes_ and made.invertible_):
        return parts
    before, after = (np.asarray(made.unmix(x), np.float64) for x in (inputs, outputs))
    squares = np.square(before - after)
    total = squares.sum(axis=1, keepdims=True)
    equal = 1 / squares.shape[1]  # of what no feature shows
    shares = np.divide(squares, total, out=np.full_like(squares, equal), where=total > 0)
    shared: Floats = parts.sum(axis=1, keepdims=True) * shares
    return shared


def _squared(x: Floats, o: Floats) -> Floats:
    errors: Floats = np.square(x - o) / x.shape[1]
    return errors


def _absolute(x: Floats, o: Floats) -> Floats:
    errors: Floats = np.abs(x - o) / x.shape[1]
    return errors


def _huber(x: Floats, o: Floats) -> Floats:
    distance = np.abs(x - o)
    errors: Floats = np.where(distance < 1, distance**2 / 2, distance - 0.5) / x.shape[1]
    return errors


def _cross_entropy(x: Floats, o: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        log, log_of_rest = (np.maximum(np.log(p), LOWEST_LOG) for p in (o, 1 - o))
    entropy: Floats = -(x * log + (1 - x) * log_of_rest) / x.shape[1]
    return entropy


def _multinomial(x: Floats, o: Floats) -> Floats:
    shifted = o - o.max(axis=1, keepdims=True)
    log = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    with np.errstate(invalid="ignore"):  # no count times an infinite logarithm
        return np.where(x == 0, 0.0, -x * log)


def _cosine(x: Floats, o: Floats) -> Floats:
    u, v = (_direction(rows) for rows in (x, o))
    lacking = 1 - (np.square(u).sum(axis=1) + np.square(v).sum(axis=1)) / 2
    parts: Floats = np.square(u - v) / 2 + lacking[:, None] / x.shape[1]
    return parts


def _direction(rows: Floats) -> Floats:
    scaled = rows / np.maximum(np.abs(rows).max(axis=1, keepdims=True), LEAST)
    direction: Floats = scaled / np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), 1)
    return direction


def _masked(x: Floats, o: Floats) -> Floats:
    observed = ~np.isnan(x)
    squares = np.where(observed, np.square(x - o), 0.0)
    parts: Floats = squares / np.maximum(observed.sum(axis=1, keepdims=True), 1)
    return parts


_CONTRIBUTIONS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "mse": _squared,
    "mae": _absolute,
    "huber": _huber,
    "binary_cross_entropy": _cross_entropy,
    "cosine": _cosine,
    "multinomial": _multinomial,
    "masked_mse": _masked,
}
