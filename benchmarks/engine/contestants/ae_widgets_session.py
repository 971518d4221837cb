"""An `ae_widgets.Session` without a view, from `start` to its end.

The trainer's process and the baseline, which a session computes when it is made,
are waited for before.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ae_widgets.exceptions import DataError, SettingsError
from ae_widgets.session import Session
from contestants import DoesNotApply, _ours

if TYPE_CHECKING:
    import numpy as np
    from data import Items
    from numpy.typing import NDArray
    from workloads import Workload

    from contestants import Reconstruct, Train

PREPARE_SECONDS = 120.0


def prepare(X: Items, work: Workload, seed: int) -> Train:
    """Make the session and wait for its trainer."""
    try:
        session = Session(X, validation_fraction=0.0, **_ours.settings(work, seed))
    except (DataError, SettingsError) as error:
        raise DoesNotApply(str(error)) from error
    session.prepare()
    deadline = time.monotonic() + PREPARE_SECONDS
    while time.monotonic() < deadline and (session.latent is None or session.baseline is None):
        time.sleep(0.01)
    if session.latent is None:
        msg = f"The session was not prepared within {PREPARE_SECONDS:g} s."
        raise session.error or TimeoutError(msg)

    def train() -> Reconstruct:
        session.start()
        session.wait()
        return reconstruct

    def reconstruct(items: NDArray[np.float32]) -> NDArray[np.float32]:  # noqa: ARG001  # the session has them
        outputs = session.reconstruct(work.rows(X.shape[0])).outputs
        session.close()
        return outputs

    return train
