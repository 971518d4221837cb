"""The weights of a run's best epoch, for a run that is to end with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from ae_widgets.model.network import AutoencoderNetwork

    Weights = dict[str, NDArray[np.float32]]

__all__ = ["Best"]


class Best:
    """Keeps the weights of the best epoch, and lends them to the network of a run that rests.

    They are given back before the next batch, so that nothing that is trained depends on
    them: a run that goes on does so from the last weights, whatever it was seen with.

    Parameters
    ----------
    network : AutoencoderNetwork
        Whose weights they are.

    Attributes
    ----------
    keeps : bool
        Whether there is anyone to keep them for.
    epoch : int or None
        The best epoch; None if none is kept.
    lent : int or None
        The epoch whose weights the network has in place of the last; None if it has those.
    """

    def __init__(self, network: AutoencoderNetwork) -> None:
        self.keeps = False
        self.lent: int | None = None
        self._network = network
        self.epoch: int | None = None
        self._weights: Weights = {}
        self._last: Weights = {}

    @property
    def weights(self) -> Weights | None:
        """Those of the best epoch; None if none is kept."""
        return self._weights if self.epoch is not None else None

    def note(self, epoch: int, weights: Weights) -> None:
        """Keep `weights` as those of the best epoch; they must not be written to any more."""
        self.epoch, self._weights = epoch, weights

    def forget(self) -> None:
        """Keep none: what was best is so no more."""
        self.epoch, self._weights = None, {}

    def lend(self, last: Weights) -> bool:
        """Have the best weights in the network; return whether that changed it.

        Parameters
        ----------
        last : dict of str to ndarray
            The weights that it has now.
        """
        if self.lent is not None or self.epoch is None or _shapes(last) != _shapes(self._weights):
            return False
        self.lent, self._last = self.epoch, last
        self._put(self._weights)
        return True

    def give_back(self) -> bool:
        """Have the last weights in the network again; return whether that changed it."""
        if self.lent is None:
            return False
        self._put(self._last)
        self.lent, self._last = None, {}
        return True

    def state(self) -> dict[str, Any]:
        """Return all of it, for `load_state`."""
        return {
            "epoch": self.epoch,
            "weights": self._weights,
            "lent": self.lent,
            "last": self._last,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned; the network has the weights that it had then."""
        self.epoch, self._weights = state["epoch"], state["weights"]
        self.lent, self._last = state["lent"], state["last"]

    def _put(self, weights: Weights) -> None:
        self._network.load_state_dict({n: torch.from_numpy(array) for n, array in weights.items()})


def _shapes(weights: Weights) -> dict[str, tuple[int, ...]]:
    return {name: array.shape for name, array in weights.items()}
