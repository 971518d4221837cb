"""Loss means of a part of an epoch (no torch)."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple

from ae_widgets.engine.protocol import LossParts

if TYPE_CHECKING:
    from ae_widgets.losses.objective import PartMeans

__all__ = ["Mark", "mark", "since"]


class Mark(NamedTuple):
    """The sums over an epoch at one moment: items, each part, and each weighted part."""

    items: int
    sums: dict[str, float]
    weighted: dict[str, float]


def mark(means: PartMeans) -> Mark:
    """Return the sums so far; `means` goes on as if it had not been asked."""
    if not means.items:
        return Mark(0, {}, {})
    _, values, weights = copy.deepcopy(means).summary()
    sums = {name: value * means.items for name, value in values.items()}
    return Mark(means.items, sums, {name: sums[name] * weights[name] for name in sums})


def since(before: Mark, now: Mark, weights: dict[str, float]) -> LossParts:
    """Return the means over the batches between two marks.

    Parameters
    ----------
    before, now : Mark
        Of the same epoch, with at least one batch between them.
    weights : dict of str to float
        The weight of a part that was zero throughout.
    """
    items = now.items - before.items
    sums = {name: total - before.sums.get(name, 0.0) for name, total in now.sums.items()}
    weighted = {name: now.weighted[name] - before.weighted.get(name, 0.0) for name in sums}
    values = {name: total / items for name, total in sums.items()}
    effective = {n: weighted[n] / total if total else weights[n] for n, total in sums.items()}
    return LossParts(sum(weighted.values()) / items, values, effective)
