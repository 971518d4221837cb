"""Items in rows, dense or in CSR form, of which few at a time are made dense."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy.sparse import issparse
from torch import Tensor, nn

from ae_widgets.data.sparse import to_dense
from ae_widgets.engine.views import tensor_view
from ae_widgets.losses import TAKES_MISSING
from ae_widgets.losses.reconstruction import network_input
from ae_widgets.model.kinds import AutoencoderNetwork

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["chunk_rows", "dense", "encode_rows", "items", "take"]

CHUNK_BYTES = 2**25
"""Dense bytes that are passed through a network at once outside training."""

CHUNK_ROWS = 8192
"""Items passed through a network at once, however few values they have."""

IMAGE_BYTES, IMAGE_ROWS = 2**22, 256
"""The same for convolutions, between which items have more values: memory that is too
large to be used again costs more than what is computed in it."""


def items(features: Any) -> Any:
    """Return features as `take` and the steps need them.

    Parameters
    ----------
    features : ndarray or scipy CSR matrix or array of shape (n_samples, n_features), float32
        Read, never written.

    Returns
    -------
    Tensor or CSR matrix or array
        A tensor on the memory of `features`; or a matrix that names each place
        once, which is `features` itself if it does.
    """
    if not issparse(features):
        return tensor_view(features)
    if not features.has_canonical_format:
        features = features.copy()
        features.sum_duplicates()
    return features


def take(features: Any, rows: Tensor | slice, kind: str) -> Tensor:
    """Return rows of what `items` returned, dense, shape (n, n_features).

    `kind` is that of the reconstruction error: if it can do without some values,
    those that a CSR matrix does not store are missing, NaN; else they are 0.
    """
    if isinstance(features, Tensor):
        # A third of the time that indexing with a tensor takes.
        return features.index_select(0, rows) if isinstance(rows, Tensor) else features[rows]
    return dense(features[rows.numpy() if isinstance(rows, Tensor) else rows], kind)


def dense(matrix: Any, kind: str) -> Tensor:
    """Return a CSR matrix, each place named once, as `take` does."""
    return torch.from_numpy(to_dense(matrix, math.nan if kind in TAKES_MISSING else 0.0))


def chunk_rows(n_features: int, network: nn.Module | None = None) -> int:
    """Return how many items may be dense at once outside training, at least one.

    Parameters
    ----------
    n_features : int
        Values of an item.
    network : Module, optional
        What they are passed through.
    """
    convolutions = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
    if network is not None and any(isinstance(m, convolutions) for m in network.modules()):
        return max(1, min(IMAGE_ROWS, IMAGE_BYTES // (4 * n_features)))
    return max(1, min(CHUNK_ROWS, CHUNK_BYTES // (4 * n_features)))


def encode_rows(network: AutoencoderNetwork, features: Any, kind: str) -> Tensor:
    """Return the codes of a tensor or a CSR matrix, shape (n, code_dim).

    `kind` is that of the reconstruction error: values may be missing for some.
    """
    encoder = network.encoder
    plain = type(network) is AutoencoderNetwork and network.guard is None
    if isinstance(features, Tensor):
        return network.encode(network_input(kind, features))
    layers = encoder if plain and isinstance(encoder, nn.Sequential) else None
    if layers and isinstance(layers[0], nn.Linear) and layers[0].bias is not None:
        if kind in TAKES_MISSING:  # what is missing enters as 0, stored or not
            features = features.copy()
            np.nan_to_num(features.data, copy=False, nan=0.0)
        weight: NDArray[np.float32] = layers[0].weight.detach().numpy()
        entering = torch.from_numpy(features @ weight.T) + layers[0].bias
        code: Tensor = layers[1:](entering)
        return code
    return network.encode(network_input(kind, dense(features, kind)))
