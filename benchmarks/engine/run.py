"""Time the engines on the same work, interleaved, each in a process of its own.

    python benchmarks/engine/run.py --workloads digits,mnist --rounds 5

Prints, by median over the rounds, the seconds, how many times faster than the
tutorial loop, the error reached and the memory that training added. ``--write``
puts the result into the README.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import contestants
import report
from peer import Dropped, Peer
from report import Row
from workloads import ALL, WORKLOADS

SETTLE_SECONDS = 0.3
"""Pause before each fit, in which the last one's waiting threads go to sleep."""

SLOW_RATIO, SLOW_SECONDS, SLOW_ROUNDS = 2.0, 5.0, 2
"""Who takes so many times as long as the tutorial loop, and so many seconds, runs
at most so many rounds."""


def race(
    names: list[str], workload: str, rounds: int, limit: float = 600.0, *, fresh: bool = False
) -> list[Row]:
    """Return what each contestant measured, after a fit that warms it up.

    Parameters
    ----------
    names : list of str
        Who takes part.
    workload : str
        What they train.
    rounds : int
        Fits that are timed of each, those of a round in turn, forth and back.
    limit : float, default=600
        Seconds that a fit may take.
    fresh : bool, default=False
        Whether each goes on in a new process in each round.
    """
    rows = {name: Row(name) for name in names}
    with ExitStack() as stack:
        peers: dict[str, Peer] = {}
        warm: dict[str, float] = {}
        for name, row in rows.items():
            peer = stack.enter_context(Peer(name, workload, limit))
            try:
                peer.ready()
                warm[name], row.memory = peer.first_fit(WORKLOADS[workload].seed(0))
                peers[name] = peer
            except Dropped as dropped:
                row.reason = str(dropped)
            print(f"{workload}: {name} {row.reason or 'is warm'}", file=sys.stderr)
        for number in range(rounds):
            order = list(peers) if number % 2 == 0 else list(reversed(peers))
            for name in order:
                if number < allowed_rounds(warm, name, rounds):
                    seed = WORKLOADS[workload].seed(number)
                    run_one(peers, rows[name], seed, renew=fresh and number > 0)
    return list(rows.values())


def allowed_rounds(warm: dict[str, float], name: str, rounds: int) -> int:
    """Return how many rounds a contestant runs, by the time it took to warm up."""
    reference = warm.get(contestants.REFERENCE, warm[name])
    slow = warm[name] > max(SLOW_SECONDS, SLOW_RATIO * reference)
    return min(rounds, SLOW_ROUNDS) if slow else rounds


def run_one(peers: dict[str, Peer], row: Row, seed: int, *, renew: bool = False) -> None:
    """Add a round to `row`, or drop its contestant."""
    try:
        if renew:
            peers[row.contestant].renew(seed)
        time.sleep(SETTLE_SECONDS)
        seconds, error = peers[row.contestant].fit(seed)
    except Dropped as dropped:
        row.reason = str(dropped)
        del peers[row.contestant]
    else:
        row.seconds.append(seconds)
        row.errors.append(error)


def chosen(text: str, known: list[str], everything: list[str]) -> list[str]:
    """Return the names in a comma-separated list, or `everything` for 'all'."""
    names = everything if text == "all" else text.split(",")
    unknown = sorted(set(names) - set(known))
    if unknown:
        msg = f"unknown name {unknown[0]!r}; choose from {', '.join(known)} or all"
        raise argparse.ArgumentTypeError(msg)
    return names


def options() -> argparse.Namespace:
    """Read the command line."""
    names = contestants.names()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--workloads",
        type=lambda text: chosen(text, list(WORKLOADS), list(ALL)),
        default=["digits"],
        help=f"comma-separated of {', '.join(WORKLOADS)}, or all (default: digits)",
    )
    parser.add_argument(
        "--contestants",
        type=lambda text: chosen(text, names, names),
        default=names,
        help=f"comma-separated of {', '.join(names)}, or all (default)",
    )
    parser.add_argument("--rounds", type=int, default=5, help="fits timed of each (default: 5)")
    parser.add_argument("--limit", type=float, default=600, help="seconds a fit may take")
    parser.add_argument(
        "--fresh", action="store_true", help="a new process for each contestant in each round"
    )
    parser.add_argument("--write", action="store_true", help="put the tables into the README")
    parser.add_argument("--json", type=Path, help="file for every single measurement")
    return parser.parse_args()


def main() -> None:
    """Run what was asked for."""
    wanted = options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the contestants end too
    results: dict[str, list[Row]] = {}
    for workload in wanted.workloads:
        WORKLOADS[workload].load()  # made once, before anyone opens it
        results[workload] = race(
            wanted.contestants, workload, wanted.rounds, wanted.limit, fresh=wanted.fresh
        )
        print(f"\n{WORKLOADS[workload].title}\n\n{report.table(results[workload])}\n", flush=True)
        if wanted.json:
            rows = {name: [asdict(row) for row in found] for name, found in results.items()}
            wanted.json.write_text(json.dumps(rows, indent=1))
    if wanted.write:
        report.write(results, wanted.rounds)


if __name__ == "__main__":
    main()
