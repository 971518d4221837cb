"""Time the engine against the tutorial loop beside a process that is always busy.

    python benchmarks/engine/busy_neighbour.py --rounds 5

Both train the dense network on MNIST, in turn, with their default threads.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import report
from contestants import REFERENCE
from run import race
from workloads import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def neighbours(count: int) -> Iterator[None]:
    """Keep `count` processes busy."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workload", choices=WORKLOADS, default="mnist")
    parser.add_argument("--rounds", type=int, default=5, help="fits timed of each (default: 5)")
    parser.add_argument("--neighbours", type=int, default=1, help="busy processes (default: 1)")
    options = parser.parse_args()
    WORKLOADS[options.workload].load()
    with neighbours(options.neighbours):
        rows = race([REFERENCE, "ae_widgets"], options.workload, options.rounds)
    print(f"\nBeside {options.neighbours} busy: {WORKLOADS[options.workload].title}\n")
    print(report.table(rows))


if __name__ == "__main__":
    main()
