"""Items of a run that are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ae_widgets.analysis.similar import similar_items
from ae_widgets.exceptions import AEWidgetsError, TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from ae_widgets.session.latent import LatentFrame

__all__ = ["Similarity"]


class Similarity:
    """What a session says of items that are alike: their codes are near."""

    do_aside: Callable[[str, Callable[[], None]], None]
    latent: LatentFrame | None
    say: Callable[..., None]
    select: Callable[[ArrayLike], None]
    _items_at: Callable[[ArrayLike], NDArray[np.int64]]

    def similar(self, item: int, n: int = 10, *, metric: str = "euclidean") -> NDArray[np.intp]:
        """Return the items whose codes are nearest to that of `item`, the nearest first.

        Parameters
        ----------
        item : int
            Index of an item, which is not among them.
        n : int, default=10
            How many, from 1 to n_samples - 1.
        metric : {'euclidean', 'cosine'}, default='euclidean'
            The distance between the codes, or the angle between them alone.

        Returns
        -------
        ndarray of shape (n,), int

        Raises
        ------
        DataError
            If there is no such item, `n` or `metric` is out of its range, or a code is
            not finite.
        TrainingError
            If there is no picture of the codes yet.
        """
        (row,) = self._items_at([item])
        if (frame := self.latent) is None:
            msg = "There are no codes yet. Train first: session.start(), then session.wait()."
            raise TrainingError(msg)
        return similar_items(frame.codes, int(row), n, metric)

    def select_similar(self, item: int, n: int = 10, *, metric: str = "euclidean") -> None:
        """Have the items selected that `similar` returns, soon, on another thread.

        The status line says so, or why it cannot be.
        """

        def job() -> None:
            try:
                self.select(self.similar(item, n, metric=metric))
            except AEWidgetsError as error:
                self.say(str(error), error=True)
            else:
                self.say(f"Selected the {n} items whose codes are nearest to that of item {item}.")

        self.do_aside("similar", job)
