"""The journal: what made a run what it is, and the same run trained from it again."""

import json
import os
import pickle
import random
import re
import time
from dataclasses import replace

import numpy as np
import pytest

from ae_widgets import (
    Autoencoder,
    DataError,
    Journal,
    JournalError,
    NonFiniteLossError,
    Session,
    Settings,
)
from ae_widgets.data.fingerprint import Fingerprint
from ae_widgets.engine.protocol import Change, Replay, Resume
from ae_widgets.engine.worker import Worker
from ae_widgets.session import JournalEntry
from ae_widgets.session import journal as journals
from tests.engine.data import blobs
from tests.session.weights import assert_same_weights

QUICK = {"hidden_layer_sizes": (8,), "batch_size": 16, "max_iter": 4}
ENDLESS = {**QUICK, "max_iter": 10**6, "n_iter_no_change": 10**6}
X = blobs()


@pytest.fixture
def journal():
    entries = (
        JournalEntry(0, 0.0, "beta", 0.5, 0.0),
        JournalEntry(7, 1.0, "complexity", "l2", "l1"),
        JournalEntry(9, 1.25, "resume", None),
    )
    settings = Settings().change(hidden_layer_sizes=(8, 4), random_state=3)
    return Journal(settings, Fingerprint(X), 20, entries, ("finished", "converged"))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def wait_for(condition, timeout=30):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.002)


# Replay -------------------------------------------------------------------------------

CONTROLS = {
    "alpha": lambda rng: rng.uniform(0.1, 2),
    "beta": lambda rng: rng.choice([0.0, 10 ** rng.uniform(-3, 0)]),
    "complexity": lambda rng: rng.choice(["l1", "l2", "kl_sparsity", "effective_dimension"]),
    "reconstruction": lambda rng: rng.choice(["mse", "mae", "binary_cross_entropy"]),
    "learning_rate": lambda rng: 10 ** rng.uniform(-4, -2),
    "batch_size": lambda rng: rng.randint(1, 60),
    "sparsity_target": lambda rng: rng.uniform(0.01, 0.5),
    "tol": lambda rng: rng.uniform(0, 0.01),
}


def intervene(session, rng, name):
    """Change a control the way that a person would: at any time, paused or not, looking on."""
    target = session.status.step + rng.randint(1, 60)
    wait_for(lambda: session.status.step >= target)
    session.request_latent()
    session.request_reconstructions([1, 2, 3], lambda _: None)
    how = rng.choice(["running", "paused", "after a batch", "between epochs"])
    if how == "running":
        session.change(**{name: CONTROLS[name](rng)})
        return
    session.pause()
    session.wait(30)
    if how != "paused":
        session.step("batch" if how == "after a batch" else "epoch")
        session.wait(30)
    session.request_latent()
    session.change(**{name: CONTROLS[name](rng)})
    session.resume()


@pytest.mark.parametrize(("trainer", "seed"), [("thread", 0), ("thread", 1), ("process", 2)])
def test_ten_random_interventions_replay_to_the_same_bits(keep, tmp_path, trainer, seed):
    rng = random.Random(seed)  # noqa: S311  # repeatable, not secret
    session = keep(
        Session(
            X, trainer=trainer, output_activation="sigmoid", random_state=seed, tol=0, **ENDLESS
        )
    )
    session.change(beta=0.25)  # before there is a trainer
    session.prepare()
    session.change(alpha=1.5)  # before the first batch
    session.start()
    names = [*CONTROLS, *rng.sample(list(CONTROLS), 2)]
    rng.shuffle(names)
    for name in names:
        intervene(session, rng, name)
    session.stop()
    session.wait(30)
    assert [entry.name for entry in session.journal] == ["alpha", *names]
    session.journal.save(tmp_path / "run.json")

    again = keep(Session.replay(tmp_path / "run.json", X))
    assert_same_weights(again, session)
    assert again.journal == session.journal
    assert again.settings == session.settings
    status, expected = again.status, session.status
    assert (status.state, status.reason) == ("finished", "stopped")
    assert (status.step, status.epoch, status.best_loss, status.max_iter) == (
        expected.step, expected.epoch, expected.best_loss, expected.max_iter,
    )  # fmt: skip


def test_a_run_that_still_trains_replays_to_a_step_that_it_passed(keep):
    session = keep(Session(X, trainer="thread", **ENDLESS))
    session.start()
    wait_for(lambda: session.status.step > 20)
    session.change(beta=0.5)
    wait_for(lambda: len(session.journal))
    journal = session.journal
    assert journal.state[0] == "running"
    again = keep(Session.replay(journal, X))
    assert (again.status.state, again.status.step) == ("paused", journal.steps)
    session.stop()
    session.wait(30)
    again.resume()  # and both are the same further on
    wait_for(lambda: again.status.step > session.status.step)
    again.stop()
    again.wait(30)
    assert_same_weights(keep(Session.replay(session.journal, X)), session)
    shorter = Journal(
        again.journal.settings, again.journal.data, session.status.step, again.journal.entries
    )
    assert_same_weights(keep(Session.replay(shorter, X, trainer="thread")), session)


@pytest.mark.parametrize("trainer", ["process", "thread"])
def test_changes_that_need_each_other_are_put_in_force_and_replayed(keep, trainer):
    settings = {**ENDLESS, "kind": "denoising", "noise": 2.0}
    session = keep(Session(X, random_state=0, trainer=trainer, **settings))
    session.start()
    for changes in (
        {"corruption": "masking", "noise": 0.3},
        {"noise": 3.0, "corruption": "gaussian"},
        {"noise": 0.5, "corruption": "masking"},
        {"corruption": "gaussian", "noise": 4.0},
    ):
        step = session.status.step
        session.change(**changes)
        wait_for(lambda step=step: session.status.step > step + 20 or session.error)
    session.pause()
    session.wait(30)
    assert [entry.value for entry in session.journal if entry.name == "noise"] == [0.3, 3, 0.5, 4]
    journal = Journal.from_dict(json.loads(json.dumps(session.journal.to_dict())))
    assert_same_weights(keep(Session.replay(journal, X)), session)


def test_early_convergence_replays_and_trains_on_alike(keep):
    session = keep(
        Session(X, trainer="thread", **{**QUICK, "max_iter": 500, "n_iter_no_change": 2})
    )
    session.start()
    assert session.wait(30).reason == "converged"
    session.resume()
    assert session.wait(30).reason == "converged"
    assert [entry.name for entry in session.journal] == ["resume"]
    again = keep(Session.replay(session.journal, X))
    assert again.status.reason == "converged"
    assert_same_weights(again, session)
    for one in (session, again):
        one.resume()
        one.wait(30)
    assert again.status.epoch == session.status.epoch
    assert_same_weights(again, session)


@pytest.mark.parametrize("restore_best", [True, False])
@pytest.mark.parametrize("unit", ["batch", "epoch"])
def test_a_stop_of_a_paused_run_is_replayed(keep, monkeypatch, unit, restore_best):
    halt = Worker._halt

    def late(worker, state, reason):
        time.sleep(0.2 if reason == "stopped" else 0)
        halt(worker, state, reason)

    monkeypatch.setattr(Worker, "_halt", late)
    wild = {**ENDLESS, "learning_rate": 0.5, "restore_best": restore_best}
    session = keep(Session(X, trainer="thread", **wild))
    while session.status.best_epoch in (None, session.status.epoch):
        session.step("epoch")
        session.wait(30)
    if unit == "batch":
        session.step("batch")
        session.wait(30)
    session.stop()
    session.wait(30)
    again = keep(Session.replay(session.journal, X))
    for one in (session, again):
        assert (one.status.state, one.status.reason) == ("finished", "stopped")
        assert (one.status.restored is not None) == restore_best
    assert again.status.restored == session.status.restored
    assert_same_weights(again, session)
    np.testing.assert_array_equal(again.codes, session.codes)


def test_a_failed_run_replays_to_its_failure(keep):
    options = {**QUICK, "hidden_layer_sizes": (64, 64, 64), "learning_rate": 1e3}
    session = keep(Session(X, trainer="thread", **options))
    session.start()
    with pytest.raises(NonFiniteLossError):
        session.wait(30)
    again = keep(Session.replay(session.journal, X))
    assert (again.status.state, str(again.error)) == ("failed", str(session.error))
    for one in (session, again):
        one.change(learning_rate=1e-3)
        one.resume()
        assert one.wait(30).reason == "max_iter"
    assert_same_weights(again, session)
    assert_same_weights(keep(Session.replay(session.journal, X)), session)


def test_a_reset_begins_a_new_journal_and_keeps_the_old_one(keep):
    session = keep(Session(X, trainer="thread", **QUICK))
    session.step()
    session.wait(30)
    session.change(beta=0.5)
    session.step()
    session.wait(30)
    weights = session.weights
    session.change(random_state=5)
    session.reset()
    assert (len(session.journal), session.journal.steps) == (0, 0)
    assert session.journal.settings.random_state == 5
    assert session.journal.settings.beta == 0.5
    past = session.past_runs[0]
    again = keep(Session.replay(past.journal, X))
    assert (past.journal.settings.beta, again.settings.beta) == (0.0, 0.5)
    for name, value in weights.items():
        assert np.array_equal(again.weights[name], value)


def test_an_untrained_run_replays_to_an_untrained_one(keep):
    session = keep(Session(X, trainer="thread", **QUICK))
    again = keep(Session.replay(session.journal, X))
    assert (again.status.state, again.status.step) == ("idle", 0)
    again.start()
    assert again.wait(30).reason == "max_iter"


@pytest.mark.parametrize(
    ("other", "text"),
    [
        (X[:100], "that was 120 x 6, this is 100 x 6"),
        (X[:, :5], "that was 120 x 6, this is 120 x 5"),
        (X + np.float32(1e-7), "both are the same shape, but values differ"),
        (X[::-1], "but values differ"),
    ],
)
def test_other_data_is_refused_with_both_shapes(journal, other, text):
    with pytest.raises(DataError, match="This is not the data of the run: that was 120 x 6") as e:
        Session.replay(journal, other)
    assert text in str(e.value)


LABELS = np.arange(120) % 3


@pytest.mark.parametrize(
    ("before", "now", "text"),
    [
        (LABELS, None, "The run had labels, and there are none: pass the same y."),
        (None, LABELS, "The run had no labels: leave y out."),
        (LABELS, LABELS[::-1], "These are not the labels of the run: X is the same, y is not."),
        (["a", "b", "c"] * 40, ["a", "b", "d"] * 40, "These are not the labels of the run"),
    ],
)
def test_other_labels_are_refused(keep, tmp_path, before, now, text):
    session = keep(Session(X, before, trainer="thread", delta=1.0, **QUICK))
    session.step("epoch")
    session.wait(30)
    session.label([0], "by hand")  # is in the journal, and no label that it came with
    session.journal.save(tmp_path / "run.json")
    session.save(tmp_path / "run.npz")
    for again in (Session.replay, Session.load):
        path = tmp_path / ("run.json" if again == Session.replay else "run.npz")
        with pytest.raises(DataError, match=re.escape(text)):
            again(path, X, now)
        assert keep(again(path, X, before)).journal.labels == session.journal.labels


def test_labels_that_all_are_missing_are_none(keep):
    session = keep(Session(X, np.full(120, -1), trainer="thread", **QUICK))
    assert session.journal.labels == ""


def test_a_journal_without_a_word_on_labels_takes_any(journal, keep, tmp_path):
    assert journal.labels is None
    assert "labels" not in journal.to_dict()["data"]
    session = keep(Session(X, LABELS, trainer="thread", **QUICK))
    session.step("epoch")
    session.wait(30)
    old = replace(session.journal, labels=None)
    old.save(tmp_path / "run.json")
    assert Journal.load(tmp_path / "run.json") == old
    for y in (None, LABELS, LABELS[::-1]):
        assert_same_weights(keep(Session.replay(tmp_path / "run.json", X, y)), session)


WEIGHT = 1 + np.arange(120) % 3


@pytest.mark.parametrize(
    ("before", "now", "text"),
    [
        (WEIGHT, None, "The run had a sample_weight, and there is none: pass the same"),
        (None, WEIGHT, "The run had no sample_weight: leave it out."),
        (WEIGHT, WEIGHT[::-1], "This is not the sample_weight of the run. Pass the same"),
    ],
)
def test_other_weights_of_the_items_are_refused(keep, tmp_path, before, now, text):
    session = keep(Session(X, sample_weight=before, trainer="thread", **QUICK))
    session.step("epoch")
    session.wait(30)
    session.journal.save(tmp_path / "run.json")
    with pytest.raises(DataError, match=re.escape(text)):
        Session.replay(tmp_path / "run.json", X, sample_weight=now)
    same = None if before is None else before.tolist()
    again = keep(Session.replay(tmp_path / "run.json", X, sample_weight=same))
    assert again.journal.sample_weight == session.journal.sample_weight
    assert_same_weights(again, session)


def test_a_journal_without_a_word_on_weights_takes_any(journal, keep, tmp_path):
    assert journal.sample_weight is None
    assert "sample_weight" not in journal.to_dict()["data"]
    session = keep(Session(X, trainer="thread", **QUICK))
    old = replace(session.journal, sample_weight=None)
    old.save(tmp_path / "run.json")
    assert Journal.load(tmp_path / "run.json") == old
    for weight in (None, WEIGHT):
        keep(Session.replay(tmp_path / "run.json", X, sample_weight=weight))


def test_a_run_from_left_weights_is_not_replayed(keep):
    session = keep(Session(X, trainer="process", **ENDLESS))
    session.start()
    wait_for(lambda: session.status.epoch >= 1)
    session.pause()
    session.wait(30)
    session._link.trainer.kill()
    session._link.lost()
    session.resume()
    wait_for(lambda: session.status.epoch >= 1 and session.status.state == "running")
    with pytest.raises(JournalError, match=r"or left by a trainer that had died"):
        Session.replay(session.journal, X)


def test_a_run_of_a_fitted_estimator_is_not_replayed_but_one_after_a_reset_is(keep):
    model = Autoencoder(hidden_layer_sizes=(8,), max_iter=3).fit(X)
    session = keep(Session(model, X, trainer="thread"))
    session.start()
    session.wait(30)
    with pytest.raises(JournalError, match=r"weights that were there, of a fitted estimator") as e:
        Session.replay(session.journal, X)
    assert "Keep it with Session.save and Session.load" in str(e.value)
    session.reset()
    session.start()
    session.wait(30)
    assert_same_weights(keep(Session.replay(session.journal, X)), session)


# The file -----------------------------------------------------------------------------


def test_a_journal_survives_its_file(journal, tmp_path):
    path = tmp_path / "run.json"
    journal.save(path)
    loaded = Journal.load(path)
    assert loaded == journal
    assert loaded[1].value == "l2"
    assert loaded[-2:] == journal.entries[-2:]
    assert list(loaded) == list(journal.entries)
    text = json.loads(path.read_text())
    assert text["schema"] == 1
    assert set(text["versions"]) == {
        "python", "numpy", "torch", "scikit-learn", "ae_widgets",
    }  # fmt: skip
    assert names(tmp_path) == ["run.json"]
    assert repr(loaded).startswith("Journal(3 changes in 20 steps, random_state=3, ")


def test_a_journal_is_not_written_where_it_could_not_be_read(journal, tmp_path, monkeypatch):
    path = tmp_path / "run.json"
    labelled = JournalEntry(20, 2.0, "label", (0, "many", tuple(range(10**5, 2 * 10**5))))
    long = replace(journal, entries=(*journal.entries, labelled))
    long.save(path)
    size = path.stat().st_size
    assert size < 705_000  # seven bytes an item
    monkeypatch.setattr(journals, "MAX_BYTES", size)
    long.save(path)
    assert Journal.load(path) == long
    monkeypatch.setattr(journals, "MAX_BYTES", size - 1)
    with pytest.raises(JournalError, match=r"takes 1 MB, .* give the labels of many items as y"):
        long.save(path)
    assert names(tmp_path) == ["run.json"]
    assert path.stat().st_size == size


SCHEMA_1 = """{
 "format": "ae_widgets journal", "schema": 1, "versions": {"ae_widgets": "0.1.0"},
 "data": {"shape": [120, 6],
  "sha256": "2679327d13bc3f7bc4ee836945ce418fe3d7cabe2055690e7d5a977655155797"},
 "settings": {
  "architecture": {"hidden_layer_sizes": [8], "code_dim": 2, "activation": "relu",
   "code_activation": "identity", "output_activation": "identity"},
  "alpha": 1.0, "beta": 0.0, "reconstruction": "mse", "complexity": "l1",
  "sparsity_target": 0.05, "learning_rate": 0.001, "batch_size": 16, "max_iter": 200,
  "tol": 0.0001, "n_iter_no_change": 10, "validation_fraction": 0.1, "random_state": 3},
 "trainer": "thread", "seeded": true, "steps": 12, "state": ["paused", "asked"],
 "entries": [{"step": 5, "epoch": 0.7, "name": "beta", "value": 0.5, "before": 0.0}],
 "sha256": "f65ea5be6ace51a44e8e9ea0afc80446f2b4e1bcf664ae72214bd3884509468c"
}"""


def test_a_journal_of_the_first_schema_stays_readable(keep, tmp_path):
    path = tmp_path / "run.json"
    path.write_text(SCHEMA_1)
    again = keep(Session.replay(path, X))
    assert (again.status.step, again.status.state, again.settings.beta) == (12, "paused", 0.5)
    assert again.journal[0].step == 5


def test_a_journal_becomes_the_command_that_trains_it_again(journal):
    commands = ((0, Change("beta", 0.5)), (7, Change("complexity", "l2")), (9, Resume()))
    assert journal.replay() == Replay(commands, 20, ("finished", "converged"))
    assert journal.last_settings == journal.settings.change(beta=0.5, complexity="l2")


def test_every_cut_is_refused(journal, tmp_path):
    path = tmp_path / "run.json"
    journal.save(path)
    whole = path.read_bytes()
    for end in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:end])
        with pytest.raises(JournalError, match="damaged or no journal"):
            Journal.load(path)


def test_a_changed_byte_anywhere_is_refused(journal, tmp_path):
    path = tmp_path / "run.json"
    journal.save(path)
    whole = path.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1 << (place % 8)
        path.write_bytes(changed)
        with pytest.raises(JournalError, match="Could not read the journal"):
            Journal.load(path)


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        ({"schema": 2}, "schema 2 and this version reads 1: open it with the ae_widgets"),
        ({"format": "csv"}, "no journal of ae_widgets"),
        ({"steps": -1}, "steps must be an integer from 0"),
        ({"steps": 2.5}, "steps must be an integer from 0"),
        ({"steps": 8}, "step must be an integer from 7 to 8, got 9"),
        ({"state": ["asleep", ""]}, "state must be"),
        ({"trainer": "moon"}, "trainer must be"),
        ({"entries": [{"step": 1}]}, "damaged or was edited"),
        ({"entries": 3}, "damaged or was edited"),
        ({"data": []}, "damaged or was edited"),
        ({"settings": {"zeta": 3}}, "zeta"),
        ({"steps": 21}, "It is damaged or was edited."),
        ({"settings": {"alpha": -1}}, "alpha must be a number from 0"),
        ({"settings": {"architecture": {"code_dim": 0}}}, "code_dim must be"),
        (
            {"entries": [{"step": 1, "epoch": 0, "name": "code_dim", "value": 3}]},
            "'code_dim' cannot have been changed at step 1",
        ),
        (
            {"entries": [{"step": 1, "epoch": 0, "name": "beta", "value": "much"}]},
            "beta must be a number",
        ),
    ],
)
def test_an_edited_journal_is_refused_and_says_what_is_wrong(journal, tmp_path, edit, text):
    path = tmp_path / "run.json"
    path.write_text(json.dumps({**journal.to_dict(), **edit}))
    with pytest.raises(JournalError) as caught:
        Journal.load(path)
    assert text in str(caught.value)
    assert str(path) in str(caught.value)


class Gadget:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return open, (self.marker, "w")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_named_and_never_run(tmp_path, protocol):
    path, marker = tmp_path / "run.json", tmp_path / "marker"
    path.write_bytes(pickle.dumps(Gadget(str(marker)), protocol))
    with pytest.raises(JournalError, match=r"This is a pickle file\. ae_widgets never"):
        Journal.load(path)
    assert not marker.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"3", b"null", b"\xff\xfe", b"[" * 10**6, b'{"a":' * 10**5, b"1" * 10**5],
    ids=["empty", "list", "number", "null", "binary", "deep list", "deep object", "long number"],
)
def test_what_is_no_journal_is_refused(tmp_path, content):
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(JournalError, match="Could not read the journal"):
        Journal.load(path)


def test_a_giant_file_is_refused_before_it_is_parsed(tmp_path):
    path = tmp_path / "run.json"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(JournalError, match="has more than 67 MB: this is no journal"):
        Journal.load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(JournalError, match=r"none\.json': No such file"):
        Journal.load(tmp_path / "none.json")


def test_a_journal_that_cannot_be_written_leaves_the_old_one(journal, tmp_path, monkeypatch):
    path = tmp_path / "run.json"
    journal.save(path)
    before = path.read_bytes()

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(JournalError, match=r"No space left on device \([\d,.]+ MB free there\)"):
        journal.save(path)
    assert path.read_bytes() == before
    assert names(tmp_path) == ["run.json"]
    below_a_file = path / "run.json"
    with pytest.raises(JournalError, match=r"Could not save to .*Not a directory"):
        journal.save(below_a_file)


def test_a_journal_is_written_to_the_place_that_was_named(journal, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    journal.save("~/run [1].json")
    assert Journal.load("~/run [1].json") == journal


def test_what_a_killed_process_left_is_cleared_away(journal, tmp_path):
    path = tmp_path / "run.json"
    old, young, other = (
        tmp_path / name
        for name in (".run.json.1-1.tmp", ".run.json.2-1.tmp", ".other.json.1-1.tmp")
    )
    for litter in (old, young, other):
        litter.write_bytes(b"half")
    for litter in (old, other):
        os.utime(litter, (0, 0))
    journal.save(path)
    assert names(tmp_path) == [other.name, young.name, "run.json"]


def test_other_versions_are_told(journal, keep, tmp_path):
    values = {**journal.to_dict(), "steps": 1, "entries": [], "state": ["paused", "batch"]}
    values["versions"]["numpy"] = "0.9"
    path = tmp_path / "run.json"
    Journal.from_dict(values).save(path)
    again = keep(Session.replay(path, X, trainer="thread"))
    assert "numpy 0.9 then" in again.status.message
    assert again.status.message.startswith("Paused after one batch")
