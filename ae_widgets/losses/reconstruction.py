"""Reconstruction errors: how far an output is from its input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from ae_widgets.losses.names import TAKES_MISSING

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

__all__ = [
    "SMALLEST",
    "cosine",
    "item_errors",
    "masked_mse",
    "multinomial",
    "network_input",
    "squared_errors",
]

SMALLEST = 1e-8
"""Vectors whose largest value is below this have no direction."""


def item_errors(kind: str, output: Tensor, target: Tensor) -> Tensor:
    """Return each item's reconstruction error, shape (n,); that of a batch is their mean.

    Parameters
    ----------
    kind : str
        A mean over the item's values, either 'mse', the mean squared error; 'mae', the
        mean absolute error; 'huber', half the squared error where it is below 1
        and linear beyond (P. J. Huber, "Robust estimation of a location
        parameter", Annals of Mathematical Statistics 35, 1964, with k = 1); or
        'binary_cross_entropy', ``-t log(o) - (1 - t) log(1 - o)`` with the
        logarithms bounded at -100, as `torch.nn.BCELoss` defines them.
        Or `cosine`, `multinomial` or `masked_mse`.
    output, target : Tensor of shape (n, n_features)
        Both within [0, 1] for 'binary_cross_entropy'; `target` not negative for
        'multinomial', and with NaN in place of what is missing for 'masked_mse'.
    """
    if kind in _VALUE_ERRORS:
        return _VALUE_ERRORS[kind](output, target, reduction="none").mean(dim=1)
    return _ITEM_ERRORS[kind](output, target)


def squared_errors(output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    r"""Return each item's error 'mse', shape (n,), and the gradient of their mean by `output`.

    That is :math:`2 (o - t) / (n d)`, as torch's automatic gradients have it. Without their
    graph of the error a batch of a small network takes a tenth less time.
    """
    with torch.no_grad():
        difference = output - target
        errors = difference.square().mean(dim=1)
        return errors, difference.mul_(2 / difference.numel())


def network_input(kind: str, x: Tensor) -> Tensor:
    """Return what the network is given of `x`: where values may be missing, 0 in place of NaN."""
    return x.masked_fill(x.isnan(), 0) if kind in TAKES_MISSING else x


def cosine(output: Tensor, target: Tensor) -> Tensor:
    r"""Return one minus the cosine of the angle between each output and its target.

    :math:`1 - o \cdot t / (\|o\| \|t\|)`: from 0 to 2, whatever their lengths. A
    vector without a value of `SMALLEST` or more has no direction: its product with
    another goes to 0 with its length, so that two zero vectors have the error 1.
    """
    # Scaled first, so that no square leaves the range of float32.
    return 1 - (_direction(output) * _direction(target)).sum(dim=1)


def multinomial(output: Tensor, target: Tensor) -> Tensor:
    r"""Return minus the log-likelihood of each target's counts under softmax(output).

    :math:`-\sum_j t_j \log \pi_j` with :math:`\pi = \mathrm{softmax}(o)`: a sum over
    the values of an item, neither divided by their number nor by the item's total, and
    without the multinomial coefficient, which no output changes. Outputs are logits.

    References
    ----------
    D. Liang et al., "Variational autoencoders for collaborative filtering", WWW
    2018, equation 2.
    """
    logarithms = functional.log_softmax(output, dim=1)
    # A count of 0 adds 0, also where the logarithm is minus infinity.
    return -(target * logarithms.masked_fill(target == 0, 0)).sum(dim=1)


def masked_mse(output: Tensor, target: Tensor) -> Tensor:
    r"""Return the mean squared error of each item over the values that were observed.

    :math:`\sum_{j \in O} (o_j - t_j)^2 / |O|` with :math:`O` the values of the item
    that are not NaN. Zeros are values; an item without any has the error 0.

    References
    ----------
    S. Sedhain et al., "AutoRec: autoencoders meet collaborative filtering", WWW
    2015, equation 2; there the sum is not divided.
    """
    observed = ~target.isnan()
    # Filled before they are subtracted: the gradient of a masked NaN would be NaN.
    squares = (output - torch.where(observed, target, output.detach())).square()
    errors: Tensor = squares.sum(dim=1) / observed.sum(dim=1).clamp_min(1)
    return errors


def _direction(x: Tensor) -> Tensor:
    """Scale each row to length 1, or less if it has no value of `SMALLEST` or more."""
    # The length of the result does not depend on `scale`, nor does the gradient.
    scale = x.detach().abs().amax(dim=1, keepdim=True).clamp_min(SMALLEST)
    scaled = x / scale
    direction: Tensor = scaled / torch.linalg.vector_norm(scaled, dim=1, keepdim=True).clamp_min(1)
    return direction


_VALUE_ERRORS: dict[str, Callable[..., Tensor]] = {
    "mse": functional.mse_loss,
    "mae": functional.l1_loss,
    "huber": functional.huber_loss,
    "binary_cross_entropy": functional.binary_cross_entropy,
}
"""Defined value by value; each takes torch's `reduction`."""

_ITEM_ERRORS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cosine": cosine,
    "multinomial": multinomial,
    "masked_mse": masked_mse,
}
"""Defined item by item: take output and target, return shape (n,)."""
