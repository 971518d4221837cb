"""Memory: errors of a machine that is short of it, and freed memory that is kept (no torch)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.exceptions import NotEnoughMemoryError, short_of_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ae_widgets.engine.settings import Settings

__all__ = ["keep_freed_memory", "memory_errors", "training_advice"]

LARGEST_BLOCK = 2**25 - 2**16
"""Bytes of the largest block that glibc learns from, but for what it adds to it."""


def training_advice(settings: Settings) -> str:
    """Return what to change so that training needs less memory."""
    size = settings.batch_size
    return (
        f"try batch_size={max(1, size // 2)} (now {size}), smaller hidden_layer_sizes, fewer "
        "items, or a float32 numpy.memmap, which is read in place"
    )


def keep_freed_memory() -> None:
    """Have this process keep the memory that a batch frees, for the next batch.

    glibc returns the end of its heap to the system when it is larger than twice the largest
    block of its own mapping that was freed so far, of up to 32 MiB (mallopt(3),
    M_MMAP_THRESHOLD). Activations that are allocated anew in every batch then have their pages
    cleared anew by the kernel: a convolutional epoch took 1.8 s in place of 1.2. So free such a
    block, of which no page is ever touched. With another C library it does nothing.
    """
    np.empty(LARGEST_BLOCK, np.uint8)


@contextmanager
def memory_errors(advice: str) -> Iterator[None]:
    """Turn errors of too little memory into one that gives `advice`.

    Raises
    ------
    NotEnoughMemoryError
        In place of torch's and numpy's own.
    """
    try:
        yield
    except NotEnoughMemoryError:
        raise
    except (MemoryError, RuntimeError) as error:
        if not short_of_memory(error):
            raise
        said = str(error).partition("\n")[0] or type(error).__name__
        msg = f"Not enough memory: {advice}. ({said})"
        raise NotEnoughMemoryError(msg) from error
