import subprocess
import sys

import numpy as np
import pytest

from ae_widgets import jit_cache
from ae_widgets.engine.compiled.convolutional_loop import train_image_batches
from ae_widgets.engine.compiled.dense_loop import train_batches
from ae_widgets.engine.compiled.rounded_output import finish
from ae_widgets.engine.compiled.sparse_loop import train_sparse_batches
from ae_widgets.engine.compiled.units_loop import train_batches as train_units
from ae_widgets.jit import compiled, entry
from ae_widgets.losses.gradients import complexity_gradient, reconstruction_gradient
from ae_widgets.model.activations import activate, chain

LOOP = """
import numpy as np
from ae_widgets.jit import compiled, entry

@compiled
def total(values):
    result = np.float32(0)
    for value in values:
        result += value
    return result

@entry
def work(values):
    return total(values[0]) + total(values[:, 1])
"""
RUN = """
import numpy as np
from loop import work
value = work(np.random.default_rng(0).random((257, 7), np.float32))
print(sum(work.stats.cache_hits.values()), sum(work.stats.cache_misses.values()), value.hex())
"""


def first_and_later(monkeypatch, folder, cache):
    """Run the same in two processes; return what each says."""
    (folder / "loop.py").write_text(LOOP)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(cache))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return [
        subprocess.run(
            [sys.executable, "-c", RUN], check=True, capture_output=True, text=True
        ).stdout.split()
        for _ in range(2)
    ]


def test_the_first_process_runs_the_machine_code_that_all_later_ones_run(monkeypatch, tmp_path):
    first, later = first_and_later(monkeypatch, tmp_path, tmp_path / "cache")
    assert first[:2] == ["1", "0"]  # loaded, not compiled: another process had done that
    assert first == later


def test_where_nothing_can_be_kept_it_is_compiled_each_time(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    first, later = first_and_later(monkeypatch, tmp_path, tmp_path / "file")
    assert first[2] == later[2]


@pytest.mark.parametrize(
    "function",
    [
        *(train_batches, train_units, train_sparse_batches, train_image_batches, finish),
        *(complexity_gradient, reconstruction_gradient, activate, chain),
    ],
)
def test_whatever_python_calls_is_compiled_elsewhere(function):
    assert isinstance(function._cache, jit_cache.EntryCache)


def test_without_another_process_it_is_compiled_here(monkeypatch):
    monkeypatch.setattr(jit_cache.child, "command", lambda _: ["/no/such/program"])
    assert entry(_double)(2) == 4


def test_code_is_old_when_a_module_with_compiled_functions_changes(monkeypatch, tmp_path):
    (tmp_path / "loop.py").write_text("from ae_widgets.jit import compiled")
    (tmp_path / "other.py").write_text("")
    monkeypatch.setattr(jit_cache, "HOME", tmp_path)
    state = jit_cache._state_of_sources.__wrapped__
    before = state()
    (tmp_path / "other.py").write_text("x = 1")
    assert state() == before
    (tmp_path / "loop.py").write_text("from ae_widgets.jit import  compiled")
    assert state() != before


def test_a_full_disk_does_not_stop_the_training(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    function = compiled(_double)
    monkeypatch.setattr(function._cache._cache_file, "save", full)
    assert function(np.int64(3)) == 6


def _double(x):
    return 2 * x
