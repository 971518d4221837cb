"""The picture of the latent space: sent to who watches it, or computed when it is read."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.engine.protocol import RequestLatent, Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ae_widgets.data import Dataset
    from ae_widgets.engine.settings import Settings
    from ae_widgets.session.latent import LatentFrame
    from ae_widgets.session.link import Link
    from ae_widgets.session.observers import Observers
    from ae_widgets.session.run import Run

__all__ = ["Watching"]

_ANSWER_SECONDS = 120.0  # the first picture may have to wait for a compilation


class Watching:
    """What `Session` does so that a picture costs nothing where nobody looks.

    To encode all items takes as long as a good part of an epoch. The trainer does so
    when a run begins or halts if something observes 'latent', and else when it is read.
    """

    dataset: Dataset
    settings: Settings
    closed: bool
    prepare: Callable[[], None]
    _link: Link
    _run: Run
    _observers: Observers
    _settled: threading.Condition
    _events_thread: int | None = None
    _watched = False

    def observe(self, topic: str, callback: Callable[[], None]) -> Callable[[], None]:
        """Have `callback` called when `topic` changed; return how to end that.

        Parameters
        ----------
        topic : str
            'status', 'losses', 'latent', 'settings', 'selection', 'focus', 'baseline',
            'journal', 'labels', 'groups', 'clusters', 'variance', 'scores' or 'closed'.
        callback : callable
            Called without argument on any thread; must return at once.
        """
        forget = self._observers.observe(topic, callback)
        self._watch()

        def unsubscribe() -> None:
            forget()
            self._watch()

        return unsubscribe

    @property
    def latent(self) -> LatentFrame | None:
        """The last picture of the latent space, None before the first.

        While the run is not training it is that of the present weights. If nothing
        observes 'latent', reading it waits until the trainer has encoded all items; where
        the run goes on from a fitted estimator, also before it is started.
        """
        if not self._watched and threading.get_ident() != self._events_thread:
            if self._run.latent is None and self._run.weights is not None and not self.closed:
                self.prepare()
            with self._settled:
                if not self._up_to_date() and self._link.send(RequestLatent()):
                    self._settled.wait_for(self._up_to_date, _ANSWER_SECONDS)
        return self._run.latent

    @property
    def codes(self) -> NDArray[np.float32]:
        """Codes of all items in `latent`, shape (n_samples, code_dim); NaN before the first."""
        frame = self.latent
        if frame is not None:
            return frame.codes
        shape = (self.dataset.n_samples, self.settings.architecture.code_dim)
        return np.full(shape, np.nan, dtype=np.float32)

    def _watch(self) -> None:
        """Tell the trainer whether anyone watches, if that is new to it."""
        with self._settled:
            watched = self._observers.has("latent")
            if watched != self._watched:
                self._watched = watched
                self._link.send(Watch(watched))

    def _up_to_date(self) -> bool:
        """Whether there is no later picture to wait for."""
        frame, status = self._run.latent, self._run.status
        return (
            self.closed
            or self._link.trainer is None
            or status.busy
            or (status.state == "failed" and not status.step)
            or (frame is not None and frame.step == status.step)
        )
