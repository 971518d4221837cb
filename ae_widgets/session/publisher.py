"""The one thread that sends to the front end.

Views do not send when something happens: they post what to send. Posts about
the same thing coalesce, so that what is sent is always the latest state, and the
last state is always sent, however fast the events come.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MESSAGES_PER_SECOND", "Publisher", "publisher"]

MESSAGES_PER_SECOND = 20
"""Most messages within any second, over all views of all sessions."""

_log = logging.getLogger("ae_widgets")


@dataclass
class _Post:
    key: tuple[int, str]
    send: Callable[[], None]
    messages: int
    interval: float
    order: int


class Publisher:
    """Sends the latest state of many things, at a bounded rate.

    Parameters
    ----------
    messages_per_second : int, default=20
        Most messages within any second.
    """

    def __init__(self, messages_per_second: int = MESSAGES_PER_SECOND) -> None:
        self._limit = messages_per_second
        self._changed = threading.Condition()
        self._waiting: dict[tuple[int, str], _Post] = {}
        self._sent_at: dict[tuple[int, str], float] = {}
        self._recent: deque[float] = deque()
        self._sending: _Post | None = None
        self._order = 0
        self._thread: threading.Thread | None = None

    def post(
        self,
        owner: object,
        topic: str,
        send: Callable[[], None],
        *,
        messages: int = 1,
        interval: float = 0.1,
    ) -> None:
        """Have `send` called soon on the publisher's thread.

        Posts that are due are sent in their order. What a send posts goes on in that
        one's place: the rest of a change does not queue behind what came after it.

        Parameters
        ----------
        owner, topic
            A post replaces the waiting one of the same owner and topic.
        send : callable
            Sends the state of the moment at which it is called.
        messages : int, default=1
            How many messages `send` causes at most.
        interval : float, default=0.1
            Least seconds between two sends of this owner and topic.
        """
        key = (id(owner), topic)
        with self._changed:
            waiting = self._waiting.get(key)
            order = waiting.order if waiting else self._next_order(key)
            self._waiting[key] = _Post(key, send, min(messages, self._limit), interval, order)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._run, name="ae_widgets-publisher", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()

    def _next_order(self, key: tuple[int, str]) -> int:
        sending = self._sending if threading.current_thread() is self._thread else None
        if sending and sending.key != key:  # who posts itself must not always be first
            return sending.order
        self._order += 1
        return self._order

    def forget(self, owner: object) -> None:
        """Drop what waits for `owner`."""
        with self._changed:
            for known in (self._waiting, self._sent_at):
                for key in [key for key in known if key[0] == id(owner)]:
                    del known[key]
            self._changed.notify_all()

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until nothing waits to be sent; return whether that came true."""
        if threading.current_thread() is self._thread:
            return False
        with self._changed:
            return self._changed.wait_for(lambda: not (self._waiting or self._sending), timeout)

    def _run(self) -> None:
        while True:
            with self._changed:
                post = self._next()
                self._sending = post
            try:
                post.send()
            except Exception:  # noqa: BLE001  # logged, see below
                # The next post must still be sent. A view that fails says so itself.
                _log.exception("ae_widgets: a view could not be brought up to date")
            with self._changed:
                # Counted from the end of the sending, so that late messages count too.
                self._recent.extend([time.monotonic()] * post.messages)
                self._sending = None
                self._changed.notify_all()
            del post  # a view that was closed must not live on here

    def _next(self) -> _Post:
        """Wait for the post that is due first and take it (the lock is held)."""
        while True:
            now = time.monotonic()
            while self._recent and now - self._recent[0] >= 1.0:
                self._recent.popleft()
            if not self._waiting:
                self._changed.wait()
                continue
            post = min(self._waiting.values(), key=lambda post: self._rank(post, now))
            at = max(self._by_interval(post), self._by_rate(post))
            if at <= now:
                del self._waiting[post.key]
                self._sent_at[post.key] = now
                return post
            self._changed.wait(at - now)

    def _rank(self, post: _Post, now: float) -> tuple[float, int]:
        """Sort by when it is due, and what is due already by how long it has waited.

        So a post of many messages is not overtaken for ever by posts of few.
        """
        return max(now, self._by_interval(post)), post.order

    def _by_interval(self, post: _Post) -> float:
        return self._sent_at.get(post.key, float("-inf")) + post.interval

    def _by_rate(self, post: _Post) -> float:
        too_many = len(self._recent) + post.messages - self._limit
        return self._recent[too_many - 1] + 1.0 if too_many > 0 else float("-inf")


publisher = Publisher()
"""The publisher of this process."""
