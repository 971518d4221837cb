"""How the loops of the engine are compiled (numba).

Only what runs once a batch is compiled: modules that import this one are
loaded by a trainer, never by a notebook's own process. The machine code is kept
(`ae_widgets.jit_cache`), so that a machine compiles once.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from ae_widgets import blas
from ae_widgets.jit_cache import EntryCache, PackageCache, keep

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = [
    "atomic_add",
    "atomic_load",
    "bits_of_float",
    "compiled",
    "entry",
    "exact",
    "float_from_bits",
    "give_way",
    "gram",
    "inlined",
    "product",
]

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}

# Sums may be reordered, which lets them be vectorised; NaN and infinity stay what they are.
_FAST: dict[str, Any] = {**_OPTIONS, "fastmath": {"contract", "reassoc", "nsz"}}


def _decorator(kind: type[PackageCache], options: dict[str, Any]) -> Callable[..., Any]:
    """Return a decorator that compiles with these options and keeps the machine code."""
    return lambda function: keep(numba.njit(**options)(function), kind)


compiled = _decorator(PackageCache, _FAST)
"""Decorator of a function that loops call; runs without the GIL."""

entry = _decorator(EntryCache, _FAST)
"""The same for one that Python calls and that calls others."""

exact = _decorator(PackageCache, _OPTIONS)
"""As `compiled`, for formulas that depend on the order of their operations."""

inlined = _decorator(PackageCache, {**_OPTIONS, "inline": "always"})
"""The same as `exact`, put into the loops that call it, so that these are vectorised."""

# Other threads than ours get a turn while one of ours waits for the next.
give_way = types.ExternalFunction(
    "SwitchToThread" if sys.platform == "win32" else "sched_yield", types.int32()
)


def _blas(name: str, n_arguments: int) -> Any:
    """Return a routine of BLAS."""
    symbol = f"ae_widgets_{name}"  # by name, so that what calls it can be cached
    binding.add_symbol(symbol, blas.address(name))
    return types.ExternalFunction(symbol, types.void(*[types.voidptr] * n_arguments))


_ssyrk, _sgemm = _blas("ssyrk", 10), _blas("sgemm", 13)


@compiled
def gram(matrix: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """Write the products of the columns of `matrix` (n, width) to `out` (width, width).

    BLAS's ssyrk computes half of them, in little more than half the time of a
    matrix product; the other half are the same.
    """
    width = matrix.shape[1]
    # BLAS counts columns first: to it, the matrix is its transpose.
    letters = np.array([ord("U"), ord("N")], np.uint8)
    sizes = np.array([width, matrix.shape[0]], np.int32)
    factors = np.array([1, 0], np.float32)
    _ssyrk(
        letters.ctypes, letters[1:].ctypes, sizes.ctypes, sizes[1:].ctypes, factors.ctypes,
        matrix.ctypes, sizes.ctypes, factors[1:].ctypes, out.ctypes, sizes.ctypes,
    )  # fmt: skip
    for j in range(width):
        for k in range(j):
            out[k, j] = out[j, k]


@compiled
def product(
    left: NDArray[np.float32], right: NDArray[np.float32], out: NDArray[np.float32], kept: float
) -> None:
    """Write the product of two matrices plus `kept` times `out` to `out`.

    Each lies in C order or is the transpose of one that does; `out` in C order. As
    against `numpy.dot`, gradients can be added up where they lie.
    """
    if left.shape[1] == 0 or out.size == 0:  # BLAS refuses rows without a value
        out *= np.float32(kept)
        return
    # BLAS counts columns first: to it, a matrix in C order is its transpose.
    turned, straight = ord("T"), ord("N")
    of_left, of_right = left.flags.c_contiguous, right.flags.c_contiguous
    letters = np.array(
        [straight if of_right else turned, straight if of_left else turned], np.uint8
    )
    sizes = np.array(
        [
            out.shape[1],
            out.shape[0],
            left.shape[1],
            right.shape[1] if of_right else right.shape[0],
            left.shape[1] if of_left else left.shape[0],
        ],
        np.int32,
    )
    factors = np.array([1, kept], np.float32)
    _sgemm(
        letters.ctypes, letters[1:].ctypes, sizes.ctypes, sizes[1:].ctypes, sizes[2:].ctypes,
        factors.ctypes, right.ctypes, sizes[3:].ctypes, left.ctypes, sizes[4:].ctypes,
        factors[1:].ctypes, out.ctypes, sizes.ctypes,
    )  # fmt: skip


@intrinsic  # type: ignore[untyped-decorator]  # numba is not read for types
def float_from_bits(_: Any, bits: Any) -> Any:  # noqa: ARG001  # its type is fixed below
    """Return the float32 whose bits are those of an int32."""

    def code(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), code


@intrinsic  # type: ignore[untyped-decorator]
def bits_of_float(_: Any, value: Any) -> Any:  # noqa: ARG001  # as above
    """Return the bits of a float32 as an int32."""

    def code(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(32))

    return types.int32(types.float32), code


@intrinsic  # type: ignore[untyped-decorator]
def atomic_add(_: Any, array: Any, value: Any) -> Any:  # noqa: ARG001  # as above
    """Add an int64 to the first value of an array, as one indivisible operation."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.atomic_rmw("add", place, arguments[1], "seq_cst")

    return types.int64(array, types.int64), code


@intrinsic  # type: ignore[untyped-decorator]
def atomic_load(_: Any, array: Any) -> Any:
    """Read the first value of an int64 array that another thread may be writing."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.load_atomic(place, "acquire", 8)

    return types.int64(array), code
