"""A loss that runs away, though it stays finite."""

import pytest
from sklearn.exceptions import ConvergenceWarning

from ae_widgets import Autoencoder, Session
from ae_widgets.engine.divergence import Divergence
from tests.engine.data import blobs

WILD = {"hidden_layer_sizes": (8,), "max_iter": 8, "optimizer": "sgd", "batch_size": 16}


def test_three_epochs_in_a_row_are_needed():
    watch = Divergence()
    losses = [1.0, 101.0, 101.0, 99.0, 200.0, 300.0, 400.0, 500.0]
    assert [watch.update(loss) for loss in losses] == [*6 * [False], True, True]


def test_another_objective_begins_anew():
    watch = Divergence()
    for loss in (1.0, 200.0, 300.0):
        watch.update(loss)
    watch.forget()
    assert not any(watch.update(loss) for loss in (400.0, 500.0, 600.0, 700.0))


def test_losses_that_begin_at_or_below_0_tell_nothing():
    watch = Divergence()
    assert not any(watch.update(loss) for loss in (0.0, 1.0, 2.0, 3.0))


def test_the_estimator_warns():
    model = Autoencoder(**WILD, learning_rate_init=1e-4, random_state=0, tol=0)
    with pytest.warns(ConvergenceWarning, match=r"times what it was .* learning rate \(0.0001\)"):
        # As it would be after a rate that is far too high.
        model._warn_of_divergence([1.0, 200.0, 300.0, 400.0])


def test_a_session_says_so_and_takes_it_back():
    session = Session(blobs(), trainer="thread", **WILD)
    try:
        run = session._run
        for loss in (1.0, 200.0, 300.0, 400.0):
            run.watch_divergence(loss)
        assert "learning rate (0.001) may be too high" in session.status.message
        run.watch_divergence(2.0)
        assert "too high" not in session.status.message
    finally:
        session.close()
