"""Measure what the imports take, in fresh processes.

    python benchmarks/import_time.py --processes 9

Prints the median and the range of ``import ae_widgets``, and of what
``from ae_widgets import Autoencoder`` adds to torch's and scikit-learn's import.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

TIMED = """
import sys, time
{before}
started = time.perf_counter()
{statement}
print(time.perf_counter() - started, "torch" in sys.modules)
"""

LIBRARIES = "import torch, sklearn.base, sklearn.utils.validation"

CASES = {
    "import ae_widgets": ("", "import ae_widgets"),
    "torch and scikit-learn": ("", LIBRARIES),
    "from ae_widgets import Autoencoder, after them": (
        LIBRARIES,
        "from ae_widgets import Autoencoder",
    ),
}


def import_time(before: str, statement: str) -> tuple[float, bool]:
    """Return the seconds of `statement` after `before`, and whether torch is loaded then."""
    code = TIMED.format(before=before, statement=statement)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}  # the package is that of this tree
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    seconds, torch = answer.stdout.split()
    return float(seconds), torch == "True"


def main() -> None:
    """Print a line a case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=9, help="of each case (default: 9)")
    options = parser.parse_args()
    measured = {name: [import_time(*case)] for name, case in CASES.items()}  # files into the cache
    for _ in range(options.processes):
        for name, case in CASES.items():
            measured[name].append(import_time(*case))
    for name, found in measured.items():
        seconds = [seconds for seconds, _ in found[1:]]
        print(
            f"{name:48}{statistics.median(seconds):8.3f} s"
            f"  ({min(seconds):.3f} to {max(seconds):.3f})"
            f"  {'with' if found[-1][1] else 'without'} torch"
        )


if __name__ == "__main__":
    main()
