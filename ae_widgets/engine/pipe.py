"""Pickled messages over a pair of byte streams, with the lengths of their parts before them.

The arrays of a message are parts of their own, which neither end copies.

The two ends are a process and the child it started, so what is unpickled comes
from ourselves. End of file on the child's input means that the parent is gone.
"""

from __future__ import annotations

import pickle
import queue
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["FeatureFile", "SparseFiles", "StreamWriter", "read_message"]

_NUMBER = struct.Struct("<Q")


@dataclass(frozen=True)
class FeatureFile:
    """Where an array lies on disk, to be memory-mapped.

    Attributes
    ----------
    path : str
        File with the values in C order.
    offset : int
        Bytes before the first value.
    shape : tuple of int
        (n_samples, n_features) of features.
    temporary : bool
        Whether the file may be deleted once it is mapped.
    dtype : str, default='float32'
        What the values are.
    """

    path: str
    offset: int
    shape: tuple[int, ...]
    temporary: bool
    dtype: str = "float32"

    def open(self) -> NDArray[Any]:
        """Map the file; writing to the result never reaches the file."""
        mapped: NDArray[Any] = np.memmap(
            self.path, dtype=self.dtype, mode="c", offset=self.offset, shape=self.shape
        )
        # The mapping outlives the name, so nothing is left behind even if both
        # processes are killed. Where that is not allowed, the parent deletes the
        # file when the session is closed.
        self.delete()
        return mapped

    def delete(self) -> None:
        """Delete the file if it is temporary and may be deleted."""
        if self.temporary:
            with suppress(OSError):
                Path(self.path).unlink()


@dataclass(frozen=True)
class SparseFiles:
    """Where the arrays of a CSR matrix lie on disk.

    Attributes
    ----------
    values, columns, starts : FeatureFile
        Its `data`, `indices` and `indptr`.
    shape : tuple of int
        (n_samples, n_features).
    """

    values: FeatureFile
    columns: FeatureFile
    starts: FeatureFile
    shape: tuple[int, int]

    def open(self) -> Any:
        """Return a matrix on the mapped files."""
        from scipy.sparse import csr_array

        arrays = [file.open() for file in (self.values, self.columns, self.starts)]
        return csr_array(tuple(arrays), shape=self.shape)

    def delete(self) -> None:
        """Delete the files that are temporary and may be deleted."""
        for file in (self.values, self.columns, self.starts):
            file.delete()


def read_message(stream: BinaryIO) -> Any:
    """Return the next message.

    Raises
    ------
    EOFError
        If the other end is gone.
    """
    (n_parts,) = _NUMBER.unpack(_read_exactly(stream, _NUMBER.size))
    lengths = [_NUMBER.unpack(_read_exactly(stream, _NUMBER.size))[0] for _ in range(n_parts)]
    head, *arrays = [_read_exactly(stream, length) for length in lengths]
    return pickle.loads(head, buffers=arrays)  # noqa: S301  # from our own child or parent


def _read_exactly(stream: BinaryIO, length: int) -> bytearray:
    data = bytearray(length)
    rest = memoryview(data)
    while rest:
        read = stream.readinto(rest)  # type: ignore[attr-defined]  # of all binary files
        if not read:
            raise EOFError
        rest = rest[read:]
    return data


class StreamWriter:
    """Writes messages from a thread of its own, so that `put` never blocks.

    Parameters
    ----------
    stream : binary file
        Closed at the end.
    first : callable, optional
        Makes the message that goes before all others, on the writing thread.
    """

    def __init__(self, stream: BinaryIO, first: Callable[[], object] | None = None) -> None:
        self._stream = stream
        self._first = first
        self._queue: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._done = threading.Event()
        threading.Thread(target=self._write, name="ae_widgets-writer", daemon=True).start()

    def put(self, message: object) -> None:
        """Queue `message`; None closes the stream after what was queued before.

        What can be called is called when its turn comes, on the writing thread, and makes
        the message.
        """
        self._queue.put(message)

    def close(self, timeout: float) -> None:
        """Write what is queued and close the stream, waiting `timeout` seconds at most."""
        self.put(None)
        self._done.wait(timeout)

    def _write(self) -> None:
        try:
            if self._first is not None:
                self._send(self._first())
            while (message := self._queue.get()) is not None:
                self._send(message() if callable(message) else message)
        except (OSError, ValueError):
            pass  # The other end is gone; whoever reads from it finds out.
        finally:
            with suppress(OSError, ValueError):
                self._stream.close()
            self._done.set()

    def _send(self, message: object) -> None:
        arrays: list[pickle.PickleBuffer] = []
        head = pickle.dumps(
            message, protocol=pickle.HIGHEST_PROTOCOL, buffer_callback=arrays.append
        )
        parts = [memoryview(head), *(array.raw() for array in arrays)]
        for number in (len(parts), *map(len, parts)):
            self._stream.write(_NUMBER.pack(number))
        for part in parts:
            self._stream.write(part)
        self._stream.flush()
