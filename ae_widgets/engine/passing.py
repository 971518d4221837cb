"""Items passed through the network with the weights of now, in chunks, without training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from ae_widgets.engine.items import chunk_rows, take
from ae_widgets.losses.reconstruction import item_errors, network_input
from ae_widgets.model.network import evaluating

if TYPE_CHECKING:
    from torch import Tensor

    from ae_widgets.model.network import AutoencoderNetwork

__all__ = ["Passing"]


class Passing:
    """A network as after training, and the items to pass through it.

    Parameters
    ----------
    network : AutoencoderNetwork
        Left as in training after each call.
    features : Tensor or CSR matrix of shape (n_samples, n_features)
        From `ae_widgets.engine.items.items`.
    device : torch.device
        Where the network is; items go there a chunk at a time.
    """

    def __init__(self, network: AutoencoderNetwork, features: Any, device: torch.device) -> None:
        self._network, self._features, self._device = network, features, device

    @torch.no_grad()
    def encode(self, kind: str, rows: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return codes (n, code_dim) and errors (n,) of `rows`, default all, on the CPU."""
        codes, errors = [], []
        with evaluating(self._network):
            for chunk in self._chunks(rows):
                x = self._items(chunk, kind)
                code, output = self._network(network_input(kind, x))
                codes.append(code.cpu())
                errors.append(item_errors(kind, output, x).cpu())
        return torch.cat(codes), torch.cat(errors)

    @torch.no_grad()
    def reconstruct(self, kind: str, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return reconstructions (n, n_features) and errors (n,) of few items, on the CPU."""
        x = self._items(rows, kind)
        with evaluating(self._network):
            output = self._network(network_input(kind, x))[1]
        return output.cpu(), item_errors(kind, output, x).cpu()

    @torch.no_grad()
    def penalised(self, kind: str, rows: Tensor, codes: Tensor) -> Tensor:
        """Return what the complexity of the items at `rows` is measured on, on the CPU."""
        if self._network.penalises_codes:
            return codes  # no item is looked at
        parts = []
        with evaluating(self._network):
            chunks = self._chunks(rows)
            of_codes = torch.split(codes, self._chunk_rows())
            for chunk, code in zip(chunks, of_codes, strict=True):
                x = network_input(kind, self._items(chunk, kind))
                parts.append(self._network.penalised(x, code).cpu())
        return torch.cat(parts)

    def _items(self, rows: Tensor | slice, kind: str) -> Tensor:
        return take(self._features, rows, kind).to(self._device)

    def _chunk_rows(self) -> int:
        return chunk_rows(self._features.shape[1], self._network)

    def _chunks(self, rows: Tensor | None) -> tuple[Tensor | slice, ...]:
        size = self._chunk_rows()
        if rows is not None:
            return torch.split(rows, size)
        starts = range(0, self._features.shape[0], size)
        return tuple(slice(start, start + size) for start in starts)
