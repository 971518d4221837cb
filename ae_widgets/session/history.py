"""What a run has measured so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from ae_widgets.engine.protocol import LossParts, LossRecord

__all__ = ["GUIDED_PARTS", "PARTS", "History", "LossCurve"]

PARTS = ("total", "reconstruction", "complexity")
"""Series of every run."""

GUIDED_PARTS = ("clustering", "classification")
"""Series of a run that has clusters or classes."""


@dataclass(frozen=True)
class LossCurve:
    """The weighted loss parts over epochs, few enough points to draw.

    Attributes
    ----------
    epoch : ndarray of shape (n_points,), float32
        Epochs completed.
    series : dict of str to ndarray of shape (n_points,), float32
        '<split>_<part>' for the splits 'train' and 'validation' and the parts
        'total', 'reconstruction', 'complexity' and, once they were measured,
        'clustering' and 'classification', each times its weight. The last two are 0
        where there were no clusters or classes yet; NaN where there is no measurement.
    """

    epoch: NDArray[np.float32]
    series: dict[str, NDArray[np.float32]]


class History:
    """The loss records of one run, in the order of their steps."""

    def __init__(self) -> None:
        self.records: list[LossRecord] = []

    def frame(self) -> pd.DataFrame:
        """Return one row per completed epoch.

        Columns: 'epoch', 'step', 'seconds'; for the splits 'train' and
        'validation' the '<split>_total' and each part before its weight; the
        weight of each part as '<part>_weight'; the learning rate and batch size;
        of a gated model also its 'active_dimensions'.
        Parts times their weights add up to the total.
        """
        import pandas as pd

        return pd.DataFrame([_row(r) for r in self.records if r.complete])

    def curve(self, max_points: int = 512) -> LossCurve:
        """Return at most `max_points` records as arrays, evenly thinned, ends kept.

        Every 2nd, 4th, 8th, … record is kept, so that a point that was drawn once
        stays where it was until the next doubling.
        """
        records = self.records[:]
        stride = 1
        while (len(records) - 1) // stride + 2 > max_points:
            stride *= 2
        last = records[-1:] if (len(records) - 1) % stride else []
        records = records[::stride] + last
        series: dict[str, NDArray[np.float32]] = {}
        # A part that is 0 has no head yet, and is measured only for the sake of the other.
        trained = [r.train.values for r in records]  # noqa: PD011  # a dict
        guided = [p for p in GUIDED_PARTS if any(values.get(p) for values in trained)]
        for split in ("train", "validation"):
            measured = [getattr(r, split) for r in records]
            for part in (*PARTS, *guided):
                values = [_weighted(losses, part) for losses in measured]
                series[f"{split}_{part}"] = np.array(values, dtype=np.float32)
        return LossCurve(np.array([r.epoch for r in records], dtype=np.float32), series)


def _weighted(losses: LossParts | None, part: str) -> float:
    if losses is None:
        return float("nan")
    if part == "total":
        return losses.total
    return losses.weighted(part) if part in losses.weights else 0.0


def _row(record: LossRecord) -> dict[str, float]:
    row = {"epoch": int(record.epoch), "step": record.step, "seconds": record.seconds}
    for split, losses in (("train", record.train), ("validation", record.validation)):
        if losses is None:
            continue
        row[f"{split}_total"] = losses.total
        row |= {f"{split}_{part}": value for part, value in losses.values.items()}  # noqa: PD011  # a dict
        row |= {f"{split}_{part}_weight": weight for part, weight in losses.weights.items()}
    if record.active_dimensions is not None:
        row["active_dimensions"] = record.active_dimensions
    return row | record.settings
