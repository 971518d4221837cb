"""The second output of a Lab: what a saved notebook shows where no widget lives."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.exceptions import AEWidgetsError
from ae_widgets.session import publisher
from ae_widgets.widgets.static_picture import WIDTH, draw_picture, summary_text

if TYPE_CHECKING:
    from ae_widgets.session import Reconstructions, Session

__all__ = ["SavedOutput"]

N_ITEMS = 16
MAX_OUTPUTS = 4  # places of one Lab in a notebook that are kept up to date


class SavedOutput:
    """A picture under the live widget, brought up to date when a run comes to rest.

    The style sheet hides it while the widget beside it is alive.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._display_ids: list[str] = []
        self._items: Reconstructions | None = None
        self._shown: tuple[Any, ...] | None = None

    def take_places(self, other: SavedOutput) -> None:
        """Show in the outputs of `other` from now on."""
        self._display_ids = other._display_ids

    def show(self, title: str) -> None:
        """Add the picture to the output of the cell that runs."""
        from IPython.display import display

        display_id = uuid.uuid4().hex
        self._display_ids = [*self._display_ids, display_id][-MAX_OUTPUTS:]
        data, metadata = self._bundle(title)
        display(  # type: ignore[no-untyped-call]
            data, metadata=metadata, raw=True, display_id=display_id
        )

    def refresh(self, title: str, *, wait: bool = False) -> None:
        """Bring what `show` added up to date, wherever it is.

        Parameters
        ----------
        title : str
            The line above the picture.
        wait : bool
            Whether to wait for fresh reconstructions; else they follow.
        """
        status = self.session.status
        now = (status.state, status.step, status.message)
        if not self._display_ids or now == self._shown:
            return
        if wait:
            self._shown = now
            self._take_items()
            self._publish(title)
            return

        def take(items: Reconstructions) -> None:
            self._items = items
            publisher.post(self, "picture", lambda: self._publish(title))

        self._publish(title)
        if self.session.latent is not None and not self.session.closed:
            self.session.request_reconstructions(self._indices(), take)

    def _publish(self, title: str) -> None:
        from IPython.display import update_display

        data, metadata = self._bundle(title)
        for display_id in self._display_ids:
            # By its id it finds its own output, whichever cell runs now.
            update_display(  # type: ignore[no-untyped-call]
                data, metadata=metadata, raw=True, display_id=display_id
            )

    def _bundle(self, title: str) -> tuple[dict[str, Any], dict[str, Any]]:
        data = {
            "image/png": draw_picture(self.session, title, self._items),
            "text/plain": summary_text(self.session, title),
        }
        return data, {"image/png": {"width": WIDTH}}

    def _indices(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        n = self.session.dataset.n_samples
        return np.linspace(0, n - 1, min(n, N_ITEMS)).astype(np.int64)

    def _take_items(self) -> None:
        if self.session.latent is None or self.session.closed:
            return
        try:
            self._items = self.session.reconstruct(self._indices())
        except AEWidgetsError:
            return  # the trainer has ended: the picture goes without newer ones
