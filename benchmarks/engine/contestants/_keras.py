"""What the three contestants on Keras share; the backend is chosen before the import."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import issparse

from contestants import _torch

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras
    from data import Items
    from workloads import Workload

    from contestants import Reconstruct, Train


def contestant(backend: str) -> Callable[[Items, Workload, int], Train]:
    """Return the `prepare` of a backend: 'jax', 'tensorflow' or 'torch'."""
    os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras  # noqa: F401  # the import is not timed

    return prepare


def prepare(X: Items, work: Workload, seed: int) -> Train:
    """Make and compile the model.

    It is compiled by a full and a last batch, so that only training is timed, and
    then set back to the weights that all start from. Adam has torch's epsilon.
    """
    import keras

    keras.utils.set_random_seed(seed)
    model = _convolutional(work, X.shape[1]) if work.channels else _dense(work, X.shape[1])
    model.compile(optimizer=keras.optimizers.Adam(1e-3, epsilon=1e-8), loss="mse")
    last = X.shape[0] % work.batch_size
    _fit(model, X[: work.batch_size + last], work, epochs=1)
    for variable in model.optimizer.variables:
        if variable is not model.optimizer.learning_rate:
            variable.assign(np.zeros(variable.shape, variable.dtype))
    _start_equal(model, work, X.shape[1], seed)

    def train() -> Reconstruct:
        _fit(model, X, work, epochs=work.epochs)
        return lambda items: model.predict(items, batch_size=1024, verbose=0)

    return train


def _fit(model: keras.Model, X: Items, work: Workload, *, epochs: int) -> None:
    if issparse(X):
        model.fit(_batches(X, work.batch_size), epochs=epochs, verbose=0)
    else:
        model.fit(X, X, batch_size=work.batch_size, epochs=epochs, verbose=0)


def _batches(X: Items, batch_size: int) -> keras.utils.PyDataset:
    """Return the batches of a CSR matrix, each made dense when it is asked for."""
    import keras

    class Batches(keras.utils.PyDataset):
        def __init__(self) -> None:
            super().__init__()
            self.on_epoch_end()

        def __len__(self) -> int:
            return math.ceil(X.shape[0] / batch_size)

        def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
            rows = self._order[index * batch_size : (index + 1) * batch_size]
            batch = X[rows].toarray()
            return batch, batch

        def on_epoch_end(self) -> None:
            self._order = np.random.default_rng().permutation(X.shape[0])

    return Batches()


def _dense(work: Workload, n_features: int) -> keras.Model:
    import keras

    sizes = work.layer_sizes(n_features)
    layers = [keras.layers.Dense(units, activation="relu") for units in sizes[1:-1]]
    return keras.Sequential([keras.Input((n_features,)), *layers, keras.layers.Dense(sizes[-1])])


def _convolutional(work: Workload, n_features: int) -> keras.Model:
    """Return the layers of the other contestants, channels last as Keras has them."""
    import keras
    from keras import layers

    channels, height, width = _torch.smallest_image(work)
    how = {"strides": 2, "padding": "same"}
    return keras.Sequential(
        [
            keras.Input((n_features,)),
            layers.Reshape((*work.item_shape, 1)),
            *(layers.Conv2D(n, 3, activation="relu", **how) for n in work.channels),
            layers.Flatten(),
            layers.Dense(work.code_dim, activation="relu"),
            layers.Dense(height * width * channels, activation="relu"),
            layers.Reshape((height, width, channels)),
            *(
                layers.Conv2DTranspose(n, 3, activation="relu", **how)
                for n in reversed(work.channels[:-1])
            ),
            layers.Conv2DTranspose(1, 3, **how),
            layers.Flatten(),
        ]
    )


def _start_equal(model: keras.Model, work: Workload, n_features: int, seed: int) -> None:
    """Set the weights that all start from, in Keras's order of the axes."""
    arrays = [p.detach().numpy() for p in _torch.network(work, n_features, seed).parameters()]
    kernel = (2, 3, 1, 0)  # of a convolution; torch has the channels first
    model.set_weights([a.transpose(kernel if a.ndim == len(kernel) else None) for a in arrays])
