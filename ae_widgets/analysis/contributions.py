"""What each feature adds to the reconstruction error of an item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.exceptions import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["contributions"]

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
