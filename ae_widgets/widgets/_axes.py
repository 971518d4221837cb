"""Calm axes: round ends and ticks that change only when the data leave them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import bqplot

__all__ = [
    "Ticks",
    "epoch_text",
    "fits",
    "linear_ticks",
    "log_ticks",
    "number_text",
    "round_up",
    "set_axis",
]

MANY = 6  # decades from which on not every decade has a tick


@dataclass(frozen=True)
class Ticks:
    """The ends of an axis and its labelled ticks, in the axis's own coordinates."""

    low: float
    high: float
    labels: tuple[tuple[float, str], ...]


def linear_ticks(high: float, *, most: int = 5, integer: bool = False) -> Ticks:
    """Return an axis from 0 to a round number not below `high`."""
    high = high if math.isfinite(high) and high > 0 else 1.0
    step = round_up(high / most)
    step = max(1.0, step) if integer else step
    count = max(1, math.ceil(high / step - 1e-9))
    # Rounded, so that 3 · 0.05 is 0.15 also where labels are looked up by their place.
    places = [float(f"{step * i:.12g}") for i in range(count + 1)]
    return Ticks(0.0, places[-1], tuple((p, number_text(p)) for p in places))


def log_ticks(low: float, high: float, *, letters: float = math.inf) -> Ticks:
    """Return an axis over the decimal logarithm that holds `low` to `high` (both > 0).

    Where labels stand side by side, `letters` are as many as fit along it.
    """
    bottom, top = math.log10(low), math.log10(high)
    digits = (1, 2, 5) if top - bottom < 2 else (1,)  # noqa: PLR2004  (decades)
    decades = range(math.floor(bottom) - 1, math.ceil(top) + 2)
    places = [round(d + math.log10(digit), 9) for d in decades for digit in digits]
    below = [p for p in places if p <= bottom + 1e-9][-1:]
    above = [p for p in places if p >= top - 1e-9][:1]
    if below == above:
        above = [places[places.index(below[0]) + 1]]
    inside = [p for p in places if below[0] <= p <= above[0]]
    # To the digits that they have: a place is rounded.
    labels = [(p, number_text(float(f"{10**p:.1g}"))) for p in reversed(inside)]
    strides = range(math.ceil(len(labels) / MANY), len(labels))
    room = letters / (above[0] - below[0])
    shown = next((labels[::s] for s in strides if _apart(labels[::s], room)), labels[:1])
    return Ticks(below[0], above[0], tuple(reversed(shown)))


def _apart(labels: list[tuple[float, str]], room: float) -> bool:
    """Whether there is a letter's space between labels, `room` being letters a unit."""
    return all(
        (after - before) * room >= (len(a) + len(b)) / 2 + 1
        for (after, a), (before, b) in pairwise(labels)
    )


def epoch_text(epoch: float) -> str:
    """Write an epoch that has ended, or to a tenth how far it has come."""
    return f"{epoch:,.1f}" if epoch % 1 else f"{epoch:,.0f}"


def number_text(value: float) -> str:
    """Write a number in full, to three digits below 1, or as a power of ten if far from 1."""
    if value == 0:
        return "0"
    if 0.999e-4 < abs(value) < 1e6:  # noqa: PLR2004  (readable in full)
        text = f"{value:,.10f}" if abs(value) >= 1 else f"{value:.{3 - _exponent(value)}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    digits, exponent = f"{value:.2e}".split("e")
    return f"{digits.rstrip('0').rstrip('.')}e{int(exponent)}"


def _exponent(value: float) -> int:
    return math.floor(math.log10(abs(value)))


def round_up(value: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is not below `value`."""
    unit = 10.0 ** _exponent(value)
    return next(m * unit for m in (1, 2, 5, 10) if m * unit >= value * (1 - 1e-9))


def fits(now: Ticks | None, wanted: Ticks) -> bool:
    """Return whether an axis can stay: it holds what is wanted, and that uses enough of it."""
    if now is None or wanted.high > now.high or wanted.low < now.low:
        return False
    used = (wanted.high - wanted.low) / (now.high - now.low)
    return used > 0.4 or math.isclose(used, 1)  # noqa: PLR2004  (share of the axis)


def set_axis(scale: bqplot.Scale, axis: bqplot.Axis, ticks: Ticks) -> None:
    """Give a scale and its axis other ends and ticks."""
    # One by one: bqplot draws what changes with the labels that it has by then.
    axis.tick_labels = {_js_number(place): text for place, text in ticks.labels}
    axis.tick_values = np.array([place for place, _ in ticks.labels])
    with scale.hold_sync():
        scale.min, scale.max = ticks.low, ticks.high


def _js_number(value: float) -> str:
    """Write a number as JavaScript does, for which 2.0 is '2'."""
    return str(int(value)) if value == int(value) else repr(float(value))
