"""Cells of the tables."""

from __future__ import annotations

import numpy as np

__all__ = ["mean_and_spread", "wins"]


def mean_and_spread(values: list[float], digits: int = 4) -> str:
    """Return mean ± standard deviation."""
    return f"{np.mean(values):.{digits}f} ± {np.std(values):.{digits}f}"


def wins(ours: list[float], theirs: list[float], *, lower: bool = False) -> str:
    """Return in how many seeds ours is better: higher, or `lower`."""
    won = sum((a < b) if lower else (a > b) for a, b in zip(ours, theirs, strict=True))
    return f"{won} of {len(ours)}"
