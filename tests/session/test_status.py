"""The status line."""

import pytest

from ae_widgets.session import Status

LATE = {"epoch": 1234, "loss": 0.5, "best_epoch": 1134, "best_loss": 0.25}


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (Status("running", **LATE), "Training: validation loss 0.5, best 0.25 at 1,134."),
        (
            Status("finished", "converged", patience=1000, **LATE),
            (
                "Converged at epoch 1,234, no better validation loss for 1,000 epochs: "
                "validation loss 0.5, best 0.25 at 1,134."
            ),
        ),
        (Status("paused", epoch=1234), "Paused in epoch 1,235: no epoch completed yet."),
        (
            Status("finished", "stopped", epoch=1234, restored=1000),
            "Stopped in epoch 1,235. The weights are those of epoch 1,000.",
        ),
    ],
)
def test_epochs_of_long_runs_are_easy_to_read(status, message):
    assert status.message == message
