"""What every contestant trains: data, layers, batch size and epochs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import data
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

ALL = ("digits", "mnist", "mnist_conv", "memmap", "csr")
"""What ``--workloads all`` means; 'tiny' is for the runner's own test."""


@dataclass(frozen=True)
class Workload:
    """Adam at 1e-3 on the mean squared error, relu after each layer but the last.

    Parameters
    ----------
    title : str
        What the table calls it.
    load : callable
        Returns the items, float32 of shape (n_samples, n_features): an array, a
        memory-mapped array or a CSR matrix.
    hidden_layer_sizes : tuple of int
        Units of the encoder's hidden layers, mirrored by the decoder.
    code_dim, batch_size, epochs : int
        Sizes of the code and of a batch, and how long to train.
    channels : tuple of int, default=()
        Channels of convolutions of 3×3 with stride 2, and mirrored transposed
        ones, in place of `hidden_layer_sizes`.
    item_shape : tuple of int, default=()
        Height and width of an item, for `channels`.
    evaluated : int, default=10,000
        At most so many items, evenly spread, are reconstructed to measure the error.
    seeds : tuple of int, default=(0, 1, 2, 3, 4)
        Seeds of the rounds, from the first again when they are used up.
    """

    title: str
    load: Callable[[], data.Items]
    hidden_layer_sizes: tuple[int, ...]
    code_dim: int
    batch_size: int
    epochs: int
    channels: tuple[int, ...] = ()
    item_shape: tuple[int, ...] = ()
    evaluated: int = 10_000
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)

    def layer_sizes(self, n_features: int) -> tuple[int, ...]:
        """Return the units of every layer, input and output included."""
        hidden = self.hidden_layer_sizes
        return (n_features, *hidden, self.code_dim, *reversed(hidden), n_features)

    def seed(self, number: int) -> int:
        """Return the seed of a round, from which all contestants draw the same weights."""
        return self.seeds[number % len(self.seeds)]

    def rows(self, n_samples: int) -> NDArray[np.int64]:
        """Return which items are reconstructed to measure the error."""
        return np.linspace(0, n_samples - 1, min(n_samples, self.evaluated)).astype(np.int64)


# A relu on a small code: from most first weights it is the order of the items that decides
# how many of the code's units die. From these, all orders reach nearly the same error.
STABLE_ON_DIGITS = (1, 9, 10, 15, 17, 18, 19, 24, 28)

WORKLOADS = {
    "tiny": Workload("200 digits 64-4-64, b64, 2 epochs", data.few_digits, (), 4, 64, 2),
    "digits": Workload(
        "digits 64-16-64, b64, 50 epochs", data.digits, (), 16, 64, 50, seeds=STABLE_ON_DIGITS
    ),
    "mnist": Workload(
        "MNIST 784-256-64-16-64-256-784, b256, 2 epochs", data.mnist, (256, 64), 16, 256, 2
    ),
    "mnist_conv": Workload(
        "20,000 of MNIST, convolutions of 16 and 32 channels, code 16, b256, 1 epoch",
        data.some_mnist,
        (),
        16,
        256,
        1,
        channels=(16, 32),
        item_shape=(28, 28),
    ),
    "memmap": Workload(
        "1,000,000×64 memory-mapped, 64-32-8-32-64, b1024, 1 epoch",
        data.memory_mapped,
        (32,),
        8,
        1024,
        1,
    ),
    "csr": Workload(
        "CSR 20,000×20,000 of 0.3 %, 20000-256-20000, b256, 1 epoch",
        data.sparse,
        (),
        256,
        256,
        1,
        evaluated=1000,
    ),
}
