"""A run that ends with the weights of its best epoch: what is told, replayed and saved of it."""

import time

import pytest

from ae_widgets import Autoencoder, Session
from tests.engine.data import blobs
from tests.session.weights import assert_same_weights

X = blobs()
# The loss is lowest long before the end: the learning rate is far too large.
WILD = {
    "hidden_layer_sizes": (8,), "batch_size": 16, "learning_rate": 0.5, "n_iter_no_change": 4,
    "trainer": "thread",
}  # fmt: skip


def wait_for(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.005)


def finished(session):
    session.start()
    session.wait(60)
    return session


@pytest.fixture
def restored(keep):
    return finished(keep(Session(X, restore_best=True, **WILD)))


def test_it_is_told_and_the_estimator_has_them(restored, keep):
    status = restored.status
    assert (status.reason, status.restored) == ("converged", status.best_epoch)
    assert status.best_epoch == status.epoch - 4
    assert status.message.endswith(
        f" The weights are those of epoch {status.best_epoch}. Resume goes on to epoch 200."
    )
    told = status.message
    restored.change(n_iter_no_change=50)
    assert restored.status.message == told  # of the patience that it had
    shorter = finished(keep(Session(X, **{**WILD, "max_iter": status.best_epoch})))
    assert_same_weights(restored, shorter)
    assert (restored.codes == shorter.codes).all()
    model = Autoencoder.from_session(restored)
    assert (model.transform(X) == restored.codes).all()


def test_it_ends_as_an_estimator_that_stops_early(keep):
    model = Autoencoder(
        hidden_layer_sizes=(8,), batch_size=16, learning_rate_init=0.5, n_iter_no_change=4,
        early_stopping=True, random_state=0,
    )  # fmt: skip
    session = finished(keep(Session(model, X, trainer="thread")))
    assert session.settings.restore_best
    assert session.status.restored
    assert (model.fit(X).transform(X) == session.codes).all()
    assert not Session(Autoencoder(), X, trainer="thread").settings.restore_best


@pytest.mark.parametrize("what", ["converged", "stopped", "resumed", "changed", "mind"])
def test_it_replays_to_the_same_bits(restored, keep, what):
    if what == "stopped":
        restored.change(n_iter_no_change=10**6, max_iter=10**6)
        restored.resume()
        restored.stop()
        restored.wait(60)
    elif what == "resumed":
        restored.resume()
        restored.wait(60)
    elif what == "changed":
        restored.change(beta=0.5)
        wait_for(lambda: len(restored.journal))
    elif what == "mind":
        restored.change(restore_best=False)
        wait_for(lambda: restored.status.restored is None)
    again = keep(Session.replay(restored.journal, X))
    assert_same_weights(again, restored)
    assert again.status.restored == restored.status.restored
    if what != "stopped":  # it may not have trained an epoch
        assert (restored.status.restored is None) == (what == "mind")


def test_what_is_trained_does_not_depend_on_it(restored, keep):
    plain = finished(keep(Session(X, **WILD)))
    for session in (restored, plain):
        session.change(max_iter=session.status.epoch + 3, n_iter_no_change=100)
        session.resume()
        session.wait(60)
    restored.change(restore_best=False)
    wait_for(lambda: restored.status.restored is None)
    assert_same_weights(restored, plain)
    assert (restored.codes == plain.codes).all()


def test_one_that_was_saved_goes_on_alike(restored, keep, tmp_path):
    restored.save(tmp_path / "run.npz")
    loaded = keep(Session.load(tmp_path / "run.npz", X))
    assert loaded.status.restored == restored.status.restored
    assert_same_weights(loaded, restored)
    for session in (restored, loaded):
        session.change(max_iter=session.status.epoch + 2, restore_best=False)
        session.resume()
        session.wait(60)
    assert_same_weights(loaded, restored)
