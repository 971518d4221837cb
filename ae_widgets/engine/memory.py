"""Errors of a machine that is short of memory, in words that help (no torch)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ae_widgets.exceptions import NotEnoughMemoryError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ae_widgets.engine.settings import Settings

__all__ = ["memory_errors", "short_of_memory", "training_advice"]

_SIGNS = (
    "can't allocate memory",  # torch's CPU allocator
    "not enough memory",  # the same on Windows
    "out of memory",  # CUDA and MPS
)


def short_of_memory(error: BaseException) -> bool:
    """Whether that is what `error` says; torch raises a mere RuntimeError on the CPU."""
    said = isinstance(error, RuntimeError) and any(sign in str(error) for sign in _SIGNS)
    return said or isinstance(error, MemoryError)


def training_advice(settings: Settings) -> str:
    """Return what to change so that training needs less memory."""
    size = settings.batch_size
    return (
        f"try batch_size={max(1, size // 2)} (now {size}), smaller hidden_layer_sizes, fewer "
        "items, or a float32 numpy.memmap, which is read in place"
    )


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
