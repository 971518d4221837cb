"""How well the classes are told when few items have a label.

Ten of each class have a label, the rest have none and are what is predicted; all methods see all
items. scikit-learn's digits, and 5,000 training images of MNIST, others for each seed. Ours is
asked twice: with the labels alone, and with those, too, that LabelSpreading is sure of::

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
from sklearn.semi_supervised import LabelSpreading
from tables import mean_and_spread, wins

from ae_widgets import Autoencoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Items = NDArray[np.float32]
    Classes = NDArray[np.int_]

PER_CLASS = 10
MNIST_ITEMS = 5_000
OURS: dict[str, Any] = {
    "hidden_layer_sizes": (256,), "code_dim": 32, "dropout": 0.3, "delta": 0.03, "gamma": 0.1,
    "n_clusters": 10, "batch_size": 256, "learning_rate_init": 3e-3,
}  # fmt: skip
ITERATIONS = {"digits": 120, "mnist": 60}
KERNEL = {"digits": 20.0, "mnist": 1.0}
"""`gamma` of LabelSpreading: its default, and where that knows no neighbour the best of eight."""

SURE = 0.9
"""What LabelSpreading gives a class from here on is taught."""

OWN, TAUGHT = "Autoencoder", "Autoencoder, taught by LabelSpreading"


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
    epochs = {"max_iter": ITERATIONS[name], "n_iter_no_change": ITERATIONS[name]}
    model = Autoencoder(random_state=seed, **{**OURS, **epochs, **EPOCHS})
    known = labels >= 0
    pca = PCA(0.9, random_state=seed).fit(items)
    regression = LogisticRegression(max_iter=1000).fit(pca.transform(items[known]), labels[known])
    spreading = LabelSpreading(gamma=KERNEL[name]).fit(items, labels)
    found = {
        OWN: model.fit(items, labels).predict(items),
        TAUGHT: model.fit(items, sure(spreading, labels)).predict(items),
        "LogisticRegression on PCA": regression.predict(pca.transform(items)),
        "LabelSpreading, rbf": spreading.transduction_,
        "LabelSpreading, knn": LabelSpreading(kernel="knn").fit(items, labels).transduction_,
    }
    if name == "digits":
        model.set_params(gamma=0.0)
        found["Autoencoder, classes alone"] = model.fit(items, labels).predict(items)
    return found


def sure(spreading: LabelSpreading, labels: Classes) -> Classes:
    """Return the labels, and those that LabelSpreading is sure of."""
    certain = spreading.label_distributions_.max(axis=1) >= SURE
    return np.where(certain & (labels < 0), spreading.transduction_, labels)


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
    ours = results[TAUGHT]
    lines = [
        f"| method | accuracy | seeds in which the {TAUGHT} is better |",
        "| --- | ---: | ---: |",
    ]
    for name, values in results.items():
        won = "" if name == TAUGHT else wins(ours, values)
        lines.append(f"| {name} | {mean_and_spread(values, 3)} | {won} |")
    return "\n".join(lines) + f"\n\nOver {len(ours)} seeds.\n"


def main() -> None:
    """Compare, print and, if asked to, write."""
    asked = options(__doc__, data=",".join(DATA))
    for data in asked.data:
        results: dict[str, list[float]] = {}
        marker = "few labels" if data == "digits" else f"few labels on {data}"
        for seed in asked.seeds:
            for method, accuracy in accuracies(data, seed).items():
                results.setdefault(method, []).append(accuracy)
            told = ", ".join(f"{method} {values[-1]:.3f}" for method, values in results.items())
            print(f"{data}, seed {seed}: {told}", flush=True)
            if asked.write:  # after each seed: what is cut off leaves a table of those before
                write(marker, table(results), asked.page)
        print(table(results))


if __name__ == "__main__":
    main()
