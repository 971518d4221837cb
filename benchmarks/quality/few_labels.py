"""How well the classes are told when few items have a label.

Ten of each class of scikit-learn's digits have a label, the rest have none and are what is
predicted. All methods see all items::

    OMP_NUM_THREADS=2 python benchmarks/quality/few_labels.py --seeds 10 --write

Our parameters were chosen on seeds from 100 on, which are not among the reported ones.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.semi_supervised import LabelSpreading

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from page import options, write
from tables import mean_and_spread, wins

from ae_widgets import Autoencoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

PER_CLASS = 10
OURS = {
    "hidden_layer_sizes": (256,), "code_dim": 32, "dropout": 0.3, "delta": 0.03, "gamma": 0.1,
    "n_clusters": 10, "max_iter": 120, "n_iter_no_change": 120,
}  # fmt: skip

CLASSES_ALONE = "Autoencoder, classes alone"


def few(classes: NDArray[np.int_], seed: int) -> NDArray[np.int_]:
    """Return the classes with all but a few of each taken away (-1)."""
    rng = np.random.default_rng(seed)
    labels = np.full_like(classes, -1)
    for k in np.unique(classes):
        chosen = rng.choice(np.flatnonzero(classes == k), PER_CLASS, replace=False)
        labels[chosen] = k
    return labels


def accuracies(seed: int) -> dict[str, float]:
    """Return how many of the items without a label each method gets right."""
    data = load_digits()
    items, classes = (data.data / 16).astype(np.float32), data.target
    labels = few(classes, seed)
    known = labels >= 0
    regression = make_pipeline(PCA(0.9, random_state=seed), LogisticRegression(max_iter=1000))
    regression[:-1].fit(items)
    regression[-1].fit(regression[:-1].transform(items[known]), labels[known])
    predicted = {
        "Autoencoder": Autoencoder(random_state=seed, **OURS).fit(items, labels).predict(items),
        CLASSES_ALONE: Autoencoder(random_state=seed, **{**OURS, "gamma": 0.0})
        .fit(items, labels)
        .predict(items),
        "LogisticRegression on PCA": regression.predict(items),
        "LabelSpreading, rbf": LabelSpreading().fit(items, labels).transduction_,
        "LabelSpreading, knn": LabelSpreading(kernel="knn").fit(items, labels).transduction_,
    }
    return {name: float((p == classes)[~known].mean()) for name, p in predicted.items()}


def table(results: dict[str, list[float]]) -> str:
    """Return means, spreads and seeds won as a Markdown table."""
    ours = results["Autoencoder"]
    lines = ["| method | accuracy | seeds in which ours is better |", "| --- | ---: | ---: |"]
    for name, values in results.items():
        won = "" if name == "Autoencoder" else wins(ours, values)
        lines.append(f"| {name} | {mean_and_spread(values, 3)} | {won} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Compare, print and, if asked to, write."""
    asked = options(__doc__)
    results: dict[str, list[float]] = {}
    for seed in asked.seeds:
        for name, accuracy in accuracies(seed).items():
            results.setdefault(name, []).append(accuracy)
        print(
            f"seed {seed}: {', '.join(f'{n} {v[-1]:.3f}' for n, v in results.items())}", flush=True
        )
    print(table(results))
    if asked.write:
        write("few labels", table(results))


if __name__ == "__main__":
    main()
