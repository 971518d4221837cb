"""Complexity of the code: penalties that keep it small, sparse or low-dimensional."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["EPSILON", "MEAN_BOUND", "complexity", "effective_dimension", "kl_sparsity", "l1", "l2"]

EPSILON = 1e-12
"""Added to a denominator, so that the effective dimension of equal codes is 0."""

MEAN_BOUND = 1e-6
"""Mean activations are kept this far from 0 and 1."""


def complexity(kind: str, code: Tensor, *, sparsity_target: float = 0.05) -> Tensor:
    """Return the complexity of a batch of codes, a scalar.

    Parameters
    ----------
    kind : str
        'l1', 'l2', 'kl_sparsity' or 'effective_dimension'.
    code : Tensor of shape (n, code_dim)
        One code a row.
    sparsity_target : float, default=0.05
        Used by 'kl_sparsity' only.
    """
    if kind == "kl_sparsity":
        return kl_sparsity(code, sparsity_target)
    return {"l1": l1, "l2": l2, "effective_dimension": effective_dimension}[kind](code)


def l1(code: Tensor) -> Tensor:
    r"""Return the mean over items of :math:`\sum_j |z_j|` (Tibshirani 1996)."""
    return code.abs().sum(dim=1).mean()


def l2(code: Tensor) -> Tensor:
    r"""Return the mean over items of :math:`\sum_j z_j^2` (ridge; Hoerl & Kennard 1970)."""
    return code.square().sum(dim=1).mean()


def kl_sparsity(code: Tensor, target: float) -> Tensor:
    r"""Return the divergence of each unit's mean activation from `target`, summed.

    :math:`\sum_j \rho \log(\rho/\hat\rho_j) + (1-\rho) \log((1-\rho)/(1-\hat\rho_j))`
    with :math:`\hat\rho_j` the mean over the batch of the unit's activation, here
    :math:`\sigma(z_j)`, since codes need not lie within (0, 1).

    References
    ----------
    A. Ng, "Sparse autoencoder", CS294A lecture notes, 2011, section 3.
    """
    mean = torch.sigmoid(code).mean(dim=0).clamp(MEAN_BOUND, 1 - MEAN_BOUND)  # (code_dim,)
    positive = target * (target / mean).log()
    negative = (1 - target) * ((1 - target) / (1 - mean)).log()
    return (positive + negative).sum()


def effective_dimension(code: Tensor) -> Tensor:
    r"""Return the participation ratio of the code's covariance.

    :math:`(\sum_j \lambda_j)^2 / \sum_j \lambda_j^2` over the eigenvalues of the
    covariance, which is :math:`(\mathrm{tr}\,C)^2 / \|C\|_F^2`: 1 if the codes lie
    on a line, `code_dim` if they spread evenly, 0 if all codes are equal.

    References
    ----------
    P. Gao et al., "A theory of multineuronal dimensionality, dynamics and
    measurement", bioRxiv 214262, 2017, equation 4.
    """
    centred = code - code.mean(dim=0)
    covariance = centred.T @ centred / code.shape[0]  # (code_dim, code_dim)
    return covariance.trace().square() / (covariance.square().sum() + EPSILON)
