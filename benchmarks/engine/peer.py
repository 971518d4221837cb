"""The runner's end of a contestant's process: commands, time limit and memory."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).parent

SAMPLE_SECONDS = 0.002
"""Time between two looks at the memory."""


class Dropped(Exception):  # noqa: N818  # it is an answer, not a fault
    """A contestant gives no result; says why."""


class Peer:
    """A contestant in a process of its own.

    Parameters
    ----------
    name, workload : str
        Who trains, and what.
    limit : float
        Seconds that an answer may take.
    """

    def __init__(self, name: str, workload: str, limit: float) -> None:
        self.name = name
        self._workload = workload
        self._limit = limit
        self._start()

    def _start(self) -> None:
        paths = [str(HERE.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, HERE / "serve.py", self.name, self._workload],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # The package is that of this tree.
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        self._process.kill()
        self._process.communicate()

    def renew(self, seed: int) -> None:
        """Go on in a new process, warmed up."""
        self._end()
        self._start()
        self.ready()
        self.fit(seed)

    def ready(self) -> None:
        """Wait until it has imported its engine and opened the data."""
        self._answer()

    def fit(self, seed: int) -> tuple[float, float]:
        """Prepare and train; return the seconds of the training and the error reached."""
        self._ask(f"prepare {seed}")
        seconds = self._ask("train")["seconds"]
        return seconds, self._ask("measure")["error"]

    def first_fit(self, seed: int) -> tuple[float, float | None]:
        """Prepare and train; return the seconds and the memory that both added, in MB.

        It is the peak over what was held after the imports and after the data was
        opened. What a process has that the contestant started counts from when it
        is prepared.
        """
        watch = MemoryWatch(self._process.pid)
        self._ask(f"prepare {seed}", watch)
        watch.adopt_children()
        seconds = self._ask("train", watch)["seconds"]
        self._ask("measure")
        return seconds, watch.added

    def _ask(self, command: str, watch: MemoryWatch | None = None) -> dict[str, Any]:
        try:
            self._process.stdin.write(f"{command}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            self._raise_died()
        return self._answer(watch)

    def _answer(self, watch: MemoryWatch | None = None) -> dict[str, Any]:
        deadline = time.monotonic() + self._limit
        while not select.select([self._process.stdout], [], [], SAMPLE_SECONDS if watch else 1)[0]:
            if watch:
                watch.look()
            if time.monotonic() > deadline:
                msg = f"took more than {self._limit:g} s"
                raise Dropped(msg)
        line = self._process.stdout.readline()
        if not line:
            self._raise_died()
        answer = json.loads(line)
        if "reason" in answer:
            raise Dropped(answer["reason"])
        return answer

    def _raise_died(self) -> None:
        msg = f"its process ended with {self._process.wait()}"
        raise Dropped(msg)


class MemoryWatch:
    """The largest anonymous memory of a process and of those it started.

    Parameters
    ----------
    pid : int
        The process; what it holds now does not count.
    """

    def __init__(self, pid: int) -> None:
        self._pids = [pid]
        self._base = self._peak = self._held()

    @property
    def added(self) -> float | None:
        """Megabytes over the beginning, or None where the system does not tell."""
        return (self._peak - self._base) / 1024 if self._peak else None

    def look(self) -> None:
        """Take the present memory into account."""
        self._peak = max(self._peak, self._held())

    def adopt_children(self) -> None:
        """Count processes started since, from what they hold now."""
        (pid,) = self._pids
        found = []
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            found += [int(child) for child in children.read_text().split()]
        held = sum(map(anonymous_memory, found))
        self._pids += found
        self._base += held
        self._peak += held

    def _held(self) -> int:
        return sum(map(anonymous_memory, self._pids))


def anonymous_memory(pid: int) -> int:
    """Return the kilobytes of a process that no file stands behind.

    On kernels that do not tell, the peak of all its memory; elsewhere than on
    Linux, 0.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    fields = dict(line.split(":", 1) for line in status.splitlines())
    return int(fields.get("RssAnon", fields.get("VmHWM", "0")).split()[0])
