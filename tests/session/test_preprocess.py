"""What is done to the items before the network, in a session."""

import json

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_wine
from sklearn.feature_selection import SelectKBest
from sklearn.preprocessing import FunctionTransformer, Normalizer, StandardScaler

from ae_widgets import (
    Autoencoder,
    DataError,
    Journal,
    KMeansFeatures,
    Lab,
    PCAFeatures,
    Session,
    SettingsError,
)
from ae_widgets.engine.split import split_rows
from tests.session.weights import assert_same_weights

WINE, CLASSES = load_wine(return_X_y=True)
WINE = WINE.astype(np.float32)
QUICK = {"hidden_layer_sizes": (8,), "batch_size": 32, "max_iter": 5}
STEPS = ["standard", PCAFeatures(5), KMeansFeatures(3, "soft")]


@pytest.fixture
def make():
    made = []

    def build(*args, session=None, **changes):
        made.append(
            session or Session(*(args or (WINE,)), **{"trainer": "thread", **QUICK} | changes)
        )
        return made[-1]

    yield build
    for one in made:
        one.close()


def trained(session):
    session.start()
    session.wait(60)
    return session


def test_the_network_trains_on_what_the_items_become(make):
    session = trained(make(preprocess="standard"))
    rows, _ = split_rows(178, 0.1, 0)
    expected = StandardScaler().fit(WINE[rows]).transform(WINE)
    assert np.allclose(session.features, expected, atol=1e-4)
    assert_same_weights(session, trained(make(session.features)))
    shown = session.reconstruct([3, 5])
    assert np.array_equal(shown.inputs, WINE[[3, 5]])
    inputs = session.preprocessor.transform(shown.outputs)
    assert shown.errors == pytest.approx(
        np.square(inputs - session.features[[3, 5]]).mean(axis=1), rel=1e-2
    )
    assert session.drawn is session.dataset


@pytest.mark.parametrize("trainer", ["thread", "process"])
def test_another_preprocessing_waits_for_the_next_run(make, trainer):
    session = make(preprocess="standard", trainer=trainer)
    session.step("epoch")
    session.wait(60)
    session.change(preprocess=STEPS)
    assert session.settings.preprocess == ("standard",)
    assert session.pending["preprocess"] == STEPS
    assert session.features.shape == (178, 13)
    planned = session.settings.change(**session.pending)
    assert session.n_inputs(planned) == 8
    session.reset()
    assert session.features.shape == (178, 8)
    trained(session)
    assert session.weights["encoder.0.weight"].shape == (8, 8)
    assert session.reconstruct([0]).outputs.shape == (1, 13)
    assert_same_weights(session, trained(make(preprocess=STEPS)))
    session.change(preprocess=None)
    session.reset()
    assert session.features is session.dataset.features
    assert trained(session).weights["encoder.0.weight"].shape == (8, 13)


def test_before_the_start_it_applies_at_once(make):
    session = make()
    session.prepare()
    session.change(preprocess=PCAFeatures(4))
    assert not session.pending
    assert session.features.shape == (178, 4)
    assert trained(session).codes.shape == (178, 2)


def test_the_seed_and_the_split_fit_it_anew(make):
    session = make(preprocess="standard")
    before = session.features
    session.change(random_state=7)
    assert not np.array_equal(session.features, before)
    session.change(random_state=0)
    assert np.array_equal(session.features, before)


@pytest.mark.parametrize(
    ("preprocess", "message"),
    [("scale", "preprocess must be one of"), ("minmax", "Did you mean 'min-max'"),
     ("Standard", "Did you mean 'standard'"), (PCAFeatures(40), "n_components=40"),
     (SelectKBest(), "SelectKBest")],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_nothing_changed(make, preprocess, message):
    session = make(preprocess="standard")
    with pytest.raises(SettingsError, match=message):
        session.change(preprocess=preprocess)
    assert session.settings.preprocess == ("standard",)
    assert not session.pending
    with pytest.raises(SettingsError, match=message):
        make(preprocess=preprocess)


def test_what_cannot_be_undone_is_drawn_as_the_network_has_it(make):
    session = make(preprocess=[Normalizer(), KMeansFeatures(3)])
    assert "cannot be undone: items are drawn as the network has them" in session.status.note
    assert session.drawn.n_features == 16
    shown = trained(session).reconstruct([1, 2])
    assert np.array_equal(shown.inputs, session.features[[1, 2]])
    assert shown.outputs.shape == (2, 16)
    session.change(preprocess="standard")
    session.reset()
    assert session.drawn is session.dataset
    assert session.status.note == ""


def test_images_stay_images_where_only_their_values_change(make):
    X = np.random.default_rng(0).random((40, 4, 4))
    session = make(X, preprocess="standard", trunk="convolutional", channels=(2,))
    assert trained(session).reconstruct([0]).outputs.shape == (1, 16)
    with pytest.raises(SettingsError, match=r"preprocess=PCAFeatures.* makes 3 values of an item"):
        session.change(preprocess=PCAFeatures(3))


def test_cross_entropy_looks_at_what_the_network_is_given(make):
    options = {"reconstruction": "binary_cross_entropy", "output_activation": "sigmoid"}
    with pytest.raises(SettingsError, match="needs features within"):
        make(**options)
    made = make(preprocess=["min-max", KMeansFeatures(3)], validation_fraction=0.0, **options)
    assert trained(made).status.loss > 0


def test_nothing_is_said_of_scales_that_are_made_alike(make):
    assert "Scale the columns" in make().status.note
    assert "Scale the columns" not in make(preprocess="standard").status.note


def test_what_there_is_to_know_of_the_items_is_said_while_the_run_rests(make):
    X = np.random.default_rng(0).random((60, 3))
    X[:, 0] = 1.7e9 + 3600 * X[:, 0]
    one = make(X)
    assert "Scale the columns" in one.status.note
    assert "float32 rounds it" in one.status.note
    one.change(beta=0.01)
    assert "Scale the columns" in one.status.note
    one.change(preprocess="standard")
    assert "Scale the columns" not in one.status.note
    assert "float32 rounds it" in one.status.note
    said = []
    one.observe("status", lambda: said.append((one.status.state, one.status.note)))
    one.start()
    one.wait(30)
    assert "float32 rounds it" in one.status.note
    assert {note for state, note in said if state == "running"} == {""}
    one.reset()
    assert "float32 rounds it" in one.status.note


def test_the_line_of_pca_is_that_of_what_the_network_is_given(make):
    from ae_widgets.analysis.baselines import pca_error

    session = make(preprocess="standard")
    _, held_out = split_rows(178, 0.1, 0)
    expected = pca_error(session.features, 2, "mse", validation_rows=held_out)
    while session.baseline is None:
        pass
    assert session.baseline == pytest.approx(expected)


# Files --------------------------------------------------------------------------------


def test_a_run_goes_on_from_a_file(make, tmp_path):
    straight, first = make(preprocess=STEPS), make(preprocess=STEPS)
    for one in (straight, first):
        one.step("epoch")
        one.wait(60)
    first.change(preprocess=[PCAFeatures(3)])
    first.save(tmp_path / "run")
    again = make(session=Session.load(tmp_path / "run", WINE))
    assert again.settings.preprocess == straight.settings.preprocess
    assert again.pending["preprocess"] == (PCAFeatures(3),)
    for one in (straight, again):
        one.resume()
        one.wait(60)
    assert_same_weights(straight, again)
    again.reset()
    assert again.features.shape == (178, 3)


def test_a_journal_trains_the_run_again(make, tmp_path):
    session = make(preprocess=STEPS)
    session.step("epoch")
    session.wait(60)
    session.change(beta=0.1)
    session.step("batch")
    session.wait(60)
    session.journal.save(tmp_path / "run.json")
    assert Journal.load(tmp_path / "run.json").settings == session.journal.settings
    again = make(session=Session.replay(tmp_path / "run.json", WINE))
    assert_same_weights(session, again)


def test_a_transformer_of_the_users_is_passed_again(make, tmp_path):
    def own():
        return [FunctionTransformer(np.log1p, np.expm1, check_inverse=False), "standard"]

    session = trained(make(preprocess=own()))
    session.save(tmp_path / "run")
    session.journal.save(tmp_path / "run.json")
    for read, path in ((Session.load, "run"), (Session.replay, "run.json")):
        with pytest.raises(DataError, match=r"FunctionTransformer\(.*Pass preprocess= as it was"):
            read(tmp_path / path, WINE)
        with pytest.raises(DataError, match="This is not the preprocess of the run: that was"):
            read(tmp_path / path, WINE, preprocess="standard")
        again = make(session=read(tmp_path / path, WINE, preprocess=own()))
        assert_same_weights(session, again)
    make(session=Session.replay(session.journal, WINE))  # which still has it
    assert "lambda" not in (tmp_path / "run.json").read_text()


def test_older_files_have_no_preprocessing(make, tmp_path):
    session = trained(make())
    values = session.journal.to_dict()
    assert values["settings"].pop("preprocess") == []
    assert Journal.from_dict(json.loads(json.dumps(values))).settings.preprocess == ()


# Estimators ---------------------------------------------------------------------------


def test_an_estimator_of_a_run_agrees_with_it(make):
    lab = make(session=Lab(WINE, trainer="thread", preprocess=STEPS, **QUICK))
    trained(lab.session)
    model, shown = lab.estimator, lab.session.reconstruct(range(178))
    assert model.n_features_in_ == 13
    np.testing.assert_allclose(model.transform(WINE), lab.codes, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model.reconstruct(WINE), shown.outputs, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(model.score_samples(WINE), -shown.errors, rtol=1e-3)
    assert clone(model).preprocess == STEPS


def test_a_session_goes_on_from_an_estimator(make):
    model = Autoencoder(
        hidden_layer_sizes=(8,), max_iter=5, random_state=0, preprocess=STEPS,
        early_stopping=True,
    ).fit(WINE)  # fmt: skip
    session = make(model, WINE, CLASSES)
    assert session.settings.preprocess == tuple(STEPS)
    session.prepare()
    session.step("batch")
    session.wait(60)
    session.reset()
    other = make(model, WINE[::2])
    assert np.array_equal(other.features, model.preprocessor_.transform(WINE[::2]))
    assert "FrozenEstimator" in other.settings.preprocess[0].text
    shown = other.reconstruct(range(5)).outputs
    np.testing.assert_allclose(shown, model.reconstruct(WINE[:10:2]), rtol=1e-3, atol=1e-3)


def test_what_cannot_be_undone_is_told_and_the_session_goes_on(make):
    wrong = FunctionTransformer(np.log1p, np.log, check_inverse=False)  # of 0 it is infinite
    session = make(np.abs(WINE - WINE[60]), preprocess=wrong, trainer="process")
    trained(session)
    with pytest.raises(DataError, match="values that are not finite"):
        session.reconstruct(range(178))
    assert "values that are not finite" in session.status.note
    trained(session)
    assert session.status.state == "finished"


def test_an_observer_that_fails_does_not_end_the_conversation_with_the_trainer(make, monkeypatch):
    told = []
    monkeypatch.setattr("threading.excepthook", lambda args: told.append(args.exc_value))
    session = make(trainer="process")
    session.observe("status", lambda: 1 / 0 if session.status.state == "running" else None)
    trained(session)
    assert session.status.state == "finished"
    assert {type(error) for error in told} == {ZeroDivisionError}


def test_a_transformer_is_told_the_labels_if_every_item_has_one(make):
    session = make(WINE, CLASSES, preprocess=SelectKBest(k=3))
    expected = SelectKBest(k=3).fit(WINE, CLASSES)
    np.testing.assert_array_equal(session.features, expected.transform(WINE))
    with pytest.raises(SettingsError, match="requires y"):
        make(WINE, np.where(CLASSES, CLASSES, -1), preprocess=SelectKBest(k=3))
