"""Files that are there whole or not at all, and are never taken for something else."""

from __future__ import annotations

import itertools
import os
import pickletools
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable

    from ae_widgets.exceptions import AEWidgetsError

__all__ = ["PICKLE", "is_pickle", "read_bytes", "write_atomically"]

PICKLE = "This is a pickle file. ae_widgets never loads pickles: it could run code."

LITTER_SECONDS = 600.0
"""A temporary file that nobody has written to for so long was left by a killed process."""

_numbers = itertools.count(1)


def write_atomically(
    path: str | os.PathLike[str],
    write: Callable[[BinaryIO], object],
    error: type[AEWidgetsError],
) -> None:
    """Have `write` fill a file that takes the place of `path` once it is on the disk.

    Whatever goes wrong, or if the process is killed, what was at `path` stays.

    Parameters
    ----------
    path : path-like
        The file; a ``~`` at its start is expanded.
    write : callable
        Takes the open binary file.
    error : type
        Raised if the file cannot be written; says why.
    """
    target = Path(path).expanduser()
    # Beside the target: only within one file system is the last move atomic.
    temporary = target.with_name(f".{target.name}.{os.getpid()}-{next(_numbers)}.tmp")
    try:
        with temporary.open("x+b") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        _remove_litter(temporary, target)
        temporary.replace(target)
    except BaseException as failure:
        with suppress(OSError):
            temporary.unlink()
        if not isinstance(failure, OSError):
            raise
        msg = (
            f"Could not save to {str(target)!r}: {failure.strerror or failure}"
            f"{_free_space(target.parent)}. What was there before is untouched, and training is "
            "not affected. Choose another place, or free some space."
        )
        raise error(msg) from failure
    _sync_folder(target.parent)


def read_bytes(
    path: str | os.PathLike[str], limit: int, what: str, error: type[AEWidgetsError]
) -> bytes:
    """Return what the file holds, or raise `error` if it has more than `limit` bytes.

    Parameters
    ----------
    path : path-like
        The file.
    limit : int
        Largest size that is read.
    what : str
        What the file should be, for the message.
    error : type
        Raised if it cannot be read.
    """
    source = Path(path).expanduser()
    try:
        with source.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as failure:
        msg = f"Could not read the {what} {str(source)!r}: {failure.strerror or failure}."
        raise error(msg) from failure
    if len(data) > limit:
        msg = f"{str(source)!r} has more than {limit / 1e6:,.0f} MB: this is no {what}."
        raise error(msg)
    return data


def is_pickle(data: bytes) -> bool:
    """Whether `data` could be unpickled; finding out runs none of it."""
    if data[:1] == b"\x80" and data[1:2] <= b"\x05":
        return True
    end = 0
    try:
        for _, _, position in pickletools.genops(data):
            end = position or 0
    except Exception:  # noqa: BLE001  # whatever its reader stumbles over: then it is none
        return False
    return end + 1 == len(data.rstrip())


def _free_space(folder: Path) -> str:
    with suppress(OSError):
        return f" ({shutil.disk_usage(folder).free / 1e6:,.1f} MB free there)"
    return ""


def _remove_litter(temporary: Path, target: Path) -> None:
    """Remove what killed processes left beside `target`, by the file system's own clock."""
    now = temporary.stat().st_mtime
    for other in target.parent.glob(f".{_literal(target.name)}.*-*.tmp"):
        with suppress(OSError):
            if now - other.stat().st_mtime > LITTER_SECONDS:
                other.unlink()


def _literal(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk too, where folders can be opened."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
