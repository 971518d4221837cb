"""What every widget that shows a session has in common."""

from __future__ import annotations

import threading
import uuid
import weakref
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
import traitlets

from ae_widgets.session import publisher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ae_widgets.session import Session

__all__ = [
    "TRAITS_LOCK",
    "FromFrontEnd",
    "OwnFrontEnd",
    "PageView",
    "SessionView",
    "close_inner",
    "close_tree",
    "free_replies",
    "tree",
]

TRAITS_LOCK = threading.RLock()
"""Held while synced traits are set: `ipywidgets` itself is not thread-safe."""


class FromFrontEnd:
    """Mix-in for controls that a person changes: their traits arrive under the lock."""

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the front end sent."""
        with TRAITS_LOCK:
            super().set_state(sync_data)  # type: ignore[misc]


class OwnFrontEnd(anywidget.AnyWidget):
    """A widget whose front end is ours; that finds its model by `own_id`, see ``revive.ts``."""

    own_id = traitlets.Unicode().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        own_id = uuid.uuid4().hex
        super().__init__(model_id=own_id, own_id=own_id, **traits)


def free_replies(widget: ipywidgets.Widget) -> None:
    """Let the front end reach `widget` while a cell runs.

    ipykernel 7.4 sends a front-end message to the shell that last published on
    its comm. That is the main shell, which is busy with the cell; without the
    note the message goes to the subshell that JupyterLab asked for.
    """
    getattr(widget.comm, "__dict__", {}).pop("_reply_subshell_id", None)


def tree(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
    """Yield `widget` and all widgets below it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from tree(child)


def close_tree(widget: ipywidgets.Widget) -> None:
    """Close `widget` with everything it refers to: children, layouts, styles, marks, scales."""
    # A default that was never used is not made only to be closed.
    values = [widget._trait_values.get(name) for name in widget.keys]  # noqa: SLF001
    # Closed first, so that what refers back to it ends the walk.
    ipywidgets.Widget.close(widget)
    for inner in _widgets_in(values):
        if inner.comm is None:
            continue
        close_inner(inner)


def close_inner(inner: ipywidgets.Widget) -> None:
    """Close `inner`, in its own way if it has one (a view, the shared style sheet)."""
    if type(inner).close is ipywidgets.Widget.close:
        close_tree(inner)
    else:
        inner.close()


def _widgets_in(value: object) -> Iterator[ipywidgets.Widget]:
    if isinstance(value, ipywidgets.Widget):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _widgets_in(item)
    elif isinstance(value, dict):
        yield from _widgets_in(list(value.values()))


class SessionView:
    """Mix-in for widgets that follow a session.

    A view never sets a synced trait but in its constructor and in a method that
    was passed to `_follow` or `_post`, which the publisher's thread runs. The
    session holds no strong reference to a view.
    """

    session: Session
    _unsubscribe: list[Callable[[], None]]
    _closed = False

    def _follow(
        self,
        topic: str,
        send: Callable[[], None],
        *,
        messages: int = 1,
        interval: float = 0.1,
        key: Callable[[], object] | None = None,
    ) -> None:
        """Run `send` now and, on the publisher's thread, whenever `topic` has news.

        Parameters
        ----------
        topic : str
            What to observe, see `Session.observe`.
        send : bound method of this view
            Brings the traits up to date.
        messages : int
            How many comm messages `send` causes at most.
        interval : float
            Seconds between two runs of `send`.
        key : bound method of this view, optional
            News count only if its result differs from the one before.
        """
        method = weakref.WeakMethod(send)
        look = weakref.WeakMethod(key) if key else None
        seen: list[object] = [key() if key else None]

        def changed() -> None:
            alive, view_key = method(), look and look()
            if alive is None:
                return
            if view_key is not None:
                found = view_key()
                if found == seen[0]:
                    return
                seen[0] = found
            view: SessionView = alive.__self__  # type: ignore[attr-defined]
            view._post(topic, alive, messages=messages, interval=interval)

        self.__dict__.setdefault("_unsubscribe", []).append(self.session.observe(topic, changed))
        self._refresh(send)

    def _post(
        self,
        topic: str,
        send: Callable[[], None],
        *,
        messages: int = 1,
        interval: float = 0.1,
    ) -> None:
        """Have the publisher's thread run `send` soon."""
        if not self._closed:
            name = f"{topic}:{getattr(send, '__name__', '')}"
            publisher.post(
                self, name, lambda: self._refresh(send), messages=messages, interval=interval
            )

    def _refresh(self, send: Callable[[], None]) -> None:
        if self._closed:
            return
        with TRAITS_LOCK:
            send()
        self._free_replies()

    def _free_replies(self) -> None:
        if isinstance(self, ipywidgets.Widget):
            for widget in tree(self):
                free_replies(widget)

    def close(self) -> None:
        """Close this view and everything in it; the session goes on."""
        if self._closed:
            return
        self._closed = True
        self._unfollow()
        with TRAITS_LOCK:
            close_tree(self)

    def _unfollow(self) -> None:
        for unsubscribe in self.__dict__.pop("_unsubscribe", []):
            unsubscribe()
        publisher.forget(self)


class PageView(SessionView):
    """A view that may lie on a page of `Tabs`, and computes nothing while it is not seen."""

    _active = True

    @property
    def active(self) -> bool:
        """Whether the view is seen."""
        return self._active

    @active.setter
    def active(self, value: bool) -> None:
        self._active = value
        if value:
            self._wake()

    def _wake(self) -> None:
        """Ask for what is shown."""
        raise NotImplementedError
