"""Interrupts (SIGINT) that wait for what must not be left half done (no torch)."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["held_back"]


@contextmanager
def held_back() -> Iterator[None]:
    """Let an interrupt that comes within the block take effect at its end.

    A module whose import was interrupted may never be imported again in this process. Where
    no interrupt can arrive, as on every thread but the first, this does nothing.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    came: list[tuple[Any, ...]] = []
    signal.signal(signal.SIGINT, lambda *arguments: came.append(arguments))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if came:
            handler(*came[0])
