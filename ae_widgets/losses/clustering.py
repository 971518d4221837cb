"""What clusters ask of the codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["divergence", "nearest_distance", "soft_assignments", "target_distribution"]


def soft_assignments(code: Tensor, centers: Tensor) -> Tensor:
    r"""Return how likely each item belongs to each cluster, shape (n, n_clusters).

    :math:`q_{ij} = (1 + \|z_i - \mu_j\|^2)^{-1} / \sum_k (1 + \|z_i - \mu_k\|^2)^{-1}`,
    Student's t with one degree of freedom.

    Parameters
    ----------
    code : Tensor of shape (n, code_dim)
    centers : Tensor of shape (n_clusters, code_dim)

    References
    ----------
    J. Xie, R. Girshick and A. Farhadi, "Unsupervised deep embedding for clustering
    analysis", ICML 2016, equation 1.
    """
    kernel = 1 / (1 + _squared_distances(code, centers))
    return kernel / kernel.sum(dim=1, keepdim=True)


def target_distribution(assignments: Tensor) -> Tensor:
    r"""Return the sharpened assignments, shape (n, n_clusters).

    :math:`p_{ij} = (q_{ij}^2 / f_j) / \sum_k (q_{ik}^2 / f_k)` with the clusters'
    sizes :math:`f_j = \sum_i q_{ij}`.

    Parameters
    ----------
    assignments : Tensor of shape (n, n_clusters)
        `soft_assignments` of all items.

    References
    ----------
    J. Xie et al., ICML 2016, equation 3.
    """
    weight = assignments.square() / assignments.sum(dim=0)
    return weight / weight.sum(dim=1, keepdim=True)


def divergence(target: Tensor, assignments: Tensor) -> Tensor:
    r"""Return the Kullback-Leibler divergence of the assignments from their target.

    :math:`\frac1n \sum_i \sum_j p_{ij} \log (p_{ij} / q_{ij})`, the mean over the
    items. With a reconstruction error beside it this is IDEC, without one DEC.

    Parameters
    ----------
    target, assignments : Tensor of shape (n, n_clusters)

    References
    ----------
    J. Xie et al., ICML 2016, equation 2; X. Guo et al., "Improved deep embedded
    clustering with local structure preservation", IJCAI 2017, equation 1.
    """
    return torch.nn.functional.kl_div(assignments.log(), target, reduction="batchmean")


def nearest_distance(code: Tensor, centers: Tensor) -> tuple[Tensor, Tensor]:
    r"""Return half the mean squared distance to the nearest centre, and which that is.

    :math:`\frac{1}{2n} \sum_i \|z_i - \mu_{s_i}\|^2`.

    Parameters
    ----------
    code : Tensor of shape (n, code_dim)
    centers : Tensor of shape (n_clusters, code_dim)

    Returns
    -------
    distance : Tensor of shape ()
    nearest : Tensor of shape (n,), int64

    References
    ----------
    B. Yang et al., "Towards K-means-friendly spaces: simultaneous deep learning and
    clustering", ICML 2017, equation 3.
    """
    with torch.no_grad():
        nearest = _squared_distances(code, centers).argmin(dim=1)
    return (code - centers[nearest]).square().sum(dim=1).mean() / 2, nearest


def _squared_distances(code: Tensor, centers: Tensor) -> Tensor:
    # Not by torch.cdist, whose gradient is NaN where a code lies on a centre.
    return (code[:, None] - centers).square().sum(dim=2)  # (n, n_clusters)
