"""Items beside what the network makes of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from ae_widgets.exceptions import TrainingError
from ae_widgets.widgets._items import comparable, excerpt, telling_features
from ae_widgets.widgets._static import StaticFile
from ae_widgets.widgets._view import FromFrontEnd, SessionView

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ae_widgets.session import Reconstructions, Session

__all__ = ["MAX_TILES", "ReconstructionView"]

MAX_TILES = 64
"""Items that the sheet shows at most."""

MAX_VALUES = 2**20
"""Values reconstructed for the sheet at most, however wide an item is, but for a few items."""

LINE = 90
"""Characters of the line that tells what a sparse item is."""

POINT_SECONDS = 0.05
"""Least time between two items asked for while the pointer moves."""

REFRESH_SECONDS = 0.5
"""Least time between two looks at the same items while training."""


class ReconstructionView(FromFrontEnd, SessionView, anywidget.AnyWidget):
    """Input, reconstruction and residual of one item, and a sheet of the selected ones.

    The item is the one that the session points at. Both are renewed at most
    twice a second while the network trains.

    Parameters
    ----------
    session : Session
        The run to show.
    """

    _esm = StaticFile("reconstruction_view.js")
    _css = StaticFile("reconstruction_view.css")

    item_shape = traitlets.List(traitlets.Int()).tag(sync=True)
    """(height, width) or (height, width, channels) of an image; empty = a profile."""

    feature_names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """One name a feature; empty for images and for sparse items, which bring their own."""

    value_range = traitlets.List(traitlets.Float(), [0.0, 1.0]).tag(sync=True)
    """Smallest and largest feature value of the data."""

    item = traitlets.Dict().tag(sync=True)
    """The item shown: index, label, error, epoch and text; empty = none. Of a sparse item,
    also the names of the features shown and how many of them it has (given); the others are in
    its reconstruction alone."""

    item_values = traitlets.Bytes().tag(sync=True)
    """float32 rows of the item: input, reconstruction, residual; of a sparse one, of the
    features shown."""

    sheet_indices = traitlets.List(traitlets.Int()).tag(sync=True)
    """The items in the sheet."""

    sheet_labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """Their labels; empty strings without."""

    sheet_errors = traitlets.List(traitlets.Float(allow_none=True)).tag(sync=True)
    """Their reconstruction errors; None if not finite."""

    sheet_total = traitlets.Int(0).tag(sync=True)
    """How many items are selected; the sheet shows the first `MAX_TILES`, fewer of wide ones."""

    sheet_texts = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """A line for each sparse item in place of a picture: what it is or what it has."""

    sheet_values = traitlets.Bytes().tag(sync=True)
    """uint8 input and reconstruction of each item, over `value_range`; empty for sparse ones."""

    marked = traitlets.Int(-1).tag(sync=True)
    """The item that is outlined in the sheet; -1 = none."""

    def __init__(self, session: Session) -> None:
        self.session = session
        dataset = session.dataset
        self._range = dataset.value_range
        self._item: Reconstructions | None = None
        self._sheet: Reconstructions | None = None
        self._sending = False  # whether a trait is being set by us, not by a person
        self._in_words = dataset.sparse and dataset.item_shape is None
        self._most = max(8, min(MAX_TILES, MAX_VALUES // dataset.n_features))
        drawn_whole = dataset.item_shape is None and not dataset.sparse
        super().__init__(
            item_shape=[int(size) for size in dataset.item_shape or ()],
            feature_names=[str(n) for n in dataset.feature_names] if drawn_whole else [],
            value_range=list(self._range),
        )
        self._follow("focus", self._ask_item, messages=0, interval=POINT_SECONDS)
        self._follow("selection", self._ask_sheet, messages=0)
        self._follow("latent", self._ask_again, messages=0, interval=REFRESH_SECONDS)
        self.observe(self._marked, names=["marked"])

    # Asking the trainer -----------------------------------------------------

    def _ask_item(self) -> None:
        if self.session.focus is None:
            self._post("item", self._send_item)
        else:
            self._ask([self.session.focus], self._take_item)

    def _ask_sheet(self) -> None:
        chosen = self.session.selection[: self._most]
        if chosen.size == 0:
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
            self._item = comparable(answer, self.session.settings.reconstruction)
            self._post("item", self._send_item)

    def _take_sheet(self, answer: Reconstructions) -> None:
        if np.array_equal(answer.indices, self.session.selection[: self._most]):
            self._sheet = comparable(answer, self.session.settings.reconstruction)
            self._post("sheet", self._send_sheet)

    # To the front end -------------------------------------------------------

    def _send_item(self) -> None:
        focus, answer = self.session.focus, self._item
        if focus is None:
            self._set(item={}, item_values=b"", marked=-1)
        elif answer is not None and answer.indices[0] == focus:
            given, output = answer.inputs[0], answer.outputs[0]
            item: dict[str, Any] = {
                "index": focus,
                "label": self._label(focus),
                "error": _finite(answer.errors[0]),
                "epoch": _finite(answer.epoch),
                "text": self._text(focus),
            }
            if self._in_words:
                shown = telling_features(given, output)
                item |= {"names": self._names(shown.features), "given": shown.n_given}
                given, output = given[shown.features], output[shown.features]
            values = np.stack([given, output, given - output]).astype("<f4").tobytes()
            self._set(item_values=values, item=item, marked=self._mark())

    def _send_sheet(self) -> None:
        chosen, answer = self.session.selection, self._sheet
        if chosen.size == 0:
            self._set(
                sheet_values=b"", sheet_texts=[], sheet_labels=[], sheet_errors=[], sheet_total=0,
                sheet_indices=[], marked=-1,
            )  # fmt: skip
        elif answer is not None and np.array_equal(answer.indices, chosen[: self._most]):
            pairs = np.stack([answer.inputs, answer.outputs], axis=1)  # (m, 2, d)
            indices = [int(index) for index in answer.indices]
            words = self._in_words
            self._set(
                sheet_values=b"" if words else quantize(pairs, *self._range).tobytes(),
                sheet_texts=[self._line(*pair) for pair in zip(indices, pairs, strict=True)]
                if words
                else [],
                sheet_labels=[self._label(index) for index in indices],
                sheet_errors=[_finite(error) for error in answer.errors],
                sheet_total=int(chosen.size),
                sheet_indices=indices,
                marked=self._mark(indices),
            )

    def _mark(self, indices: list[int] | None = None) -> int:
        """Return the item pointed at if the sheet has it, else -1."""
        focus = self.session.focus
        shown = self.sheet_indices if indices is None else indices
        return focus if focus is not None and focus in shown else -1

    def _label(self, index: int) -> str:
        labels = self.session.dataset.labels
        if labels is None:
            return ""
        label = int(labels[index])
        return str(self.session.dataset.label_names[label]) if label >= 0 else "none"

    def _text(self, index: int) -> str:
        texts = self.session.dataset.texts
        return excerpt(str(texts[index])) if texts else ""

    def _names(self, features: NDArray[np.intp]) -> list[str]:
        names = self.session.dataset.feature_names
        return [str(names[feature]) for feature in features]

    def _line(self, index: int, pair: NDArray[np.float32]) -> str:
        """Say in a line what a sparse item is: its text, or else its largest features."""
        if text := self._text(index):
            return excerpt(text, LINE)
        shown = telling_features(*pair)
        return excerpt(", ".join(self._names(shown.features[: shown.n_given])), LINE)

    def _set(self, **traits: Any) -> None:
        self._sending = True
        try:
            with self.hold_sync():
                for name, value in traits.items():
                    setattr(self, name, value)
        finally:
            self._sending = False

    # From the front end -----------------------------------------------------

    def _marked(self, change: dict[str, Any]) -> None:
        index = change["new"]
        if not self._sending and index < self.session.dataset.n_samples:
            self.session.point(index if index >= 0 else None)


def quantize(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.uint8]:
    """Map ``[low, high]`` to 0 … 255, clipped; what is not finite becomes `low`."""
    scale = 255.0 / (high - low) if high > low else 0.0
    levels = np.nan_to_num((values - low) * scale, nan=0.0, posinf=255.0, neginf=0.0)
    quantized: NDArray[np.uint8] = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return quantized


def _finite(value: float) -> float | None:
    """Return `value` for JSON, which knows no NaN."""
    return float(value) if math.isfinite(value) else None
