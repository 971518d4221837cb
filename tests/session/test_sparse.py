"""A session on a sparse matrix, beside one on the same values in an array."""

import numpy as np
import pytest
from scipy.sparse import csc_array, csr_array, issparse, random_array
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from ae_widgets import Autoencoder, DataError, Lab, Session, SettingsError
from ae_widgets.session.anomalies import anomaly_scores
from tests.session.test_session import wait_for

QUICK = {"hidden_layer_sizes": (8,), "max_iter": 3, "reconstruction": "mse", "device": "cpu"}
SPARSE = random_array(
    (90, 12), density=0.3, format="csr", dtype=np.float32, rng=np.random.default_rng(0)
)
DENSE = SPARSE.toarray()


@pytest.fixture
def trained():
    made = []

    def make(X, **changes):
        made.append(Session(X, **{**QUICK, "trainer": "thread", **changes}))
        made[-1].start()
        assert made[-1].wait(60).state == "finished"
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("reconstruction", ["mse", "multinomial"])
@pytest.mark.parametrize("trainer", ["thread", "process"])
def test_it_trains_as_on_the_same_values_in_an_array(trained, trainer, reconstruction):
    how = {"trainer": trainer, "reconstruction": reconstruction}
    one, other = trained(csc_array(SPARSE), **how), trained(DENSE, **how)
    assert issparse(one.features)
    np.testing.assert_allclose(one.codes, other.codes, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(one.latent.errors, other.latent.errors, rtol=1e-3, atol=1e-5)
    few = one.reconstruct([3, 80])
    np.testing.assert_array_equal(few.inputs, DENSE[[3, 80]])
    np.testing.assert_allclose(
        few.outputs, other.reconstruct([3, 80]).outputs, rtol=1e-3, atol=1e-4
    )


def test_what_is_not_stored_is_missing_if_values_may_be(trained):
    X = SPARSE.copy()
    X.data[X.indptr[4] : X.indptr[5]] = np.nan  # nothing is known of item 4
    session = trained(X, missing="mask")
    dense = np.where(DENSE == 0, np.nan, X.toarray())
    np.testing.assert_array_equal(session.reconstruct([3, 4]).inputs, dense[[3, 4]])
    unknown = np.flatnonzero(np.isnan(dense).all(axis=1))
    scores = anomaly_scores("combined", session.latent, session.dataset, masked=True).values
    np.testing.assert_array_equal(np.flatnonzero(np.isinf(scores)), unknown)
    with pytest.raises(DataError, match=r"sparse matrix of shape \(90, 12\); filled in"):
        _ = session.imputed
    with pytest.raises(DataError, match="X has NaN in 1 of 90 rows"):
        Session(X)


def test_an_empty_item_without_missing_values_is_scored_like_any_other(trained):
    X = SPARSE.copy()
    X.data[X.indptr[4] : X.indptr[5]] = 0
    session = trained(X)
    assert np.isfinite(
        anomaly_scores("reconstruction", session.latent, session.dataset).values
    ).all()


def test_a_step_that_takes_sparse_items_keeps_them_sparse(trained):
    session = trained(SPARSE * 7, preprocess=MaxAbsScaler(), validation_fraction=0.0)
    assert issparse(session.features)
    np.testing.assert_allclose(session.features.max(axis=0).toarray(), 1)
    answer = session.reconstruct([5])
    np.testing.assert_allclose(answer.inputs, DENSE[[5]] * 7, rtol=1e-6)
    scale = (SPARSE * 7).max(axis=0).toarray()
    np.testing.assert_allclose(answer.outputs, answer.seen[1] * scale, rtol=1e-5)


@pytest.mark.parametrize("step", ["standard", "pca", StandardScaler()])
def test_a_step_that_needs_dense_items_is_refused(step):
    with pytest.raises(SettingsError, match="preprocess: "):
        Session(SPARSE, preprocess=step)


def test_it_is_saved_loaded_and_trained_again_from_the_journal(trained, tmp_path):
    session = trained(SPARSE)
    session.save(tmp_path / "run.ae")
    with pytest.raises(DataError):
        Session.load(tmp_path / "run.ae", SPARSE * 2)
    loaded = Session.load(tmp_path / "run.ae", SPARSE, trainer="thread")
    loaded.prepare()
    np.testing.assert_allclose(
        loaded.reconstruct([1]).outputs, session.reconstruct([1]).outputs, rtol=1e-5
    )
    loaded.close()
    again = Session.replay(session.journal, SPARSE, trainer="thread")
    np.testing.assert_array_equal(again.codes, session.codes)
    again.close()


def test_its_estimator_gives_the_same_codes_and_opens_again(trained):
    session = trained(SPARSE)
    model = Autoencoder.from_session(session)
    np.testing.assert_allclose(model.transform(SPARSE), session.codes, rtol=1e-4, atol=1e-5)
    opened = Session(model, SPARSE, trainer="thread")
    np.testing.assert_allclose(
        opened.reconstruct([7]).outputs, session.reconstruct([7]).outputs, rtol=1e-5
    )
    opened.close()


def test_ranges_are_those_of_the_array():
    X = csr_array(DENSE - 0.5 * (DENSE > 0))
    sparse, dense = (Session(x, trainer="thread").dataset for x in (X, X.toarray()))
    np.testing.assert_allclose(sparse.feature_ranges, dense.feature_ranges)
    assert sparse.value_range == dense.value_range


def test_a_lab_draws_a_sparse_item_and_a_sheet_of_them():
    lab = Lab(SPARSE, trainer="thread", **QUICK)
    view, session = lab.reconstruction, lab.session
    session.start()
    session.wait(60)
    session.select([2, 5])
    session.point(2)
    wait_for(lambda: view.item.get("index") == 2 and view.sheet_indices == [2, 5])
    drawn = np.frombuffer(view.item_values, "<f4").reshape(3, -1)
    names = view.item["telling"]["names"]
    features = [session.dataset.feature_names.index(name) for name in names]
    np.testing.assert_array_equal(drawn[0], DENSE[2, features])
    np.testing.assert_array_equal(np.sort(drawn[0, :4]), np.sort(DENSE[2][DENSE[2] > 0]))
    assert view.sheet_errors == session.latent.errors[[2, 5]].tolist()
    np.testing.assert_allclose(drawn[2], drawn[0] - drawn[1], atol=1e-6)
    session.close()
