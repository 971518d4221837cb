"""Whose matrix products compiled loops call, and on how many threads these run.

scipy's BLAS is always there. On Intel's processors the one within torch is faster: on a
core of an Emerald Rapids by a sixth for the products of 784-256-64-16 and back on 256
items (4.2 ms of them, and 3.5), by two thirds for 64-32-8 and back on 1,024 (287 us, and 177).
"""

from __future__ import annotations

import ctypes
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import scipy.linalg.cython_blas  # noqa: F401  # loads it, for the controller to find
import torch
from llvmlite import binding
from numba.extending import get_cython_function_address
from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["address", "one_thread", "stay_on_this_thread"]

_OF_SCIPY = ThreadpoolController().select(user_api="blas").lib_controllers


@cache
def _of_torch() -> ctypes.CDLL | None:
    """Return the library with torch's BLAS, if it is Intel's and on Intel's processor."""
    # Of those with its instructions, only AMD's processors have this set of them.
    of_intel = torch.backends.mkl.is_available()  # type: ignore[no-untyped-call]  # torch's
    if not of_intel or binding.get_host_cpu_features().get("sse4a"):
        return None
    for path in (Path(torch.__file__).parent / "lib").glob("*torch_cpu.*"):
        try:
            library = ctypes.CDLL(str(path))
            if library.sgemm_ and library.MKL_Set_Num_Threads_Local:
                return library
        except (OSError, AttributeError):  # not a library, or one that hides its own
            continue
    return None


def address(name: str) -> int:
    """Return where a routine of BLAS begins, by its name without underscore."""
    routine = getattr(_of_torch(), f"{name}_", None)
    if routine is None:
        place: int = get_cython_function_address("scipy.linalg.cython_blas", name)
        return place
    return ctypes.cast(routine, ctypes.c_void_p).value or 0


def stay_on_this_thread() -> None:
    """Keep the products of Intel's BLAS that this thread calls on this thread, from now on."""
    library = _of_torch()
    if library:
        library.MKL_Set_Num_Threads_Local(1)


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep products on the thread that calls them; then all is as it was before.

    Of Intel's BLAS, which asks each thread, those of this thread; of scipy's, all.
    """
    library = _of_torch()
    before = [controller.get_num_threads() for controller in _OF_SCIPY]
    own = library.MKL_Set_Num_Threads_Local(1) if library else 0
    for controller in _OF_SCIPY:
        controller.set_num_threads(1)
    try:
        yield
    finally:
        for controller, threads in zip(_OF_SCIPY, before, strict=True):
            controller.set_num_threads(threads)
        if library:
            library.MKL_Set_Num_Threads_Local(own)
