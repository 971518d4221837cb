"""Starts a trainer and hands over commands and events (no torch).

`ProcessTrainer` trains in a process of its own, so that it keeps its speed while
the caller's process is busy with Python code. `ThreadTrainer` trains in a thread,
for places where no process can be started. Both look the same from outside.
"""

from __future__ import annotations

import atexit
import os
import queue
import subprocess
import tempfile
import threading
import time
import weakref
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

import numpy as np

from ae_widgets import child
from ae_widgets.data.sparse import is_sparse
from ae_widgets.engine.pipe import FeatureFile, SparseFiles, StreamWriter, read_message
from ae_widgets.engine.protocol import Begin, Failed, Shutdown

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ae_widgets.engine.protocol import Command, Event

__all__ = ["TRAINERS", "ProcessTrainer", "ThreadTrainer", "TrainerHandle"]


EXIT_SECONDS = 3.0
"""Longest time that the end of the interpreter waits for trainers in threads."""

COMPARED_ITEMS = 64
"""By so many it is told that a mapped file is still the one that has its name."""


class TrainerHandle(Protocol):
    """What a session holds of its trainer."""

    def send(self, command: Command) -> None:
        """Queue a command; never blocks."""

    def close(self) -> None:
        """End the trainer after the commands queued before; does not wait."""


class ThreadTrainer:
    """A trainer in a thread of this process.

    Parameters
    ----------
    features : ndarray or CSR matrix of shape (n_samples, n_features), float32
        All items.
    handle : callable
        Takes each event, on the trainer's thread.
    """

    def __init__(
        self, features: NDArray[np.float32] | Any, handle: Callable[[Event], None]
    ) -> None:
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._features = features
        self._handle = handle
        self._ended = threading.Event()
        _threads.add(self)
        threading.Thread(target=self._serve, name="ae_widgets-trainer", daemon=True).start()

    def send(self, command: Command) -> None:
        """Queue a command; never blocks."""
        self._commands.put(command)

    def close(self) -> None:
        """End the trainer after the commands queued before; does not wait."""
        self.send(Shutdown())

    def _serve(self) -> None:
        from ae_widgets.engine.worker import Worker

        try:
            Worker(self._features, self._commands, self._handle).serve()
        finally:
            self._ended.set()

    def end(self, deadline: float) -> None:
        """End the trainer and wait for it until `deadline` on the monotonic clock."""
        self.close()
        self._ended.wait(max(0.0, deadline - time.monotonic()))


_threads: weakref.WeakSet[ThreadTrainer] = weakref.WeakSet()


@atexit.register
def _end_threads() -> None:
    """Leave no thread within torch while the interpreter takes itself apart."""
    deadline = time.monotonic() + EXIT_SECONDS
    for trainer in tuple(_threads):
        trainer.end(deadline)


class ProcessTrainer:
    """A trainer in a process of its own, which ends when this one does.

    Parameters
    ----------
    features : ndarray or CSR matrix of shape (n_samples, n_features), float32
        All items. A memory-mapped file is mapped again by the trainer, anything
        else is written to temporary files once.
    handle : callable
        Takes each event, on a thread of this object. If the process ends
        unasked, the last event is `Failed` of kind 'TrainerDiedError'.
    """

    def __init__(
        self, features: NDArray[np.float32] | Any, handle: Callable[[Event], None]
    ) -> None:
        self._handle = handle
        self._closed = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the process
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter, our own module
            child.command("ae_widgets.engine.worker"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=child.environment(),
            start_new_session=True,  # an interrupt of the caller is not for us
        )
        self._files: list[FeatureFile | SparseFiles] = []
        self._writer = StreamWriter(
            cast("BinaryIO", self._process.stdin), partial(self._write_features, features)
        )
        threading.Thread(target=self._listen, name="ae_widgets-events", daemon=True).start()

    @property
    def pid(self) -> int:
        """Process id of the trainer."""
        return self._process.pid

    def send(self, command: Command) -> None:
        """Queue a command; never blocks."""
        if isinstance(command, Begin) and (
            isinstance(command.features, np.ndarray) or is_sparse(command.features)
        ):
            self._writer.put(partial(self._with_file, command, command.features))
        else:
            self._writer.put(command)

    def close(self) -> None:
        """End the trainer after the commands queued before; does not wait."""
        self._closed = True
        self.send(Shutdown())
        self._writer.put(None)

    def kill(self) -> None:
        """End the trainer now."""
        self._closed = True
        self._process.kill()

    def _listen(self) -> None:
        try:
            while True:
                self._handle(read_message(cast("BinaryIO", self._process.stdout)))
        except EOFError:
            code = self._process.wait()
            for file in self._files:
                file.delete()
            if not self._closed:
                self._handle(self._obituary(code))
        finally:
            self._writer.put(None)
            cast("BinaryIO", self._process.stdout).close()
            self._errors.close()

    def _with_file(self, command: Begin, features: NDArray[np.float32] | Any) -> Begin:
        return replace(command, features=self._write_features(features))

    def _write_features(self, features: NDArray[np.float32] | Any) -> FeatureFile | SparseFiles:
        try:
            file = _feature_file(features)
        except OSError as error:
            message = (
                f"Could not hand {_n_bytes(features) / 1e6:,.0f} MB of data to the training "
                f"process: {error.strerror} ({tempfile.gettempdir()}). Free some space there, "
                "set TMPDIR to another folder, or use trainer='thread'."
            )
            self._handle(Failed(-1, "TrainingError", message, ""))
            self.kill()
            raise
        self._files.append(file)
        return file

    def _obituary(self, code: int) -> Failed:
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip()
        how = f"signal {-code}" if code < 0 else f"exit status {code}"
        hint = " It may have run out of memory." if code == -9 else ""  # noqa: PLR2004  # SIGKILL
        message = (
            f"The training process ended unexpectedly ({how}).{hint} The weights it last "
            "sent and the history are kept; press Start to begin again from them."
        )
        return Failed(-1, "TrainerDiedError", message, said[-4000:])


TRAINERS: dict[str, type[ProcessTrainer | ThreadTrainer]] = {
    "process": ProcessTrainer,
    "thread": ThreadTrainer,
}
"""Where a trainer can live, by the name that `Session` takes."""


def _feature_file(features: NDArray[np.float32] | Any) -> FeatureFile | SparseFiles:
    if not is_sparse(features):
        return _mapped(features) or _written(features)
    files: list[FeatureFile] = []
    with ExitStack() as undo:
        for array in _arrays(features):
            file = _written(array)
            undo.callback(file.delete)
            files.append(file)
        undo.pop_all()
    values, columns, starts = files
    return SparseFiles(values, columns, starts, (int(features.shape[0]), int(features.shape[1])))


def _arrays(matrix: Any) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the arrays of a CSR matrix."""
    return matrix.data, matrix.indices, matrix.indptr


def _mapped(features: NDArray[np.float32]) -> FeatureFile | None:
    """Return where `features` lie in a file of which they are a map, None if in none."""
    whole: Any = features  # of which they may be a view, such as images made flat
    while isinstance(whole.base, np.ndarray):
        whole = whole.base
    named = isinstance(whole, np.memmap) and isinstance(whole.filename, (str, Path))
    # What is written into a map of mode 'c' does not reach the file.
    if not named or whole.mode == "c" or not features.flags.c_contiguous:
        return None
    offset = int(whole.offset) + features.ctypes.data - whole.ctypes.data
    shape = (int(features.shape[0]), int(features.shape[1]))
    file = FeatureFile(str(whole.filename), offset, shape, temporary=False)
    some = slice(None, None, 1 + len(features) // COMPARED_ITEMS)
    try:
        same = np.array_equal(file.open()[some], features[some], equal_nan=True)
    except (OSError, ValueError):  # it is gone, or too short by now
        return None
    return file if same else None  # else another file has its name


def _written(array: NDArray[Any]) -> FeatureFile:
    """Write an array to a temporary file."""
    descriptor, path = tempfile.mkstemp(prefix="ae_widgets-", suffix=".bin")
    file = FeatureFile(path, 0, array.shape, temporary=True, dtype=array.dtype.name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            np.ascontiguousarray(array).tofile(stream)
    except OSError:
        file.delete()
        raise
    return file


def _n_bytes(features: NDArray[np.float32] | Any) -> int:
    if is_sparse(features):
        return sum(array.nbytes for array in _arrays(features))
    return int(features.nbytes)
