"""The session's end of the conversation with its trainer."""

from __future__ import annotations

import itertools
import threading
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ae_widgets.engine.launch import TRAINERS
from ae_widgets.engine.protocol import Reconstructed, TrainerState

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from ae_widgets.engine.launch import TrainerHandle
    from ae_widgets.engine.protocol import Begin, Command, Event

__all__ = ["Link"]


class Link:
    """Launches a trainer when it is needed and hands commands and events over.

    The trainer does not keep the link alive: when the link is dropped, the
    trainer ends.

    Parameters
    ----------
    kind : {'process', 'thread'}
        Where the trainer lives.
    features : ndarray or CSR matrix of shape (n_samples, n_features), float32
        All items, as the network is given them.
    handle : callable
        Takes each event but answers to `ask`, on another thread.
    """

    def __init__(
        self, kind: str, features: NDArray[np.float32] | Any, handle: Callable[[Event], None]
    ) -> None:
        self.kind = kind
        self._features = features
        self._handle = weakref.WeakMethod(handle)
        self._lock = threading.Lock()
        self._end: weakref.finalize[[], Link] | None = None
        self._questions: dict[int, Callable[[Any], None]] = {}
        self._numbers = itertools.count(1)
        self.trainer: TrainerHandle | None = None

    def launch(self, first: Command) -> None:
        """Start the trainer and send it its first command."""
        own = weakref.ref(self)

        def handle(event: Event) -> None:
            if (link := own()) is not None:
                link._take(event)  # noqa: SLF001  # our own

        trainer = TRAINERS[self.kind](self._features, handle)
        self._end = weakref.finalize(self, trainer.close)
        self.trainer = trainer
        trainer.send(first)

    def send(self, command: Command) -> bool:
        """Send a command if there is a trainer; return whether there is."""
        trainer = self.trainer
        if trainer is not None:
            trainer.send(command)
        return trainer is not None

    def begin(self, command: Begin, features: NDArray[np.float32] | Any) -> None:
        """Send the beginning of a run, with its features if they are others than until now."""
        others = features is not self._features
        self._features = features
        self.send(replace(command, features=features) if others else command)

    def ask(self, question: Callable[[int], Command], answer: Callable[[Any], None]) -> None:
        """Send the `question` of a number; have `answer` called with the event that answers it."""
        number = next(self._numbers)
        with self._lock:
            self._questions[number] = answer
        self.send(question(number))

    def close(self) -> None:
        """End the trainer after what it was told before."""
        if self._end is not None:
            self._end()
        self.trainer = None

    def lost(self) -> None:
        """Note that the trainer has ended by itself."""
        self.close()
        with self._lock:
            self._questions.clear()

    def _take(self, event: Event) -> None:
        try:
            self._hand_over(event)
        except Exception as error:  # noqa: BLE001  # an observer's; the trainer is heard on
            place = type(error), error, error.__traceback__, threading.current_thread()
            threading.excepthook(threading.ExceptHookArgs(place))

    def _hand_over(self, event: Event) -> None:
        if isinstance(event, Reconstructed | TrainerState):
            with self._lock:
                answer = self._questions.pop(event.request, None)
            if answer is not None:
                answer(event)
        elif (handle := self._handle()) is not None:
            handle(event)
