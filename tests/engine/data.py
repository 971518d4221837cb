"""Small data for the engine's tests."""

import numpy as np

from ae_widgets import Settings


def blobs(n: int = 120, d: int = 6, seed: int = 0) -> np.ndarray:
    """Return items in [0, 1] around three centres."""
    rng = np.random.default_rng(seed)
    centres = rng.random((3, d))
    x = centres[rng.integers(3, size=n)] + 0.05 * rng.standard_normal((n, d))
    return np.clip(x, 0, 1).astype(np.float32)


def small(**changes) -> Settings:
    """Return settings of a quick run."""
    defaults = {"hidden_layer_sizes": (8,), "code_dim": 2, "batch_size": 16, "max_iter": 5}
    return Settings().change(**{**defaults, **changes})
