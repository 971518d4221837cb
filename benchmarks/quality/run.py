"""Make the tables of docs/quality.md, one after the other.

    python benchmarks/quality/run.py --write

`make quality` does the same in an environment with the peers. Each table is made by a script of
its own, in a process of its own with the threads and seeds that the page tells of; README.md
beside this file says what each is and how long it takes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from page import PAGE, PEERS

HERE = Path(__file__).parent


class Table(NamedTuple):
    """How one table is made.

    Attributes
    ----------
    script : str
        What makes it, beside this file.
    seeds : int
        How many it is made of.
    threads : int
        How many the matrix products of all methods have.
    arguments : tuple of str
        What else the script is told.
    """

    script: str
    seeds: int = 10
    threads: int = 1
    arguments: tuple[str, ...] = ()


TABLES = {
    "digits": Table("digits.py", seeds=20),
    "features": Table("features.py"),
    "anomalies": Table("anomalies.py", threads=2),
    "imputation": Table("imputation.py", threads=2),
    "ratings": Table("ratings.py"),
    "clustering": Table("clustering.py", arguments=("--data", "digits")),
    "clustering-mnist": Table("clustering.py", arguments=("--data", "mnist")),
    "few-labels": Table("few_labels.py", arguments=("--data", "digits")),
    "few-labels-mnist": Table("few_labels.py", arguments=("--data", "mnist")),
}


def make(table: Table, asked: argparse.Namespace) -> int:
    """Make one and return the exit status of its script."""
    command = [sys.executable, HERE / table.script, "--seeds", str(asked.seeds or table.seeds)]
    command += [*table.arguments, "--page", asked.page]
    command += ["--write"] if asked.write else []
    command += ["--epochs", str(asked.epochs)] if asked.epochs else []
    threads = {"OMP_NUM_THREADS": str(table.threads)}
    return subprocess.run(command, check=False, env=os.environ | threads).returncode


def chosen(text: str) -> list[str]:
    """Return the names in a comma-separated list."""
    names = text.split(",")
    if unknown := sorted(set(names) - set(TABLES)):
        msg = f"there is no table {unknown[0]!r}; choose from {', '.join(TABLES)}"
        raise argparse.ArgumentTypeError(msg)
    return names


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ", ".join(TABLES)
    parser.add_argument("--only", type=chosen, default=list(TABLES), help=f"with commas: {names}")
    parser.add_argument("--seeds", type=int, help="of each table, in place of its own number")
    parser.add_argument("--write", action="store_true", help="put the tables into the page")
    parser.add_argument("--page", type=Path, default=PAGE, help="default docs/quality.md")
    parser.add_argument("--epochs", type=int, help="of ours: only to see whether all run")
    return parser.parse_args()


def main() -> int:
    """Make what was asked for, tell of each how it went, and return how many failed."""
    asked = options()
    for peer in PEERS:
        if reason := peer.absence():
            print(f"Without {peer.name}: {reason}.")
    told, failed = [], 0
    for name in asked.only:
        print(f"\n=== {name}", flush=True)
        began = time.monotonic()
        status = make(TABLES[name], asked)
        failed += status != 0
        how = f"failed with status {status}" if status else "made"
        told.append(f"{name}: {how} in {time.monotonic() - began:.0f} s")
    print("", *told, sep="\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
