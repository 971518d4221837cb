"""Several threads on one job, and how many of them it is worth."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from joblib import cpu_count

from ae_widgets import blas

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CORES", "Team"]

CORES: int = cpu_count(only_physical_cores=True)
"""Cores that this process may use."""

LOOK_BATCHES = 4
"""Batches with which another number of threads is tried."""

PATIENCE, FIRST_PATIENCE = 40, 5
"""How many times longer than a look it takes until the next one, at most and at first."""

CLEARLY = 0.93
"""Share of one thread's time that all must need to be taken: as fast is not worth a core."""


class Team:
    """Runs a job on all its threads or on one, whichever is faster at the moment.

    The threads of a job wait for each other, so a busy neighbour on one core
    makes two of them many times slower than one. Nobody knows of neighbours but
    the clock: now and then a few batches try the other number.

    Parameters
    ----------
    size : int
        Threads at most.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._counts = (size,) if size == 1 else (size, 1)
        self._best = size
        self._seconds: dict[int, float] = {}  # threads -> seconds a batch
        self._heard: dict[int, tuple[float, int]] = {}  # threads -> seconds, batches
        self._look_at = float("-inf")
        self._patience = FIRST_PATIENCE
        self._warm = False
        self._helpers = ThreadPoolExecutor(
            max(1, size - 1), "ae_widgets-team", blas.stay_on_this_thread
        )

    def stint(self) -> tuple[int, int | None]:
        """Return with how many threads to go on, and for how many batches at most."""
        if self.size == 1:
            return 1, None
        for threads in self._counts:
            if threads not in self._seconds:
                return threads, LOOK_BATCHES
        if time.perf_counter() < self._look_at:
            return self._best, None
        return (1 if self._best > 1 else self.size), LOOK_BATCHES

    def run(self, job: Callable[[int, int], int], threads: int, n_batches: int) -> int:
        """Return ``job(0, threads)`` while the other threads run ``job(1, threads)``.

        Parameters
        ----------
        job : callable
            Takes the number of its thread and how many there are, and lets go of
            the GIL.
        threads, n_batches : int
            As `stint` said; the batches may be fewer.
        """
        started = time.perf_counter()
        # A matrix product's own threads would only contend with ours.
        with blas.one_thread():
            helpers = [self._helpers.submit(job, i, threads) for i in range(1, threads)]
            result = job(0, threads)
            for helper in helpers:
                helper.result()
        if n_batches:
            self.learn(threads, time.perf_counter() - started, n_batches)
        return result

    def learn(self, threads: int, seconds: float, n_batches: int) -> None:
        """Take in how long so many threads took for some batches."""
        if self.size == 1:
            return
        # One slow batch says little: some are judged together, and with those before.
        spent, done = self._heard.get(threads, (0.0, 0))
        spent, done = spent + seconds, done + n_batches
        self._heard[threads] = spent, done
        if done < LOOK_BATCHES:
            return
        del self._heard[threads]
        if not self._warm:  # the first batches also fetch code and data
            self._warm = True
            return
        before = self._seconds.get(threads, spent / done)
        self._seconds[threads] = (before + spent / done) / 2
        if threads != self._best:
            self._look_at = time.perf_counter() + self._patience * spent
            self._patience = min(2 * self._patience, PATIENCE)
        if len(self._seconds) == len(self._counts):
            best = self.size if self._seconds[self.size] < CLEARLY * self._seconds[1] else 1
            if best != self._best:
                self._best, self._patience = best, FIRST_PATIENCE
