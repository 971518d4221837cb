"""Who wants to hear of what."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Observers"]


class Observers:
    """Callbacks by topic."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callbacks: dict[str, list[Callable[[], None]]] = {}

    def observe(self, topic: str, callback: Callable[[], None]) -> Callable[[], None]:
        """Have `callback` called when `topic` changed; return how to end that."""
        with self._lock:
            self._callbacks.setdefault(topic, []).append(callback)

        def unsubscribe() -> None:
            with self._lock:
                if callback in self._callbacks[topic]:
                    self._callbacks[topic].remove(callback)

        return unsubscribe

    def has(self, topic: str) -> bool:
        """Whether anyone observes `topic`."""
        with self._lock:
            return bool(self._callbacks.get(topic))

    def notify(self, *topics: str) -> None:
        """Call those who observe `topics`."""
        for topic in topics:
            with self._lock:
                callbacks = tuple(self._callbacks.get(topic, ()))
            for callback in callbacks:
                callback()
