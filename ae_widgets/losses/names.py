"""Names of the loss parts and of the functions behind them (no torch)."""

__all__ = [
    "CLUSTERINGS",
    "COMPLEXITIES",
    "MODEL_COMPLEXITIES",
    "RECONSTRUCTIONS",
    "TAKES_MISSING",
    "WEIGHTS",
]

RECONSTRUCTIONS = (
    "mse", "mae", "binary_cross_entropy", "huber", "cosine", "multinomial", "masked_mse",
)  # fmt: skip
"""Kinds of reconstruction error."""

TAKES_MISSING = frozenset({"masked_mse"})
"""Kinds of reconstruction error for which NaN is a value that is missing."""

COMPLEXITIES = ("l1", "l2", "kl_sparsity", "effective_dimension")
"""Kinds of complexity that the codes alone tell."""

MODEL_COMPLEXITIES = ("contractive", "kl_gaussian", "gates")
"""Kinds of complexity that need the network that they are named after in `KINDS`."""

WEIGHTS = {
    "reconstruction": "alpha",
    "complexity": "beta",
    "clustering": "gamma",
    "classification": "delta",
}
"""Loss part -> the setting that weighs it; the last two where clusters or classes are trained."""

CLUSTERINGS = ("dec", "dcn")
"""Kinds of clustering."""
