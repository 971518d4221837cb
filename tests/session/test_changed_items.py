"""What happens if somebody writes into the array that is trained on."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from ae_widgets import NonFiniteLossError, Session
from ae_widgets.data import read_dataset
from tests.engine.data import blobs
from tests.session.weights import assert_same_weights

QUICK = {"hidden_layer_sizes": (8,), "batch_size": 16, "max_iter": 9, "random_state": 0}


def as_array():
    X = blobs()
    return X, X


def as_matrix():
    X = csr_matrix(blobs())
    return X, X.data


def as_dataset():
    X = blobs()
    return read_dataset(X), X


FORMS = {"array": as_array, "sparse": as_matrix, "Dataset": as_dataset}


def trained(keep, X, *, change=lambda: None, **options):
    """Return a session that trained an epoch before and two after `change`."""
    session = keep(Session(X, **{"trainer": "thread", **QUICK, **options}))
    session.step("epoch")
    session.wait(60)
    change()
    for _ in range(2):
        session.step("epoch")
        session.wait(60)
    return session


@pytest.mark.parametrize("form", FORMS)
def test_a_copy_is_not_touched_by_what_is_written_later(keep, form):
    X, memory = FORMS[form]()
    session = trained(keep, X, change=lambda: memory.fill(0.5), copy=True)
    assert_same_weights(session, trained(keep, FORMS[form]()[0]))
    np.testing.assert_allclose(session.dataset.rows(slice(None)), blobs())
    assert (memory == 0.5).all()


@pytest.mark.parametrize("form", FORMS)
def test_without_a_copy_a_thread_trains_on_what_is_written(keep, form):
    X, memory = FORMS[form]()
    session = trained(keep, X, change=lambda: memory.fill(0.5))
    assert session.status.state == "paused"
    assert np.isfinite(session.codes).all()
    values = session.dataset.features.data if session.dataset.sparse else session.dataset.features
    assert np.shares_memory(values, memory)
    untouched = trained(keep, FORMS[form]()[0])
    assert any(not np.array_equal(untouched.weights[n], w) for n, w in session.weights.items())


def test_nan_that_is_written_ends_the_run_as_any_loss_that_is_not_finite(keep):
    X = blobs()
    with pytest.raises(NonFiniteLossError, match="Weights restored to the end of epoch 1"):
        trained(keep, X, change=lambda: X.fill(np.nan))
    session = keep(Session(blobs(), trainer="thread", **QUICK))  # and all else goes on
    session.step("epoch")
    assert session.wait(60).epoch == 1


def test_the_training_process_has_a_copy(keep):
    X = blobs()
    session = trained(keep, X, change=lambda: X.fill(np.nan), trainer="process")
    assert_same_weights(session, trained(keep, blobs()))


def test_a_copy_of_the_weights_of_items_is_kept_too(keep):
    weight = np.ones(120)
    session = keep(Session(blobs(), sample_weight=weight, trainer="thread", copy=True, **QUICK))
    weight.fill(0.0)
    assert session._sample_weight.all()


def test_a_copy_of_a_file_is_in_memory(tmp_path):
    np.save(tmp_path / "items.npy", blobs())
    mapped = np.load(tmp_path / "items.npy", mmap_mode="r")
    assert isinstance(read_dataset(mapped).features, np.memmap)
    copied = read_dataset(mapped, copy=True).features
    assert not isinstance(copied, np.memmap)
    np.testing.assert_array_equal(copied, mapped)
