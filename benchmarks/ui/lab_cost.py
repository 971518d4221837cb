"""Measure what looking costs: training with a whole Lab in a browser, and with no Lab.

Trains the digits for a fixed number of epochs in a kernel of a real JupyterLab, in turn
with a Lab on the page and with a session alone. Prints the ratio of the wall times, by
median over the rounds, and how late a timer of 10 ms in the kernel was meanwhile.

    python benchmarks/ui/lab_cost.py --epochs 3000 --rounds 3

Needs a Chromium and two cores. The trainer has one to itself. On the others the browser, which
draws in software here, gets the time that the kernel and the server leave.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import psutil
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
# What the browser tests drive JupyterLab with.
from tests.browser.conftest import BROWSER_FLAGS, PATHS  # noqa: E402
from tests.browser.notebook import Notebook  # noqa: E402
from tests.browser.server import Server  # noqa: E402

POLL_MS = 5000
"""Asking whether it has ended makes the timer late, too: not more than one tick in a hundred."""

SETUP = """
import asyncio, json, os, psutil, time
import numpy as np
from sklearn.datasets import load_digits
from ae_widgets import Lab, Session

psutil.Process().cpu_affinity([{core}])  # the trainer's, which is started next
digits = load_digits()
session = Session(digits.data / 16, digits.target, item_shape=(8, 8),
                  max_iter={epochs}, n_iter_no_change={epochs}, random_state={seed})
session.prepare()
for thread in psutil.Process().threads():
    os.sched_setaffinity(thread.id, {others})
late, ended = [], {{}}

async def tick():
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.01)
        late.append(1000 * (time.perf_counter() - began - 0.01))

def note():
    if session.status.state == 'finished' and not ended:
        ended['at'] = time.perf_counter()

session.observe('status', note)
ticking = asyncio.ensure_future(tick())
"""
START = "late.clear(); began = time.perf_counter(); session.start()"
RESULT = """
print(json.dumps({'seconds': ended['at'] - began, 'late': float(np.percentile(late, 99))}))
"""


def yield_core(others: list[int]) -> None:
    """Keep the browser off the trainer's core, and behind the kernel on the others.

    The threads that draw in software choose their cores themselves, when they are started.
    """
    for process in psutil.Process().children(recursive=True):
        if "chrom" in process.name():
            process.nice(19)
            for thread in process.threads():
                os.sched_setaffinity(thread.id, others)


def measure(  # noqa: PLR0913  # what, where
    server: Server, browser: Browser, name: str, setup: str, others: list[int], *, lab: bool
) -> dict[str, float]:
    """Return the wall time of one training and the timer's lateness in ms (99 %)."""
    cells = [setup] + ["lab = Lab(session)\nlab"] * lab
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    content = new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata=kernel)
    nbformat.write(content, server.files / name)
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    notebook = Notebook(context.new_page(), name, "JupyterLab Light")
    server.connect(name)
    notebook.load(server.address(f"{PATHS['lab']}/{name}"))
    notebook.run_all()
    notebook.wait_for(lambda: notebook.run("print(session.latent is not None)") == "True", 120)
    notebook.page.wait_for_timeout(2000)  # the page has come to rest
    yield_core(others)
    notebook.run(START)
    while notebook.run("print(bool(ended))") != "True":
        notebook.page.wait_for_timeout(POLL_MS)
    result: dict[str, float] = json.loads(notebook.run(RESULT))
    context.close()
    server.discard_kernel()
    return result


def main(epochs: int, rounds: int) -> None:
    """Print the comparison."""
    found = subprocess.run([ROOT / "tools" / "browser.sh"], check=True, stdout=subprocess.PIPE)
    ratios, late = [], {True: [], False: []}
    core, *others = psutil.Process().cpu_affinity()
    psutil.Process().cpu_affinity(others)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        server = Server(Path(home))
        browser = playwright.chromium.launch(
            executable_path=found.stdout.decode().strip(), args=BROWSER_FLAGS
        )
        try:
            for seed in range(rounds):
                seconds = {}
                for lab in (False, True) if seed % 2 else (True, False):
                    name = f"{seed}-{'lab' if lab else 'none'}.ipynb"
                    setup = SETUP.format(epochs=epochs, seed=seed, core=core, others=others)
                    result = measure(server, browser, name, setup, others, lab=lab)
                    seconds[lab] = result["seconds"]
                    late[lab].append(result["late"])
                    print(
                        f"{'a Lab' if lab else 'no Lab':7} {result['seconds']:7.2f} s", flush=True
                    )
                ratios.append(seconds[True] / seconds[False])
        finally:
            browser.close()
            server.stop()
    print(f"a Lab costs {statistics.median(ratios) - 1:+.1%} of the wall time")
    for lab, name in ((True, "a Lab"), (False, "no Lab")):
        print(
            f"with {name}, a timer of 10 ms is late by {statistics.median(late[lab]):.1f} ms (99 %)"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    main(options.epochs, options.rounds)
