"""How well clusters and predicted classes agree with labels and with the codes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.analysis.density import NO_CLUSTER
from ae_widgets.analysis.threads import one_thread
from ae_widgets.data import NO_LABEL

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

__all__ = [
    "ClassScores",
    "ClusterScores",
    "class_scores",
    "cluster_scores",
    "clustering_accuracy",
]

SILHOUETTE_ITEMS = 1000
"""Items that the silhouette is computed on: it compares each with all others."""

MIN_LABELS = 2
"""Labels that clusters are compared with: whatever they are, they agree with a single one."""


@dataclass(frozen=True)
class ClusterScores:
    """What is said of clusters; NaN where it is not defined.

    Attributes
    ----------
    n_clusters : int
        Clusters that hold an item.
    silhouette : float
        Mean silhouette of the codes, from -1 to 1, of at most 1,000 items in a cluster
        (Rousseeuw 1987, *J. Comput. Appl. Math.* 20, 53-65).
    ari, nmi : float
        Adjusted Rand index (Hubert & Arabie 1985) and normalized mutual information, with
        the labels, of which there have to be two. Items in no cluster count as one.
    accuracy : float
        Share of the labelled items whose cluster is the one of their label, see
        `clustering_accuracy`; of two labels at least.
    n_labelled : int
        Items with a label.
    n_none : int
        Items in no cluster.
    """

    n_clusters: int
    silhouette: float
    ari: float
    nmi: float
    accuracy: float
    n_labelled: int
    n_none: int = 0


@dataclass(frozen=True, eq=False)
class ClassScores:
    """What is said of predicted classes, of some items that have a label.

    Attributes
    ----------
    n_items : int
    accuracy : float
        Share of items whose class is their label; NaN without items.
    balanced_accuracy : float
        Mean over the labels of that share; NaN without items.
    counts : csr_array of shape (n_classes, n_classes), int64
        The confusion matrix without its zeros: of thousands of classes it would take
        hundreds of megabytes.
    """

    n_items: int
    accuracy: float
    balanced_accuracy: float
    counts: csr_array

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Items of each label (rows) by predicted class (columns)."""
        confusion: NDArray[np.int64] = self.counts.toarray()
        return confusion


def cluster_scores(
    codes: NDArray[np.floating], clusters: NDArray[np.integer], labels: NDArray[np.integer]
) -> ClusterScores:
    """Return how clusters agree with the codes and with the labels.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, code_dim)
        Finite.
    clusters, labels : ndarray of shape (n_samples,)
        -1 is no cluster, or no label.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    known = labels != NO_LABEL
    truth, found = labels[known], clusters[known]
    ari = nmi = accuracy = math.nan
    if len(np.unique(truth)) >= MIN_LABELS:
        ari = float(adjusted_rand_score(truth, found))
        nmi = float(normalized_mutual_info_score(truth, found))
        accuracy = clustering_accuracy(truth, found)
    inside = clusters != NO_CLUSTER
    return ClusterScores(
        n_clusters=len(np.unique(clusters[inside])),
        silhouette=_silhouette(codes[inside], clusters[inside]),
        ari=ari,
        nmi=nmi,
        accuracy=accuracy,
        n_labelled=int(known.sum()),
        n_none=int((~inside).sum()),
    )


def clustering_accuracy(labels: NDArray[np.integer], clusters: NDArray[np.integer]) -> float:
    """Return the accuracy under the best matching of clusters and labels, one to one.

    Found by the Hungarian method (Kuhn 1955), as Xie et al. 2016, equation 10, have it.
    Clusters beyond the number of labels, or labels beyond that of clusters, match nothing;
    nor does -1, no cluster.
    """
    from scipy.optimize import linear_sum_assignment
    from sklearn.metrics.cluster import contingency_matrix

    inside = clusters != NO_CLUSTER
    overlap = contingency_matrix(labels[inside], clusters[inside])
    rows, columns = linear_sum_assignment(overlap, maximize=True)
    return float(overlap[rows, columns].sum() / len(labels))


def class_scores(
    labels: NDArray[np.integer], classes: NDArray[np.integer], n_classes: int
) -> ClassScores:
    """Return how predicted classes agree with the labels of those items that have one."""
    from scipy.sparse import csr_array

    known = labels != NO_LABEL
    pairs, each = np.unique(np.stack([labels[known], classes[known]]), axis=1, return_counts=True)
    counts = csr_array((each, pairs), (n_classes, n_classes), dtype=np.int64)
    n_items = int(known.sum())
    if not n_items:
        return ClassScores(0, math.nan, math.nan, counts)
    right, of_label = counts.diagonal(), counts.sum(axis=1)
    shares = right[of_label > 0] / of_label[of_label > 0]
    return ClassScores(n_items, float(right.sum() / n_items), float(shares.mean()), counts)


def _silhouette(codes: NDArray[np.floating], clusters: NDArray[np.integer]) -> float:
    from sklearn.metrics import silhouette_score

    if len(codes) > SILHOUETTE_ITEMS:
        rows = np.random.default_rng(0).choice(len(codes), SILHOUETTE_ITEMS, replace=False)
        codes, clusters = codes[rows], clusters[rows]
    if not 1 < len(np.unique(clusters)) < len(codes):
        return math.nan
    with one_thread():
        return float(silhouette_score(codes, clusters))
