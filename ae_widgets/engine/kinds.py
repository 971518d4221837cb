"""The kinds of model by name, and which settings belong to which (no torch)."""

from __future__ import annotations

from dataclasses import dataclass

from ae_widgets.losses import COMPLEXITIES

__all__ = ["CORRUPTIONS", "KINDS", "Kind"]

CORRUPTIONS = ("gaussian", "masking")
"""Ways in which the inputs of a denoising model are corrupted."""


@dataclass(frozen=True)
class Kind:
    """What tells one kind of model from another.

    Attributes
    ----------
    description : str
        The kind in one line.
    complexities : tuple of str
        What `beta` may penalise; the first is chosen by 'auto'.
    settings : tuple of str
        Settings that only this kind, or a few, look at. All of them are live.
    beta : float
        A weight of the complexity to begin with, found on the digits data.
    """

    description: str
    complexities: tuple[str, ...]
    settings: tuple[str, ...] = ()
    beta: float = 0.0


KINDS = {
    "plain": Kind("Reproduces its inputs", COMPLEXITIES, ("sparsity_target",)),
    "denoising": Kind(
        "Reproduces clean inputs from corrupted ones",
        COMPLEXITIES,
        ("corruption", "noise", "sparsity_target"),
    ),
    "sparse": Kind(
        "Keeps most of the code inactive for each item",
        ("kl_sparsity", "l1"),
        ("sparsity_target",),
        beta=1e-3,
    ),
    "contractive": Kind(
        "Keeps the code where it is when the item changes a little",
        ("contractive",),
        beta=1e-4,
    ),
    "variational": Kind(
        "Gives each item a distribution of codes, close to the unit Gaussian",
        ("kl_gaussian",),
        ("warm_up",),
        beta=1e-3,
    ),
    "gated": Kind(
        "Learns how many dimensions of the code it needs",
        ("gates",),
        ("warm_up",),
        beta=3e-3,
    ),
}
"""Name -> kind."""
