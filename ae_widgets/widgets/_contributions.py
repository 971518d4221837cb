"""What the reconstruction error of one item is made of."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import bqplot
import ipywidgets
import numpy as np
import traitlets

from ae_widgets.text import short
from ae_widgets.widgets._axes import Ticks, set_axis
from ae_widgets.widgets._controls import PlainLabel
from ae_widgets.widgets._items import short_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["ContributionChart", "heat_map"]

MOST = 8
"""Features that are shown as bars."""

LONGEST = 15  # characters of a feature's name beside its bar
SIDE = 160  # least pixels of the longer side of a heat map
# Black, vermilion, yellow, white: brighter is more, in colours that all can tell apart.
RAMP = np.array([[0, 0, 0], [213, 94, 0], [240, 228, 66], [255, 255, 255]], float)


class ContributionChart(ipywidgets.VBox):
    """The features that add most, as bars; of an image all of them, as a heat map.

    Parameters
    ----------
    names : sequence of str
        Names of the features.
    item_shape : tuple of int or None
        Shape of an image.
    """

    # ipywidgets shows the tooltip only of what has a description, even an empty one.
    description = traitlets.Unicode("").tag(sync=True)

    def __init__(self, names: Sequence[str], item_shape: tuple[int, ...] | None) -> None:
        self._names = names
        self._shape = item_shape
        self.text = PlainLabel()
        self.text.add_class("ae-desk-note")
        if item_shape is None:
            picture = self._build_bars()
        else:
            self.image = ipywidgets.Image(format="png")
            self.image.add_class("ae-heat")
            picture = ipywidgets.Box(children=[self.image])
            picture.add_class("ae-heat-box")
        super().__init__(children=[self.text, picture])
        self.add_class("ae-contributions")

    def _build_bars(self) -> bqplot.Figure:
        self._x = bqplot.LinearScale(min=0, max=1, allow_padding=False)
        self._rows = bqplot.LinearScale(min=-0.5, max=MOST - 0.5, allow_padding=False, reverse=True)
        nothing = np.zeros(0)
        self.bars = bqplot.Bars(
            x=nothing, y=nothing, orientation="horizontal", colors=["#D55E00"], padding=0.3,
            scales={"x": self._rows, "y": self._x},
        )  # fmt: skip
        self._axis = bqplot.Axis(scale=self._rows, side="left", grid_lines="none")
        figure = bqplot.Figure(
            marks=[self.bars], axes=[self._axis], padding_x=0, padding_y=0,
            fig_margin={"top": 2, "bottom": 4, "left": 116, "right": 8},
            display_toolbar=False, background_style={"fill": "none"},
        )  # fmt: skip
        figure.add_class("ae-figure")
        return figure

    def clear(self, text: str) -> None:
        """Show no item but a text."""
        self.text.value = text
        self._draw(np.zeros(0))

    def show(self, title: str, parts: NDArray[np.float64]) -> None:
        """Show what each feature adds to an item's error.

        Parameters
        ----------
        title : str
            Begins the text.
        parts : ndarray of shape (n_features,)
        """
        self.text.value = f"{title}: {_in_words(parts, self._names, self._shape)}"
        self._draw(parts)

    def _draw(self, parts: NDArray[np.float64]) -> None:
        if self._shape is not None:
            self.image.value = heat_map(parts, self._shape) if parts.size else b""
            (self.image.remove_class if parts.size else self.image.add_class)("ae-away")
            return
        largest = np.argsort(-np.abs(parts), kind="stable")[:MOST]
        names = [short_name(str(self._names[i]), LONGEST) for i in largest]
        # Of all bars at once: most are too short to be pointed at.
        self.tooltip = "\n".join(f"{self._names[i]}: {short(parts[i])}" for i in largest)
        ticks = Ticks(-0.5, MOST - 0.5, tuple(enumerate(names or [" "])))  # none: bqplot's own
        set_axis(self._rows, self._axis, ticks)
        with self.bars.hold_sync():
            self.bars.x = np.arange(len(largest), dtype=np.float32)
            self.bars.y = parts[largest].astype(np.float32)
        self._x.max = float(max(parts.max(initial=0), 1e-12))


def _in_words(
    parts: NDArray[np.float64], names: Sequence[str], shape: tuple[int, ...] | None
) -> str:
    total = parts.sum()
    if not total > 0:
        return "no error"
    order = np.argsort(-parts, kind="stable")
    if shape is not None:
        half = int(np.searchsorted(np.cumsum(parts[order]), total / 2)) + 1
        return f"half of the error {short(total)} in {half} of {len(parts)} values"
    return f"{names[order[0]]} makes up {100 * parts[order[0]] / total:.0f} % of {short(total)}"


def heat_map(parts: NDArray[np.float64], item_shape: tuple[int, ...]) -> bytes:
    """Return the contributions as a PNG, the brightest being the largest.

    Parameters
    ----------
    parts : ndarray of shape (n_features,)
        Not negative; channels of a pixel are added.
    item_shape : tuple of int
        (height, width) or (height, width, channels).
    """
    from PIL import Image

    height, width = item_shape[:2]
    values = np.nan_to_num(parts).reshape(height, width, -1).sum(axis=2)
    level = np.clip(values / max(float(values.max()), 1e-30), 0, 1) * (len(RAMP) - 1)
    lower = np.minimum(level.astype(int), len(RAMP) - 2)
    share = (level - lower)[..., None]
    pixels = RAMP[lower] * (1 - share) + RAMP[lower + 1] * share
    image = Image.fromarray(pixels.round().astype(np.uint8))
    scale = max(1, -(-SIDE // max(height, width)))
    large = image.resize((width * scale, height * scale), Image.Resampling.NEAREST)
    target = io.BytesIO()
    large.save(target, "PNG")
    return target.getvalue()
