"""Whether a network's parameters, and what it can put out, are finite; and the way back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from ae_widgets.exceptions import NonFiniteLossError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from ae_widgets.model.network import AutoencoderNetwork

    Weights = dict[str, NDArray[np.float32]]

__all__ = ["LastFinite", "are_finite", "are_moderate", "weights_of"]

MODERATE = 1e15
"""How many times longer the outputs may get than the inputs without a look at them: float32
holds squares of errors up to 1e38."""


def are_finite(network: nn.Module) -> bool:
    """Whether no parameter of a network, nor what a layer notes beside, is NaN or infinite."""
    return all(bool(value.isfinite().all()) for value in network.state_dict().values())


@torch.no_grad()
def are_moderate(network: nn.Module) -> bool:
    """Whether parameters are finite and so small that finite items have finite outputs.

    A layer makes no vector longer than the Frobenius norm of its weights does, so their
    product bounds what a network does. It is cheap; if it is too large, look closer.
    """
    gain = 1.0
    for parameter in network.parameters():
        norm = torch.linalg.vector_norm(parameter).item()
        if not math.isfinite(norm):
            return False
        gain *= max(1.0, norm)
    return gain < MODERATE and all(bool(b.isfinite().all()) for b in network.buffers())


class LastFinite:
    """The weights to go back to: those at the end of an epoch, or that a run began with.

    Parameters
    ----------
    network : AutoencoderNetwork
        In training, with the weights that it begins with.
    given : dict of str to ndarray or None
        Those weights, if they were not drawn. Those of modules of the user's are copied.
    draw : callable
        Returns the network as it was drawn.

    Attributes
    ----------
    epoch : int
        The epoch that ended with them.

    Raises
    ------
    SettingsError
        If weights that were not drawn are not finite.
    """

    def __init__(
        self,
        network: AutoencoderNetwork,
        given: Weights | None,
        draw: Callable[[], AutoencoderNetwork],
    ) -> None:
        self._network, self._draw = network, draw
        self._given = given or (weights_of(network) if network.guard else None)
        if self._given and not are_finite(network):
            msg = (
                "The weights to begin with are NaN or infinite, and training cannot go on from "
                "them. Begin anew: warm_start=False and fit in place of partial_fit, or modules "
                "with other weights."
            )
            raise SettingsError(msg)
        self._kept: Weights = {}
        self.epoch = 0

    @property
    def weights(self) -> Weights:
        """The parameters by name."""
        return self._kept or self._given or weights_of(self._draw())

    def keep(self, epoch: int) -> None:
        """Copy the network's parameters at the end of `epoch`, unless that is done."""
        if self.epoch != epoch:
            self._kept = {}  # frees them first
            self.put(weights_of(self._network), epoch)

    def put(self, weights: Weights, epoch: int) -> None:
        """Take `weights` for those at the end of `epoch`."""
        self._kept, self.epoch = weights, epoch

    def error(self, loss: float, step: int, rate: float, *, moved: bool) -> NonFiniteLossError:
        """Return what to tell of a loss that is not finite, at a step and a learning rate.

        Whether a weight had `moved` tells if the learning rate may have to do with it.
        """
        if moved:
            remedy = "Try a lower learning rate or scaled data, then go on."
        else:
            own = self._network.guard is not None
            look = "Look at what your encoder and decoder return, or scale" if own else "Scale"
            remedy = f"No weight had moved by then. {look} the data."
        return NonFiniteLossError(
            f"Loss became {'NaN' if math.isnan(loss) else 'infinite'} at step {step:,} "
            f"(learning rate {rate:g}). Weights restored to the end of epoch "
            f"{self.epoch:,}. {remedy}"
        )


def weights_of(network: AutoencoderNetwork) -> Weights:
    """Return a copy of the parameters by name."""
    return {n: t.detach().cpu().numpy().copy("K") for n, t in network.state_dict().items()}
