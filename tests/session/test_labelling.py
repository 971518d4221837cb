"""Labels given by hand, in force from the next batch, and kept."""

import time
from dataclasses import asdict, replace

import numpy as np
import pytest
from sklearn.datasets import make_blobs

from ae_widgets import Autoencoder, DataError, Session
from ae_widgets.session.entries import LABELLED, entries_from
from tests.session.weights import assert_same_weights

X, Y = make_blobs(240, 6, centers=3, cluster_std=0.6, random_state=0)
X = ((X - X.mean(0)) / X.std(0)).astype(np.float32)
KNOWN = [["first", "second", None][y] for y in Y]
QUICK = {
    "hidden_layer_sizes": (8,), "code_dim": 2, "delta": 1.0, "learning_rate": 1e-2,
    "max_iter": 20, "n_iter_no_change": 1000,
}  # fmt: skip


def wait_for(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.005)


def labelled(session):
    """Train, label the third group by hand, and train on."""
    session.step()
    session.wait(30)
    session.label(np.flatnonzero(Y == 2)[:30], "third")
    session.start()
    session.wait(60)
    return session


@pytest.mark.parametrize("trainer", ["thread", "process"])
def test_a_new_class_is_learnt(trainer, keep):
    session = keep(Session(X, KNOWN, trainer=trainer, **QUICK))
    assert session.label_names == ("first", "second")
    assert (session.labels == -1).sum() == (Y == 2).sum()
    told = []
    session.observe("labels", lambda: told.append(session.label_names))
    labelled(session)
    assert session.label_names == ("first", "second", "third")
    assert told[0] == session.label_names
    assert (session.labels == 2).sum() == 30
    assert (session.latent.classes == Y).mean() > 0.95
    (entry,) = [entry for entry in session.journal if entry.name == LABELLED]
    assert entry.value[:2] == (2, "third")
    assert entry.step > 0


def test_a_label_can_be_taken_away_and_given_before_there_is_a_trainer(keep):
    session = keep(Session(X, trainer="thread", **QUICK))
    assert session.label_names == ()
    for name, group in (("a", 0), ("b", 1), ("c", 2)):
        session.label(np.flatnonzero(group == Y), name)
    session.label([0, 1], None)
    assert session.labels[:2].tolist() == [-1, -1]
    session.start()
    session.wait(60)
    assert (session.latent.classes == Y).mean() > 0.95


def test_a_new_run_keeps_them(keep):
    session = labelled(keep(Session(X, KNOWN, trainer="thread", **QUICK)))
    session.reset()
    session.start()
    session.wait(60)
    assert session.label_names == ("first", "second", "third")
    assert (session.latent.classes == Y).mean() > 0.95
    assert session.journal[0].name == LABELLED
    assert session.journal[0].step == 0


def test_a_replay_gives_the_same_bits(keep, tmp_path):
    session = labelled(keep(Session(X, KNOWN, trainer="thread", gamma=0.1, **QUICK)))
    session.journal.save(tmp_path / "journal.json")
    again = keep(Session.replay(tmp_path / "journal.json", X, KNOWN))
    assert again.label_names == session.label_names
    assert np.array_equal(again.labels, session.labels)
    assert_same_weights(session, again)


def test_a_saved_run_goes_on_to_the_same_bits(keep, tmp_path):
    session = keep(Session(X, KNOWN, trainer="thread", gamma=0.1, **QUICK))
    session.step()
    session.wait(30)
    session.label(np.flatnonzero(Y == 2)[:30], "third")
    session.step("batch")
    session.wait(30)
    session.save(tmp_path / "run.zip")
    again = keep(Session.load(tmp_path / "run.zip", X, KNOWN))
    assert again.label_names == ("first", "second", "third")
    assert np.array_equal(again.labels, session.labels)
    for one in (session, again):
        one.resume()
        one.wait(60)
    assert_same_weights(session, again)


@pytest.mark.parametrize(
    ("indices", "name", "match"),
    [
        ([], "a", "no item to label"),
        ([1], "  ", "not empty"),
        ([1], 3, "got 3"),
        ([999], "a", "no item 999"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(indices, name, match, keep):
    session = keep(Session(X, KNOWN, trainer="thread", **QUICK))
    before = session.labels
    with pytest.raises(DataError, match=match):
        session.label(indices, name)
    assert session.labels is before


def test_labels_of_a_running_session_reach_the_next_batches(keep):
    session = keep(Session(X, KNOWN, trainer="process", **{**QUICK, "max_iter": 10**6}))
    session.start()
    deadline = time.monotonic() + 30
    while session.status.step < 5:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    session.label(np.flatnonzero(Y == 2), "third")
    while not [entry for entry in session.journal if entry.name == LABELLED]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    while (frame := session.latent) is None or not (frame.classes == 2).any():
        session.request_latent()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    session.stop()
    session.wait(30)


def test_a_run_whose_classes_cannot_be_trained_says_so(keep):
    session = keep(Session(X, trainer="thread", **QUICK | {"max_iter": 2}))
    wanted = "There is no label: classes (delta) are trained once items of two have a label."
    assert wanted in session.status.note
    notes = []
    session.observe("status", lambda: notes.append(session.status.note))
    session.start()
    session.wait(60)
    assert any(wanted in note for note in notes)
    with pytest.raises(DataError, match=r"No class was learnt: there were 0 to learn"):
        Autoencoder.from_session(session).predict(X)
    session.label(np.flatnonzero(Y == 0), "first")
    session.label(np.flatnonzero(Y == 1), "second")
    with pytest.raises(DataError, match=r"'first', 'second' are not learnt yet. Train with them"):
        Autoencoder.from_session(session).predict(X)
    session.start()
    session.wait(60)
    assert set(Autoencoder.from_session(session).predict(X)) <= {"first", "second"}
    single = keep(Session(X, np.where(Y, "a", None), trainer="thread", **QUICK))
    assert "There is a single class, 'a'" in single.status.note
    without = keep(Session(X, trainer="thread", **QUICK | {"delta": 0.0}))
    assert "label" not in without.status.note


def test_it_no_longer_says_so_once_labels_of_two_classes_are_given(keep):
    session = keep(Session(X, trainer="thread", **QUICK | {"max_iter": 10**6}))
    session.start()
    wait_for(lambda: session.status.state == "running")
    assert "There is no label" in session.status.note
    told = []
    session.observe("status", lambda: told.append(session.status.note))
    session.label(np.flatnonzero(Y == 0), "first")
    assert "There is a single class, 'first'" in session.status.note
    assert "There is no label" not in session.status.note
    session.label(np.flatnonzero(Y == 1), "second")
    assert "There is" not in told[-1]
    session.pause()
    session.wait(30)
    assert "There is" not in session.status.note
    session.resume()
    wait_for(lambda: session.status.state == "running")
    assert "There is" not in session.status.note
    session.label(np.flatnonzero(Y == 1), None)
    assert "There is a single class, 'first'" in session.status.note


def test_one_that_is_taken_up_with_its_labels_does_not_say_so(keep, tmp_path):
    session = keep(Session(X, trainer="thread", **QUICK))
    session.step()
    session.wait(30)
    for name, group in (("first", 0), ("second", 1)):
        session.label(np.flatnonzero(group == Y), name)
    session.step()
    session.wait(30)
    session.save(tmp_path / "run.npz")
    assert "There is no label" not in keep(Session.load(tmp_path / "run.npz", X)).status.note
    assert "There is no label" not in keep(Session.replay(session.journal, X)).status.note


def test_labels_leave_other_notes_in_place(keep):
    session = keep(Session(X, trainer="thread", **QUICK))
    session.say(f"{session.status.note} And more.")
    for name, group in (("first", 0), ("second", 1)):
        session.label(np.flatnonzero(group == Y), name)
    assert session.status.note == "And more."
    session.say("It was refused.", error=True)
    session.label(np.flatnonzero(Y == 1), None)
    assert session.status.note == "It was refused."


@pytest.mark.parametrize("names", [("cat",), ("cat", "dog")])
@pytest.mark.parametrize("begin", ["at once", "after a reset"])
def test_names_that_were_put_right_before_the_start_are_kept(names, begin, keep, tmp_path):
    session = keep(Session(X, trainer="thread", **{**QUICK, "max_iter": 3}))
    if begin == "after a reset":
        session.step("batch")
        session.wait(30)
    for number, name in enumerate(names):
        session.label(np.flatnonzero(number == Y), name + "?")
        session.label(np.flatnonzero(number == Y), name)
    session.label([0], "never")
    session.label([0], None)
    if begin == "after a reset":
        session.reset()
    session.start()
    session.wait(30)
    session.save(tmp_path / "run.npz")
    loaded = keep(Session.load(tmp_path / "run.npz", X))
    replayed = keep(Session.replay(session.journal, X))
    assert len(session.label_names) == 2 * len(names) + 1
    for again in (loaded, replayed):
        assert again.label_names == session.label_names
        assert np.array_equal(again.labels, session.labels)
        assert_same_weights(again, session)
    if len(names) > 1:
        predicted = Autoencoder.from_session(loaded).predict(X)
        assert predicted.tolist() == Autoencoder.from_session(session).predict(X).tolist()
        assert set(predicted) == set(names)


def test_a_journal_that_leaves_names_out_has_some_made_up(keep):
    session = keep(Session(X, trainer="thread", **{**QUICK, "max_iter": 2}))
    for number, name in enumerate(("cta", "cat", "dog")):
        session.label(np.flatnonzero(max(number - 1, 0) == Y), name)
    session.start()
    session.wait(30)
    journal = session.journal
    entries = tuple(entry for entry in journal if entry.value[1] != "cta")
    assert len(entries) == len(journal) - 1
    again = keep(Session.replay(replace(journal, entries=entries), X))
    assert again.label_names == ("unnamed 0", "cat", "dog")
    assert np.array_equal(again.labels, session.labels)
    assert_same_weights(again, session)
    far = [asdict(replace(entry, value=(2**40, "far", (0,)))) for entry in entries]
    with pytest.raises(ValueError, match="a class must be below"):
        entries_from(far, journal.settings, journal.steps)
