"""How well anomalies are found that nobody has labelled, beside other detectors.

A detector is fitted on unlabelled items of which a share is anomalous, and the area under the
ROC curve of its scores is measured on items that it has not seen::

    OMP_NUM_THREADS=2 python benchmarks/quality/anomalies.py --seeds 10 --write

- breast_cancer: benign tumours with 5 % of malignant ones, standardised;
- digits: nine classes with 5 % of the tenth, from 0 to 1; each seed another class;
- mnist: 2,000 images of one class, none of another, against the 10,000 test images; each seed
  another class.

Half of the usual items are fitted on; the other half and all other anomalies are scored. PyOD's
AutoEncoder, in its defaults, is asked if PyOD is there (benchmarks/quality/requirements-peers.txt).
Our parameters, the same for all data, were chosen on seeds from 100 on, which are not among the
reported ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from page import EPOCHS, PYOD, options, reasons, write
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM
from tables import mean_and_spread, wins

from ae_widgets import Autoencoder
from ae_widgets.analysis.anomalies import SCORES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Items = NDArray[np.float32]
    Split = tuple[Items, Items, NDArray[np.int_]]  # fitted on, scored, which of those are anomalies

SHARE = 0.05
MNIST_ITEMS = 2000
OURS = {"hidden_layer_sizes": (64,), "code_dim": 8, "max_iter": 20}
"""What is not a default of ours beside the score; the same for all data sets."""

SCORE = "combined"

NAMES = (
    "combined", "reconstruction", "neighbors", "latent", "PyOD AutoEncoder",
    "IsolationForest", "OneClassSVM", "PCA error",
)  # fmt: skip


def breast_cancer(seed: int) -> Split:
    """Return benign tumours with a few malignant ones, standardised."""
    data = load_breast_cancer()
    train, test, anomalous = split(data.data[data.target == 1], data.data[data.target == 0], seed)
    scaler = StandardScaler().fit(train)
    return scaler.transform(train).astype("f4"), scaler.transform(test).astype("f4"), anomalous


def digits(seed: int) -> Split:
    """Return digits of nine classes with a few of the tenth."""
    data = load_digits()
    items, rare = (data.data / 16).astype(np.float32), data.target == seed % 10
    return split(items[~rare], items[rare], seed)


def mnist(seed: int) -> Split:
    """Return images of one class, and the test images of all."""
    from mnist import mnist_split

    images, labels, test, test_labels = mnist_split()
    own = np.flatnonzero(labels == seed % 10)
    chosen = np.random.default_rng(seed).choice(own, MNIST_ITEMS, replace=False)
    return images[chosen], test, (test_labels != seed % 10).astype(int)


def split(usual: Items, rare: Items, seed: int) -> Split:
    """Return half of the usual items with a share of rare ones, and all others."""
    rng = np.random.default_rng(seed)
    usual, rare = usual[rng.permutation(len(usual))], rare[rng.permutation(len(rare))]
    half = len(usual) // 2
    few = round(SHARE * half / (1 - SHARE))
    train = np.concatenate([usual[:half], rare[:few]])
    test = np.concatenate([usual[half:], rare[few:]])
    return train, test, np.repeat([0, 1], [len(usual) - half, len(rare) - few])


DATA: dict[str, Callable[[int], Split]] = {
    "breast_cancer": breast_cancer, "digits": digits, "mnist": mnist,
}  # fmt: skip


def aucs(name: str, seed: int) -> dict[str, float]:
    """Return the area under the ROC curve of each detector."""
    train, test, anomalous = DATA[name](seed)
    scores = ours(seed, train, test) | theirs(seed, train, test)
    return {
        detector: float(roc_auc_score(anomalous, values)) for detector, values in scores.items()
    }


def ours(seed: int, train: Items, test: Items) -> dict[str, NDArray[np.floating]]:
    """Return the scores of one network, by each way to score."""
    scores = {}
    for score in SCORES:  # the same network each time: it does not depend on the score
        model = Autoencoder(random_state=seed, anomaly_score=score, **OURS | EPOCHS).fit(train)
        scores[score] = -model.score_samples(test)
    return scores


def theirs(seed: int, train: Items, test: Items) -> dict[str, NDArray[np.floating]]:
    """Return the scores of the others."""
    forest = IsolationForest(random_state=seed).fit(train)
    machine = OneClassSVM().fit(train)
    pca = PCA(0.9, random_state=seed).fit(train)
    residual = test - pca.inverse_transform(pca.transform(test))
    scores = {
        "IsolationForest": -forest.score_samples(test),
        "OneClassSVM": -machine.score_samples(test),
        "PCA error": np.square(residual).sum(axis=1),
    }
    if not PYOD.absence():
        from pyod.models.auto_encoder import AutoEncoder

        model = AutoEncoder(random_state=seed, verbose=0).fit(train)
        scores["PyOD AutoEncoder"] = model.decision_function(test)
    return scores


def table(results: dict[str, dict[str, list[float]]]) -> str:
    """Return means, spreads and seeds won as a Markdown table."""
    names = [name for name in NAMES if name in next(iter(results.values()))]
    heads = [f"Autoencoder, {name}" if name in SCORES else name for name in names]
    peers = [name for name in ("PyOD AutoEncoder", "IsolationForest") if name in names]
    heads = ["data", *heads, *(f"seeds won against {peer}" for peer in peers)]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    for data, by_name in results.items():
        cells = [mean_and_spread(by_name[name], 3) for name in names]
        won = [wins(by_name[SCORE], by_name[peer]) for peer in peers]
        lines.append([data, *cells, *won])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines) + reasons(PYOD)


def main() -> None:
    """Compare, print and, if asked to, write."""
    asked = options(__doc__, data=",".join(DATA))
    results: dict[str, dict[str, list[float]]] = {name: {} for name in asked.data}
    for seed in asked.seeds:
        for name, by_detector in results.items():
            for detector, auc in aucs(name, seed).items():
                by_detector.setdefault(detector, []).append(auc)
            figures = ", ".join(f"{n} {v[-1]:.3f}" for n, v in by_detector.items())
            print(f"seed {seed}, {name}: {figures}", flush=True)
    print(table(results))
    if asked.write:
        write("anomalies", table(results), asked.page)


if __name__ == "__main__":
    main()
