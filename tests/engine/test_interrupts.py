"""An interrupt waits for what must not be left half done."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from ae_widgets.engine.interrupts import held_back

FIRST_FIT = """
import os, signal, sys
import numpy as np
from ae_widgets import Autoencoder

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == "numba.core.typing":
            os.kill(os.getpid(), signal.SIGINT)  # in the middle of an import

sys.meta_path.insert(0, Interrupts())
X = np.eye(8, dtype=np.float32)
try:
    Autoencoder(max_iter=2).fit(X)
except KeyboardInterrupt:
    print("interrupted")
print(Autoencoder(max_iter=2).fit(X).n_iter_)
"""


def test_an_interrupt_takes_effect_at_the_end():
    before, done = signal.getsignal(signal.SIGINT), []

    def work():
        with held_back():
            os.kill(os.getpid(), signal.SIGINT)
            done.append(sum(range(1000)))

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done
    assert signal.getsignal(signal.SIGINT) is before


def test_on_another_thread_it_does_nothing():
    handlers = []

    def look():
        with held_back():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert handlers == [signal.getsignal(signal.SIGINT)]


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot send itself SIGINT there")
def test_a_first_fit_that_was_interrupted_spoils_no_other():
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FIRST_FIT],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.stdout.split() == ["interrupted", "2"], run.stderr
