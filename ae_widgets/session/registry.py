"""The sessions of this process."""

from __future__ import annotations

import atexit
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ae_widgets.session.session import Session

__all__ = ["hold", "register", "release", "runs", "stop_all"]

_sessions: weakref.WeakSet[Session] = weakref.WeakSet()
_training: set[Session] = set()


def register(session: Session) -> None:
    """Have `session` listed by `runs` until it is closed or forgotten."""
    _sessions.add(session)


def hold(session: Session) -> None:
    """Keep `session` alive while it trains, even if nobody else holds it."""
    _training.add(session)


def release(session: Session) -> None:
    """Let go of a session that no longer trains."""
    _training.discard(session)


def runs() -> list[Session]:
    """Return the sessions that are not closed, oldest first."""
    return sorted((s for s in _sessions if not s.closed), key=lambda s: s.number)


def stop_all() -> None:
    """Stop the training of every session; nothing is lost."""
    for session in runs():
        session.stop()


@atexit.register
def _close_all() -> None:
    for session in runs():
        session.close()
