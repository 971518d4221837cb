"""What an estimator notes of its epochs."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from ae_widgets import Autoencoder, Settings
from ae_widgets.engine.protocol import LossParts, LossRecord
from ae_widgets.estimator.history import TrainingHistory
from tests.engine.data import blobs


def record(epoch, validation=None, **parts):
    losses = [
        None if total is None else LossParts(total, parts, dict.fromkeys(parts, 1.0))
        for total in (sum(parts.values()), validation)
    ]
    return LossRecord(epoch, 10 * epoch, *losses, seconds=1.0, settings={})


@pytest.fixture
def history():
    one = TrainingHistory()
    one.learning_rate_init = 0.5
    one._watch_losses(Settings(), go_on=False)
    one._begin_history(validates=True)
    return one


def test_a_part_that_joins_in_later_was_nan_before(history):
    history._note(record(1, validation=3.0, reconstruction=2.0), None)
    assert not hasattr(history, "best_loss_")
    history._note(record(2, validation=4.0, reconstruction=1.0, clustering=0.5), 3.0)
    assert (history.n_iter_, history.loss_, history.best_loss_) == (2, 1.5, 3.0)
    assert history.loss_curve_ == [2.0, 1.5]
    assert history.validation_scores_ == [-3.0, -4.0]
    np.testing.assert_array_equal(history.loss_parts_["clustering"], [np.nan, 0.5])


def test_items_held_out_later_or_for_some_epochs_have_scores_in_their_places(history):
    history._begin_history(validates=False)
    for epoch, validation in enumerate([None, 3.0, None, 2.0], 1):
        history._note(record(epoch, validation=validation, reconstruction=1.0), None)
        if epoch == 1:
            assert history.validation_scores_ is None
    np.testing.assert_array_equal(history.validation_scores_, [np.nan, -3.0, np.nan, -2.0])


def test_early_stopping_that_is_turned_on_later_notes_scores():
    model = Autoencoder(hidden_layer_sizes=(), max_iter=2, warm_start=True, random_state=0)
    model.fit(blobs()).set_params(early_stopping=True).fit(blobs())
    assert np.isnan(model.validation_scores_).tolist() == [True, True, False, False]


@pytest.mark.parametrize("go_on", [True, False])
def test_losses_that_run_away_are_told_of_also_from_call_to_call(history, go_on):
    for epoch, loss in enumerate([1.0, 1e3, 1e3]):
        history._note(record(epoch, reconstruction=loss), None)
    history._warn_of_divergence()  # not yet
    history._watch_losses(Settings(), go_on=go_on)
    history._note(record(3, reconstruction=1e3), None)
    if not go_on:
        history._warn_of_divergence()
        return
    with pytest.warns(ConvergenceWarning, match=r"learning rate \(0.5\) may be too high"):
        history._warn_of_divergence()
