"""How the loops of the engine are compiled (numba).

Only what runs once a batch is compiled: modules that import this one are
loaded by a trainer, never by a notebook's own process. The machine code is kept
(`ae_widgets.jit_cache`), so that a machine compiles once.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from ae_widgets import blas
from ae_widgets.jit_cache import EntryCache, PackageCache, keep

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = [
    "allocating",
    "atomic_add",
    "atomic_load",
    "bits_of_float",
    "compiled",
    "entry",
    "exact",
    "float_from_bits",
    "get_ready",
    "give_way",
    "gram",
    "inlined",
    "product",
]

# Arrays come from the caller and stay its own. Were they counted, each view of one would
# cost two atomic operations: a third of the time of a small network's batch.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}

# Sums may be reordered, which lets them be vectorised; NaN and infinity stay what they are.
_FAST: dict[str, Any] = {**_OPTIONS, "fastmath": {"contract", "reassoc", "nsz"}}


def _decorator(kind: type[PackageCache], options: dict[str, Any]) -> Callable[..., Any]:
    """Return a decorator that compiles with these options and keeps the machine code."""
    return lambda function: keep(numba.njit(**options)(function), kind)


@cache
def get_ready() -> None:
    """Import what the compiler imports at its first use."""
    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()


compiled = _decorator(PackageCache, _FAST)
"""Decorator of a function that loops call; runs without the GIL, and makes no array."""

entry = _decorator(EntryCache, _FAST)
"""The same for one that Python calls and that calls others."""

exact = _decorator(PackageCache, _OPTIONS)
"""As `compiled`, for formulas that depend on the order of their operations."""

inlined = _decorator(PackageCache, {**_OPTIONS, "inline": "always"})
"""The same as `exact`, put into the loops that call it, so that these are vectorised."""

allocating = _decorator(PackageCache, {**_FAST, "_nrt": True})
"""As `compiled`, for a function that makes arrays. It must return none: nobody would free it."""

# Other threads than ours get a turn while one of ours waits for the next.
give_way = types.ExternalFunction(
    "SwitchToThread" if sys.platform == "win32" else "sched_yield", types.int32()
)


def _blas(name: str) -> Any:
    """Return a compiled routine of BLAS, which takes its arguments as they are."""
    symbol = f"ae_widgets_{name}"  # by name, so that what calls it can be cached
    binding.add_symbol(symbol, blas.address(name))

    @intrinsic  # type: ignore[untyped-decorator]  # numba is not read for types
    def call(_: Any, arguments: Any) -> Any:
        """Call it with a tuple of arrays, and of numbers, of which it wants the addresses."""

        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            pointer, places = ir.IntType(8).as_pointer(), []
            for i, kind in enumerate(signature.args[0]):
                value = builder.extract_value(values[0], i)
                if isinstance(kind, types.Array):
                    place = make_array(kind)(context, builder, value).data
                else:
                    place = cgutils.alloca_once_value(builder, value)
                places.append(builder.bitcast(place, pointer))
            form = ir.FunctionType(ir.VoidType(), [pointer] * len(places))
            routine = cgutils.get_or_insert_function(builder.module, form, symbol)
            builder.call(routine, places)
            return context.get_dummy_value()

        return types.void(arguments), code

    return call


@intrinsic  # type: ignore[untyped-decorator]
def _in_c_order(_: Any, array: Any) -> Any:
    """Return whether an array is known to lie in C order, in place of its transpose."""
    if array.layout not in {"C", "F"}:
        msg = f"BLAS takes no matrix with gaps: {array}"
        raise TypeError(msg)
    straight = ir.Constant(ir.IntType(1), array.layout == "C")
    return types.boolean(array), lambda *_: straight


_ssyrk, _sgemm = _blas("ssyrk"), _blas("sgemm")

ZERO, ONE = np.float32(0), np.float32(1)
TURNED, STRAIGHT, UPPER = np.int8(ord("T")), np.int8(ord("N")), np.int8(ord("U"))


@compiled
def gram(matrix: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """Write the products of the columns of `matrix` (n, width) to `out` (width, width).

    BLAS's ssyrk computes half of them, in little more than half the time of a
    matrix product; the other half are the same.
    """
    # BLAS counts columns first: to it, the matrix is its transpose.
    n, width = np.int32(matrix.shape[0]), np.int32(matrix.shape[1])
    _ssyrk((UPPER, STRAIGHT, width, n, ONE, matrix, width, ZERO, out, width))
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
    n, middle, width = np.int32(out.shape[0]), np.int32(left.shape[1]), np.int32(out.shape[1])
    if middle == 0 or out.size == 0:  # BLAS refuses rows without a value
        for i in range(out.shape[0]):
            for j in range(out.shape[1]):
                out[i, j] = out[i, j] * np.float32(kept) if kept else ZERO
        return
    # BLAS counts columns first: to it, a matrix in C order is its transpose.
    of_left, of_right = _in_c_order(left), _in_c_order(right)
    _sgemm((
        STRAIGHT if of_right else TURNED, STRAIGHT if of_left else TURNED, width, n, middle,
        ONE, right, width if of_right else middle, left, middle if of_left else n,
        np.float32(kept), out, width,
    ))  # fmt: skip


@intrinsic  # type: ignore[untyped-decorator]
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
