"""When the picture of the latent space is made: for who watches, and for who reads it."""

import threading
import time

import numpy as np
import pytest

from ae_widgets import Autoencoder, Session
from ae_widgets.exceptions import NonFiniteLossError
from tests.engine.data import blobs

QUICK = {"hidden_layer_sizes": (8,), "max_iter": 300, "batch_size": 16, "random_state": 0}


@pytest.fixture(params=["process", "thread"])
def session(request):
    one = Session(blobs(), trainer=request.param, **QUICK)
    yield one
    one.close()


def test_codes_of_a_fitted_estimator_are_there_before_its_run_is_started():
    model = Autoencoder(max_iter=2, random_state=0).fit(blobs())
    session = Session(model, blobs(), trainer="thread")
    np.testing.assert_allclose(session.codes, model.transform(blobs()), rtol=1e-4, atol=1e-5)
    assert (session.status.state, session.status.step) == ("idle", 0)
    session.close()


def test_codes_are_computed_when_they_are_read(session):
    assert session.latent is None
    assert np.isnan(session.codes).all()
    session.step()
    session.wait(60)
    assert session._run.latent is None
    codes = session.codes
    assert session.latent.exact
    assert session.latent.step == session.status.step
    expected = Autoencoder.from_session(session).transform(blobs())
    np.testing.assert_allclose(codes, expected, rtol=1e-4, atol=1e-5)

    session.step("batch")
    session.wait(60)
    assert not np.array_equal(session.codes, codes)
    assert session.latent.step == session.status.step


def test_who_watches_is_told_without_asking(session):
    told = threading.Event()
    forget = session.observe("latent", told.set)
    session.step()
    session.wait(60)
    assert told.is_set()
    assert session._run.latent.step == session.status.step
    forget()
    session.step("batch")
    session.wait(60)
    assert session._run.latent.step == session.status.step - 1
    told.clear()
    session.observe("latent", told.set)
    assert told.wait(60)
    assert session._run.latent.step == session.status.step


def test_no_picture_that_nobody_waits_for_is_explained(session, monkeypatch):
    monkeypatch.setattr("ae_widgets.session.session._PATIENCE_SECONDS", 0.0)
    session.prepare()
    time.sleep(0.2)
    assert "Compiling" not in session.status.note


def test_reading_from_an_observer_waits_for_nothing(session):
    seen = []
    session.observe("status", lambda: seen.append(session.latent))
    session.step()
    session.wait(60)
    assert len(seen) > 1


def test_a_closed_session_and_a_failed_run_wait_for_nothing(session):
    session.change(learning_rate=1e3, optimizer="sgd")
    session.start()
    with pytest.raises(NonFiniteLossError):
        session.wait(60)
    assert session.latent is None or session.latent.step == session.status.step
    session.close()
    assert session.codes.shape == (120, 2)
