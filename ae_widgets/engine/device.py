"""Where a network is trained: the CPU or an accelerator."""

from __future__ import annotations

from functools import cache

import torch

from ae_widgets.exceptions import SettingsError

__all__ = ["find_device", "fits_on", "present_devices"]

SHARE = 0.5
"""Largest share of a device's free memory that the data may take."""


def find_device(name: str) -> torch.device:
    """Return the device of that name.

    Parameters
    ----------
    name : str
        'auto' for the first CUDA device or MPS where present, else the CPU; or
        one of `present_devices`, where 'cuda' stands for 'cuda:0'.

    Raises
    ------
    SettingsError
        If it is not present.
    """
    present = present_devices()
    if name == "auto":
        return torch.device(present[0])
    wanted = "cuda:0" if name == "cuda" else name
    if wanted not in present:
        msg = f"device={name!r} is not present here. Present: auto, {', '.join(present)}."
        raise SettingsError(msg)
    return torch.device(wanted)


@cache  # asking CUDA takes time, and the answer does not change
def present_devices() -> tuple[str, ...]:
    """Return the names of the devices that torch can use, the preferred one first."""
    found: list[str] = []
    if torch.cuda.is_available():
        found += [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def fits_on(device: torch.device, n_bytes: int) -> bool:
    """Whether data of that size may lie on the device as a whole."""
    if device.type == "cuda":
        free = torch.cuda.mem_get_info(device)[0]
    elif device.type == "mps" and hasattr(torch.mps, "recommended_max_memory"):  # torch 2.5
        free = torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    else:
        return True
    return n_bytes <= SHARE * free
