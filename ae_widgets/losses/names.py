"""Names of the loss parts and of the functions behind them (no torch)."""

__all__ = ["COMPLEXITIES", "RECONSTRUCTIONS", "WEIGHTS"]

RECONSTRUCTIONS = ("mse", "mae", "binary_cross_entropy")
"""Kinds of reconstruction error."""

COMPLEXITIES = ("l1", "l2", "kl_sparsity", "effective_dimension")
"""Kinds of complexity of the code."""

WEIGHTS = {"reconstruction": "alpha", "complexity": "beta"}
"""Loss part -> the setting that weighs it."""
