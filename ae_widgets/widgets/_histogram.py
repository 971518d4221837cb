"""A histogram of scores with a threshold that can be dragged."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import bqplot
import ipywidgets
import numpy as np

from ae_widgets.widgets._axes import Ticks, fits, log_ticks, set_axis
from ae_widgets.widgets._view import FromFrontEnd

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["ScoreHistogram"]

BINS = 48
COLORS = ["#0072B2", "#D55E00"]  # Okabe-Ito; `style.css` has the same for either theme
LETTERS = 22  # of labels, that fit side by side where it is narrowest
LEAST = 1e-6
"""Scores below this share of the largest stand in the first bin."""


class _Handle(FromFrontEnd, bqplot.Scatter):
    """A line that a person drags along the axis."""


class ScoreHistogram(ipywidgets.Box):
    """How many items have which score, over the logarithm of the score.

    Parameters
    ----------
    moved : callable
        Takes the threshold to which a person drags the line; called on any thread.
    """

    def __init__(self, moved: Callable[[float], None]) -> None:
        self._moved = moved
        self._ticks: Ticks | None = None
        self._placing = False
        self._x = bqplot.LinearScale(min=-2, max=0, allow_padding=False)
        self._y = bqplot.LinearScale(min=0, max=1, allow_padding=False)
        whole = bqplot.LinearScale(min=0, max=1, allow_padding=False)
        nothing = np.zeros(0)
        self.bars = bqplot.Bars(
            x=nothing, y=nothing, scales={"x": self._x, "y": self._y}, colors=COLORS, padding=0.15
        )
        # A rectangle ten times as high as wide; the style sheet makes it a line.
        self.handle = _Handle(
            x=nothing, y=nothing, scales={"x": self._x, "y": whole}, marker="rectangle",
            default_skew=1, default_size=6000, colors=["#D55E00"], enable_move=True,
            restrict_x=True, update_on_move=True,
        )  # fmt: skip
        self.handle.observe(self._dragged, names=["x"])
        self._axis = bqplot.Axis(scale=self._x, grid_lines="none")
        self._figure = bqplot.Figure(
            marks=[self.bars, self.handle], axes=[self._axis],
            fig_margin={"top": 6, "bottom": 24, "left": 26, "right": 26},
            padding_x=0, padding_y=0, display_toolbar=False, background_style={"fill": "none"},
        )  # fmt: skip
        self._figure.add_class("ae-figure")
        super().__init__(children=[self._figure])
        self.add_class("ae-histogram")

    def show(
        self,
        scores: NDArray[np.float64],
        threshold: float,
        *,
        place: bool = True,
        fit: bool = False,
    ) -> None:
        """Show the scores that are finite, and the threshold.

        Parameters
        ----------
        scores : ndarray
        threshold : float
        place : bool, default=True
            Whether to put the line there; not while a hand is at it.
        fit : bool, default=False
            Whether the axis ends where the scores do; else it stays while it holds them.
        """
        finite = scores[np.isfinite(scores)]
        positive = finite[finite > 0]
        if not positive.size:
            self._clear()
            return
        high = float(positive.max())
        low = max(float(positive.min()), LEAST * high)
        wanted = log_ticks(low, high, letters=LETTERS)
        if wanted != self._ticks if fit else not fits(self._ticks, wanted):
            self._ticks = wanted
            set_axis(self._x, self._axis, wanted)
        self._draw(np.log10(np.maximum(finite, low)), _logarithm(threshold, low))
        if place:
            self._place(_logarithm(threshold, low))

    def _draw(self, values: NDArray[np.float64], threshold: float) -> None:
        ticks = self._ticks
        assert ticks is not None  # noqa: S101  # `show` has set them
        edges = np.linspace(ticks.low, ticks.high, BINS + 1)
        beyond = values > threshold
        counts = np.stack([np.histogram(values[rows], edges)[0] for rows in (~beyond, beyond)])
        with self.bars.hold_sync():
            self.bars.x = ((edges[:-1] + edges[1:]) / 2).astype(np.float32)
            self.bars.y = counts.astype(np.float32)
        self._y.max = float(max(1, counts.sum(axis=0).max()))

    def _place(self, threshold: float) -> None:
        self._placing = True
        try:
            with self.handle.hold_sync():
                self.handle.x, self.handle.y = np.array([threshold]), np.array([0.5])
        finally:
            self._placing = False

    def _clear(self) -> None:
        nothing = np.zeros(0, np.float32)
        for mark in (self.bars, self.handle):
            with mark.hold_sync():
                mark.x, mark.y = nothing, nothing

    def _dragged(self, change: dict[str, Any]) -> None:
        if not self._placing and len(change["new"]):
            self._moved(float(10 ** change["new"][0]))


def _logarithm(value: float, low: float) -> float:
    return math.log10(max(value, low)) if math.isfinite(value) else math.log10(low)
