"""Names of the loss parts and of the functions behind them (no torch)."""

__all__ = ["COMPLEXITIES", "RECONSTRUCTIONS", "TAKES_MISSING", "WEIGHTS"]

RECONSTRUCTIONS = (
    "mse", "mae", "binary_cross_entropy", "huber", "cosine", "multinomial", "masked_mse",
)  # fmt: skip
"""Kinds of reconstruction error."""

TAKES_MISSING = frozenset({"masked_mse"})
"""Kinds of reconstruction error for which NaN is a value that is missing."""

COMPLEXITIES = ("l1", "l2", "kl_sparsity", "effective_dimension")
"""Kinds of complexity of the code."""

WEIGHTS = {"reconstruction": "alpha", "complexity": "beta"}
"""Loss part -> the setting that weighs it."""
