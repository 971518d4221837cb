"""A session on items with missing values."""

import numpy as np
import pytest

from ae_widgets import DataError, Session, SettingsError
from ae_widgets.session.anomalies import anomaly_scores
from tests.engine.data import blobs


def holed():
    X = blobs(80, 6)
    X[np.random.default_rng(0).random(X.shape) < 0.2] = np.nan
    X[5] = np.nan
    return X


def test_what_is_missing_is_filled_in_and_the_rest_left():
    X = holed()
    session = Session(X, missing="mask", hidden_layer_sizes=(8,), max_iter=5, trainer="thread")
    assert session.settings.reconstruction == "masked_mse"
    assert (session.settings.kind, session.settings.corruption) == ("denoising", "masking")
    session.start()
    session.wait(60)
    filled = session.imputed
    missing = np.isnan(X)
    np.testing.assert_array_equal(filled[~missing], X[~missing])
    np.testing.assert_allclose(
        filled[missing], session.reconstruct(np.arange(80)).outputs[missing], rtol=1e-5
    )
    scores = anomaly_scores("reconstruction", session.latent, session.dataset).values
    assert np.flatnonzero(np.isinf(scores)).tolist() == [5]
    np.testing.assert_array_equal(np.delete(scores, 5), np.delete(session.latent.errors, 5))
    session.close()


def test_nan_is_refused_with_what_to_do():
    with pytest.raises(DataError, match=r"X has NaN in \d+ of 80 rows.*missing='mask'"):
        Session(holed())


def test_errors_that_cannot_mask_are_refused():
    with pytest.raises(SettingsError, match="no counterpart for 'cosine'"):
        Session(holed(), missing="mask", reconstruction="cosine")


def test_nothing_to_fill_needs_no_trainer():
    session = Session(blobs(20, 3), trainer="thread")
    np.testing.assert_array_equal(session.imputed, session.dataset.features)
    session.close()


def test_unknown_scores_are_refused():
    session = Session(blobs(20, 3), trainer="thread")
    with pytest.raises(SettingsError, match="kind must be one of reconstruction, latent"):
        session.request_scores("density")
    session.close()
