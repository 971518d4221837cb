"""How well the classes are told when few items have a label.

Ten of each class have a label, the rest have none and are what is predicted; all methods see all
items. scikit-learn's digits, and 5,000 training images of MNIST, others for each seed::

    OMP_NUM_THREADS=1 python benchmarks/quality/few_labels.py --seeds 10 --write

Our parameters, and the width of the kernel of LabelSpreading on MNIST, were chosen on seeds from
100 on, which are not among the reported ones.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from page import EPOCHS, options, write
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.semi_supervised import LabelSpreading
from tables import mean_and_spread, wins

from ae_widgets import Autoencoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Items = NDArray[np.float32]
    Classes = NDArray[np.int_]

PER_CLASS = 10
MNIST_ITEMS = 5_000
COMMON = {"hidden_layer_sizes": (256,), "n_clusters": 10, "gamma": 0.1}
OURS: dict[str, dict[str, Any]] = {
    "digits": {
        **COMMON, "code_dim": 32, "dropout": 0.3, "delta": 0.03, "max_iter": 120,
        "n_iter_no_change": 120,
    },
    "mnist": {
        **COMMON, "code_dim": 32, "dropout": 0.3, "delta": 0.03, "max_iter": 60,
        "n_iter_no_change": 60,
    },
}  # fmt: skip
KERNEL = {"digits": 20.0, "mnist": 0.05}
"""`gamma` of LabelSpreading's kernel: its default, and where that is so narrow that it knows no
neighbour, the best of five."""

OWN, SPREAD = "Autoencoder", "LabelSpreading on its code"


def digits(_: int) -> tuple[Items, Classes]:
    """Return the digits, from 0 to 1, and their classes."""
    data = load_digits()
    return (data.data / 16).astype(np.float32), data.target


def mnist(seed: int) -> tuple[Items, Classes]:
    """Return some images of MNIST, from 0 to 1, and their classes."""
    from mnist import mnist_split

    images, labels, *_ = mnist_split()
    rows = np.random.default_rng(seed).choice(len(images), MNIST_ITEMS, replace=False)
    return images[rows], labels[rows].astype(int)


DATA = {"digits": digits, "mnist": mnist}


def few(classes: Classes, seed: int) -> Classes:
    """Return the classes with all but a few of each taken away (-1)."""
    rng = np.random.default_rng(seed)
    labels = np.full_like(classes, -1)
    for k in np.unique(classes):
        chosen = rng.choice(np.flatnonzero(classes == k), PER_CLASS, replace=False)
        labels[chosen] = k
    return labels


def predictions(name: str, items: Items, labels: Classes, seed: int) -> dict[str, Classes]:
    """Return the class of each item by each method."""
    own = {**OURS[name], "random_state": seed, **EPOCHS}
    model = Autoencoder(**own).fit(items, labels)
    classes_alone = Autoencoder(**{**own, "gamma": 0.0}).fit(items, labels)
    codes = model.transform(items)
    known = labels >= 0
    pca = PCA(0.9, random_state=seed).fit(items)
    regression = make_pipeline(pca, LogisticRegression(max_iter=1000))
    regression[-1].fit(pca.transform(items[known]), labels[known])
    return {
        OWN: model.predict(items),
        SPREAD: LabelSpreading(kernel="knn").fit(codes, labels).transduction_,
        "Autoencoder, classes alone": classes_alone.predict(items),
        "LogisticRegression on PCA": regression.predict(items),
        "LabelSpreading, rbf": LabelSpreading(gamma=KERNEL[name]).fit(items, labels).transduction_,
        "LabelSpreading, knn": LabelSpreading(kernel="knn").fit(items, labels).transduction_,
    }


def accuracies(name: str, seed: int) -> dict[str, float]:
    """Return how many of the items without a label each method gets right."""
    items, classes = DATA[name](seed)
    labels = few(classes, seed)
    unknown = labels < 0
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="max_iter=30 was reached")  # LabelSpreading
        found = predictions(name, items, labels, seed)
    return {method: float((p == classes)[unknown].mean()) for method, p in found.items()}


def table(results: dict[str, list[float]]) -> str:
    """Return means, spreads and seeds won as a Markdown table."""
    ours = results[OWN]
    lines = [f"| method | accuracy | seeds in which {OWN} is better |", "| --- | ---: | ---: |"]
    for name, values in results.items():
        won = "" if name == OWN else wins(ours, values)
        lines.append(f"| {name} | {mean_and_spread(values, 3)} | {won} |")
    return "\n".join(lines) + f"\n\nOver {len(ours)} seeds.\n"


def main() -> None:
    """Compare, print and, if asked to, write."""
    asked = options(__doc__, data=",".join(DATA))
    for data in asked.data:
        results: dict[str, list[float]] = {}
        for seed in asked.seeds:
            for method, accuracy in accuracies(data, seed).items():
                results.setdefault(method, []).append(accuracy)
            told = ", ".join(f"{method} {values[-1]:.3f}" for method, values in results.items())
            print(f"{data}, seed {seed}: {told}", flush=True)
        print(table(results))
        if asked.write:
            marker = "few labels" if data == "digits" else f"few labels on {data}"
            write(marker, table(results), asked.page)


if __name__ == "__main__":
    main()
