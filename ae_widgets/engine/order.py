"""In which order the items are trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ae_widgets.engine.sampling import WeightedRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Order"]


class Order:
    """The items of an epoch in their order, and how far it has come.

    Parameters
    ----------
    known : ndarray of shape (n_train,), int32
        The items to train on.
    weight : ndarray of shape (n_samples,), float64, or None
        How often each item is drawn, in relation to the others; None for once each. With
        weights an epoch is as many draws, with replacement, as there are items.
    random_state : int
        Seed of all orders.

    Attributes
    ----------
    rows : ndarray of shape (n_train,), int32
        The items of this epoch, in order.
    cursor : int
        How many of them are done.
    """

    def __init__(
        self, known: NDArray[np.int32], weight: NDArray[np.float64] | None, random_state: int
    ) -> None:
        self._known = known
        self._generator = torch.Generator().manual_seed(random_state)
        self._drawn: WeightedRows | None = None
        self.begin(weight)

    def __len__(self) -> int:
        """Return how many items an epoch has."""
        return len(self._known)

    @property
    def weighted(self) -> bool:
        """Whether items are drawn by weight: some several times, others not at all."""
        return self._drawn is not None

    @property
    def completed(self) -> bool:
        """Whether all items of the epoch are done."""
        return self.cursor >= len(self.rows)

    def begin(self, weight: NDArray[np.float64] | None) -> None:
        """Draw the order of another epoch, by `weight`."""
        n = len(self._known)
        if weight is None:
            self._drawn = None
        elif self._drawn is None or self._drawn.weight is not weight:
            self._drawn = WeightedRows(self._known, weight)
        self.cursor = 0
        if self._drawn is None:
            shuffle = torch.randperm(n, generator=self._generator, dtype=torch.int32)
            self.rows: NDArray[np.int32] = self._known[shuffle.numpy()]
        else:
            uniform = torch.rand(n, generator=self._generator, dtype=torch.float64)
            self.rows = self._drawn.draw(uniform.numpy())

    def next(self, n_items: int) -> NDArray[np.int32]:
        """Return the next `n_items` of this epoch, or what is left of it."""
        return self.rows[self.cursor : self.cursor + n_items]

    def state(self) -> dict[str, Any]:
        """Return what `load_state` needs."""
        return {
            "order": self.rows.copy(),
            "cursor": self.cursor,
            "order_generator": self._generator.get_state().numpy().copy(),
        }

    def check(self, state: dict[str, Any]) -> None:
        """Raise ValueError if a state is not one of these items."""
        rows = np.asarray(state["order"])
        fits = rows.shape == self.rows.shape and np.isin(rows, self._known).all()
        if not fits or not 0 <= state["cursor"] <= len(rows):
            msg = f"its order is not one of the {len(self._known):,} items to train on"
            raise ValueError(msg)

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on where the order of the same items was."""
        self._generator.set_state(torch.from_numpy(state["order_generator"]))
        self.rows = np.ascontiguousarray(state["order"], self.rows.dtype)
        self.cursor = state["cursor"]
