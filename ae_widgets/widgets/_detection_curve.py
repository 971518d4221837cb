"""ROC and precision-recall curve of scores against labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bqplot
import ipywidgets
import numpy as np

from ae_widgets.widgets._axes import linear_ticks, set_axis
from ae_widgets.widgets._controls import ToggleButtons, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ae_widgets.analysis.anomalies import Curves

__all__ = ["NONE", "DetectionCurve", "common_labels", "left_out", "usual_anomaly"]

MAX_POINTS = 200  # a curve
MOST_LABELS = 1000  # to choose from
NONE = -1  # no label counts as an anomaly
NAMES = {"roc": ("usual items beyond", "anomalies beyond"), "pr": ("recall", "precision")}


class DetectionCurve(ipywidgets.VBox):
    """One of the two curves, its area, and where the threshold is on it.

    Parameters
    ----------
    turned : callable
        Called when a person asks for the other curve.
    """

    def __init__(self, turned: Callable[[], None]) -> None:
        self.kind = ToggleButtons(
            options=[("ROC", "roc"), ("PR", "pr")],
            tooltips=["Anomalies beyond the threshold, against usual items beyond it",
                      "Share of anomalies among the items beyond, against anomalies found"],
        )  # fmt: skip
        self.kind.add_class("ae-segmented")
        self.kind.observe(lambda _change: turned(), names=["value"])
        self.text = ipywidgets.Label("")
        self.text.add_class("ae-desk-note")
        scales = {
            axis: bqplot.LinearScale(min=0, max=1.02, allow_padding=False) for axis in ("x", "y")
        }
        nothing = np.zeros(0)
        self.line = bqplot.Lines(
            x=nothing, y=nothing, scales=scales, colors=["#0072B2"], stroke_width=2
        )
        self.chance = bqplot.Lines(
            x=nothing, y=nothing, scales=scales, colors=["#888888"], stroke_width=1
        )
        self.here = bqplot.Scatter(
            x=nothing, y=nothing, scales=scales, colors=["#D55E00"], default_size=50
        )
        self._x_axis = bqplot.Axis(scale=scales["x"], grid_lines="none", label_offset="28px")
        self._y_axis = bqplot.Axis(
            scale=scales["y"], side="left", grid_lines="solid", label_offset="34px"
        )
        for axis in (self._x_axis, self._y_axis):
            set_axis(scales["x"], axis, linear_ticks(1.0, most=2))
        for scale in scales.values():
            scale.max = 1.02
        self._figure = bqplot.Figure(
            marks=[self.chance, self.line, self.here], axes=[self._x_axis, self._y_axis],
            fig_margin={"top": 4, "bottom": 36, "left": 46, "right": 6},
            padding_x=0, padding_y=0, display_toolbar=False, background_style={"fill": "none"},
        )  # fmt: skip
        self._figure.add_class("ae-figure")
        super().__init__(
            children=[row(self.text, self.kind, css_class="ae-curve-head"), self._figure]
        )
        self.add_class("ae-curve")

    def show(
        self,
        curves: Curves | None,
        known: NDArray[np.int8] | None,
        beyond: NDArray[np.bool_],
        hint: str,
    ) -> None:
        """Show the curve that is chosen.

        Parameters
        ----------
        curves : Curves or None
            None hides it and shows the hint.
        known : ndarray of shape (n_samples,) or None
            1 for the anomalies, 0 for the rest, -1 without a label.
        beyond : ndarray of shape (n_samples,)
            Which items are beyond the threshold.
        hint : str
            Why there is no curve.
        """
        (self.remove_class if curves else self.add_class)("ae-no-curve")
        if curves is None or known is None:
            self.text.value = hint
            return
        roc = self.kind.value == "roc"
        x = curves.false_positives if roc else curves.recall
        y = curves.true_positives if roc else curves.precision
        area = curves.roc_auc if roc else curves.average_precision
        self.text.value = f"{'AUC' if roc else 'Average precision'} {area:.3f}"
        self._x_axis.label, self._y_axis.label = NAMES["roc" if roc else "pr"]
        places = np.unique(np.linspace(0, len(x) - 1, MAX_POINTS).astype(int))
        _set(self.line, x[places], y[places])
        _set(self.chance, *(np.array([[0, 1], [0, 1]]) if roc else np.zeros((2, 0))))
        _set(self.here, *_place(known, beyond, roc=roc))


def _set(mark: Any, x: NDArray[np.floating], y: NDArray[np.floating]) -> None:
    with mark.hold_sync():
        mark.x, mark.y = x.astype(np.float32), y.astype(np.float32)


def _place(
    known: NDArray[np.int8], beyond: NDArray[np.bool_], *, roc: bool
) -> NDArray[np.floating]:
    """Return where a threshold is on a curve, shape (2, 1), or (2, 0) if nowhere."""
    found, false = (np.count_nonzero(beyond & (known == value)) for value in (1, 0))
    recall = found / np.count_nonzero(known == 1)
    if roc:
        return np.array([[false / np.count_nonzero(known == 0)], [recall]])
    return np.array([[recall], [found / (found + false)]]) if found + false else np.zeros((2, 0))


def common_labels(
    labels: NDArray[np.int32], names: tuple[str, ...], chosen: int = NONE
) -> list[tuple[str, int]]:
    """Return the labels to choose from: the 1,000 that most items have, and the one chosen."""
    counts = np.bincount(labels[labels >= 0], minlength=len(names))
    common = [int(i) for i in np.argsort(-counts, kind="stable")[:MOST_LABELS] if counts[i]]
    return [(names[i], i) for i in sorted({*common, chosen} - {NONE})]


def left_out(labels: NDArray[np.int32], n_offered: int) -> str:
    """Say of how many labels those to choose from are, where that is not all."""
    count = len(np.unique(labels[labels >= 0]))
    if count <= n_offered:
        return ""
    return f"; of {count:,} labels the {n_offered:,} that most items have are offered"


def usual_anomaly(labels: NDArray[np.int32], names: tuple[str, ...]) -> int:
    """Return the label that counts as anomalous unless a person says otherwise.

    Of two it is the rarer one; of two as rare, '1' beside '0'.
    """
    if len(names) != 2:  # noqa: PLR2004  # this or that
        return NONE
    counts = np.bincount(labels[labels >= 0], minlength=2)
    if not counts.all():
        return NONE
    if counts[0] == counts[1] and set(names) == {"0", "1"}:
        return names.index("1")
    return int(counts.argmin())
