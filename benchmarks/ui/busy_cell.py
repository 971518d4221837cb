"""Measure how much of its speed training keeps while the caller runs Python code.

Trains on digits without an end and counts steps, in turn while the main thread
sleeps and while it runs a pure Python loop, for a trainer in a process and for
one in a thread. Prints the share of the speed that is kept, by median.

    python benchmarks/ui/busy_cell.py --seconds 10 --rounds 3
"""

from __future__ import annotations

import argparse
import statistics
import time

from sklearn.datasets import load_digits

from ae_widgets import Session

WARM_UP_STEPS = 100


def idle(seconds: float) -> None:
    """Sleep, as a kernel between two cells."""
    time.sleep(seconds)


def busy(seconds: float) -> None:
    """Run Python code without a pause, as a user's cell may."""
    end = time.perf_counter() + seconds
    total = 0
    while time.perf_counter() < end:
        for i in range(1000):
            total += i * i


def steps_per_second(session: Session, main: object, seconds: float) -> tuple[float, int]:
    """Return the steps a second and the progress events meanwhile."""
    heard: list[float] = []
    unsubscribe = session.observe("status", lambda: heard.append(time.perf_counter()))
    before, started = session.status.step, time.perf_counter()
    main(seconds)
    steps, elapsed = session.status.step - before, time.perf_counter() - started
    unsubscribe()
    return steps / elapsed, len(heard)


def measure(trainer: str, seconds: float, rounds: int) -> None:
    """Print one line for `trainer`."""
    digits = load_digits()
    session = Session(
        digits.data / 16, digits.target, trainer=trainer, max_iter=10**9, n_iter_no_change=10**9
    )
    session.start()
    while session.status.step < WARM_UP_STEPS:
        time.sleep(0.01)
    kept, updates = [], []
    for _ in range(rounds):
        quiet, _ = steps_per_second(session, idle, seconds)
        loud, heard = steps_per_second(session, busy, seconds)
        kept.append(loud / quiet)
        updates.append(heard / seconds)
    session.close()
    print(
        f"{trainer:8} keeps {statistics.median(kept):6.1%} of {quiet:,.0f} steps/s "
        f"({min(kept):.1%} to {max(kept):.1%}), {statistics.median(updates):.1f} updates/s"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for kind in ("process", "thread"):
        measure(kind, options.seconds, options.rounds)
