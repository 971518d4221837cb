"""The loss over epochs, in its weighted parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bqplot
import ipywidgets
import numpy as np

from ae_widgets.session.entries import LABELLED
from ae_widgets.session.history import GUIDED_PARTS, PARTS
from ae_widgets.text import short
from ae_widgets.widgets._axes import (
    Ticks,
    epoch_text,
    fits,
    linear_ticks,
    log_ticks,
    round_up,
    set_axis,
)
from ae_widgets.widgets._controls import PlainLabel, ToggleButtons, row
from ae_widgets.widgets._style import style_sheet
from ae_widgets.widgets._view import SessionView
from ae_widgets.widgets.loss_controls import (
    CLUSTERING_LABELS,
    COMPLEXITY_LABELS,
    CORRUPTION_LABELS,
    OPTIMIZER_LABELS,
    RECONSTRUCTION_LABELS,
    SCHEDULE_LABELS,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ae_widgets.engine.protocol import LossParts
    from ae_widgets.session import JournalEntry, LossCurve, Session

__all__ = ["LossPlot", "describe_change", "merge_changes"]

MAX_POINTS = 512  # a series; keeps the bytes of a refresh bounded
MAX_TICKS = 50  # of moved controls
REFRESH = 0.5  # seconds
# Okabe-Ito; `style.css` has the same as variables that follow the theme.
COLORS = ["#666666", "#0072B2", "#D55E00", "#CC79A7", "#E69F00"]
BASELINE_COLOR = "#009E73"
NAMES = {
    "reconstruction": "Reconstruction",
    "corruption": "Corruption",
    "noise": "Noise",
    "alpha": "α",
    "complexity": "Complexity",
    "beta": "β",
    "sparsity_target": "Sparsity",
    "warm_up": "Warm-up",
    "gamma": "γ",
    "delta": "δ",
    "clustering": "Clustering",
    "n_clusters": "Clusters",
    "clustering_start": "Start (epoch)",
    "class_weight": "Class weight",
    "learning_rate": "Learning rate",
    "batch_size": "Batch size",
    "max_iter": "Epochs",
    "momentum": "Momentum",
    "weight_decay": "Weight decay",
    "gradient_clip": "Gradient limit",
    "schedule": "Schedule",
    "schedule_factor": "Factor",
    "schedule_epochs": "Every (epochs)",
    "schedule_patience": "Plateau (epochs)",
    "n_iter_no_change": "Patience",
    "tol": "Tolerance",
    "restore_best": "Best weights",
}
"""How the controls call what may be moved while the run trains."""

LABELS = {
    "reconstruction": RECONSTRUCTION_LABELS,
    "complexity": COMPLEXITY_LABELS,
    "clustering": CLUSTERING_LABELS,
    "optimizer": OPTIMIZER_LABELS,
    "schedule": SCHEDULE_LABELS,
    "corruption": CORRUPTION_LABELS,
    "class_weight": {"None": "as they are"},
    "gradient_clip": {"None": "none"},
    "restore_best": {"True": "on", "False": "off"},
}
"""How the controls call the values of a setting."""

GUIDED_KEYS = {"clustering": "γ · clustering", "classification": "δ · classification"}
EMPTY = "The loss curves appear here after the first epoch"


class LossPlot(SessionView, ipywidgets.VBox):
    """Total and weighted parts of the loss, for training and validation.

    Parameters
    ----------
    session : Session
        The run to show.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._ticks: dict[str, Ticks] = {}
        self._level: tuple[float | None, float] = (None, 0.0)
        self._build_figure()
        self._kind = ToggleButtons(
            options=[("Linear", "linear"), ("Log", "log")],
            tooltips=["Loss axis from 0", "Logarithmic loss axis: small losses show as well"],
        )
        self._kind.add_class("ae-segmented")
        self._kind.observe(self._choose_kind, names=["value"])
        self._baseline_key = _key("", "baseline")
        self._guided_keys = {part: _key("", part) for part in GUIDED_PARTS}
        keys = [
            _key("total", "total"),
            _key("α · reconstruction", "reconstruction"),
            _key("β · complexity", "complexity"),
            *self._guided_keys.values(),
            _key("validation", "validation", "Dashed: on the held-out items"),
            self._baseline_key,
            _key("moved", "moved", "Where a control was moved"),
        ]
        self._text = ipywidgets.Label("")
        self._text.add_class("ae-plot-text")
        self._moved = PlainLabel()
        self._moved.add_class("ae-plot-moved")
        self._hint = ipywidgets.Label(EMPTY)
        self._hint.add_class("ae-empty")
        head = row(row(*keys, css_class="ae-legend"), self._kind, css_class="ae-plot-head")
        foot = row(self._text, self._moved, css_class="ae-plot-foot")
        super().__init__(children=[style_sheet(), head, self._figure, self._hint, foot])
        self.add_class("ae-loss-plot")
        self._show_with_axes()
        self._follow("losses", self._show_losses, messages=4, interval=REFRESH)
        self._follow("baseline", self._show_losses, messages=4)
        self._follow("journal", self._show_journal, messages=2, interval=REFRESH)

    def _build_figure(self) -> None:
        self._x = bqplot.LinearScale(min=0, max=10, allow_padding=False)
        self._y = bqplot.LinearScale(min=0, max=1, allow_padding=False)
        whole = bqplot.LinearScale(min=0, max=1, allow_padding=False)
        scales = {"x": self._x, "y": self._y}
        nothing = np.zeros(0, dtype=np.float32)

        def lines(**traits: Any) -> bqplot.Lines:
            return bqplot.Lines(x=nothing, y=nothing, **{"scales": scales, **traits})

        self._train = lines(colors=COLORS, stroke_width=1.5)
        self._validation = lines(colors=COLORS, stroke_width=1.5, line_style="dashed")
        self._baseline = lines(colors=[BASELINE_COLOR], stroke_width=1.5, line_style="dash_dotted")
        self._moves = lines(colors=["#888888"], stroke_width=1, scales={"x": self._x, "y": whole})
        self._x_axis = bqplot.Axis(
            scale=self._x, grid_lines="none", label="epoch", label_offset="30px"
        )
        self._y_axis = bqplot.Axis(scale=self._y, side="left", grid_lines="solid", tick_format="~g")
        self._figure = bqplot.Figure(
            marks=[self._moves, self._baseline, self._train, self._validation],
            axes=[self._x_axis, self._y_axis],
            fig_margin={"top": 8, "bottom": 36, "left": 56, "right": 28},
            padding_x=0, padding_y=0, display_toolbar=False,
            background_style={"fill": "none"},
        )  # fmt: skip
        self._figure.add_class("ae-figure")

    def _choose_kind(self, _change: dict[str, Any]) -> None:
        self._ticks.pop("y", None)
        self._post("losses", self._show_losses, messages=4, interval=0)

    # What is shown ---------------------------------------------------------------

    def _show_losses(self) -> None:
        """Show the curves, at once with the axes where they would leave them."""
        curve = self.session.curve(MAX_POINTS)
        left = self._left(curve)
        if left:
            messages = 6 + 3 * len(left)
            self._post("axes", self._show_with_axes, messages=messages, interval=0)
            return
        self._show_curve(curve)
        if self._level != self._wanted_level():
            self._post("baseline", self._show_baseline, messages=2, interval=0)

    def _show_with_axes(self) -> None:
        curve = self.session.curve(MAX_POINTS)
        axes = {"x": (self._x, self._x_axis), "y": (self._y, self._y_axis)}
        for name, wanted in self._left(curve).items():
            self._ticks[name] = wanted
            set_axis(*axes[name], wanted)
        self._show_curve(curve)
        self._show_baseline()

    def _show_curve(self, curve: LossCurve) -> None:
        train, validation = _stacked(curve, "train"), _stacked(curve, "validation")
        # Validation is measured at the end of an epoch: other records would be gaps.
        ends = np.isfinite(validation[0]) | (curve.epoch == np.floor(curve.epoch))
        ends &= np.isfinite(validation[0]).any()  # no item is held out
        self._set_lines(self._train, curve.epoch, train)
        self._set_lines(self._validation, curve.epoch[ends], validation[:, ends])
        self._text.value = self._summary()
        (self._hint.add_class if len(curve.epoch) else self._hint.remove_class)("ae-hidden")
        self._guided = {p: t for p, t in GUIDED_KEYS.items() if f"train_{p}" in curve.series}
        if any(key.value != self._guided.get(p, "") for p, key in self._guided_keys.items()):
            self._post("keys", self._show_guided_keys, messages=2, interval=0)

    def _left(self, curve: LossCurve) -> dict[str, Ticks]:
        """Return what those axes become that the curves leave, or use little of."""
        wanted = self._wanted_ticks(curve)
        return {n: ticks for n, ticks in wanted.items() if not fits(self._ticks.get(n), ticks)}

    def _wanted_ticks(self, curve: LossCurve) -> dict[str, Ticks]:
        last = float(curve.epoch[-1]) if len(curve.epoch) else 1.0
        baseline = self.session.baseline
        parts = [_stacked(curve, split).ravel() for split in ("train", "validation")]
        shown = np.concatenate([*parts, [np.nan if baseline is None else baseline]])
        shown = shown[np.isfinite(shown)]
        end = round_up(max(last, 10.0))
        if last <= self.session.status.max_iter < end:
            end = self.session.status.max_iter
        if self._kind.value == "log":
            positive = shown[shown > 0]
            y = log_ticks(*(positive.min(), positive.max()) if len(positive) else (0.1, 1))
        else:
            y = linear_ticks(float(shown.max()) if len(shown) else 1.0)
        return {"x": linear_ticks(end, most=10, integer=True), "y": y}

    def _wanted_level(self) -> tuple[float | None, float]:
        """Return the height and the length of the line of PCA."""
        return self.session.baseline, self._x.max if self.session.records else 0.0

    def _baseline_text(self) -> str:
        if self.session.baseline is None:
            return ""
        n_components = self.session.settings.architecture.code_dim
        return f"PCA, {n_components} component{'' if n_components == 1 else 's'}"

    def _show_baseline(self) -> None:
        """Show the line of PCA and its key; nothing while the one of this run is not known."""
        self._level = level, end = self._wanted_level()
        xy = ([0, end], [[level, level]]) if level is not None and end else ([], [[]])
        self._set_lines(self._baseline, *map(np.array, xy))
        self._baseline_key.value = self._baseline_text()

    def _show_guided_keys(self) -> None:
        """Show the keys of clusters and classes, nothing for what was never measured."""
        for part, key in self._guided_keys.items():
            key.value = self._guided.get(part, "")

    def _set_lines(
        self, mark: bqplot.Lines, x: NDArray[np.floating], y: NDArray[np.floating]
    ) -> None:
        if self._kind.value == "log":
            # What has no logarithm runs below the axis, where it is clipped: bqplot places a
            # label at the last point of a line, which must be a number.
            y = np.log10(y, where=~(y <= 0), out=np.full(np.shape(y), self._y.min - 1))
        if len(x) == 1:  # a single point twice is a dot; bqplot would squeeze one away
            x, y = np.repeat(x, 2), np.repeat(y, 2, axis=1)
        if not len(x):
            y = np.zeros(0)
        with mark.hold_sync():
            mark.x, mark.y = x.astype(np.float32), y.astype(np.float32)

    def _show_journal(self) -> None:
        changes = merge_changes(self.session.journal)[-MAX_TICKS:]
        epochs = np.array([[c.epoch, c.epoch] for c in changes], dtype=np.float32)
        ends = np.tile(np.array([0, 1], dtype=np.float32), (len(changes), 1))
        with self._moves.hold_sync():
            self._moves.x, self._moves.y = (epochs, ends) if changes else (ends[0:0, 0],) * 2
        texts = [describe_change(c) for c in changes]
        with self._moved.hold_sync():
            self._moved.value = " · ".join(texts[:-3:-1])
            self._moved.tooltip = "\n".join(texts)

    def _summary(self) -> str:
        """Say in words what the curves show last."""
        records = self.session.records
        if not records:
            return ""
        last = records[-1]
        measured = [r.validation for r in records[-1:-200:-1] if r.validation]
        parts = [f"training {short(last.train.total, 4)}"]
        parts += [f"validation {short(measured[0].total, 4)}"] if measured else []
        baseline = self.session.baseline
        if baseline is not None:
            # PCA is measured on the held-out items, where there are some, and has no other part.
            parts[-1] += _reconstruction_text(measured[0] if measured else last.train)
            parts.append(f"PCA {short(baseline, 4)}")
        return f"epoch {epoch_text(last.epoch)}: {', '.join(parts)}"


def _reconstruction_text(losses: LossParts) -> str:
    """Tell the reconstruction's share of a loss that has other parts."""
    others = any(weight for part, weight in losses.weights.items() if part != "reconstruction")
    return f" (reconstruction {short(losses.weighted('reconstruction'), 4)})" if others else ""


def _stacked(curve: LossCurve, split: str) -> NDArray[np.float32]:
    """Return the series of a split, (3, n_points), or (5, n_points) with clusters or classes.

    The place of a part among the curves gives its colour; the style sheet hides the
    curve of one that was never measured, which has no key.
    """
    guided = any(f"{split}_{part}" in curve.series for part in GUIDED_PARTS)
    nothing = np.zeros_like(curve.epoch)
    parts = (*PARTS, *GUIDED_PARTS) if guided else PARTS
    return np.stack([curve.series.get(f"{split}_{part}", nothing) for part in parts])


def merge_changes(journal: Sequence[JournalEntry]) -> list[JournalEntry]:
    """Make one entry of what one pull at a control changed in many small steps.

    What changed nothing, in the end, or was changed before the first batch is left out.
    """
    from dataclasses import replace

    merged: list[JournalEntry] = []
    for entry in journal:
        if entry.step == 0 or entry.value == entry.before:
            continue
        last = merged[-1] if merged else None
        if entry.name == LABELLED:
            merged.append(entry)
        elif last and last.name == entry.name and entry.epoch - last.epoch < 1:
            merged[-1] = replace(entry, before=last.before)
        else:
            merged.append(entry)
    return [entry for entry in merged if entry.value != entry.before]


def describe_change(entry: JournalEntry) -> str:
    """Say what moved when, as in 'β 0 → 0.1 at epoch 12.4'."""
    if entry.name == LABELLED:
        _, label, rows = entry.value
        items = f"{len(rows):,} item{'' if len(rows) == 1 else 's'}"
        given = f"{items} labelled '{label}'" if label else f"label taken from {items}"
        return f"{given} at epoch {entry.epoch:,.1f}"
    name, labels = NAMES[entry.name], LABELS.get(entry.name, {})
    unknown = entry.before is None and "None" not in labels
    before = "" if unknown else f"{_value_text(entry.before, labels)} "
    return f"{name} {before}→ {_value_text(entry.value, labels)} at epoch {entry.epoch:,.1f}"


def _value_text(value: object, labels: Mapping[str, str]) -> str:
    if isinstance(value, float):
        return short(value, 4)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return labels.get(str(value), str(value).replace("_", " ")).partition(" (")[0]


def _key(text: str, name: str, tooltip: str = "") -> ipywidgets.Label:
    label = ipywidgets.Label(text, tooltip=tooltip or None)
    label.add_class("ae-key")
    label.add_class(f"ae-key-{name}")
    return label
