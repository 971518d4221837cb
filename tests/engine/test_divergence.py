"""A loss that runs away, though it stays finite."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from ae_widgets import Autoencoder, Session
from ae_widgets.engine.divergence import Divergence
from ae_widgets.engine.protocol import LossParts
from tests.engine.data import blobs, small

WILD = {
    "hidden_layer_sizes": (8,),
    "activation": "tanh",
    "random_state": 0,
    "batch_size": 1000,
    "tol": 0.0,
}
SAID = r"times what it was at the start: the learning rate \({}\) may be too high"


def losses(total, **weights):
    weights = {"reconstruction": 1.0, "complexity": 0.0} | weights
    return LossParts(total, {"reconstruction": total, "complexity": 0.0}, weights)


def told(watch, totals, **weights):
    return [watch.update(losses(total, **weights)) for total in totals]


def test_three_epochs_in_a_row_are_needed():
    found = told(Divergence(), [1.0, 101.0, 101.0, 99.0, 200.0, 300.0, 400.0, 500.0])
    assert found == [*6 * [False], True, True]


@pytest.mark.parametrize(
    "change", [{"alpha": 2.0}, {"delta": 1.0}, {"reconstruction": "mae"}, {"noise": 0.5}]
)
def test_another_objective_begins_anew(change):
    watch = Divergence()
    watch.follow(small())
    told(watch, [1.0, 200.0, 300.0])
    watch.follow(small(**change))
    assert not any(told(watch, [400.0, 500.0, 600.0, 700.0]))


@pytest.mark.parametrize(
    "change", [{"learning_rate": 1.0}, {"batch_size": 2}, {"gradient_clip": 9.0}, {"max_iter": 9}]
)
def test_another_way_to_follow_the_same_objective_does_not(change):
    watch = Divergence()
    watch.follow(small())
    told(watch, [1.0, 200.0])
    watch.follow(small(**change))
    assert told(watch, [300.0, 400.0]) == [False, True]


def test_a_part_that_joins_in_or_warms_up_begins_anew():
    watch = Divergence()
    told(watch, [1.0, 2.0])
    assert not any(told(watch, [500.0, 600.0, 700.0, 800.0], clustering=100.0))
    grows = [watch.update(losses(10.0**n, complexity=0.1 * n)) for n in range(1, 9)]
    assert not any(grows)
    # A weight is a mean over an epoch: it may be rounded.
    assert told(watch, [1.0], clustering=1.0) == [False]
    assert told(watch, 3 * [200.0], clustering=1 + 1e-12) == [False, False, True]


def test_losses_that_begin_at_or_below_0_tell_nothing():
    assert not any(told(Divergence(), [0.0, 1.0, 2.0, 3.0]))


# Runs that diverge -------------------------------------------------------------------


def test_a_fit_that_diverges_warns():
    model = Autoencoder(**WILD, learning_rate_init=50.0, max_iter=7)
    with pytest.warns(ConvergenceWarning, match=SAID.format(50)):
        model.fit(blobs())
    assert np.isfinite(model.loss_curve_).all()
    assert min(model.loss_curve_[-3:]) > 100 * model.loss_curve_[0]
    model.set_params(learning_rate_init=1e-3).fit(blobs())  # a warning would be an error here


def test_partial_fit_that_diverges_warns_as_soon_as_it_is_sure():
    model = Autoencoder(**WILD, learning_rate_init=1e-3)
    for _ in range(3):
        model.partial_fit(blobs())
    model.set_params(learning_rate_init=50.0)
    for _ in range(3):  # the first still has the loss of before
        model.partial_fit(blobs())
    with pytest.warns(ConvergenceWarning, match=SAID.format(50)):
        model.partial_fit(blobs())
    assert min(model.loss_curve_[-3:]) > 100 * model.loss_curve_[0]


def epochs(session, count):
    for _ in range(count):
        session.step("epoch")
        session.wait(60)


@pytest.fixture
def session():
    one = Session(blobs(), trainer="thread", max_iter=99, validation_fraction=0.0, **WILD)
    yield one
    one.close()


def test_a_rate_that_is_raised_while_it_trains_hides_nothing(session):
    epochs(session, 3)
    session.change(learning_rate=50.0)
    epochs(session, 4)
    assert "learning rate (50) may be too high" in session.status.message
    assert session.history["train_total"][-3:].min() > 100 * session.history["train_total"][0]
    session.change(alpha=1e-6)  # another loss: what was before says nothing of it
    epochs(session, 2)
    assert "too high" not in session.status.message


def test_it_is_said_beside_another_note_and_taken_back(session):
    session.say("Something else.")
    run = session._run
    for total in (1.0, 200.0, 300.0, 400.0):
        run.watch_divergence(losses(total))
    assert session.status.note.startswith("Something else. The loss is 400, more than 100 times")
    session.say("A change.")  # takes its place
    run.watch_divergence(losses(500.0))
    assert session.status.note.startswith("A change. The loss is 500")
    run.watch_divergence(losses(600.0))
    assert session.status.note.startswith("A change. The loss is 500")  # once is enough
    run.watch_divergence(losses(2.0))
    assert session.status.note == "A change."
