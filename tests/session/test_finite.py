"""Weights that break between two looks at the loss never leave the trainer."""

import numpy as np
import pytest
from numpy.testing import assert_equal

from ae_widgets import Autoencoder, NonFiniteLossError, Session
from ae_widgets.session.checkpoint import read_checkpoint
from tests.engine.data import blobs
from tests.engine.test_finite import BREAKING, finite
from tests.session.weights import assert_same_weights

STEPS = 7


@pytest.fixture
def breaking(keep):
    """Return a session whose weights break in the seventh step, in the middle of an epoch."""
    one = keep(
        Session(blobs(), trainer="thread", **BREAKING, batch_size=10, learning_rate=1e3, max_iter=9)
    )
    for _ in range(STEPS - 1):
        one.step("batch")
        one.wait(60)
    assert finite(one.weights)
    return one


def test_a_halt_finds_weights_that_have_broken(breaking, tmp_path):
    breaking.step("batch")
    with pytest.raises(NonFiniteLossError, match="Weights restored to the end of epoch 0"):
        breaking.wait(60)
    assert breaking.status.state == "failed"
    assert finite(breaking.weights)  # those that are broken were not sent
    assert np.isfinite(breaking.codes).all()
    breaking.save(tmp_path / "run.npz")
    in_place = read_checkpoint(tmp_path / "run.npz").trainer["weights"]
    assert_equal(breaking.weights, in_place)  # but those that training goes on from


def test_a_run_that_fails_at_once_has_the_weights_that_it_went_back_to(keep):
    one = keep(Session(blobs(), trainer="thread", **BREAKING, batch_size=10, learning_rate=1e3))
    one.start()
    with pytest.raises(NonFiniteLossError, match="Weights restored to the end of epoch 0"):
        one.wait(60)
    assert finite(Autoencoder.from_session(one)._weights())


def test_a_saved_run_never_holds_broken_weights(breaking, keep, tmp_path):
    breaking.save(tmp_path / "run.npz")
    breaking.step("batch")
    with pytest.raises(NonFiniteLossError):
        breaking.wait(60)
    breaking.save(tmp_path / "run.npz")
    saved = read_checkpoint(tmp_path / "run.npz")
    assert finite(saved.trainer["weights"])
    assert finite(saved.trainer["finite_weights"])
    again = keep(Session.load(tmp_path / "run.npz", blobs()))
    again.change(learning_rate=1e-6, weight_decay=0.0)
    again.resume()
    assert again.wait(60).state == "finished"
    assert finite(again.weights)


def test_a_run_that_went_on_after_it_is_replayed_to_the_bit(breaking, keep):
    breaking.step("batch")
    with pytest.raises(NonFiniteLossError):
        breaking.wait(60)
    breaking.change(learning_rate=1e-3, weight_decay=0.0)
    breaking.resume()
    assert breaking.wait(60).state == "finished"
    again = keep(Session.replay(breaking.journal, blobs()))
    assert_same_weights(again, breaking)


def test_a_checkpoint_taken_while_it_trains_is_finite(keep, tmp_path):
    one = keep(
        Session(blobs(), trainer="thread", **BREAKING, batch_size=10, learning_rate=1e3, max_iter=9)
    )
    one.start()
    one.save(tmp_path / "run.npz")
    with pytest.raises(NonFiniteLossError):
        one.wait(60)
    saved = read_checkpoint(tmp_path / "run.npz")
    assert finite(saved.trainer["weights"])
