"""Reconstruction errors: how far an output is from its input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

__all__ = ["item_errors", "reconstruction_error"]

_LOSSES: dict[str, Callable[..., Tensor]] = {
    "mse": functional.mse_loss,
    "mae": functional.l1_loss,
    "binary_cross_entropy": functional.binary_cross_entropy,
}


def reconstruction_error(kind: str, output: Tensor, target: Tensor) -> Tensor:
    """Return the error averaged over all values of all items.

    Parameters
    ----------
    kind : str
        'mse', the mean squared error; 'mae', the mean absolute error; or
        'binary_cross_entropy', ``-t log(o) - (1 - t) log(1 - o)`` with the
        logarithms bounded at -100, as `torch.nn.BCELoss` defines them.
    output, target : Tensor of shape (n, n_features)
        Both within [0, 1] for 'binary_cross_entropy'.
    """
    return _LOSSES[kind](output, target)


def item_errors(kind: str, output: Tensor, target: Tensor) -> Tensor:
    """Return each item's error, shape (n,); their mean is `reconstruction_error`."""
    return _LOSSES[kind](output, target, reduction="none").mean(dim=1)
