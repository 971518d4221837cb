"""Whether products in bfloat16 are faster than in float32."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from ae_widgets.engine.settings import Settings

__all__ = ["rounds"]


def rounds(settings: Settings) -> bool:
    """Whether a CPU is to round products: it is asked for, and it saves time."""
    return settings.precision == "bf16" and _saves_time()


@cache
def _saves_time() -> bool:
    """Whether this processor multiplies bfloat16 faster than float32.

    With AMX, Intel's take a fraction of the time; with AVX-512 alone, twice as long
    (84 against 162 GFLOP/s on a core of an Emerald Rapids). AMD's take half.
    """
    capabilities = getattr(torch.cpu, "get_capabilities", None)
    if capabilities is None:  # older ones do not tell
        return True
    known: dict[str, Any] = capabilities()
    if known.get("architecture") != "x86_64":
        return True
    of_intel = "Intel" in known.get("cpu_name", "")
    return bool(known.get("amx_bf16") or (known.get("avx512_bf16") and not of_intel))
