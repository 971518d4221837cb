"""The engines that are compared, one a file.

A contestant is a module with one function::

    def prepare(X, work, seed):
        ...  # what is not timed: making the model
        def train():
            ...  # what is timed
            return reconstruct
        return train

`X` holds the items as the workload loads them, `work` is the `Workload`, and
`reconstruct` takes the dense items at ``work.rows(n_samples)`` and returns what the
trained network makes of them. All start from the same weights for the same `seed`
where they can be set. `prepare` raises `DoesNotApply` for a workload that the
engine cannot train on. A module whose name begins with ``_`` holds what
contestants share.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from data import Items
    from numpy.typing import NDArray
    from workloads import Workload

    Reconstruct: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]
    Train: TypeAlias = Callable[[], Reconstruct]

REFERENCE = "tutorial"


class DoesNotApply(Exception):  # noqa: N818  # it is an answer, not a fault
    """The engine cannot train on the workload; says why."""


def names() -> list[str]:
    """Return the name of every contestant, the reference first."""
    found = [module.name for module in pkgutil.iter_modules(__path__)]
    return sorted(
        (name for name in found if not name.startswith("_")), key=lambda n: (n != REFERENCE, n)
    )


def load(name: str) -> Callable[[Items, Workload, int], Train]:
    """Import a contestant, and with it its engine."""
    return importlib.import_module(f"contestants.{name}").prepare
