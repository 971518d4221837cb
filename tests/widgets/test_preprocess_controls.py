"""The fields of what happens before the network."""

import threading
import time

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import Normalizer

from ae_widgets import KMeansFeatures, PCAFeatures, PreprocessControls, Session
from ae_widgets.session import publisher
from ae_widgets.widgets._preprocess_form import Form, parse_share
from tests.widgets.conftest import items


@pytest.fixture
def controls(session):
    made = PreprocessControls(session)
    yield made
    made.close()


def shown(controls):
    """Return the labels of the rows that are not away."""
    return [
        row.description for name, row in controls._rows.items()
        if "ae-away" not in row._dom_classes and name != "curve"
    ]  # fmt: skip


def settle(controls):
    """Wait until all that was asked for is done and shown."""
    deadline = time.monotonic() + 30
    while controls._asked:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    assert publisher.flush()


def wait_for_curve(session):
    deadline = time.monotonic() + 30
    while session.explained_variance is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    assert publisher.flush()


def test_nothing_to_begin_with(controls):
    assert shown(controls) == ["Scaling", "PCA", "k-means"]
    assert controls._fields["scaling"].value == ""
    assert controls._said.value == ""


def test_each_field_is_a_step(controls, session):
    fields = controls._fields
    fields["scaling"].value = "standard"
    fields["pca"].value = True
    settle(controls)
    fields["n_components"].value = 6
    fields["whiten"].value = True
    fields["assignment"].value = "soft"
    settle(controls)
    fields["n_clusters"].value = 4
    settle(controls)
    expected = ("standard", PCAFeatures(6, whiten=True), KMeansFeatures(4, "soft"))
    assert session.settings.preprocess == expected
    assert session.features.shape == (60, 10)
    assert shown(controls) == [
        "Scaling", "PCA", "Components", "Variance kept", "Whiten", "k-means", "How many",
    ]  # fmt: skip
    fields["pca"].value = False
    fields["assignment"].value = ""
    settle(controls)
    assert session.settings.preprocess == ("standard",)
    fields["scaling"].value = ""
    settle(controls)
    assert session.settings.preprocess == ()


def test_the_curve_is_what_components_keep(controls, session):
    session.change(preprocess=["standard", "pca"], validation_fraction=0.0)
    settle(controls)
    wait_for_curve(session)
    X = items()
    kept = np.cumsum(PCA().fit((X - X.mean(0)) / X.std(0)).explained_variance_ratio_)
    np.testing.assert_allclose(controls._line.y, kept, atol=1e-4)
    np.testing.assert_array_equal(controls._line.x, np.arange(1, 17))
    chosen = session.features.shape[1]
    assert kept[chosen - 1] >= 0.95 > kept[chosen - 2]
    assert controls._fields["n_components"].value == chosen
    assert controls._fields["n_components"].max == 16
    assert controls._place.x.tolist() == [0, chosen, chosen]
    expected = f"{chosen} of 16 keep {kept[chosen - 1]:.1%} of the variance"
    assert controls._said.value == expected


def test_a_share_of_the_variance_chooses(controls, session):
    fields = controls._fields
    fields["pca"].value = True
    settle(controls)
    assert session.settings.preprocess == (PCAFeatures(0.95),)
    assert fields["share"].value == "0.95"
    fields["share"].value = "50 %"
    settle(controls)
    wait_for_curve(session)
    assert session.settings.preprocess == (PCAFeatures(0.5),)
    assert fields["share"].value == "0.5"
    chosen = session.features.shape[1]
    assert fields["n_components"].value == chosen
    assert controls._place.x.tolist() == [0, chosen, chosen]
    assert controls._place.y.tolist() == [0.5, 0.5, 0]
    fields["n_components"].value = 3
    settle(controls)
    assert session.settings.preprocess == (PCAFeatures(3),)
    assert fields["share"].value == ""
    # With none, the number stays that there is.
    fields["share"].value = "0.9"
    settle(controls)
    chosen = session.features.shape[1]
    fields["share"].value = ""
    settle(controls)
    assert session.settings.preprocess == (PCAFeatures(chosen),)


@pytest.mark.parametrize("share", [0.123456789, 1.0])
def test_a_share_given_by_code_stays_as_it_is(controls, session, share):
    steps = (PCAFeatures(share, whiten=True),)
    session.change(preprocess=steps)
    settle(controls)
    assert controls._fields["share"].value == str(share)
    controls._fields["scaling"].value = "standard"
    settle(controls)
    assert session.settings.preprocess == ("standard", *steps)


@pytest.mark.parametrize("text", ["18", "0", "-0.5", "nan", "most", "101%"])
def test_what_is_no_share_is_told_and_taken_back(controls, session, text):
    session.change(preprocess=PCAFeatures(4))
    settle(controls)
    controls._fields["share"].value = text
    settle(controls)
    assert f"such as 0.95; {text!r} is not" in controls._message.value
    assert session.settings.preprocess == (PCAFeatures(4),)
    assert controls._fields["share"].value == ""


@pytest.mark.parametrize(
    ("text", "share"),
    [("0.95", 0.95), (" 95% ", 0.95), ("99.9 %", 0.999), ("0,8", 0.8), ("1", 1.0), ("  ", None)],
)
def test_shares_are_read(text, share):
    assert parse_share(text) == share


def test_a_click_on_the_curve_chooses(controls, session):
    session.change(preprocess="pca")
    settle(controls)
    wait_for_curve(session)
    controls._clicked(controls._dots, {"data": {"index": 4}})
    settle(controls)
    assert session.settings.preprocess == (PCAFeatures(5),)
    controls._clicked(controls._dots, {})
    controls._clicked(controls._dots, {"data": {"index": 99}})
    settle(controls)
    assert session.settings.preprocess == (PCAFeatures(5),)


def test_while_training_a_change_waits_and_is_marked(controls, session, trainer):
    trainer.state("running", step=1)
    controls._fields["scaling"].value = "min-max"
    settle(controls)
    assert session.settings.preprocess == ()
    assert "ae-pending" in controls._fields["scaling"]._dom_classes
    assert "ae-pending" not in controls._fields["assignment"]._dom_classes
    session.reset()
    settle(controls)
    assert session.settings.preprocess == ("min-max",)
    assert "ae-pending" not in controls._fields["scaling"]._dom_classes


def test_what_is_refused_is_said_and_nothing_changed(controls, session):
    controls._fields["assignment"].value = "one-hot"
    settle(controls)
    controls._fields["n_clusters"].value = 61
    settle(controls)
    assert "n_samples=54 should be >= n_clusters=61" in controls._message.value
    assert session.settings.preprocess == (KMeansFeatures(8, "one-hot"),)
    assert controls._fields["n_clusters"].value == 8


def test_steps_that_the_fields_cannot_show_are_named():
    session = Session(items(), preprocess=[Normalizer(), "pca"], trainer="thread")
    controls = PreprocessControls(session)
    assert controls._fields["scaling"].value == "own"
    assert controls._said.value.startswith("Normalizer(), PCAFeatures(")
    controls._fields["scaling"].value = "robust"
    settle(controls)
    assert session.settings.preprocess == ("robust",)
    settle(controls)
    assert ("own steps", "own") not in controls._fields["scaling"].options
    controls.close()
    session.close()


@pytest.mark.parametrize(
    "steps",
    [(), ("robust",), (PCAFeatures(3),), ("quantile", PCAFeatures(), KMeansFeatures(5, "soft"))],
)
def test_a_form_shows_steps_as_they_are(steps):
    assert Form.of(steps).steps == steps


@pytest.mark.parametrize("steps", [("robust", "standard"), (KMeansFeatures(), PCAFeatures())])
def test_a_form_does_not_pretend(steps):
    assert Form.of(steps).scaling == "own"


def test_what_takes_long_is_done_aside_and_said(controls, session, monkeypatch):
    wait, fit = threading.Event(), Session.change

    def slow(self, **values):
        assert wait.wait(30)
        fit(self, **values)

    monkeypatch.setattr(Session, "change", slow)
    controls._fields["scaling"].value = "quantile"
    controls._fields["assignment"].value = "soft"
    assert publisher.flush()
    assert controls._said.value == "Fitting it on the items …"
    session.say("news")
    session._notify("settings")
    assert publisher.flush()
    assert controls._fields["scaling"].value == "quantile"
    wait.set()
    settle(controls)
    assert session.settings.preprocess == ("quantile", KMeansFeatures(8, "soft"))
    assert controls._said.value == ""
