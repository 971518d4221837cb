"""Time the engines on the same work, interleaved, each in a process of its own.

    python benchmarks/engine/run.py --workload digits --rounds 5

Prints, by median over the rounds, the seconds, how many times faster than the
tutorial loop, the error reached and the peak memory that training added.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

from contestants import CONTESTANTS
from workloads import WORKLOADS


def serve(name: str, workload: str) -> None:
    """Train once for every line that comes in, and print what it took."""
    work = WORKLOADS[workload]
    X = work.load()
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in sys.stdin:
        started = time.perf_counter()
        error = CONTESTANTS[name](X, work)
        seconds = time.perf_counter() - started
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) / 1024
        print(json.dumps({"seconds": seconds, "error": error, "memory": memory}), flush=True)


def race(names: list[str], workload: str, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Return what each contestant measured in each round, after one to warm up."""
    processes = {
        name: subprocess.Popen(
            [sys.executable, __file__, "--serve", name, "--workload", workload],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in names
    }
    results: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(rounds + 1):
        for name, process in processes.items():
            process.stdin.write("go\n")
            process.stdin.flush()
            results[name].append(json.loads(process.stdout.readline()))
    for process in processes.values():
        process.stdin.close()
        process.wait()
    return {name: measured[1:] for name, measured in results.items()}


def report(results: dict[str, list[dict[str, float]]]) -> None:
    """Print a line a contestant."""
    reference = [measured["seconds"] for measured in results["tutorial"]]
    print(f"{'':14}{'seconds':>9} {'spread':>15} {'ratio':>7} {'error':>9} {'MB':>6}")
    for name, measured in results.items():
        seconds = [m["seconds"] for m in measured]
        ratio = statistics.median(r / s for r, s in zip(reference, seconds, strict=True))
        error = statistics.median(m["error"] for m in measured)
        print(
            f"{name:14}{statistics.median(seconds):9.3f} {min(seconds):7.3f}-{max(seconds):<7.3f} "
            f"{ratio:7.2f} {error:9.5f} {measured[-1]['memory']:6.0f}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workload", choices=WORKLOADS, default="digits")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve", choices=CONTESTANTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.workload)
    else:
        report(race(list(CONTESTANTS), options.workload, options.rounds))
