"""The networks built from an `Architecture`."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ae_widgets.model.architecture import Architecture

__all__ = ["AutoencoderNetwork", "build_network"]

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}


class AutoencoderNetwork(nn.Module):
    """An encoder and a decoder.

    Parameters
    ----------
    encoder, decoder : torch.nn.Module
        ``(n, n_features) -> (n, code_dim)`` and back.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def encode(self, x: Tensor) -> Tensor:
        """Return the codes of `x`, shape (n, code_dim)."""
        code: Tensor = self.encoder(x)
        return code

    def decode(self, code: Tensor) -> Tensor:
        """Return the reconstructions of `code`, shape (n, n_features)."""
        output: Tensor = self.decoder(code)
        return output

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the codes and the reconstructions of `x`."""
        code = self.encode(x)
        return code, self.decode(code)

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled or copied: each parameter with memory of its own.

        A parameter may be a view of a vector, which pickle would write for each anew.
        """
        return {**self.__dict__, "_modules": copy.deepcopy(self._modules)}


def build_network(
    architecture: Architecture, n_features: int, *, random_state: int
) -> AutoencoderNetwork:
    """Build the network with PyTorch's default initialisation.

    The weights are drawn as after ``torch.manual_seed(random_state)``, encoder
    first, so that the same layers written by hand start equal. The global random
    state of torch is left as it was.

    Parameters
    ----------
    architecture : Architecture
        Layers and activations.
    n_features : int
        Values of one item.
    random_state : int
        Seed of the weights.
    """
    sizes = architecture.layer_sizes(n_features)
    middle = len(architecture.hidden_layer_sizes) + 1
    hidden = [architecture.activation] * (middle - 1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(random_state)
        encoder = _dense(sizes[: middle + 1], [*hidden, architecture.code_activation])
        decoder = _dense(sizes[middle:], [*hidden, architecture.output_activation])
    return AutoencoderNetwork(encoder, decoder)


def _dense(sizes: Sequence[int], activations: Sequence[str]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for fan_in, fan_out, activation in zip(sizes, sizes[1:], activations, strict=False):
        layers.append(nn.Linear(fan_in, fan_out))
        if activation != "identity":
            layers.append(_ACTIVATIONS[activation]())
    return nn.Sequential(*layers)
