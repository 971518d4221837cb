"""How the loops of the engine are compiled (numba).

Only what runs once a batch is compiled: modules that import this one are
loaded by a trainer, never by a notebook's own process. The machine code is kept
in numba's cache, so that a machine compiles once.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "atomic_add",
    "atomic_load",
    "compiled",
    "exact",
    "float_from_bits",
    "give_way",
    "inlined",
]

_OPTIONS: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy"}

compiled: Callable[..., Any] = partial(
    # Sums may be reordered, which lets them be vectorised; NaN and infinity stay what they are.
    numba.njit,
    fastmath={"contract", "reassoc", "nsz", "arcp"},
    **_OPTIONS,
)
"""Decorator of a loop that runs without the GIL."""

exact: Callable[..., Any] = partial(numba.njit, **_OPTIONS)
"""The same for formulas that depend on the order of their operations."""

inlined: Callable[..., Any] = partial(exact, inline="always")
"""The same as `exact`, put into the loops that call it, so that these are vectorised."""

# Other threads than ours get a turn while one of ours waits for the next.
give_way = types.ExternalFunction(
    "SwitchToThread" if sys.platform == "win32" else "sched_yield", types.int32()
)


@intrinsic  # type: ignore[untyped-decorator]  # numba is not read for types
def float_from_bits(_: Any, bits: Any) -> Any:  # noqa: ARG001  # its type is fixed below
    """Return the float32 whose bits are those of an int32."""

    def code(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), code


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
