"""An `ae_widgets.Session` without a view, from `start` to its end.

The trainer's process and the baseline, which a session computes when it is made,
are waited for before.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.exceptions import DataError, SettingsError
from ae_widgets.session import Session
from contestants import DoesNotApply, _ours

if TYPE_CHECKING:
    from data import Items
    from numpy.typing import NDArray
    from workloads import Workload

    from contestants import Reconstruct, Train

BASELINE_SECONDS = 120.0


def load() -> None:
    """Have what a session imports when it first needs it: that is no memory of the training."""
    session = Session(np.eye(4, dtype=np.float32), max_iter=1)
    session.start()
    session.wait()
    _wait_for_baseline(session)
    session.close()


def _wait_for_baseline(session: Session) -> None:
    deadline = time.monotonic() + BASELINE_SECONDS
    while session.baseline is None and time.monotonic() < deadline:
        time.sleep(0.01)


load()


def prepare(X: Items, work: Workload, seed: int) -> Train:
    """Make the session and wait for its trainer."""
    try:
        session = Session(X, validation_fraction=0.0, **_ours.settings(work, seed))
    except (DataError, SettingsError) as error:
        raise DoesNotApply(str(error)) from error
    session.prepare()
    session.reconstruct([0])  # waits for the trainer; to read `latent` would encode all items
    _wait_for_baseline(session)

    def train() -> Reconstruct:
        session.start()
        session.wait()
        return reconstruct

    def reconstruct(items: NDArray[np.float32]) -> NDArray[np.float32]:  # noqa: ARG001  # the session has them
        outputs = session.reconstruct(work.rows(X.shape[0])).outputs
        session.close()
        return outputs

    return train
