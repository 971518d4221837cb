"""Checkpoints: a run that was saved goes on as if it had not been interrupted."""

import io
import json
import os
import pickle
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from ae_widgets import CheckpointError, DataError, Session, Settings, TrainingError, runs
from ae_widgets.data.fingerprint import Fingerprint
from ae_widgets.engine.protocol import LossParts, LossRecord
from ae_widgets.session import Journal, JournalEntry
from ae_widgets.session import checkpoint as checkpoints
from ae_widgets.session.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from tests.engine.data import blobs

QUICK = {"hidden_layer_sizes": (8,), "batch_size": 16, "max_iter": 6}
ENDLESS = {**QUICK, "max_iter": 10**6, "n_iter_no_change": 10**6}
X = blobs()
AUTOGRAD = {"activation": "silu"}


@pytest.fixture
def make():
    made = []

    def build(session=None, **changes):
        options = {**QUICK, "trainer": "thread", **changes}
        made.append(session or Session(X, **options))
        return made[-1]

    yield build
    for one in made:
        one.close()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def wait_for(condition, timeout=30):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.002)


def assert_same_run(one, two):
    for name, value in one.weights.items():
        assert np.array_equal(two.weights[name], value), name
    np.testing.assert_array_equal(one.codes, two.codes)
    clock = ["seconds"]
    assert one.history.drop(columns=clock).equals(two.history.drop(columns=clock))
    assert one.journal.entries == two.journal.entries
    for name in ("state", "reason", "epoch", "step", "best_epoch", "best_loss", "loss", "max_iter"):
        assert getattr(one.status, name) == getattr(two.status, name), name


@pytest.mark.parametrize(
    ("trainer", "kind", "steps"),
    [
        ("thread", {}, "epoch"),
        ("thread", {}, "batch"),
        ("thread", {"validation_fraction": 0}, "batch"),
        ("thread", AUTOGRAD, "epoch"),
        ("thread", AUTOGRAD, "batch"),
        ("process", {}, "batch"),
    ],
    ids=str,
)
def test_going_on_equals_never_having_stopped(make, tmp_path, trainer, kind, steps):
    straight, first = make(trainer=trainer, **kind), make(trainer=trainer, **kind)
    for one in (straight, first):
        one.step("epoch")
        one.wait(60)
        one.change(beta=0.1, batch_size=11)
        one.step(steps)
        one.wait(60)
    first.change(code_dim=3)
    first.save(tmp_path / "run.npz")
    first.close()
    second = make(Session.load(tmp_path / "run.npz", X))
    assert second.pending == {"code_dim": 3}
    for name, value in first.weights.items():
        assert np.array_equal(second.weights[name], value)
    assert second.status.seconds == pytest.approx(first.status.seconds)
    assert (second.status.state, second.status.reason) == ("paused", steps)
    second.resume()
    straight.resume()
    assert straight.wait(60).reason == second.wait(60).reason == "max_iter"
    assert_same_run(straight, second)
    assert second.settings == straight.settings
    replayed = make(Session.replay(second.journal, X))
    assert_same_run(straight, replayed)


def test_it_saves_while_it_trains_and_trains_on(make, tmp_path):
    session = make(**ENDLESS)
    session.start()
    wait_for(lambda: session.status.epoch >= 1)
    session.change(beta=0.5)
    session.save(tmp_path / "run.npz")
    assert session.status.state == "running"
    step = session.status.step
    wait_for(lambda: session.status.step > step)
    session.pause()
    session.wait(30)

    second = make(Session.load(tmp_path / "run.npz", X))
    assert second.status.state == "paused"
    assert second.settings.beta == 0.5
    assert [entry.name for entry in second.journal] == ["beta"]
    assert second.status.step < session.status.step
    assert len(second.history) == second.status.epoch
    second.resume()
    wait_for(lambda: second.status.step > session.status.step)
    second.pause()
    second.wait(30)
    for one, other in ((second, session), (session, second)):
        shared = Journal(
            one.journal.settings, one.journal.data, session.status.step, one.journal.entries
        )
        assert other.journal.entries == shared.entries
        replayed = make(Session.replay(shared, X, trainer="thread"))
        for name, value in session.weights.items():
            assert np.array_equal(replayed.weights[name], value)


@pytest.mark.parametrize("state", ["idle", "prepared", "paused", "finished", "failed"])
def test_it_saves_in_any_state(make, tmp_path, state):
    session = make(
        **({"hidden_layer_sizes": (64,) * 3, "learning_rate": 1e3} if state == "failed" else {})
    )
    if state == "prepared":
        session.prepare()
    elif state == "paused":
        session.step("batch")
        session.wait(30)
    elif state in ("finished", "failed"):
        session.start()
        wait_for(lambda: session.status.state == state)
    session.save(tmp_path / "run.npz")
    second = make(Session.load(tmp_path / "run.npz", X))
    expected = {"prepared": "idle", "failed": "paused"}.get(state, state)
    assert second.status.state == expected
    assert second.status.step == session.status.step
    assert second.settings == session.settings
    second.save(tmp_path / "again.npz")
    for one in (session, second):
        one.change(learning_rate=1e-3, max_iter=8)
        one.resume()
        assert one.wait(30).reason == "max_iter"
    for name, value in session.weights.items():
        assert np.array_equal(second.weights[name], value)


def test_a_closed_session_and_one_whose_trainer_died_say_so(make, tmp_path):
    session = make()
    session.close()
    with pytest.raises(TrainingError, match="This session is closed"):
        session.save(tmp_path / "run.npz")
    session = make(trainer="process", **ENDLESS)
    session.start()
    wait_for(lambda: session.status.epoch >= 1)
    session._link.trainer._process.kill()
    wait_for(lambda: session.status.state == "failed")
    with pytest.raises(TrainingError, match="ended unexpectedly"):
        session.save(tmp_path / "run.npz")
    assert names(tmp_path) == []


def test_a_run_that_is_reset_or_closed_while_it_is_saved_says_so(make, tmp_path, monkeypatch):
    for end, text in ((Session.reset, "was reset or closed"), (Session.close, "was reset or")):
        session = make()
        session.prepare()
        ask = session._link.ask

        def interfere(question, answer, ask=ask, session=session, end=end):
            if end is Session.close:
                end(session)
                ask(question, answer)
            else:
                ask(question, lambda event: (end(session), answer(event)))

        monkeypatch.setattr(session._link, "ask", interfere)
        with pytest.raises(TrainingError, match=text):
            session.save(tmp_path / "run.npz")
    assert names(tmp_path) == []


def test_other_data_is_refused_with_both_shapes(make, tmp_path):
    session = make()
    session.save(tmp_path / "run.npz")
    before = runs()
    with pytest.raises(DataError, match="that was 120 x 6, this is 100 x 6"):
        Session.load(tmp_path / "run.npz", X[:100])
    assert runs() == before


WEIGHT = 1 + np.arange(120) % 3


@pytest.mark.parametrize(
    ("before", "now", "text"),
    [
        (WEIGHT, None, "The run had a sample_weight, and there is none"),
        (None, WEIGHT, "The run had no sample_weight: leave it out"),
        (WEIGHT, WEIGHT[::-1], "This is not the sample_weight of the run"),
    ],
)
def test_other_weights_of_the_items_are_refused(make, tmp_path, before, now, text):
    path = tmp_path / "run.npz"
    session = make(sample_weight=before)
    session.step("batch")
    session.wait(30)
    session.save(path)
    existing = runs()
    with pytest.raises(DataError, match=text):
        Session.load(path, X, sample_weight=now)
    assert runs() == existing
    again = make(Session.load(path, X, sample_weight=before))
    assert again.journal.sample_weight == session.journal.sample_weight
    saved = read_checkpoint(path)
    write_checkpoint(path, replace(saved, journal=replace(saved.journal, sample_weight=None)))
    make(Session.load(path, X, sample_weight=now))  # an older file does not tell


def test_numpy_opens_the_file(make, tmp_path):
    session = make()
    session.step("batch")
    session.wait(30)
    session.save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz", allow_pickle=False) as arrays:
        shapes = {arrays[name].shape for name in arrays.files if name != "manifest.json"}
        weights = [arrays[name] for name in arrays.files if name != "manifest.json"]
    assert {value.shape for value in session.weights.values()} <= shapes
    assert any(np.array_equal(w, session.weights["encoder.0.weight"]) for w in weights)


# Damage -------------------------------------------------------------------------------


def small_checkpoint(**changes):
    settings = Settings().change(hidden_layer_sizes=(8,))
    losses = LossParts(1.5, {"reconstruction": 1.5}, {"reconstruction": 1.0})
    values = {
        "journal": Journal(settings, Fingerprint(X), 9, (JournalEntry(3, 0.5, "beta", 0.5, 0.0),)),
        "settings": settings.change(beta=0.5),
        "pending": {"code_dim": 3},
        "records": (LossRecord(1.0, 9, losses, None, 0.5, {"batch_size": 64}),),
        "trainer": {
            "step": 9, "best": float("inf"), "none": None, "flag": True,
            "array": np.arange(6, dtype=np.float32).reshape(2, 3),
            "scalar": np.array(3.0), "empty": np.zeros((0, 4), np.int64),
            "nested": {0: [np.arange(3), (1, "two")]},
        },
    }  # fmt: skip
    return Checkpoint(**{**values, **changes})


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "run.npz"
    write_checkpoint(path, small_checkpoint())
    return path


def test_a_checkpoint_survives_its_file(saved):
    expected, loaded = small_checkpoint(), read_checkpoint(saved)
    for name in ("journal", "settings", "pending", "records"):
        assert getattr(loaded, name) == getattr(expected, name)
    for name, value in expected.trainer.items():
        np.testing.assert_equal(loaded.trainer[name], value)
    assert loaded.trainer["array"].dtype == np.float32
    assert isinstance(loaded.trainer["nested"][0][1], tuple)
    assert names(saved.parent) == ["run.npz"]


def test_a_manifest_is_not_written_where_it_could_not_be_read(saved, monkeypatch):
    run = read_checkpoint(saved)
    with zipfile.ZipFile(saved) as archive:
        size = archive.getinfo("manifest.json").file_size
    monkeypatch.setattr(checkpoints, "MAX_MANIFEST_BYTES", size)
    write_checkpoint(saved, run)
    before = saved.read_bytes()
    assert read_checkpoint(saved).journal == run.journal
    monkeypatch.setattr(checkpoints, "MAX_MANIFEST_BYTES", size - 1)
    with pytest.raises(CheckpointError, match=r"are read\. Keep the model by"):
        write_checkpoint(saved, run)
    assert saved.read_bytes() == before


def test_a_file_cut_anywhere_is_refused(saved):
    whole = saved.read_bytes()
    for part in range(100):
        saved.write_bytes(whole[: len(whole) * part // 100])
        with pytest.raises(CheckpointError, match="It is damaged"):
            read_checkpoint(saved)


def test_a_changed_byte_anywhere_is_refused(saved):
    whole = saved.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1 << (place % 8)
        saved.write_bytes(changed)
        with pytest.raises(CheckpointError, match=r"It is damaged|pickle"):
            read_checkpoint(saved)


def forge(path, **members):
    """Write an archive whose hash is right, whatever is in it."""
    import hashlib

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", members.pop("compression", zipfile.ZIP_STORED)) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.comment = b"0" * 64
    data = stream.getvalue()[:-64]
    path.write_bytes(data + hashlib.sha256(data).hexdigest().encode())


def manifest_of(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("manifest.json"))


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        ({"schema": 7}, "schema 7 and this version reads 1"),
        ({"format": "other"}, "no checkpoint of ae_widgets"),
        ({"journal": {}}, "no journal"),
        ({"settings": {"alpha": -1}}, "alpha must be"),
        ({"records": [{}]}, "made by something else or edited"),
        ({"trainer": {"array": "9.npy"}}, "made by something else or edited"),
        ({"trainer": {"code": "x"}}, "made by something else or edited"),
        ({"trainer": {}}, "made by something else or edited"),
    ],
)
def test_a_forged_manifest_is_refused(saved, edit, text):
    manifest = {**manifest_of(saved), **edit}
    forge(saved, **{"manifest.json": json.dumps(manifest)})
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(saved)
    assert text in str(caught.value)


def npy(array, **header):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array)
    return stream.getvalue()


def test_forged_arrays_are_refused(saved):
    manifest = manifest_of(saved)
    objects = npy(np.array([{}], dtype=object))
    stream = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (10**12,)}
    np.lib.format.write_array_header_1_0(stream, header)
    for data in (objects, stream.getvalue(), b"nonsense", b"\x93NUMPY\x09\x00"):
        forge(
            saved,
            **{
                "manifest.json": json.dumps({**manifest, "trainer": {"array": "0.npy"}}),
                "0.npy": data,
            },
        )
        with pytest.raises(CheckpointError, match="made by something else or edited"):
            read_checkpoint(saved)
    twice = {"list": [{"array": "0.npy"}] * 2}
    forge(saved, **{"manifest.json": json.dumps({**manifest, "trainer": twice}), "0.npy": npy(X)})
    with pytest.raises(CheckpointError, match="made by something else or edited"):
        read_checkpoint(saved)


def test_bombs_are_refused(saved):
    forge(saved, compression=zipfile.ZIP_DEFLATED, **{"manifest.json": b" " * 10**7})
    with pytest.raises(CheckpointError, match="holds more than its own size"):
        read_checkpoint(saved)
    forge(saved, **{"manifest.json": b"[" * 10**6})
    with pytest.raises(CheckpointError, match="made by something else or edited"):
        read_checkpoint(saved)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_named_and_never_run(tmp_path, protocol):
    marker, path = tmp_path / "marker", tmp_path / "run.npz"

    class Gadget:
        def __reduce__(self):
            return open, (str(marker), "w")

    path.write_bytes(pickle.dumps(Gadget(), protocol))
    with pytest.raises(CheckpointError, match=r"This is a pickle file\. ae_widgets never"):
        Session.load(path, X)
    assert not marker.exists()


def test_a_file_of_torch_save_is_a_pickle_too(tmp_path):
    import torch

    torch.save({"a": torch.ones(3)}, tmp_path / "run.pt")
    with pytest.raises(CheckpointError, match="This is a pickle file"):
        Session.load(tmp_path / "run.pt", X)


def test_a_state_that_does_not_fit_leaves_no_session(make, tmp_path):
    path = tmp_path / "run.npz"
    make().save(path)
    good = read_checkpoint(path)
    other = {**good.trainer, "order": good.trainer["order"][:50]}
    write_checkpoint(path, Checkpoint(good.journal, good.settings, {}, (), other))
    before = runs()
    with pytest.raises(CheckpointError, match="its order is not one of the 108 items"):
        Session.load(path, X)
    write_checkpoint(
        path, Checkpoint(good.journal, good.settings.change(code_dim=5), {}, (), good.trainer)
    )
    with pytest.raises(CheckpointError, match="does not fit its settings"):
        Session.load(path, X)
    assert runs() == before


def test_a_full_disk_keeps_the_last_good_file(make, tmp_path):
    import resource

    path = tmp_path / "run.npz"
    session = make(**ENDLESS)
    session.start()
    wait_for(lambda: session.status.epoch >= 1)
    session.save(path)
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(CheckpointError, match=r"Could not save to .*File too large"):
            session.save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == before
    assert names(tmp_path) == ["run.npz"]
    step = session.status.step
    wait_for(lambda: session.status.step > step)


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_an_interrupt_during_a_save_keeps_the_last_good_file(saved, monkeypatch, failing):
    from pathlib import Path

    before = saved.read_bytes()

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(*{"fsync": (os, "fsync"), "replace": (Path, "replace")}[failing], interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_checkpoint(saved, small_checkpoint(pending={}))
    assert saved.read_bytes() == before
    assert names(saved.parent) == ["run.npz"]


KILLED = """
import os, random, signal, sys, time
import numpy as np
from ae_widgets import Settings
from ae_widgets.data.fingerprint import Fingerprint
from ae_widgets.session import Journal
from ae_widgets.session.checkpoint import Checkpoint, read_checkpoint, write_checkpoint

path, rng, settings = sys.argv[1], random.Random(0), Settings()
journal = Journal(settings, Fingerprint(np.zeros((2, 2), np.float32)))

def save(number):
    weights = np.full(200_000, number, np.float32)
    write_checkpoint(path, Checkpoint(journal, settings, {}, (), {"number": number, "w": weights}))

save(0)
torn = 0
for _ in range(20):
    first = read_checkpoint(path).trainer["number"] + 1
    read, write = os.pipe()
    child = os.fork()
    if not child:
        for number in range(first, 10**9):
            save(number)
            os.write(write, number.to_bytes(8, "little"))
    os.close(write)
    time.sleep(rng.uniform(0.001, 0.05))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    told = os.read(read, 2**20)
    acknowledged = int.from_bytes(told[-8:], "little")
    os.close(read)
    kept = read_checkpoint(path).trainer
    assert kept["number"] >= acknowledged, (kept["number"], acknowledged)
    assert (kept["w"] == kept["number"]).all()
    torn += any(name.endswith(".tmp") for name in os.listdir(os.path.dirname(path)))
print(torn)
"""


def test_twenty_kills_while_saving_lose_no_acknowledged_file(tmp_path):
    (tmp_path / "kept").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "kept" / "run.npz")],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0  # some were hit in the middle of a save
