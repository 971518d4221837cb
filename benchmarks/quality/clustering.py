"""How well clusters that are trained with the network match the classes of digits.

    OMP_NUM_THREADS=2 python benchmarks/quality/clustering.py --seeds 10 --write

Accuracy under the best one-to-one matching, normalised mutual information, adjusted Rand index,
and the seconds that a method takes, its first network included. ClustPy's DEC, IDEC and DCN, in
their defaults but with our layers, are asked if ClustPy is there
(benchmarks/quality/requirements-peers.txt). Our parameters were chosen on seeds from 100 on, which
are not among the reported ones.
"""

from __future__ import annotations

import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from page import options, write
from tables import mean_and_spread

from ae_widgets import Autoencoder
from ae_widgets.analysis.groups import clustering_accuracy

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Items = NDArray[np.float32]
    Clusters = NDArray[np.int_]

K = 10
HIDDEN, CODE_DIM = (256,), 32
OURS = {
    "hidden_layer_sizes": HIDDEN, "code_dim": CODE_DIM, "gamma": 0.1, "n_clusters": K,
    "max_iter": 120, "n_iter_no_change": 120,
}  # fmt: skip


def methods() -> dict[str, Callable[[Items, int], Clusters]]:
    """Return each method: takes the items and a seed, returns a cluster for each."""
    found: dict[str, Callable[[Items, int], Clusters]] = {
        "Autoencoder, dec": lambda x, seed: Autoencoder(random_state=seed, **OURS).fit_predict(x),
        "Autoencoder, dcn": lambda x, seed: Autoencoder(
            random_state=seed, clustering="dcn", **OURS
        ).fit_predict(x),
        "KMeans": lambda x, seed: KMeans(K, n_init=20, random_state=seed).fit_predict(x),
        "KMeans on PCA": lambda x, seed: KMeans(K, n_init=20, random_state=seed).fit_predict(
            PCA(0.9, random_state=seed).fit_transform(x)
        ),
    }
    if find_spec("clustpy"):
        sys.path.append(str(Path(__file__).parents[1] / "engine"))
        from contestants import _torchvision  # noqa: F401  # before ClustPy, which loads it

        # isort: split
        from clustpy.deep import DCN, DEC, IDEC
        from clustpy.deep.neural_networks import FeedforwardAutoencoder

        def peer(kind: type) -> Callable[[Items, int], Clusters]:
            def cluster(x: Items, seed: int) -> Clusters:
                network = FeedforwardAutoencoder([x.shape[1], *HIDDEN, CODE_DIM])
                model = kind(K, neural_network=network, embedding_size=CODE_DIM, random_state=seed)
                return model.fit(x).labels_

            return cluster

        found |= {f"ClustPy {kind.__name__}": peer(kind) for kind in (DEC, IDEC, DCN)}
    return found


def measure(classes: Clusters, clusters: Clusters) -> tuple[float, float, float]:
    """Return accuracy, normalised mutual information and adjusted Rand index."""
    return (
        clustering_accuracy(classes, clusters),
        normalized_mutual_info_score(classes, clusters),
        adjusted_rand_score(classes, clusters),
    )


def table(results: dict[str, list[tuple[float, ...]]]) -> str:
    """Return means and spreads as a Markdown table."""
    lines = ["| method | ACC | NMI | ARI | seconds |", "| --- | ---: | ---: | ---: | ---: |"]
    for name, rows in results.items():
        *scores, seconds = (list(column) for column in zip(*rows, strict=True))
        cells = [*(mean_and_spread(s, 3) for s in scores), f"{np.median(seconds):.1f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Compare, print and, if asked to, write."""
    asked = options(__doc__)
    data = load_digits()
    items, classes = (data.data / 16).astype(np.float32), data.target
    results: dict[str, list[tuple[float, ...]]] = {}
    for seed in asked.seeds:
        for name, method in methods().items():
            began = time.perf_counter()
            clusters = method(items, seed)
            row = *measure(classes, clusters), time.perf_counter() - began
            results.setdefault(name, []).append(row)
            print(f"seed {seed}, {name}: {', '.join(f'{v:.3f}' for v in row)}", flush=True)
    print(table(results))
    if asked.write:
        write("clustering", table(results))


if __name__ == "__main__":
    main()
