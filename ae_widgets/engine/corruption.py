"""Corruption of the inputs of a denoising autoencoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Generator, Tensor

__all__ = ["corrupted"]


def corrupted(x: Tensor, corruption: str, noise: float, generator: Generator) -> Tensor:
    """Return a corrupted copy of `x`.

    Parameters
    ----------
    x : Tensor of shape (n, n_features)
        Items.
    corruption : {'gaussian', 'masking'}
        Whether to add Gaussian noise or to set some values to 0.
    noise : float >= 0
        Standard deviation of the noise, or probability with which a value is set
        to 0.
    generator : torch.Generator
        Where the noise comes from.

    References
    ----------
    P. Vincent et al., "Stacked denoising autoencoders: learning useful
    representations in a deep network with a local denoising criterion", JMLR 11,
    2010, section 3.3.
    """
    if corruption == "gaussian":
        return x + noise * torch.empty_like(x).normal_(generator=generator)
    return x * torch.empty_like(x).bernoulli_(1 - noise, generator=generator)
