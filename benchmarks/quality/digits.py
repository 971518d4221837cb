"""How well the defaults of `Autoencoder` reconstruct digits that they were not trained on.

For each seed a quarter of the digits is held out; the estimator in its defaults,
PCA of the same dimension, and scikit-learn's MLPRegressor of the same layers,
batch size and epochs are fitted on the rest, and the mean squared error on the
held-out items is compared::

    OMP_NUM_THREADS=1 python benchmarks/quality/digits.py --seeds 20 --write
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from page import EPOCHS, options, write
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from tables import mean_and_spread, wins

from ae_widgets import Autoencoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Errors = dict[str, list[float]]

CODE_DIMS = (2, 8, 16)
OURS, PEERS = "Autoencoder", ("PCA", "MLPRegressor")


def held_out_errors(code_dim: int, seed: int) -> dict[str, float]:
    """Return the mean squared error on the held-out digits, by name of the model."""
    items = (load_digits().data / 16).astype(np.float32)
    train, test = train_test_split(items, random_state=seed)
    model = Autoencoder(code_dim=code_dim, random_state=seed, **EPOCHS).fit(train)
    pca = PCA(code_dim, random_state=seed).fit(train)
    layers = model.hidden_layer_sizes
    mlp = MLPRegressor(
        hidden_layer_sizes=(*layers, code_dim, *reversed(layers)),
        batch_size=model.batch_size,
        max_iter=model.n_iter_,
        n_iter_no_change=model.n_iter_ + 1,  # as many epochs as ours
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        mlp.fit(train, train)
    outputs = {
        OURS: model.reconstruct(test),
        "PCA": pca.inverse_transform(pca.transform(test)),
        "MLPRegressor": mlp.predict(test),
    }
    return {name: mean_squared_error(test, output) for name, output in outputs.items()}


def mean_squared_error(items: NDArray[np.float32], output: NDArray[np.floating]) -> float:
    """Return the mean over all values of all items."""
    return float(np.square(items - output, dtype=np.float64).mean())


def table(errors: dict[int, Errors]) -> str:
    """Return means, standard deviations over seeds and seeds won as a Markdown table."""
    heads = ["code_dim", OURS, *PEERS, *(f"seeds won against {peer}" for peer in PEERS)]
    lines = [heads, ["---:"] * len(heads)]
    for code_dim, by_name in errors.items():
        spread = [mean_and_spread(values) for values in by_name.values()]
        lines.append(
            [
                str(code_dim),
                *spread,
                *(wins(by_name[OURS], by_name[peer], lower=True) for peer in PEERS),
            ]
        )
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def main() -> None:
    """Compare, print and, if asked to, write."""
    asked = options(__doc__, seeds=20)
    errors: dict[int, Errors] = {dim: {n: [] for n in (OURS, *PEERS)} for dim in CODE_DIMS}
    for seed in asked.seeds:
        for code_dim in CODE_DIMS:
            result = held_out_errors(code_dim, seed)
            for name, error in result.items():
                errors[code_dim][name].append(error)
            figures = ", ".join(f"{name} {error:.4f}" for name, error in result.items())
            print(f"seed {seed}, code_dim {code_dim}: {figures}", flush=True)
    print(table(errors))
    if asked.write:
        write("digits", table(errors), asked.page)


if __name__ == "__main__":
    main()
