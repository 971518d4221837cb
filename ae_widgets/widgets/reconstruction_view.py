"""Items beside what the network makes of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from ae_widgets.exceptions import TrainingError
from ae_widgets.widgets._drawing import DRAWING, drawing, quantize
from ae_widgets.widgets._items import (
    EXCERPT,
    LINE,
    comparable,
    excerpt,
    has_values,
    in_words,
    largest_of,
    telling_features,
)
from ae_widgets.widgets._static import StaticFile
from ae_widgets.widgets._view import FromFrontEnd, OwnFrontEnd, SessionView

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ae_widgets.data import Dataset
    from ae_widgets.session import Reconstructions, Session

__all__ = ["MAX_TILES", "ReconstructionView"]

MAX_TILES = 64
"""Items that the sheet shows at most."""

N_SIMILAR = 10
"""Items that 'Select similar' selects."""

POINT_SECONDS = 0.05
"""Least time between two items asked for while the pointer moves."""

REFRESH_SECONDS = 0.5
"""Least time between two looks at the same items while training."""


class ReconstructionView(FromFrontEnd, SessionView, OwnFrontEnd):
    """Input, reconstruction and residual of one item, and a sheet of the selected ones.

    The item is the one that the session points at. Both are renewed at most
    twice a second while the network trains. Of a sparse item the largest features
    are shown, and the largest of those that only the reconstruction has; in the sheet
    it is a line of text.

    Parameters
    ----------
    session : Session
        The run to show.
    """

    _esm = StaticFile("reconstruction_view.js")
    _css = StaticFile("reconstruction_view.css")

    item_shape = traitlets.List(traitlets.Int()).tag(sync=True)
    """(height, width) or (height, width, channels) of an image, (length,) of a series; empty = a
    profile."""

    feature_names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """One name a feature; empty for images, and for sparse items, which bring their own."""

    value_range = traitlets.List(traitlets.Float(), [0.0, 1.0]).tag(sync=True)
    """Smallest and largest feature value of the data."""

    feature_ranges = traitlets.Bytes().tag(sync=True)
    """float32 smallest values of all features, then the largest, if each is drawn over its own
    range; empty if they share `value_range`."""

    item = traitlets.Dict().tag(sync=True)
    """The item shown: index, label, error, epoch and the beginning of its text; empty = none.
    Of a sparse one also what is `telling`: names of the features shown, how many of them are
    given, of how many, and the heading of the others, which only the reconstruction has."""

    item_values = traitlets.Bytes().tag(sync=True)
    """float32 rows of the item: input, reconstruction, residual; of the features shown."""

    sheet_indices = traitlets.List(traitlets.Int()).tag(sync=True)
    """The items in the sheet."""

    sheet_labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """Their labels; empty strings without."""

    sheet_errors = traitlets.List(traitlets.Float(allow_none=True)).tag(sync=True)
    """Their reconstruction errors; None if not finite."""

    sheet_total = traitlets.Int(0).tag(sync=True)
    """How many items are selected; the sheet shows the first `MAX_TILES`."""

    sheet_values = traitlets.Bytes().tag(sync=True)
    """uint8 input and reconstruction of each item, over `feature_ranges` or
    `value_range`; what is missing in the input is filled in. Empty for sparse items."""

    sheet_texts = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """A line for each sparse item: the beginning of its text, or its largest features."""

    sheet_missing = traitlets.Bytes().tag(sync=True)
    """uint8, 1 for each value that is missing in the input; empty if the data has none."""

    marked = traitlets.Int(-1).tag(sync=True)
    """The item that is outlined in the sheet; -1 = none."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._item: Reconstructions | None = None
        self._sheet: Reconstructions | None = None
        self._sending = False  # whether a trait is being set by us, not by a person
        self._range = session.drawn.drawn_ranges
        super().__init__(**drawing(session.drawn))
        self._follow("status", self._show_drawn, key=self._drawn, messages=3)
        self._follow("focus", self._ask_item, messages=0, interval=POINT_SECONDS)
        self._follow("selection", self._ask_sheet, messages=0)
        self._follow("latent", self._ask_again, messages=0, interval=REFRESH_SECONDS)
        self._follow("labels", self._send_labels, messages=2)
        self.observe(self._marked, names=["marked"])
        self.on_msg(self._heed)

    def _drawn(self) -> Dataset:
        return self.session.drawn

    def _show_drawn(self) -> None:
        """Draw the items of another run, which may be in another space."""
        drawn = self.session.drawn
        self._range = drawn.drawn_ranges
        if drawing(drawn) != {name: getattr(self, name) for name in DRAWING}:
            self._item = self._sheet = None
            self._set(
                item={},
                item_values=b"",
                sheet_values=b"",
                sheet_missing=b"",
                sheet_texts=[],
                sheet_indices=[],
                **drawing(drawn),
            )

    # Asking the trainer -----------------------------------------------------

    def _ask_item(self) -> None:
        if self.session.focus is None:
            self._post("item", self._send_item)
        else:
            self._ask([self.session.focus], self._take_item)

    def _ask_sheet(self) -> None:
        chosen = self.session.selection[:MAX_TILES]
        if chosen.size == 0 or in_words(self.session.drawn):
            self._post("sheet", self._send_sheet)
        else:
            self._ask(chosen, self._take_sheet)

    def _ask_again(self) -> None:
        if self.session.latent is not None:
            if self.session.focus is not None:
                self._ask_item()
            if self.session.selection.size:
                self._ask_sheet()

    def _ask(
        self, indices: NDArray[np.int64] | list[int], take: Callable[[Reconstructions], None]
    ) -> None:
        try:
            self.session.request_reconstructions(indices, take)
        except TrainingError:
            return  # the session is closed: what was shown last stays

    def _take_item(self, answer: Reconstructions) -> None:
        if answer.indices[0] == self.session.focus:  # else it came too late
            self._item = self._comparable(answer)
            self._post("item", self._send_item)

    def _take_sheet(self, answer: Reconstructions) -> None:
        if np.array_equal(answer.indices, self.session.selection[:MAX_TILES]):
            self._sheet = self._comparable(answer)
            self._post("sheet", self._send_sheet)

    def _comparable(self, answer: Reconstructions) -> Reconstructions:
        session = self.session
        return comparable(answer, session.settings.reconstruction, session.preprocessor)

    # To the front end -------------------------------------------------------

    def _send_labels(self) -> None:
        """Show what is shown with the labels of now."""
        self._send_item()
        self._send_sheet()

    def _send_item(self) -> None:
        focus, answer = self.session.focus, self._item
        if focus is None:
            self._set(item={}, item_values=b"", marked=-1)
        elif answer is not None and answer.indices[0] == focus:
            given, output = answer.inputs[0], answer.outputs[0]
            item: dict[str, Any] = {
                "index": focus,
                "label": self._label(focus),
                "error": None if np.isnan(given).all() else _finite(answer.errors[0]),
                "epoch": _finite(answer.epoch),
                "text": self._text(focus, EXCERPT),
            }
            if in_words(self.session.drawn):
                shown = telling_features(given, output)
                given, output = given[shown.features], output[shown.features]
                kind = self.session.settings.reconstruction
                item["telling"] = shown.told(self.session.dataset, self.session.drawn, kind)
            values = np.stack([given, output, given - output]).astype("<f4").tobytes()
            self._set(item_values=values, item=item, marked=self._mark())

    def _send_sheet(self) -> None:
        chosen, answer = self.session.selection, self._sheet
        if chosen.size == 0:
            self._set(
                sheet_values=b"", sheet_missing=b"", sheet_texts=[], sheet_labels=[],
                sheet_errors=[], sheet_total=0, sheet_indices=[], marked=-1,
            )  # fmt: skip
        elif in_words(self.session.drawn):
            self._send_lines(chosen)
        elif answer is not None and np.array_equal(answer.indices, chosen[:MAX_TILES]):
            missing = np.isnan(answer.inputs)
            inputs = np.where(missing, answer.outputs, answer.inputs)
            pairs = np.stack([inputs, answer.outputs], axis=1)  # (m, 2, d)
            indices = [int(index) for index in answer.indices]
            self._set(
                sheet_texts=[],
                sheet_values=quantize(pairs, *self._range).tobytes(),
                sheet_missing=missing.astype(np.uint8).tobytes() if missing.any() else b"",
                sheet_labels=[self._label(index) for index in indices],
                sheet_errors=[
                    None if row.all() else _finite(error)
                    for error, row in zip(answer.errors, missing, strict=True)
                ],
                sheet_total=int(chosen.size),
                sheet_indices=indices,
                marked=self._mark(indices),
            )

    def _send_lines(self, chosen: NDArray[np.int64]) -> None:
        """Fill the sheet with sparse items, which no reconstruction is needed for."""
        drawn, frame = self.session.drawn, self.session.latent
        masked = self.session.settings.takes_missing
        indices = [int(index) for index in chosen[:MAX_TILES]]
        unknown = {i for i in indices if masked and not has_values(drawn, i)}
        self._set(
            sheet_values=b"",
            sheet_missing=b"",
            sheet_texts=[self._text(index) or largest_of(drawn, index) for index in indices],
            sheet_labels=[self._label(index) for index in indices],
            sheet_errors=[
                None if frame is None or index in unknown else _finite(frame.errors[index])
                for index in indices
            ],
            sheet_total=int(chosen.size),
            sheet_indices=indices,
            marked=self._mark(indices),
        )

    def _text(self, index: int, length: int = LINE) -> str:
        texts = self.session.dataset.texts
        return excerpt(texts[index], length) if texts else ""

    def _mark(self, indices: list[int] | None = None) -> int:
        """Return the item pointed at if the sheet has it, else -1."""
        focus = self.session.focus
        shown = self.sheet_indices if indices is None else indices
        return focus if focus is not None and focus in shown else -1

    def _label(self, index: int) -> str:
        names = self.session.label_names
        if not names:
            return ""
        label = int(self.session.labels[index])
        return names[label] if label >= 0 else "none"

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
        """Select what is like the item shown."""
        if message.get("type") == "similar":
            others = self.session.dataset.n_samples - 1
            self.session.select_similar(int(message["item"]), min(N_SIMILAR, others))

    def _marked(self, change: dict[str, Any]) -> None:
        index = change["new"]
        if not self._sending and index < self.session.dataset.n_samples:
            self.session.point(index if index >= 0 else None)


def _finite(value: float) -> float | None:
    """Return `value` for JSON, which knows no NaN."""
    return float(value) if math.isfinite(value) else None
