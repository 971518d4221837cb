"""What was measured, as Markdown."""

from __future__ import annotations

import datetime as dt
import os
import platform
import re
import statistics
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from contestants import REFERENCE
from workloads import WORKLOADS

HERE = Path(__file__).parent
BEGIN, END = "<!-- results -->", "<!-- end of results -->"

SAME_ERROR = 0.01
"""Relative difference up to which two errors count as the same."""


@dataclass
class Row:
    """What one contestant measured on one workload.

    Parameters
    ----------
    contestant : str
        Its name.
    seconds, errors : list of float
        Training time and mean squared error of each round; the n-th rounds of all
        contestants have the same seed.
    memory : float or None
        Megabytes that the first fit added.
    reason : str
        Why there is no (complete) result, or empty.
    """

    contestant: str
    seconds: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    memory: float | None = None
    reason: str = ""

    def ratio(self, reference: Row) -> float | None:
        """Return how many times faster than `reference`, by median over the rounds."""
        pairs = list(zip(reference.seconds, self.seconds, strict=False))
        return statistics.median(r / s for r, s in pairs) if pairs else None

    def off(self, reference: Row) -> float | None:
        """Return the relative difference of the error, by median over the rounds."""
        pairs = list(zip(reference.errors, self.errors, strict=False))
        return statistics.median(e / r for r, e in pairs) - 1 if pairs else None


def table(rows: list[Row]) -> str:
    """Return a Markdown table of a workload, the fastest first."""
    reference = next((row for row in rows if row.contestant == REFERENCE), Row(REFERENCE))
    lines = [
        "| | seconds | range | rounds | ratio | error | off | MB |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    finished = [row for row in rows if row.seconds and not row.reason]
    for row in sorted(finished, key=lambda row: statistics.median(row.seconds)):
        off = row.off(reference)
        mark = " (!)" if off is not None and not abs(off) <= SAME_ERROR else ""
        cells = (
            row.contestant,
            f"{statistics.median(row.seconds):.3f}",
            f"{min(row.seconds):.3f} to {max(row.seconds):.3f}",
            str(len(row.seconds)),
            _number(row.ratio(reference), ".2f"),
            f"{statistics.median(row.errors):.5f}",
            f"{_number(off, '+.1%')}{mark}",
            _number(row.memory, ".0f"),
        )
        lines.append(f"| {' | '.join(cells)} |")
    missing = [f"- {row.contestant}: {row.reason}" for row in rows if row.reason]
    return "\n".join([*lines, *([""] if missing else []), *missing])


def overview(results: dict[str, list[Row]]) -> str:
    """Return a Markdown table of all ratios, a workload a column."""
    names = list(dict.fromkeys(row.contestant for rows in results.values() for row in rows))
    lines = [f"| | {' | '.join(results)} |", f"|---|{'--:|' * len(results)}"]
    for name in names:
        cells = []
        for rows in results.values():
            found = {row.contestant: row for row in rows}
            row = found[name]
            ratio = row.ratio(found[REFERENCE]) if REFERENCE in found and not row.reason else None
            cells.append(_number(ratio, ".2f"))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def write(results: dict[str, list[Row]], rounds: int) -> None:
    """Put the tables between the markers of the README."""
    parts = [
        f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {rounds} rounds. {machine()}.",
        f"{versions()}.",
        "Times faster than the tutorial loop:",
        overview(results),
    ]
    for workload, rows in results.items():
        parts += [f"### {workload}: {WORKLOADS[workload].title}", table(rows)]
    readme = HERE / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text("\n\n".join([before + BEGIN, *parts, END + after]), encoding="utf-8")


def machine() -> str:
    """Return the processor, its cores and the memory, but no name of the machine."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", info.read_text() if info.exists() else "")
    model = found.group(1) if found else platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}"


def versions() -> str:
    """Return Python and what is installed of the peers, with their versions."""
    pinned = (HERE / "requirements-peers.txt").read_text(encoding="utf-8")
    found = [f"Python {platform.python_version()}"]
    for name in re.findall(r"^([\w-]+)==", pinned, re.MULTILINE):
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def _number(value: float | None, how: str) -> str:
    return "" if value is None else format(value, how)
