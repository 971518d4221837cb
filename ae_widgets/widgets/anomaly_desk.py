"""The items that are unlike the others."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np

from ae_widgets.analysis.anomalies import Curves, curves, threshold
from ae_widgets.analysis.contributions import feature_contributions
from ae_widgets.data import NO_LABEL
from ae_widgets.exceptions import TrainingError
from ae_widgets.session import anomaly_scores
from ae_widgets.text import short
from ae_widgets.widgets._contributions import ContributionChart
from ae_widgets.widgets._controls import (
    Dropdown,
    FloatField,
    Ranking,
    message_label,
    row,
)
from ae_widgets.widgets._detection_curve import (
    NONE,
    DetectionCurve,
    common_labels,
    left_out,
    usual_anomaly,
)
from ae_widgets.widgets._histogram import ScoreHistogram
from ae_widgets.widgets._style import style_sheet
from ae_widgets.widgets._tips import Tips
from ae_widgets.widgets._view import FromFrontEnd, PageView, close_inner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ae_widgets.data import Dataset
    from ae_widgets.session import AnomalyScores, Reconstructions, Session

__all__ = ["AnomalyDesk"]

REFRESH = 1.0  # seconds between two looks while training
MOST = 100  # items in the list
HAND_SECONDS = 1.0  # for so long a line that was dragged is left where it is
KINDS = (
    ("error", "reconstruction"),
    ("latent distance", "latent"),
    ("neighbors", "neighbors"),
    ("combined", "combined"),
)
TOOLTIP = (
    "What an item is scored by: its reconstruction error; the squared Mahalanobis distance of its "
    "code from all codes; the mean distance of its code from the five nearest; or the error or "
    "that distance, whichever is more unusual"
)
CLASS_TOOLTIP = "The label of the anomalies, for the curve"
NO_ITEM = "Choose an item to see what its error is made of"
EMPTY = "The scores of the items appear here with the first picture of their codes"


class _SelectButton(FromFrontEnd, ipywidgets.Button):
    """Selects what is beyond the threshold."""


class AnomalyDesk(PageView, ipywidgets.VBox):
    """Items ranked by how unusual they are, with a threshold to drag.

    The threshold is kept as a share of the items, so that it moves along with the
    scores while the network trains. Dragging it selects the items beyond it, in
    every view of the session, and goes on doing so until something else is selected.

    Parameters
    ----------
    session : Session
        The run to look at.
    share : float in (0, 1), default=0.05
        Share of the items that lie beyond the threshold to begin with.

    Attributes
    ----------
    beyond : ndarray of int64
        Indices of the items beyond the threshold, the most unusual first.
    """

    def __init__(self, session: Session, *, share: float = 0.05) -> None:
        self.session = session
        self._share = share
        self._threshold = math.nan
        self._scores: AnomalyScores | None = None
        self._curves: Curves | None = None
        self._selected: NDArray[np.int64] | None = None
        self._dragged_at = -math.inf
        self._sending = False
        self._labels: NDArray[np.int32] | None = None  # of which there is a choice
        self._left_out = ""  # what is said of labels that are not
        self._by_hand = False  # whether a person chose the label of the anomalies
        self._build()
        tips = Tips([self._head])
        super().__init__(children=[style_sheet(), self._head, self._body, self._hint, tips])
        self.add_class("ae-desk")
        self._follow("latent", self._ask, messages=0, interval=REFRESH)
        self._follow("scores", self._show, messages=10, interval=REFRESH)
        self._follow("labels", self._show_labels, messages=13)
        self._follow("focus", self._ask_item, messages=0)
        self._follow("status", self._show_chart, key=self._drawn, messages=20)
        self._follow("status", self._show_histogram, key=self._rests, messages=9)

    def _build(self) -> None:
        self._kind = Dropdown(options=KINDS, description="Score", tooltip=TOOLTIP)
        self._kind.add_class("ae-score")
        self._kind.observe(lambda _: self._turn(), names=["value"])
        self._field = FloatField(
            100 * self._share,
            description="Beyond %",
            tooltip="Share of the items beyond the line, 0 to 100",
        )
        self._field.add_class("ae-share")
        self._field.observe(self._entered, names=["value"])
        self._button = _SelectButton(
            description="Select", tooltip="Select the items beyond the line, in every view"
        )
        self._button.on_click(lambda _: self._select())
        self._message, self._refused = message_label(), ""
        self._count = ipywidgets.Label("")
        self._count.add_class("ae-desk-note")
        self._class = Dropdown(
            options=[("none", NONE)],
            value=NONE,
            description="Anomaly",
            tooltip=CLASS_TOOLTIP,
        )
        for name in ("ae-class", "ae-away"):
            self._class.add_class(name)
        self._class.observe(self._class_chosen, names=["value"])
        self._list = Ranking(options=[], rows=8, tooltip="The most unusual items; choose one")
        self._list.observe(self._chosen, names=["index"])
        self._histogram = ScoreHistogram(self._dragged)
        self._chart = self._new_chart()
        self._curve = DetectionCurve(self._show_later)
        self._hint = ipywidgets.Label(EMPTY)
        self._hint.add_class("ae-empty")
        self._head = row(
            self._kind,
            self._field,
            self._button,
            self._count,
            self._class,
            self._message,
            css_class="ae-desk-head",
        )
        self._body = row(
            self._list, self._histogram, self._chart, self._curve, css_class="ae-desk-body"
        )

    def _new_chart(self) -> ContributionChart:
        drawn = self._charted = self.session.drawn
        shape = drawn.item_shape if drawn.is_image else None
        chart = ContributionChart(drawn.feature_names, shape)
        chart.clear(NO_ITEM)
        return chart

    def _drawn(self) -> Dataset:
        return self.session.drawn

    def _show_chart(self) -> None:
        """Chart the errors of another run, which may be about other features."""
        before, after = self._charted, self.session.drawn
        if (before.feature_names, before.item_shape) == (after.feature_names, after.item_shape):
            self._charted = after
            return
        old, self._chart = self._chart, self._new_chart()
        self._body.children = (self._list, self._histogram, self._chart, self._curve)
        close_inner(old)

    # What is known ------------------------------------------------------------------

    def _wake(self) -> None:
        self._ask()
        self._ask_item()

    @property
    def beyond(self) -> NDArray[np.int64]:
        """Indices of the items beyond the threshold, the most unusual first."""
        scores, line, frame = self._scores, self._threshold, self.session.latent
        if not self._active and frame is not None:  # what it has is old
            masked = self.session.settings.takes_missing
            scores = anomaly_scores(self._kind.value, frame, self.session.dataset, masked=masked)
            line = threshold(scores.values, self._share) if scores else line
        if scores is None:
            return np.empty(0, np.int64)
        order = np.argsort(-scores.values, kind="stable")
        return order[: int((scores.values > line).sum())]

    # Asking ---------------------------------------------------------------------------

    def _ask(self) -> None:
        if self._active and not self.session.closed:
            self.session.request_scores(self._kind.value)

    def _turn(self) -> None:
        self._ask()
        self._show_later()  # what is known of it

    def _ask_item(self) -> None:
        focus = self.session.focus
        if not self._active:
            return
        if focus is None:
            self._post("item", self._show_item, messages=5)
            return
        try:
            self.session.request_reconstructions([focus], self._take_item)
        except TrainingError:
            return  # the session is closed: what was shown last stays

    def _take_item(self, answer: Reconstructions) -> None:
        if answer.indices[0] != self.session.focus:
            return  # it came too late
        self._item = answer
        self._post("item", self._show_item, messages=5)

    # Showing --------------------------------------------------------------------------

    def _show(self) -> None:
        scores = self.session.scores.get(self._kind.value)
        if scores is None:
            return
        self._hint.add_class("ae-hidden")
        renewed = scores is not self._scores
        self._scores = scores
        if renewed:
            self._threshold = threshold(scores.values, self._share)
        self._show_scores()
        linked = self._selected is not None and np.array_equal(
            self.session.selection, self._selected
        )
        if linked and renewed:
            self._select()
        if renewed:
            self._ask_item()

    def _show_scores(self) -> None:
        assert self._scores is not None  # noqa: S101  # `_show` has looked
        values = self._scores.values
        self._show_histogram()
        self._count.value = self._in_words()
        self._show_list(values)
        known = self._anomalous()
        self._curves = None if known is None else curves(values, known)
        self._curve.show(self._curves, known, values > self._threshold, self._why_no_curve())

    def _rests(self) -> bool:
        return not self.session.status.busy

    def _show_histogram(self) -> None:
        if self._scores is None:
            return
        at_hand = time.monotonic() - self._dragged_at < HAND_SECONDS
        self._histogram.show(
            self._scores.values, self._threshold, place=not at_hand, fit=self._rests()
        )

    def _in_words(self) -> str:
        assert self._scores is not None  # noqa: S101  # `_show` has looked
        values, count = self._scores.values, len(self.beyond)
        unknown = int(np.isinf(values).sum())
        nothing = f", {unknown} of them without any value" if unknown else ""
        return (
            f"{count:,} of {len(values):,} beyond {short(self._threshold)}{nothing} · "
            f"epoch {math.floor(self._scores.epoch):,}"
        )

    def _show_list(self, values: NDArray[np.float64]) -> None:
        order = np.argsort(-values, kind="stable")[:MOST]
        options = [(self._line(rank, int(i)), int(i)) for rank, i in enumerate(order, start=1)]
        places = {index: place for place, (_, index) in enumerate(options)}
        focus = self.session.focus
        with self._quietly(), self._list.hold_sync():
            self._list.options = options
            self._list.index = None if focus is None else places.get(focus)

    def _line(self, rank: int, index: int) -> str:
        assert self._scores is not None  # noqa: S101  # `_show` has looked
        score, label = self._scores.values[index], self.session.labels[index]
        text = short(score) if math.isfinite(score) else "no value"
        name = "" if label == NO_LABEL else f" · {self.session.label_names[label]}"
        return f"{rank}. item {index} · {text}{name}"

    def _show_item(self) -> None:
        if self.session.focus is None:
            self._chart.clear(NO_ITEM)
            with self._quietly():
                self._list.index = None  # else its line could not be chosen again
            return
        answer, kind = self._item, self.session.settings.reconstruction
        if answer.indices[0] != self.session.focus:
            return
        inputs, outputs = answer.as_seen
        if inputs.shape[1] != self.session.inputs.n_features:  # of the run before
            return
        parts = feature_contributions(kind, inputs, outputs, self.session.preprocessor)[0]
        self._chart.show(f"Item {answer.indices[0]}", parts)
        values = [index for _, index in self._list.options]
        with self._quietly():
            self._list.index = (
                values.index(self.session.focus) if self.session.focus in values else None
            )

    # The curve ------------------------------------------------------------------------

    def _anomalous(self) -> NDArray[np.int8] | None:
        """Return 1 for the anomalies, 0 for the rest, -1 without a label."""
        labels = self.session.labels
        if self._class.value == NONE:
            return None
        return np.where(labels == NO_LABEL, -1, labels == self._class.value).astype(np.int8)

    def _why_no_curve(self) -> str:
        if (self.session.labels == NO_LABEL).all():
            return "A curve needs labels"
        if self._class.value == NONE:
            return f"For a curve, choose the label of the anomalies{self._left_out}"
        return "A curve needs items of another label too"

    def _show_labels(self) -> None:
        """Offer the labels that items have now, those given by hand included."""
        labels, names = self.session.labels, self.session.label_names
        if self._labels is labels:
            return
        self._labels = labels
        offered = [("none", NONE), *common_labels(labels, names, self._class.value)]
        wanted = self._class.value if self._by_hand else usual_anomaly(labels, names)
        known = [value for _, value in offered]
        self._left_out = left_out(labels, len(offered) - 1)
        with self._quietly(), self._class.hold_sync():
            self._class.tooltip = CLASS_TOOLTIP + self._left_out
            self._class.options = offered
            self._class.value = wanted if wanted in known else NONE
        (self._class.remove_class if offered[1:] else self._class.add_class)("ae-away")
        self._show()

    def _class_chosen(self, _change: dict[str, Any]) -> None:
        if not self._sending:
            self._by_hand = True
            self._show_later()

    def _show_later(self) -> None:
        self._post("scores", self._show, messages=10, interval=0)

    # What a person does -----------------------------------------------------------------

    def _chosen(self, _change: dict[str, Any]) -> None:
        if not self._sending and self._list.value is not None:
            self.session.point(self._list.value)

    def _entered(self, change: dict[str, Any]) -> None:
        share = change["new"] / 100
        if self._sending:
            return
        fits = 0 <= share <= 1
        self._refused = "" if fits else f"Beyond % is from 0 to 100, got {change['new']:g}."
        self._post("refused", self._show_refused, messages=2, interval=0)
        if not fits:
            return
        self._share = share
        if self._scores is None:  # the first ones are judged by it
            return
        self._threshold = threshold(self._scores.values, share)
        self._dragged_at = -math.inf
        self._select()
        self._show_later()

    def _dragged(self, value: float) -> None:
        if self._scores is None:
            return
        self._dragged_at = time.monotonic()
        self._threshold = value
        known = self._scores.values[np.isfinite(self._scores.values)]  # as `threshold` has it
        self._share = float((known > value).mean()) if known.size else self._share
        self._refused = ""
        self._show_refused()
        self._show_share()
        self._select()
        self._post("scores", self._show, messages=10, interval=0.2)

    def _show_share(self) -> None:
        percent = 100 * self._share
        with self._quietly():
            self._field.value = round(percent, 2) if percent >= 1 else float(f"{percent:.2g}")

    def _show_refused(self) -> None:
        self._message.value = self._refused
        if self._refused:
            self._show_share()  # what holds still

    def _select(self) -> None:
        self._selected = np.sort(self.beyond)
        self.session.select(self._selected)

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """While it lasts, traits are set by us and not by a person."""
        self._sending = True
        try:
            yield
        finally:
            self._sending = False
