"""From a run to an estimator and back."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.metrics import get_scorer

from ae_widgets import Autoencoder, DataError, Lab, Session, TrainingError
from ae_widgets.engine.kinds import KINDS
from ae_widgets.engine.settings import Settings
from ae_widgets.model.network import build_network
from tests.engine.data import blobs

QUICK = {"hidden_layer_sizes": (8,), "max_iter": 4}


@pytest.fixture
def opened():
    made = []

    def make(*args, of=Session, **changes):
        made.append(of(*args, trainer="thread", **changes))
        return made[-1]

    yield make
    for one in made:
        one.close()


def trained(session):
    session.start()
    session.wait(60)
    return session


def weights(model):
    return np.concatenate([w.ravel() for w in model._weights().values()])


@pytest.mark.parametrize("reconstruction", ["mse", "mae"])
def test_an_estimator_of_a_run_agrees_with_it(opened, reconstruction):
    X = blobs(120, 6)
    lab = opened(X, of=Lab, **QUICK, code_dim=3, reconstruction=reconstruction)
    trained(lab.session)
    model = lab.estimator
    items = np.arange(120)
    shown = lab.session.reconstruct(items)
    np.testing.assert_allclose(model.transform(X), lab.codes, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.reconstruct(X), shown.outputs, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.score_samples(X), -shown.errors, rtol=1e-5)
    assert model.score(X) == pytest.approx(-shown.errors.mean(), rel=1e-5)


def test_it_has_the_runs_settings_and_history(opened):
    session = trained(
        opened(
            blobs(), **QUICK, batch_size=16, beta=0.3, complexity="l2", learning_rate=0.01,
            random_state=5, validation_fraction=0.25, activation="tanh", device="cpu",
        )
    )  # fmt: skip
    model, history = Autoencoder.from_session(session), session.history
    default = Autoencoder().get_params()
    assert model.get_params() == {
        **default, **QUICK, "batch_size": 16, "beta": 0.3, "complexity": "l2", "device": "cpu",
        "learning_rate_init": 0.01, "random_state": 5, "validation_fraction": 0.25,
        "early_stopping": True, "activation": "tanh", "clustering_start": 0,
    }  # fmt: skip
    assert model.n_iter_ == 4
    assert model.n_features_in_ == session.dataset.n_features
    assert model.loss_curve_ == history["train_total"].tolist()
    assert model.loss_parts_["complexity"] == history["train_complexity"].tolist()
    assert model.validation_scores_ == (-history["validation_total"]).tolist()
    assert model.loss_ == model.loss_curve_[-1]
    assert model.best_loss_ == session.status.best_loss
    assert not model.converged_


def test_it_trains_on_and_refits_like_any_other(opened):
    X = blobs(100, 6)
    session = trained(opened(X, **QUICK, validation_fraction=0.0))
    model = Autoencoder.from_session(session)
    before = weights(model)
    again = clone(model).fit(X)
    np.testing.assert_allclose(weights(again), before, rtol=1e-5, atol=1e-6)
    assert model.partial_fit(X).n_iter_ == 5
    assert not np.array_equal(weights(model), before)
    np.testing.assert_array_equal(weights(Autoencoder.from_session(session)), before)


def test_a_run_that_has_not_trained_has_no_estimator(opened):
    lab = opened(blobs(), of=Lab, **QUICK)
    with pytest.raises(TrainingError, match="has no weights yet"):
        _ = lab.estimator


def test_a_fitted_estimator_opens_with_its_weights_and_comes_back(opened):
    X, y = blobs(100, 6), np.arange(100) % 3
    model = Autoencoder(**QUICK, random_state=3, beta=0.1, learning_rate_init=0.02).fit(X)
    lab = opened(model, X, y, of=Lab)
    assert lab.session.dataset.labels.tolist() == y.tolist()
    lab.session.reconstruct([0])  # the trainer has answered
    np.testing.assert_allclose(lab.codes, model.transform(X), rtol=1e-5, atol=1e-6)
    back = lab.estimator
    assert back.get_params() == model.get_params()
    np.testing.assert_array_equal(weights(back), weights(model))


def test_a_session_goes_on_from_the_weights(opened):
    X = blobs(100, 6)
    model = Autoencoder(**QUICK, random_state=0).fit(X)
    kept = weights(model)
    session = trained(opened(model, X))
    assert session.history["train_total"].iloc[0] < model.loss_curve_[0]
    assert session.history["train_total"].iloc[-1] < model.loss_curve_[-1]
    np.testing.assert_array_equal(weights(model), kept)


def test_items_are_drawn_in_the_shape_that_the_estimator_was_told(opened):
    model = Autoencoder(item_shape=(4, 3), max_iter=1, random_state=0)
    flat = np.random.default_rng(0).random((9, 12), np.float32)
    assert opened(model.fit(flat), flat).dataset.item_shape == (4, 3)
    assert opened(clone(model), flat, item_shape=(12,)).dataset.item_shape == (12,)
    with pytest.raises(DataError, match="item_shape"):
        opened(clone(model), flat, item_shape=())
    assert opened(clone(model), flat.reshape(9, 2, 6)).dataset.item_shape == (2, 6)


def test_an_untrained_estimator_opens_with_its_settings(opened):
    model = Autoencoder(code_dim=4, early_stopping=True, validation_fraction=0.3, random_state=1)
    session = opened(model, blobs(), batch_size=8)
    assert session.settings == model.start_of_run()[0].change(batch_size=8)
    assert session.settings.validation_fraction == 0.3
    assert session.weights is None


@pytest.mark.parametrize(
    ("changes", "names"),
    [({"code_dim": 5, "activation": "tanh"}, "code_dim, activation"), ({"kind": "gated"}, "kind")],
)
def test_another_network_begins_anew_and_says_so(opened, changes, names):
    model = Autoencoder(**QUICK, random_state=0).fit(blobs(100, 6))
    session = opened(model, blobs(100, 6), **changes)
    assert session.weights is None
    wanted = f"The estimator was fitted with another {names}: its weights are not taken"
    assert wanted in session.status.note
    session.change(beta=0.1)
    assert wanted in session.status.note
    assert trained(session).status.state == "finished"
    session.reset()
    assert wanted not in session.status.note


def test_settings_changed_before_the_start_leave_the_weights_and_bring_them_back(opened):
    X = blobs(100, 6)
    model = Autoencoder(**QUICK, preprocess="standard", random_state=0).fit(X)
    session = opened(model, X)
    session.change(code_dim=3)
    assert session.weights is None
    assert "fitted with another code_dim: its weights are not taken" in session.status.note
    session.change(code_dim=model.code_dim)
    assert session.status.note == "It begins from the weights of the fitted estimator."
    for name, values in model.network_.state_dict().items():
        np.testing.assert_array_equal(session.weights[name], values)
    session.reset()
    assert session.weights is None
    session.change(code_dim=3)
    assert session.status.note == ""


def test_parameters_that_were_set_after_fit_begin_anew_and_are_named(opened):
    X = blobs(100, 6)
    model = Autoencoder(**QUICK, random_state=0).fit(X).set_params(hidden_layer_sizes=(5,))
    session = opened(model, X)
    assert session.settings.architecture.hidden_layer_sizes == (5,)
    assert "fitted with another hidden_layer_sizes" in session.status.note
    assert trained(session).status.state == "finished"


def test_a_session_closed_too_early_does_not_ask_to_be_started(opened):
    session = opened(blobs(100, 6))
    session.close()
    with pytest.raises(TrainingError, match="closed before its run had weights"):
        Autoencoder.from_session(session)


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_the_same_parameters_go_on_from_each_others_weights(opened, kind):
    X = blobs(100, 6)
    architecture = Settings().architecture
    plain, other = (
        build_network(architecture, 6, random_state=0, kind=name).state_dict()
        for name in ("plain", kind)
    )
    model = Autoencoder(kind=kind, random_state=0, max_iter=2).fit(X)
    assert opened(model, X).weights is not None
    same = [(n, w.shape) for n, w in plain.items()] == [(n, w.shape) for n, w in other.items()]
    session = opened(model, X, kind="plain")
    assert (session.weights is not None) == same
    assert ("not taken" in session.status.note) == (not same)
    assert trained(session).status.state == "finished"


def test_how_items_are_drawn_does_not_matter_to_a_dense_network(opened):
    rows = np.random.default_rng(0).random((40, 12), np.float32)
    model = Autoencoder(**QUICK, random_state=0).fit(rows)
    for X, shape in ((rows, (3, 4)), (rows, (12,)), (rows.reshape(-1, 4, 3), None)):
        session = opened(model, X, item_shape=shape)
        assert session.weights is not None
        assert "not taken" not in session.status.note
        session.reconstruct([0])
        np.testing.assert_allclose(session.codes, model.transform(rows), rtol=1e-5, atol=1e-6)
    scaled = Autoencoder(**QUICK, preprocess="standard", random_state=0).fit(rows[:20])
    session = opened(scaled, rows, item_shape=(3, 4))
    assert session.weights is not None
    assert "not taken" not in session.status.note
    shaped = Autoencoder(**QUICK, item_shape=(3, 4), random_state=0).fit(rows)
    assert opened(shaped, rows, item_shape=(4, 3)).weights is not None
    assert opened(shaped, rows, trunk="convolutional").weights is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((blobs(100, 5),), "fitted on items of 6 features, these have 5"),
        ((), r"Pass the items too: \(estimator, X\)"),
    ],
)
def test_an_estimator_needs_items_like_its_own(opened, arguments, message):
    model = Autoencoder(**QUICK, random_state=0).fit(blobs(100, 6))
    with pytest.raises(DataError, match=message):
        opened(model, *arguments)


def test_labels_beside_labels_are_refused(opened):
    with pytest.raises(DataError, match="goes with an estimator"):
        opened(blobs(), np.zeros(120), np.zeros(120))


@pytest.mark.parametrize("y", [(), (blobs(),), (blobs(), [0, 1] * 60)])
def test_the_class_of_an_estimator_is_not_one(opened, y):
    said = r"Autoencoder is the class of an estimator. Make one of it: \(Autoencoder\(\), X\)\."
    with pytest.raises(DataError, match=said):
        opened(Autoencoder, *y)


def test_columns_and_categories_are_those_of_the_run(opened):
    frame = pd.DataFrame(blobs(60, 3), columns=[*"abc"])
    session = trained(opened(frame, **QUICK))
    model = Autoencoder.from_session(session)
    assert [*model.feature_names_in_] == [*"abc"]
    with pytest.raises(ValueError, match="feature names"):
        model.transform(frame[[*"cba"]])
    mixed = frame.assign(kind=[*"xy"] * 30)
    session = trained(opened(mixed, categorical="auto", **QUICK))
    model = Autoencoder.from_session(session)
    assert model.categorical == "auto"
    assert model.categories_ == {"kind": ("x", "y")}
    expected = model.transform(mixed)
    np.testing.assert_allclose(expected, session.latent.codes, rtol=1e-5, atol=1e-6)
    fitted = Autoencoder(**QUICK, categorical="auto").fit(mixed)
    again = opened(fitted, mixed, **QUICK)
    assert [*again.dataset.feature_names] == [*fitted.feature_names_in_]


@pytest.mark.parametrize("preprocess", [None, "standard"])
@pytest.mark.parametrize("delta", [0.0, 1.0])
@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_the_frame_of_the_run_is_taken_with_its_column_of_labels(
    opened, library, delta, preprocess
):
    features = pd.DataFrame(blobs(60, 3), columns=[*"abc"])
    frame = library(features.assign(target=[0, 1] * 30).to_dict("list"))
    lab = opened(frame, "target", of=Lab, **QUICK, delta=delta, preprocess=preprocess)
    trained(lab.session)
    model = lab.estimator
    codes = model.transform(frame)
    np.testing.assert_array_equal(codes, model.transform(features))
    np.testing.assert_allclose(codes, lab.codes, rtol=1e-5, atol=1e-5)


def test_uint8_images_are_divided_as_the_run_divided_them(opened):
    images = np.random.default_rng(0).integers(0, 256, (40, 4, 5), np.uint8)
    session = trained(opened(images, **QUICK))
    model = Autoencoder.from_session(session)
    rows = images.reshape(40, -1)
    np.testing.assert_array_equal(model.transform(rows), model.transform(session.dataset.features))


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (np.arange(120) % 3, np.arange(3)),
        (np.where(np.arange(120) % 2, np.nan, np.arange(120) % 4), np.array([0.0, 2.0])),
        (np.array([5, 7, None] * 40, object), np.array([5, 7])),
        (np.arange(120) % 2 > 0, np.array([False, True])),
        (np.array([*"ab"] * 60), np.array([*"ab"])),
    ],
)
def test_classes_are_of_the_type_of_y(opened, y, classes):
    session = trained(opened(blobs(120, 3), y, delta=0.5, **QUICK))
    model = Autoencoder.from_session(session)
    np.testing.assert_array_equal(model.classes_, classes)
    assert model.classes_.dtype.kind == classes.dtype.kind
    assert set(model.predict(blobs(120, 3)).tolist()) <= set(classes.tolist())
    session.label([0], "another")
    assert Autoencoder.from_session(session).classes_.dtype.kind == "U"


@pytest.mark.parametrize("score", ["reconstruction", "neighbors"])
def test_an_outlier_detector_stays_one(opened, score):
    X = blobs(120, 3)
    fitted = Autoencoder(**QUICK, contamination=0.1, anomaly_score=score).fit(X)
    model = opened(fitted, X, of=Lab).estimator
    assert (model.contamination, model.anomaly_score) == (0.1, score)
    assert model.offset_ == fitted.offset_
    np.testing.assert_array_equal(model.predict(X), fitted.predict(X))


CLASSES = np.random.default_rng(0).integers(0, 3, 200)
GROUPED = (np.eye(3)[CLASSES] @ np.random.default_rng(1).random((3, 6))).astype(np.float32)


def test_a_session_on_items_of_some_classes_goes_on_with_their_rows(opened):
    model = Autoencoder(
        2, (16,), delta=1.0, learning_rate_init=0.01, max_iter=60, random_state=0
    ).fit(GROUPED, CLASSES)
    some = CLASSES > 0
    session = opened(model, GROUPED[some], CLASSES[some])
    session.step("batch")
    session.wait(60)
    again = Autoencoder.from_session(session)
    assert again.classes_.tolist() == [1, 2]
    assert again.score_samples(GROUPED).shape == (200,)
    assert (again.predict(GROUPED[some]) == CLASSES[some]).mean() > 0.9


def test_classes_in_any_order_are_sorted_in_an_estimator(opened):
    options = {"code_dim": 2, "hidden_layer_sizes": (16,), "delta": 1.0, "max_iter": 60}
    X, y = GROUPED[CLASSES > 0], np.array(["", "a", "b"])[CLASSES[CLASSES > 0]]
    session = opened(X, learning_rate=0.01, **options)
    for name in "ba":
        session.label(np.flatnonzero(y == name), name)
    session.start()
    session.wait(60)
    assert session.label_names == ("b", "a")
    model = Autoencoder.from_session(session)
    assert model.classes_.tolist() == ["a", "b"]
    assert get_scorer("roc_auc")(model, X, y) > 0.9
    again = opened(model, X, y)
    again.step("batch")
    again.wait(60)
    assert (Autoencoder.from_session(again).predict(X) == y).mean() > 0.9
