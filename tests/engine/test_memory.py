"""A machine that is short of memory says so once, with what to do."""

import mmap
import platform
import subprocess
import sys

import numpy as np
import pytest
import torch

from ae_widgets import Autoencoder, NotEnoughMemoryError, Session, TrainingError
from ae_widgets.engine.memory import memory_errors
from ae_widgets.engine.trainer import Trainer
from tests.engine.data import blobs

CPU_ALLOCATOR = (
    "[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory: "
    "you tried to allocate 4000000000000 bytes. Error code 12 (Cannot allocate memory)"
)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(CPU_ALLOCATOR),
        RuntimeError("[enforce fail] . DefaultCPUAllocator: not enough memory: you tried ..."),
        RuntimeError("MPS backend out of memory (MPS allocated: 9.0 GB)"),
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        MemoryError(),
    ],
)
def test_every_library_words_become_ours(error):
    expected = pytest.raises(NotEnoughMemoryError, match=r"^Not enough memory: wait")
    with expected as caught, memory_errors("wait"):
        raise error
    assert caught.value.__cause__ is error
    assert isinstance(caught.value, (TrainingError, MemoryError))


def test_torchs_own_error_is_recognised():
    with pytest.raises(NotEnoughMemoryError, match="allocate"), memory_errors("wait"):
        torch.empty(2**55, dtype=torch.float32)


def test_other_errors_stay():
    with pytest.raises(RuntimeError, match="shapes") as caught, memory_errors("wait"):
        raise RuntimeError("shapes")  # noqa: EM101  # any
    assert not isinstance(caught.value, NotEnoughMemoryError)


def short(*_args, **_options):
    raise RuntimeError(CPU_ALLOCATOR)


def test_fit_keeps_the_model_and_names_the_batch_size(monkeypatch):
    X = blobs(100, 6)
    finish_epoch = Trainer.finish_epoch

    def second(trainer):
        return short(trainer) if trainer.epoch else finish_epoch(trainer)

    monkeypatch.setattr(Trainer, "finish_epoch", second)
    model = Autoencoder(hidden_layer_sizes=(8,), max_iter=5, random_state=0)
    with pytest.raises(NotEnoughMemoryError, match=r"try batch_size=32 \(now 64\)"):
        model.fit(X)
    assert model.n_iter_ == 1
    assert np.isfinite(model.transform(X)).all()


def test_fit_explains_a_network_that_is_too_large(monkeypatch):
    monkeypatch.setattr("ae_widgets.engine.trainer.build_network", short)
    with pytest.raises(NotEnoughMemoryError, match="smaller hidden_layer_sizes"):
        Autoencoder().fit(blobs(20, 3))


def test_a_session_explains_it(monkeypatch):
    monkeypatch.setattr(Trainer, "finish_epoch", short)
    session = Session(blobs(), hidden_layer_sizes=(8,), batch_size=16, trainer="thread")
    try:
        session.start()
        with pytest.raises(NotEnoughMemoryError, match=r"try batch_size=8 \(now 16\)"):
            session.wait(60)
    finally:
        session.close()


FAULTS_OF_BATCHES = """
import resource, sys
import numpy as np
from ae_widgets.engine.memory import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        blocks = [np.ones(2**18, np.float32) for _ in range(16)]
        del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

if sys.argv[1] == "kept":
    keep_freed_memory()
faults()  # the first batch fetches them
print(faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries have other habits")
def test_what_a_batch_frees_is_kept_for_the_next():
    def faults(how: str) -> int:
        command = [sys.executable, "-c", FAULTS_OF_BATCHES, how]
        return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)

    pages = 5 * 16 * 2**20 // mmap.PAGESIZE
    assert faults("kept") < pages / 20
    assert faults("not kept") > pages / 2
