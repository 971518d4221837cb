"""The picture that costs nothing: codes and errors as the training pass left them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ae_widgets.engine.order import Order

    Floats = NDArray[np.float32]

__all__ = ["Seen"]


class Seen:
    """Codes and errors of all items, each as old as its item's last batch.

    The training pass leaves those of an epoch in its order, one after another, and
    `scatter` brings them into the order of the items.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, code_dim), float32
        All items' codes to begin with; kept, and written to.
    errors : ndarray of shape (n_samples,), float32
        Their reconstruction errors, likewise.
    order : Order
        Of the epoch that is trained on.
    """

    def __init__(self, codes: Floats, errors: Floats, order: Order) -> None:
        self.codes, self.errors = codes, errors
        self._new = codes[order.rows], errors[order.rows]  # of this epoch, in its order
        self._scattered = order.cursor

    def of_next(self, order: Order, n_items: int) -> tuple[Floats, Floats]:
        """Return where the pass over the next items leaves their codes and errors."""
        part = slice(order.cursor, order.cursor + n_items)
        codes, errors = self._new
        return codes[part], errors[part]

    def keep(self, order: Order, n_items: int) -> None:
        """Let the next items, which are passed over, have the values that they had."""
        part = slice(order.cursor, order.cursor + n_items)
        for new, old in zip(self._new, (self.codes, self.errors), strict=True):
            new[part] = old[order.rows[part]]

    def put(self, rows: NDArray[np.integer] | slice, codes: Floats, errors: Floats) -> None:
        """Note the codes and errors of the items at `rows`."""
        self.codes[rows], self.errors[rows] = codes, errors

    def scatter(self, order: Order) -> None:
        """Bring what the training pass left into the order of the items."""
        part = slice(self._scattered, order.cursor)
        for new, old in zip(self._new, (self.codes, self.errors), strict=True):
            old[order.rows[part]] = new[part]
        self._scattered = order.cursor

    def begin(self) -> None:
        """Begin with another epoch, whose values replace those of the last."""
        self._scattered = 0
