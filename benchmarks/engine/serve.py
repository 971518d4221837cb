"""One contestant's process: trains when it is told to, and answers in JSON lines.

``python serve.py CONTESTANT WORKLOAD`` imports, opens the data and says so; then
come ``prepare SEED``, ``train`` and ``measure``, as often as the runner likes. An
answer with a 'reason' is the last.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

import contestants
import numpy as np
from scipy.sparse import issparse
from workloads import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Iterator


def serve(name: str, workload: str) -> Iterator[dict[str, Any]]:
    """Yield the answers, the first unasked."""
    work = WORKLOADS[workload]
    prepare = contestants.load(name)
    X = work.load()
    yield {}
    for line in sys.stdin:
        command, *arguments = line.split()
        if command == "prepare":
            train = reconstruct = None  # the last model goes before the next comes
            gc.collect()
            train = prepare(X, work, int(arguments[0]))
            yield {}
        elif command == "train":
            started = time.perf_counter()
            reconstruct = train()
            yield {"seconds": time.perf_counter() - started}
        elif command == "measure":
            chosen = X[work.rows(X.shape[0])]
            items = chosen.toarray() if issparse(chosen) else np.array(chosen)
            outputs = reconstruct(items)
            yield {"error": float(np.square(outputs - items).mean(dtype=np.float64))}


def reason(error: Exception) -> str:
    """Return why there is no result, in a line."""
    if isinstance(error, contestants.DoesNotApply):
        return f"does not apply: {error}"
    if isinstance(error, ImportError):
        return f"not installed: {error}"
    text = " ".join(str(error).split())
    return f"failed: {type(error).__name__}: {text[:200]}"


def main() -> None:
    """Answer on standard output, and keep what engines print out of it."""
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")  # not converged, few workers: that is the workload
    try:
        for answer in serve(*sys.argv[1:]):
            print(json.dumps(answer), file=output, flush=True)
    except Exception as error:  # noqa: BLE001  # whatever it is, the table tells it
        print(json.dumps({"reason": reason(error)}), file=output, flush=True)


if __name__ == "__main__":
    main()
