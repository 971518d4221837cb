"""How well clusters that are trained with the network match the classes.

    OMP_NUM_THREADS=1 python benchmarks/quality/clustering.py --data digits --seeds 10 --write
    OMP_NUM_THREADS=1 python benchmarks/quality/clustering.py --data mnist --seeds 10 --write

scikit-learn's digits, and the first 5,000 training images of MNIST. Accuracy under the best
one-to-one matching, normalised mutual information, adjusted Rand index, and the processor seconds
that a method takes, its first network included. ClustPy's DEC, IDEC and DCN, in their defaults but
with our layers, are asked if ClustPy is there (benchmarks/quality/requirements-peers.txt). Our
parameters, the layers among them, were chosen on seeds from 100 on, which are not among the
reported ones, and those for MNIST on other images. With `--kept FILE` a run that was cut off goes
on where it was.
"""

from __future__ import annotations

import io
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from kept import Kept
from mnist import mnist_split
from page import CLUSTPY, EPOCHS, options, reasons, write
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from tables import mean_and_spread

from ae_widgets import Autoencoder
from ae_widgets.analysis.groups import clustering_accuracy

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Items = NDArray[np.float32]
    Clusters = NDArray[np.int_]
    Method = Callable[[Items, int], Clusters]

K = 10
MNIST_ITEMS = 5_000


def digits() -> tuple[Items, Clusters]:
    """Return the digits, from 0 to 1, and their classes."""
    data = load_digits()
    return (data.data / 16).astype(np.float32), data.target


def mnist() -> tuple[Items, Clusters]:
    """Return some images of MNIST, from 0 to 1, and their classes."""
    images, labels, *_ = mnist_split()
    return images[:MNIST_ITEMS].copy(), labels[:MNIST_ITEMS].astype(int)


DATA = {"digits": digits, "mnist": mnist}
OURS = {
    "digits": {
        "hidden_layer_sizes": (256, 128), "code_dim": 5, "gamma": 0.1, "n_clusters": K,
        "clustering_start": 75, "max_iter": 100, "n_iter_no_change": 100,
    },
    "mnist": {
        "hidden_layer_sizes": (256, 128), "code_dim": 5, "gamma": 0.1, "n_clusters": K,
        "clustering_start": 30, "max_iter": 40, "n_iter_no_change": 40,
    },
}  # fmt: skip


def methods(ours: dict[str, Any]) -> dict[str, tuple[str, Method]]:
    """Return each method with its parameters: takes items and a seed, returns their clusters."""
    found: dict[str, tuple[str, Method]] = {}
    for clustering in ("dec", "dcn"):
        parameters = {**ours, "clustering": clustering}
        found[f"Autoencoder, {clustering}"] = str(parameters), partial(cluster, parameters)
    found["KMeans"] = "", k_means
    found["KMeans on PCA"] = (
        "",
        lambda x, seed: k_means(PCA(0.9, random_state=seed).fit_transform(x), seed),
    )
    if not CLUSTPY.absence():
        layers = *ours["hidden_layer_sizes"], ours["code_dim"]
        found |= {name: (str(layers), run) for name, run in peers(*layers).items()}
    return found


def cluster(parameters: dict[str, Any], x: Items, seed: int) -> Clusters:
    """Return the clusters that ours finds."""
    return Autoencoder(random_state=seed, **parameters).fit_predict(x)


def k_means(x: Items, seed: int) -> Clusters:
    """Return those of k-means."""
    return KMeans(K, n_init=20, random_state=seed).fit_predict(x)


def peers(*layers: int) -> dict[str, Method]:
    """Return ClustPy's, on a network of those layers."""
    sys.path.append(str(Path(__file__).parents[1] / "engine"))
    from contestants import _torchvision  # noqa: F401  # before ClustPy, which loads it

    # isort: split
    from clustpy.deep import DCN, DEC, IDEC
    from clustpy.deep.neural_networks import FeedforwardAutoencoder

    def peer(kind: type) -> Method:
        def cluster(x: Items, seed: int) -> Clusters:
            network = FeedforwardAutoencoder([x.shape[1], *layers])
            model = kind(K, neural_network=network, embedding_size=layers[-1], random_state=seed)
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):  # progress bars
                return model.fit(x).labels_

        return cluster

    return {f"ClustPy {kind.__name__}": peer(kind) for kind in (DEC, IDEC, DCN)}


def timed(run: Method, items: Items, classes: Clusters, seed: int) -> tuple[float, ...]:
    """Return accuracy, normalised mutual information, adjusted Rand index and seconds."""
    began = time.process_time()
    clusters = run(items, seed)
    seconds = time.process_time() - began
    return (
        clustering_accuracy(classes, clusters),
        normalized_mutual_info_score(classes, clusters),
        adjusted_rand_score(classes, clusters),
        seconds,
    )


def table(results: dict[str, list[tuple[float, ...]]]) -> str:
    """Return means and spreads as a Markdown table."""
    lines = ["| method | ACC | NMI | ARI | seconds |", "| --- | ---: | ---: | ---: | ---: |"]
    for name, rows in results.items():
        *scores, seconds = (list(column) for column in zip(*rows, strict=True))
        cells = [*(mean_and_spread(s, 3) for s in scores), f"{np.median(seconds):.1f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    n_seeds = len(next(iter(results.values())))
    return "\n".join(lines) + f"\n\nOver {n_seeds} seeds.\n" + reasons(CLUSTPY)


def main() -> None:
    """Compare, print and, if asked to, write."""
    asked = options(__doc__, data=",".join(DATA), keeps=True)
    kept = Kept(asked.kept)
    for name in asked.data:
        items, classes = DATA[name]()
        Autoencoder(max_iter=1, batch_size=K).fit(items[:K])  # compiles, or loads what was
        results: dict[str, list[tuple[float, ...]]] = {}
        compared = methods({**OURS[name], **EPOCHS})
        for seed in asked.seeds:
            for method, (parameters, run) in compared.items():
                key = f"{name}, seed {seed}, {method}, {parameters}"
                row = kept.figures(key, partial(timed, run, items, classes, seed))
                results.setdefault(method, []).append(row)
                told = ", ".join(f"{value:.3f}" for value in row)
                print(f"{name}, seed {seed}, {method}: {told}", flush=True)
        print(table(results))
        if asked.write:
            marker = "clustering" if name == "digits" else f"clustering on {name}"
            write(marker, table(results), asked.page)


if __name__ == "__main__":
    main()
