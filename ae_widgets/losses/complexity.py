"""Complexity of the code: penalties that keep it small, sparse or low-dimensional."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ae_widgets.model.kinds import open_probability

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

__all__ = [
    "EPSILON",
    "MEAN_BOUND",
    "complexity",
    "contractive",
    "effective_dimension",
    "gates",
    "kl_gaussian",
    "kl_sparsity",
    "l1",
    "l2",
]

EPSILON = 1e-12
"""Added to a denominator, so that the effective dimension of equal codes is 0."""

MEAN_BOUND = 1e-6
"""Mean activations are kept this far from 0 and 1."""


def complexity(kind: str, penalised: Tensor, *, sparsity_target: float = 0.05) -> Tensor:
    """Return the complexity of a batch, a scalar.

    Parameters
    ----------
    kind : str
        'l1', 'l2', 'kl_sparsity', 'kl_activations', 'effective_dimension',
        'contractive', 'kl_gaussian' or 'gates'.
    penalised : Tensor of shape (n, …)
        One item a row, as `AutoencoderNetwork.penalised` gives it: the codes, or
        what the last three kinds say.
    sparsity_target : float, default=0.05
        Used by 'kl_sparsity' and 'kl_activations' only.
    """
    if kind == "kl_sparsity":
        return kl_sparsity(torch.sigmoid(penalised), sparsity_target)
    if kind == "kl_activations":
        return kl_sparsity(penalised, sparsity_target)
    return _COMPLEXITIES[kind](penalised)


def l1(code: Tensor) -> Tensor:
    r"""Return the mean over items of :math:`\sum_j |z_j|` (Tibshirani 1996)."""
    return code.abs().sum(dim=1).mean()


def l2(code: Tensor) -> Tensor:
    r"""Return the mean over items of :math:`\sum_j z_j^2` (ridge; Hoerl & Kennard 1970)."""
    return code.square().sum(dim=1).mean()


def kl_sparsity(activations: Tensor, target: float) -> Tensor:
    r"""Return the divergence of each unit's mean activation from `target`, summed.

    :math:`\sum_j \rho \log(\rho/\hat\rho_j) + (1-\rho) \log((1-\rho)/(1-\hat\rho_j))`
    with :math:`\hat\rho_j` the mean over the batch of the unit's activation: the code
    itself if it comes from a sigmoid ('kl_activations'), else :math:`\sigma(z_j)`.

    References
    ----------
    A. Ng, "Sparse autoencoder", CS294A lecture notes, 2011, section 3.
    """
    mean = activations.mean(dim=0).clamp(MEAN_BOUND, 1 - MEAN_BOUND)  # (code_dim,)
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


def contractive(squared_norms: Tensor) -> Tensor:
    r"""Return the mean over items of :math:`\|J(x)\|_F^2`, J the encoder's Jacobian.

    Parameters
    ----------
    squared_norms : Tensor of shape (n,)
        The items' values of `squared_jacobian_norms`.

    References
    ----------
    S. Rifai et al., "Contractive auto-encoders: explicit invariance during feature
    extraction", ICML 2011, equation 2; there the sum over items.
    """
    return squared_norms.mean()


def kl_gaussian(moments: Tensor) -> Tensor:
    r"""Return the divergence of the codes' distributions from the unit Gaussian.

    The mean over items of
    :math:`\frac{1}{2} \sum_j (\mu_j^2 + \sigma_j^2 - \log \sigma_j^2 - 1)`.

    Mind the scale: this is a sum over code dimensions, while our reconstruction
    errors are means over the D features. With alpha = 1 the evidence lower bound
    of a Gaussian decoder of unit variance is 'mse' with beta = 2 / D, that of a
    Bernoulli decoder is 'binary_cross_entropy' with beta = 1 / D. The beta of a
    beta-VAE is ours times D / 2, or times D.

    Parameters
    ----------
    moments : Tensor of shape (n, 2 * code_dim)
        Means, then logarithms of variances.

    References
    ----------
    D. P. Kingma and M. Welling, "Auto-encoding variational Bayes", ICLR 2014,
    appendix B. I. Higgins et al., "beta-VAE: learning basic visual concepts with a
    constrained variational framework", ICLR 2017, equation 4.
    """
    mean, log_variance = torch.chunk(moments, 2, dim=1)
    divergence = mean.square() + log_variance.exp() - log_variance - 1
    return divergence.sum(dim=1).mean() / 2


def gates(logits: Tensor) -> Tensor:
    r"""Return the expected number of open gates, in (0, code_dim).

    :math:`\sum_j \sigma(\log\alpha_j - \beta \log(-\gamma / \zeta))`, the
    expected L0 norm of the hard-concrete gates.

    Parameters
    ----------
    logits : Tensor of shape (n, code_dim)
        The log alpha of each gate, in each row the same.

    References
    ----------
    C. Louizos, M. Welling and D. P. Kingma, "Learning sparse neural networks
    through L0 regularization", ICLR 2018, equation 12.
    """
    return open_probability(logits).sum(dim=1).mean()


_COMPLEXITIES: dict[str, Callable[[Tensor], Tensor]] = {
    "l1": l1,
    "l2": l2,
    "effective_dimension": effective_dimension,
    "contractive": contractive,
    "kl_gaussian": kl_gaussian,
    "gates": gates,
}
