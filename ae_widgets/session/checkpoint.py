"""A run in a file, to go on with as if it had never been interrupted.

The file is an uncompressed zip that `numpy.load` can open: one ``.npy`` an array, and
``manifest.json`` with everything else, in which ``{"array": name}`` stands for an
array. The zip's comment, the last 64 bytes of the file, is the SHA-256 of all bytes
before it, so that a file that was cut or changed anywhere is refused before anything in
it is read. The hash tells accidents, not forgeries; what a forged file can do is
bounded by what is read of it: numbers, text and plain arrays, never a pickle.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.data.steps import Own, describe_steps, read_steps, steps_from
from ae_widgets.engine.protocol import LossParts, LossRecord
from ae_widgets.exceptions import CheckpointError, JournalError
from ae_widgets.session.entries import settings_from, settings_values
from ae_widgets.session.files import PICKLE, is_pickle, write_atomically
from ae_widgets.session.journal import Journal

if TYPE_CHECKING:
    from typing import BinaryIO

    from numpy.typing import NDArray

    from ae_widgets.engine.settings import Settings

__all__ = ["Checkpoint", "read_checkpoint", "write_checkpoint"]

FORMAT = "ae_widgets checkpoint"

SCHEMA = 1
"""Number of the file's layout, raised when it changes."""

MANIFEST = "manifest.json"

MAX_MANIFEST_BYTES = 2**28
"""Largest manifest that is written and read."""

_DIGEST = 64  # hexadecimal digits at the end of the file


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """All of a run that has to be kept.

    Attributes
    ----------
    journal : Journal
        How it came here.
    settings : Settings
        Those in force.
    pending : dict of str to value
        Changes that wait for the next run.
    records : tuple of LossRecord
        Every measurement of the loss.
    trainer : dict
        What `Trainer.state` returned: numpy arrays and plain values, nested.
    """

    journal: Journal
    settings: Settings
    pending: dict[str, Any]
    records: tuple[LossRecord, ...]
    trainer: dict[str, Any]


def write_checkpoint(path: str | os.PathLike[str], checkpoint: Checkpoint) -> None:
    """Write a checkpoint, whole or not at all.

    Raises
    ------
    CheckpointError
        If it cannot be written, or would be too large to be read; a file that was there
        is untouched.
    """
    arrays: list[NDArray[Any]] = []
    manifest = {
        "format": FORMAT,
        "schema": SCHEMA,
        "journal": checkpoint.journal.to_dict(),
        "settings": settings_values(checkpoint.settings),
        "pending": _pending(checkpoint.pending),
        "records": [asdict(record) for record in checkpoint.records],
        "trainer": _encode(checkpoint.trainer, arrays),
    }
    try:
        text = json.dumps(manifest, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        msg = f"The run holds something that JSON cannot: {error}."
        raise CheckpointError(msg) from error
    if len(text) > MAX_MANIFEST_BYTES:
        msg = (
            f"The journal and the history take {len(text) / 1e6:,.0f} MB, and no more than "
            f"{MAX_MANIFEST_BYTES / 1e6:,.0f} MB are read. Keep the model by "
            "Autoencoder.from_session; give the labels of many items as y."
        )
        raise CheckpointError(msg)
    write_atomically(path, lambda file: _write(file, text, arrays), CheckpointError)


def read_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read what `write_checkpoint` wrote.

    Raises
    ------
    CheckpointError
        If it cannot be read, is damaged, or is no checkpoint of this schema.
    """
    try:
        with Path(path).expanduser().open("rb") as file:
            _check_digest(file)
            return _read(file)
    except OSError as error:
        what = f"{error.strerror or error}."
    except CheckpointError as error:
        what = str(error)
    except (
        KeyError, TypeError, ValueError, AttributeError, RecursionError, MemoryError,
        OverflowError, NotImplementedError, EOFError, zipfile.BadZipFile,
    ) as error:  # fmt: skip  # whatever a forged file makes the readers stumble over
        what = f"It was made by something else or edited: {type(error).__name__}: {error}."
    msg = f"Could not read the checkpoint {str(path)!r}. {what}"
    raise CheckpointError(msg)


# The file -----------------------------------------------------------------------------


def _write(file: BinaryIO, manifest: bytes, arrays: list[NDArray[Any]]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(MANIFEST, manifest)
        for number, array in enumerate(arrays):
            with archive.open(f"{number}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
        archive.comment = b"0" * _DIGEST
    end = file.seek(-_DIGEST, os.SEEK_END)
    digest = _digest(file, end)
    file.seek(end)
    file.write(digest)


def _digest(file: BinaryIO, end: int) -> bytes:
    """Return the hash of the file's bytes before `end`."""
    digest = hashlib.sha256()
    file.seek(0)
    while end > 0 and (block := file.read(min(end, 2**22))):
        digest.update(block)
        end -= len(block)
    return digest.hexdigest().encode()


def _check_digest(file: BinaryIO) -> None:
    head = file.read(2**16)
    size = file.seek(0, os.SEEK_END)
    if is_pickle(head) or _holds_pickle(file):
        raise CheckpointError(PICKLE)
    end = max(0, size - _DIGEST)
    found = _digest(file, end)
    if file.read() != found:
        msg = "It is damaged (cut off or changed since it was written), or no checkpoint."
        raise CheckpointError(msg)


def _holds_pickle(file: BinaryIO) -> bool:
    """Whether this is a file of torch.save."""
    try:
        with zipfile.ZipFile(file) as archive:
            return any(name.endswith(".pkl") for name in archive.namelist())
    except Exception:  # noqa: BLE001  # whatever is wrong with it: then it is another fault
        return False


def _read(file: BinaryIO) -> Checkpoint:
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        inflated = sum(member.file_size for member in members) > file.seek(0, os.SEEK_END)
        if inflated or any(member.compress_type != zipfile.ZIP_STORED for member in members):
            msg = "It was not written by ae_widgets: it holds more than its own size."
            raise CheckpointError(msg)
        if archive.getinfo(MANIFEST).file_size > MAX_MANIFEST_BYTES:
            msg = f"Its manifest has more than {MAX_MANIFEST_BYTES:,} bytes."
            raise CheckpointError(msg)
        manifest = json.loads(archive.read(MANIFEST))
        if manifest["format"] != FORMAT:
            msg = "It is no checkpoint of ae_widgets."
            raise CheckpointError(msg)
        if manifest["schema"] != SCHEMA:
            msg = (
                f"It has schema {manifest['schema']!r} and this version reads {SCHEMA}: "
                "open it with the ae_widgets that wrote it."
            )
            raise CheckpointError(msg)
        try:
            journal = Journal.from_dict(manifest["journal"])
        except JournalError as error:
            raise CheckpointError(str(error)) from error
        return Checkpoint(
            journal=journal,
            settings=settings_from(manifest["settings"]),
            pending=_pending_from(dict(manifest["pending"])),
            records=tuple(map(_record, manifest["records"])),
            trainer=_decode(manifest["trainer"], _Arrays(archive)),
        )


def _pending(changes: dict[str, Any]) -> dict[str, Any]:
    if "preprocess" not in changes:
        return changes
    return {**changes, "preprocess": describe_steps(read_steps(changes["preprocess"]))}


def _pending_from(values: dict[str, Any]) -> dict[str, Any]:
    others = {name: value for name, value in values.items() if name != "preprocess"}
    steps = steps_from(values.get("preprocess", []))
    if "preprocess" not in values or any(isinstance(step, Own) for step in steps):
        return others  # a transformer that the file could not hold waits no longer
    return {**others, "preprocess": steps}


def _record(values: dict[str, Any]) -> LossRecord:
    losses = {
        split: None if values[split] is None else LossParts(**values[split])
        for split in ("train", "validation")
    }
    return LossRecord(**{**values, **losses})


# Nested values ------------------------------------------------------------------------


def _encode(value: Any, arrays: list[NDArray[Any]]) -> Any:
    """Return `value` as JSON holds it, and append its arrays to `arrays`."""
    match value:
        case np.ndarray():
            arrays.append(value)
            return {"array": f"{len(arrays) - 1}.npy"}
        case dict():  # as pairs, since JSON's keys are text
            return {"dict": [[key, _encode(item, arrays)] for key, item in value.items()]}
        case list() | tuple():
            kind = "list" if isinstance(value, list) else "tuple"
            return {kind: [_encode(item, arrays) for item in value]}
        case float() if not math.isfinite(value):
            return {"float": repr(float(value))}
        case _:
            return value


def _decode(value: Any, arrays: _Arrays) -> Any:
    """Return what `_encode` was given."""
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    match kind:
        case "array":
            return arrays.take(content)
        case "dict":
            return {key: _decode(item, arrays) for key, item in content}
        case "list":
            return [_decode(item, arrays) for item in content]
        case "tuple":
            return tuple(_decode(item, arrays) for item in content)
        case "float":
            return float(content)
        case _:
            msg = f"it holds a {kind!r}"
            raise ValueError(msg)


class _Arrays:
    """The arrays of an archive, each to be taken once, so that few cannot pose as many."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = set(archive.namelist())

    def take(self, name: str) -> NDArray[Any]:
        """Return an array, having checked that it has the bytes it claims."""
        self._names.remove(name)
        data = self._archive.read(name)
        stream = io.BytesIO(data)
        if (layout := np.lib.format.read_magic(stream)) != (1, 0):
            msg = f"an array has the unknown layout {layout}"
            raise ValueError(msg)
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
        if dtype.hasobject or math.prod(shape) * dtype.itemsize != len(data) - stream.tell():
            msg = f"an array of shape {shape} has {len(data) - stream.tell():,} bytes"
            raise ValueError(msg)
        array = np.frombuffer(data, dtype, offset=stream.tell()).copy()
        return array.reshape(shape, order="F" if fortran else "C")
