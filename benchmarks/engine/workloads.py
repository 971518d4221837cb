"""What every contestant trains: data, layers, batch size and epochs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.datasets import load_digits

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Workload:
    """Adam at 1e-3 on the mean squared error, relu after each layer but the last."""

    load: Callable[[], NDArray[np.float32]]
    hidden_layer_sizes: tuple[int, ...]
    code_dim: int
    batch_size: int
    epochs: int

    def layer_sizes(self, n_features: int) -> tuple[int, ...]:
        """Return the units of every layer, input and output included."""
        hidden = self.hidden_layer_sizes
        return (n_features, *hidden, self.code_dim, *reversed(hidden), n_features)


def _digits() -> NDArray[np.float32]:
    return (load_digits().data / 16).astype(np.float32)


def _clusters() -> NDArray[np.float32]:
    """Return 60,000 items of 784 values around 50 centres, as many values as MNIST has."""
    generator = np.random.default_rng(0)
    centres = generator.random((50, 784), dtype=np.float32)
    noise = generator.random((60_000, 784), dtype=np.float32)
    return 0.7 * centres[generator.integers(0, 50, 60_000)] + 0.3 * noise


WORKLOADS = {
    "digits": Workload(_digits, (), 16, batch_size=64, epochs=50),
    "wide": Workload(_clusters, (256, 64), 16, batch_size=256, epochs=1),
}
