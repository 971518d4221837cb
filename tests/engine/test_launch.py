"""A trainer in a thread or in a process looks the same from outside."""

import queue
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from ae_widgets import Session
from ae_widgets.engine import launch
from ae_widgets.engine.launch import TRAINERS, ProcessTrainer, _feature_file
from ae_widgets.engine.protocol import Begin, Failed, Resume, StateChanged, Weights
from tests.engine.data import blobs, small


class Listener:
    def __init__(self):
        self.events = queue.SimpleQueue()

    def wait_for(self, matches, timeout=60):
        deadline = time.monotonic() + timeout
        seen = []
        while True:
            event = self.events.get(timeout=max(0.01, deadline - time.monotonic()))
            seen.append(event)
            if matches(event):
                return event, seen


def finished(event):
    return isinstance(event, StateChanged) and event.state == "finished"


def trained(kind, features):
    listener = Listener()
    trainer = TRAINERS[kind](features, listener.events.put)
    trainer.send(Begin(1, small()))
    trainer.send(Resume())
    _, seen = listener.wait_for(finished)
    trainer.close()
    return [e for e in seen if isinstance(e, Weights)][-1].parameters


def test_process_and_thread_give_the_same_weights():
    features = blobs()
    ours, theirs = trained("process", features), trained("thread", features)
    for name, value in ours.items():
        np.testing.assert_allclose(value, theirs[name], rtol=1e-4, atol=1e-6)


def test_a_killed_process_is_told():
    listener = Listener()
    trainer = ProcessTrainer(blobs(), listener.events.put)
    trainer.send(Begin(1, small()))
    listener.wait_for(lambda e: isinstance(e, StateChanged))
    trainer._process.kill()
    failed, _ = listener.wait_for(lambda e: isinstance(e, Failed))
    assert failed.kind == "TrainerDiedError"
    assert "ended unexpectedly (signal 9). It may have run out of memory." in failed.message


def test_a_closed_process_ends_quietly():
    listener = Listener()
    trainer = ProcessTrainer(blobs(), listener.events.put)
    trainer.send(Begin(1, small()))
    listener.wait_for(lambda e: isinstance(e, StateChanged))
    trainer.close()
    assert trainer._process.wait(timeout=30) == 0
    with pytest.raises(queue.Empty):
        listener.wait_for(lambda e: isinstance(e, Failed), timeout=0.5)


def test_features_reach_the_process_by_a_file_that_does_not_stay(tmp_path):
    files = _feature_file(blobs())
    assert np.array_equal(files.open(), blobs())
    assert not Path(files.path).exists()


def test_a_memory_mapped_file_is_mapped_again_not_copied(tmp_path):
    path = tmp_path / "features.npy"
    np.save(path, blobs())
    mapped = np.load(path, mmap_mode="r")
    files = _feature_file(mapped)
    assert Path(files.path) == path
    assert np.array_equal(files.open(), blobs())
    assert path.exists()


@pytest.mark.parametrize("shape", [(120, 6), (120, 3, 2), (40, 3, 6)])
def test_the_trainer_of_a_session_maps_the_file_that_its_items_are_a_map_of(
    shape, tmp_path, monkeypatch
):
    items = blobs().reshape(shape)
    np.save(tmp_path / "items.npy", items)
    written = []
    monkeypatch.setattr(launch, "_written", written.append)
    mapped = np.load(tmp_path / "items.npy", mmap_mode="r")
    session = Session(mapped[5:], trainer="process", hidden_layer_sizes=(8,), max_iter=2)
    seen = session.reconstruct([0, 30]).inputs
    session.close()
    assert written == []
    np.testing.assert_array_equal(seen, items[[5, 35]].reshape(2, -1))


def test_a_map_that_is_not_what_its_file_holds_is_copied(tmp_path):
    path = tmp_path / "features.npy"
    np.save(path, blobs())
    own = np.load(path, mmap_mode="c")
    own[50] = 7.0  # which does not reach the file
    before = np.load(path, mmap_mode="r")
    gone = np.load(path, mmap_mode="r")
    assert Path(_feature_file(before).path) == path
    np.save(tmp_path / "others.npy", blobs() + 1)
    (tmp_path / "others.npy").replace(path)
    for features in (own, before):
        files = _feature_file(features)
        assert Path(files.path) != path
        assert np.array_equal(files.open(), features)
    path.unlink()
    assert np.array_equal(_feature_file(gone).open(), blobs())


def test_a_slice_of_a_memory_mapped_file_is_what_reaches_the_process(tmp_path):
    path = tmp_path / "features.npy"
    np.save(path, blobs())
    part = np.load(path, mmap_mode="r")[10:20]
    assert np.array_equal(_feature_file(part).open(), blobs()[10:20])


def test_a_thread_that_trains_does_not_break_the_end_of_the_interpreter(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import numpy as np, time\n"
        "from ae_widgets import Session\n"
        "x = np.random.default_rng(0).random((500, 20))\n"
        "session = Session(x, trainer='thread', max_iter=10**6, n_iter_no_change=10**6)\n"
        "session.start()\n"
        "while session.status.epoch < 2: time.sleep(0.01)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


SPARSE = csr_array(np.where(blobs() > 0.5, blobs(), 0))


def test_sparse_features_reach_the_process_by_files_that_do_not_stay():
    files = _feature_file(SPARSE)
    opened = files.open()
    assert opened.dtype == np.float32
    np.testing.assert_array_equal(opened.toarray(), SPARSE.toarray())
    for array in (opened.data, opened.indices, opened.indptr):
        assert _is_mapped(array)
    for file in (files.values, files.columns, files.starts):
        assert not Path(file.path).exists()


def _is_mapped(array):
    while array is not None and not isinstance(array, np.memmap):
        array = array.base
    return array is not None


def test_a_disk_that_is_full_leaves_no_files(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(np, "ascontiguousarray", _full_disk(after=2))
    with pytest.raises(OSError, match="No space"):
        _feature_file(SPARSE)
    assert list(tmp_path.iterdir()) == []


def _full_disk(after):
    calls = []

    def ascontiguousarray(array):
        calls.append(array)
        if len(calls) > after:
            raise OSError(28, "No space left on device")
        return array

    return ascontiguousarray


def test_process_and_thread_give_the_same_weights_of_sparse_items():
    ours, theirs = trained("process", SPARSE), trained("thread", SPARSE)
    for name, value in ours.items():
        np.testing.assert_allclose(value, theirs[name], rtol=1e-4, atol=1e-6)
