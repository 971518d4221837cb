"""What PCA and k-means before the network change, on items that were not trained on.

For each seed a quarter of the items is held out; the same network is fitted on the rest,
with each kind of features and without, for a code of two values and for one of eight. Told
is how much of the held-out items the reconstruction
explains, in the space of the standardised items, and how well logistic regression and
k-means tell the classes by the codes::

    OMP_NUM_THREADS=1 python benchmarks/quality/features.py --seeds 10 --write
"""

from __future__ import annotations

import itertools
import warnings
from typing import TYPE_CHECKING

import numpy as np
from page import EPOCHS, options, write
from sklearn.cluster import KMeans
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ae_widgets import Autoencoder, KMeansFeatures, PCAFeatures

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    Results = dict[tuple[str, int, str], list[tuple[float, float, float]]]

DATA = {"digits": load_digits, "wine": load_wine, "breast_cancer": load_breast_cancer}
CODE_DIMS = (2, 8)
PLAIN = "scaling alone"
FEATURES: dict[str, list[Any]] = {
    "nothing": [],
    PLAIN: ["standard"],
    "PCA, 95 % of the variance": ["standard", PCAFeatures(0.95)],
    "PCA, 95 %, whitened": ["standard", PCAFeatures(0.95, whiten=True)],
    "k-means distances": ["standard", KMeansFeatures(10)],
    "k-means one-hot": ["standard", KMeansFeatures(10, "one-hot")],
    "k-means soft": ["standard", KMeansFeatures(10, "soft")],
}
MEASURES = ("explained", "accuracy", "ARI")


def measure(name: str, code_dim: int, steps: list[Any], seed: int) -> tuple[float, float, float]:
    """Return explained variance, accuracy and adjusted Rand index on the held-out items."""
    X, y = DATA[name](return_X_y=True)
    train, test, y_train, y_test = train_test_split(
        X.astype(np.float32), y, random_state=seed, stratify=y
    )
    model = Autoencoder(code_dim=code_dim, preprocess=steps, random_state=seed, **EPOCHS)
    model.fit(train)
    scaler = StandardScaler().fit(train)
    items, outputs = (scaler.transform(x) for x in (test, model.reconstruct(test)))
    codes, train_codes = model.transform(test), model.transform(train)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        accuracy = classifier.fit(train_codes, y_train).score(codes, y_test)
    clusters = KMeans(len(np.unique(y)), n_init=10, random_state=seed).fit(train_codes)
    return (
        explained(items, outputs),
        float(accuracy),
        float(adjusted_rand_score(y_test, clusters.predict(codes))),
    )


def explained(items: NDArray[np.floating], outputs: NDArray[np.floating]) -> float:
    """Return one minus the squared error over the squared distance from the mean."""
    error = np.square(items - outputs, dtype=np.float64).sum()
    return float(1 - error / np.square(items - items.mean(axis=0), dtype=np.float64).sum())


def table(results: Results) -> str:
    """Return means, standard deviations over seeds and seeds won as a Markdown table."""
    heads = ["data", "code_dim", "features", *MEASURES, "seeds won (explained, accuracy, ARI)"]
    lines = [heads, ["---", "---:", "---", *["---:"] * 4]]
    for (name, code_dim, features), values in results.items():
        own, plain = np.array(values), np.array(results[name, code_dim, PLAIN])
        cells = [f"{m:.3f} ± {s:.3f}" for m, s in zip(own.mean(0), own.std(0), strict=True)]
        won = "" if features == PLAIN else " / ".join(str(n) for n in (own > plain).sum(axis=0))
        lines.append([name, str(code_dim), features, *cells, won])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def main() -> None:
    """Compare, print and, if asked to, write."""
    asked = options(__doc__)
    cases = list(itertools.product(DATA, CODE_DIMS, FEATURES))
    results: Results = {case: [] for case in cases}
    for seed in asked.seeds:
        for case in cases:
            name, code_dim, features = case
            result = measure(name, code_dim, FEATURES[features], seed)
            results[case].append(result)
            print(seed, *case, *(f"{value:.4f}" for value in result), sep=", ", flush=True)
    print(table(results))
    if asked.write:
        write("features", table(results), asked.page)


if __name__ == "__main__":
    main()
