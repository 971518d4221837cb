"""All items in the latent space, live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from ae_widgets.widgets._axes import epoch_text
from ae_widgets.widgets._static import StaticFile
from ae_widgets.widgets._view import TRAITS_LOCK, FromFrontEnd, OwnFrontEnd, SessionView

if TYPE_CHECKING:
    from ae_widgets.session import LatentFrame, Session

__all__ = ["LatentScatter"]

HINT = "The codes of the items appear here."
HINTS = {
    "idle": f"Press Start to train. {HINT}",
    "starting": f"Starting the trainer… {HINT}",
    "failed": "There are no codes: the run failed before the first picture.",
}
"""State of the run -> what is said where the points will be."""


def _to_bytes(value: Any, _widget: Any) -> bytes:
    return bytes(value)


class LatentScatter(FromFrontEnd, SessionView, OwnFrontEnd):
    """Scatter of the items' codes that follows the training.

    It asks for the next frame when the front end has drawn the last, so that at
    most one is on its way. While nobody looks, none is sent; a view that appears
    says so, gets the latest frame, and the exchange goes on.

    Parameters
    ----------
    session : Session
        The run to show.
    """

    _esm = StaticFile("latent_scatter.js")
    _css = StaticFile("latent_scatter.css")

    positions = traitlets.Bytes().tag(sync=True)
    """Where each item is drawn: float32 x, y, interleaved; empty before the first frame."""

    frame = traitlets.Int(0).tag(sync=True)
    """Number of the frame that `positions` and `errors` belong to; 0 = none yet."""

    exact = traitlets.Bool(default_value=False).tag(sync=True)
    """Whether all codes come from the present weights."""

    limits = traitlets.List(traitlets.Float(), [-1.0, 1.0, -1.0, 1.0]).tag(sync=True)
    """What the axes span when all is shown: x0, x1, y0, y1."""

    axis_labels = traitlets.List(traitlets.Unicode(), ["", ""]).tag(sync=True)
    """What the two axes show."""

    caption = traitlets.Unicode().tag(sync=True)
    """Age of the frame, e.g. 'epoch 12'."""

    hint = traitlets.Unicode().tag(sync=True)
    """What is said in place of the points before there are any."""

    labels = traitlets.Bytes().tag(sync=True)
    """int32 index into `label_names` of each item, -1 without; empty without labels."""

    label_names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """Names of the labels."""

    classes = traitlets.Bytes().tag(sync=True)
    """int32 index into `label_names` of the class predicted for each item; empty without a
    classifier."""

    clusters = traitlets.Bytes().tag(sync=True)
    """int32 cluster of each item's code; empty until `color_by` asks for it."""

    errors = traitlets.Bytes().tag(sync=True)
    """float32 reconstruction error of each item."""

    color_by = traitlets.Enum(["label", "class", "error", "cluster", "none"], "label").tag(
        sync=True
    )
    """What the colours show; 'label' shows one colour if there are no labels, and 'class',
    the predicted one, if there is no classifier."""

    hidden = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """What the legend filters out: 'label:<name>', 'class:<name>', 'cluster:<n>', 'none'
    (without label) or 'label:*' (the labels beyond the twenty most frequent)."""

    tool = traitlets.Enum(["pan", "box", "lasso"], "pan").tag(sync=True)
    """What dragging does."""

    focus = traitlets.Int(-1).tag(sync=True)
    """Item under the pointer or, if `pinned`, the clicked one; -1 = none."""

    pinned = traitlets.Bool(default_value=False).tag(sync=True)
    """Whether `focus` stays when the pointer moves on."""

    selection = traitlets.Bytes().tag(sync=True, from_json=_to_bytes)
    """uint32 indices of the selected items, ascending."""

    camera = traitlets.List(traitlets.Float()).tag(sync=True)
    """What the axes span now: x0, x1, y0, y1; empty = all of `limits`."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._in_flight: int | None = None  # the frame that was sent but not drawn yet
        self._held_back = False  # whether a newer one waits for that
        self._sending = False  # whether a trait is being set by us, not by a person
        super().__init__(**_labels(session), color_by="label" if session.label_names else "error")
        self._follow("latent", self._send_frame)
        self._follow("status", self._send_hint, key=self._state)
        self._follow("clusters", self._send_clusters)
        self._follow("labels", self._send_labels)
        self._follow("focus", self._send_focus)
        self._follow("selection", self._send_selection)
        self.on_msg(self._heed)
        self.observe(self._pointed, names=["focus", "pinned"])
        self.observe(self._selected, names=["selection"])
        self.observe(self._coloured, names=["color_by"])

    # To the front end -------------------------------------------------------

    def _send_frame(self) -> None:
        frame = self.session.latent
        if self._in_flight is not None:
            self._held_back = True
            return
        if frame is None:
            self._set(positions=b"", errors=b"", classes=b"", caption="", frame=0)
            return
        if frame.number == self.frame:
            return
        self._in_flight = frame.number
        self._set(
            positions=np.ascontiguousarray(frame.positions, dtype="<f4").tobytes(),
            errors=np.ascontiguousarray(frame.errors, dtype="<f4").tobytes(),
            classes=b"" if frame.classes is None else frame.classes.astype("<i4").tobytes(),
            limits=[float(limit) for limit in frame.limits],
            axis_labels=list(frame.axis_labels),
            caption=_caption(frame),
            exact=frame.exact,
            frame=frame.number,
        )
        if self.color_by == "cluster" and frame.exact:
            self.session.request_clusters()

    def _state(self) -> str:
        return self.session.status.state

    def _send_hint(self) -> None:
        self._set(hint=HINTS.get(self._state(), HINT))

    def _send_clusters(self) -> None:
        clusters = self.session.clusters
        self._set(clusters=b"" if clusters is None else clusters.astype("<i4").tobytes())

    def _send_labels(self) -> None:
        self._set(**_labels(self.session))

    def _send_focus(self) -> None:
        focus = -1 if self.session.focus is None else self.session.focus
        # What was chosen elsewhere must not get lost under a moving pointer.
        pinned = focus >= 0 and not self.session.hovering
        if (focus, pinned) != (self.focus, self.pinned):
            self._set(focus=focus, pinned=pinned)

    def _send_selection(self) -> None:
        self._set(selection=self.session.selection.astype("<u4").tobytes())

    def _set(self, **traits: Any) -> None:
        self._sending = True
        try:
            with self.hold_sync():
                for name, value in traits.items():
                    setattr(self, name, value)
        finally:
            self._sending = False

    # From the front end -----------------------------------------------------

    def _heed(self, _widget: Any, message: dict[str, Any], _buffers: Any) -> None:
        """Take in that a frame was drawn or that a view has appeared."""
        kind = message.get("type")
        with TRAITS_LOCK:
            if kind == "drawn" and message.get("frame") != self._in_flight:
                return  # a second page has drawn it, too
            if kind in {"drawn", "ready"}:
                self._in_flight = None
            if kind == "ready" or self._held_back:
                self._held_back = False
                self._post("latent", self._send_frame)
        if kind in {"drawn", "ready"}:
            self.session.request_latent()

    def _pointed(self, _change: dict[str, Any]) -> None:
        index = self.focus
        if not self._sending and index < self.session.dataset.n_samples:
            self.session.point(index if index >= 0 else None, hovering=not self.pinned)

    def _selected(self, change: dict[str, Any]) -> None:
        if not self._sending:
            indices = np.frombuffer(change["new"], dtype="<u4").astype(np.int64)
            self.session.select(indices[indices < self.session.dataset.n_samples])

    def _coloured(self, change: dict[str, Any]) -> None:
        if change["new"] == "cluster":
            self.session.request_clusters()


def _labels(session: Session) -> dict[str, Any]:
    names = list(session.label_names)
    return {
        "labels": session.labels.astype("<i4").tobytes() if names else b"",
        "label_names": names,
    }


def _caption(frame: LatentFrame) -> str:
    if frame.exact:
        return f"epoch {epoch_text(frame.epoch)}"
    return f"epoch {frame.epoch:,.1f}, codes of the last pass"
