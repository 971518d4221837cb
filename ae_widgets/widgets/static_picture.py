"""A picture of a run for where no widget can live: a saved or executed notebook."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from ae_widgets.widgets._axes import Ticks, linear_ticks, number_text
from ae_widgets.widgets._items import comparable
from ae_widgets.widgets._static_items import font, paste_items

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ae_widgets.session import Reconstructions, Session

__all__ = ["WIDTH", "draw_picture", "summary_text"]

WIDTH, HEIGHT = 960, 420
SCALE = 2  # drawn twice as large, so that it is sharp on any screen
PAPER, INK, FAINT, GRID = "#ffffff", "#212121", "#616161", "#e4e4e8"
# The colours and shapes of the latent scatter: Okabe-Ito, and two more for ten digits.
PALETTE = [
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#3A3A3E",
    "#7A4BA0", "#8B5E3C",
]  # fmt: skip
NO_GROUP = "#96969A"
PARTS = {
    "total": "#616161", "reconstruction": "#0072B2", "complexity": "#D55E00",
    "clustering": "#CC79A7", "classification": "#E69F00",
}  # fmt: skip
BASELINE = "#009E73"
MAX_POINTS = 20_000
MAX_LEGEND = 12

Box = tuple[float, float, float, float]


def draw_picture(session: Session, title: str, items: Reconstructions | None = None) -> bytes:
    """Draw the state of `session`.

    Parameters
    ----------
    session : Session
        The run.
    title : str
        The line above the picture.
    items : Reconstructions, optional
        Some items to show with their reconstructions.

    Returns
    -------
    bytes
        A PNG, twice `WIDTH` wide.
    """
    picture = Picture()
    picture.text((20, 12), title, size=14)
    picture.scatter(session, (20, 60, 340, 396))
    picture.losses(session, (500, 60, 940, 250))
    picture.text((500, 292), "Inputs and their reconstructions", size=11, fill=FAINT)
    if items is None:
        picture.text((500, 330), "They appear here after training.", size=11, fill=FAINT)
    else:
        area = tuple(round(SCALE * v) for v in (500, 312, 940, 400))
        kind = session.settings.reconstruction
        shown = comparable(items, kind, session.preprocessor)
        paste_items(picture.image, area, shown, session.drawn)
    return picture.png()


class Picture:
    """A sheet of paper, measured in points of the displayed size."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), PAPER)
        self.pen = ImageDraw.Draw(self.image)
        self.line([(0, 0), (WIDTH - 1, 0), (WIDTH - 1, HEIGHT - 1), (0, HEIGHT - 1), (0, 0)], GRID)

    def png(self) -> bytes:
        """Return the sheet as a PNG with a palette, which keeps it small."""
        buffer = io.BytesIO()
        self.image.quantize(128, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
        return buffer.getvalue()

    def text(
        self,
        at: tuple[float, float],
        text: str,
        *,
        size: int = 10,
        fill: str = INK,
        anchor: str = "la",
    ) -> None:
        """Write `text`."""
        place = (at[0] * SCALE, at[1] * SCALE)
        self.pen.text(place, text, font=font(size * SCALE), fill=fill, anchor=anchor)

    def line(self, points: list[tuple[float, float]], fill: str, width: float = 1) -> None:
        """Draw a line through `points`."""
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self.pen.line(scaled, fill=fill, width=round(width * SCALE), joint="curve")

    def marker(self, x: float, y: float, category: int, radius: float) -> None:
        """Draw one item of `category` (-1: none), as the latent scatter does."""
        fill = PALETTE[category % len(PALETTE)] if category >= 0 else NO_GROUP
        x, y, r = x * SCALE, y * SCALE, radius * SCALE
        shapes = {
            1: [(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)],
            2: [(x, y - 1.2 * r), (x + 1.2 * r, y + r), (x - 1.2 * r, y + r)],
            3: [(x, y - 1.3 * r), (x + 1.3 * r, y), (x, y + 1.3 * r), (x - 1.3 * r, y)],
        }
        kind = (category + category // len(PALETTE)) % 5 if category >= 0 else 0
        if kind in shapes:
            self.pen.polygon(shapes[kind], fill=fill)
        elif kind == 4:  # noqa: PLR2004  (the cross)
            width = max(2, round(r * 0.7))
            self.pen.line([(x - r, y - r), (x + r, y + r)], fill=fill, width=width)
            self.pen.line([(x - r, y + r), (x + r, y - r)], fill=fill, width=width)
        else:
            self.pen.ellipse((x - r, y - r, x + r, y + r), fill=fill)

    def scatter(self, session: Session, box: Box) -> None:
        """Draw the latent space with its legend to the right."""
        x0, y0, x1, y1 = box
        self.text((x0, y0 - 20), "Latent space", size=11, fill=FAINT)
        self.line([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], GRID)
        latent = session.latent
        if latent is None:
            self.text(((x0 + x1) / 2, (y0 + y1) / 2), "Not trained yet", fill=FAINT, anchor="mm")
            return
        labels = session.labels
        rows = np.linspace(0, len(latent.positions) - 1, MAX_POINTS).astype(int)
        rows = np.unique(rows)
        left, right, bottom, top = latent.limits
        unit = (latent.positions[rows] - (left, bottom)) / np.maximum(
            (right - left, top - bottom), 1e-12
        )
        radius = 2.2 if len(rows) <= 3000 else 1.2  # noqa: PLR2004  (readable at this size)
        for (u, v), row in zip(np.clip(unit, 0, 1), rows, strict=True):
            category = int(labels[row]) if session.label_names else 0
            self.marker(x0 + 6 + u * (x1 - x0 - 12), y1 - 6 - v * (y1 - y0 - 12), category, radius)
        self._legend(session.label_names, (x1 + 14, y0 + 8))

    def _legend(self, names: tuple[str, ...], at: tuple[float, float]) -> None:
        x, y = at
        for i, name in enumerate(names[:MAX_LEGEND]):
            self.marker(x, y + 20 * i, i, 4)
            short = name if len(name) <= 16 else f"{name[:15]}…"  # noqa: PLR2004  (it fits)
            self.text((x + 12, y + 20 * i), short, anchor="lm")
        if len(names) > MAX_LEGEND:
            rest = f"and {len(names) - MAX_LEGEND} more"
            self.text((x + 12, y + 20 * MAX_LEGEND), rest, fill=FAINT, anchor="lm")

    def losses(self, session: Session, box: Box) -> None:
        """Draw the weighted loss parts over epochs."""
        x0, y0, x1, y1 = box
        curve, baseline = session.curve(), session.baseline
        parts = {p: colour for p, colour in PARTS.items() if f"train_{p}" in curve.series}
        self._loss_legend(box, parts, baseline=baseline is not None)
        last = float(curve.epoch[-1]) if len(curve.epoch) else 1.0
        values = np.concatenate([*curve.series.values(), [baseline or 0.0]])
        values = values[np.isfinite(values)]
        x_ticks = linear_ticks(max(5.0, last), integer=True)
        y_ticks = linear_ticks(float(values.max(initial=0.0)))
        frame = _Frame((x0 + 40, y0, x1, y1), x_ticks, y_ticks)
        self._axes(frame)
        if baseline is not None:
            ends = frame.points(np.array([0, x_ticks.high]), np.full(2, baseline))
            self.line(ends, BASELINE)
        for split, width in (("validation", 1), ("train", 1.8)):
            for part, colour in parts.items():
                series = curve.series[f"{split}_{part}"]
                known = np.isfinite(series)
                if np.count_nonzero(known) > 1:
                    points = frame.points(curve.epoch[known], series[known])
                    self.line(points, _lighter(colour) if split == "validation" else colour, width)

    def _loss_legend(self, box: Box, parts: dict[str, str], *, baseline: bool) -> None:
        """Draw the legend above the box, in two lines if one has no room for it."""
        x0, y, x1, _ = box
        entries = {f"{k} (light: validation)" if k == "total" else k: c for k, c in parts.items()}
        if baseline:
            entries["PCA"] = BASELINE
        lines: list[list[tuple[float, str, str]]] = [[]]
        x = x0
        for name, colour in entries.items():
            width = 19 + font(10).getlength(name)
            if x + width > x1:
                lines.append([])
                x = x0
            lines[-1].append((x, name, colour))
            x += width + 16
        for above, line in enumerate(reversed(lines), start=1):
            for x, name, colour in line:
                self.line([(x, y - 14 * above), (x + 14, y - 14 * above)], colour, 2)
                self.text((x + 19, y - 14 * above), name, fill=FAINT, anchor="lm")

    def _axes(self, frame: _Frame) -> None:
        x0, _, x1, y1 = frame.box
        for place, label in frame.y.labels:
            ((_, y),) = frame.points(np.zeros(1), np.array([place]))
            self.line([(x0, y), (x1, y)], GRID)
            self.text((x0 - 6, y), label, fill=FAINT, anchor="rm")
        for place, label in frame.x.labels:
            ((x, _),) = frame.points(np.array([place]), np.zeros(1))
            self.text((x, y1 + 6), label, fill=FAINT, anchor="ma")
        self.text(((x0 + x1) / 2, y1 + 20), "epoch", fill=FAINT, anchor="ma")


@dataclass(frozen=True)
class _Frame:
    """A plot area and what its two axes, both from 0, span."""

    box: Box
    x: Ticks
    y: Ticks

    def points(self, x: NDArray[np.floating], y: NDArray[np.floating]) -> list[tuple[float, float]]:
        """Return where values lie on the sheet."""
        x0, y0, x1, y1 = self.box
        across = x0 + (x1 - x0) * x / self.x.high
        up = y1 - (y1 - y0) * np.clip(y, 0, self.y.high) / self.y.high
        return list(zip(across.tolist(), up.tolist(), strict=True))


def summary_text(session: Session, title: str) -> str:
    """Say in words what the picture shows."""
    lines = [title, session.status.message]
    if session.baseline is not None:
        lines.append(f"PCA with the same code dimension: {number_text(session.baseline)}")
    return "\n".join(lines)


def _lighter(colour: str) -> str:
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{(c + 255) // 2:02x}" for c in rgb)
