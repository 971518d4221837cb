"""What is said of clusters and classes, against scikit-learn and by hand."""

import math
from itertools import permutations

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.metrics import (
    accuracy_score,
    adjusted_rand_score,
    balanced_accuracy_score,
    confusion_matrix,
    normalized_mutual_info_score,
    silhouette_score,
)

from ae_widgets.analysis.groups import class_scores, cluster_scores, clustering_accuracy

CODES, TRUTH = make_blobs(300, 3, centers=4, random_state=0)
CLUSTERS = np.where(np.random.default_rng(0).random(300) < 0.2, 2, (TRUTH + 1) % 4)
LABELS = np.where(np.arange(300) % 3 == 0, -1, TRUTH)
KNOWN = LABELS >= 0


def test_clusters_agree_as_in_scikit_learn():
    scores = cluster_scores(CODES, CLUSTERS, LABELS)
    truth, found = LABELS[KNOWN], CLUSTERS[KNOWN]
    assert scores.ari == pytest.approx(adjusted_rand_score(truth, found))
    assert scores.nmi == pytest.approx(normalized_mutual_info_score(truth, found))
    assert scores.silhouette == pytest.approx(silhouette_score(CODES, CLUSTERS))
    assert (scores.n_clusters, scores.n_labelled) == (4, 200)


@pytest.mark.parametrize(("n_labels", "n_clusters"), [(4, 4), (3, 5), (5, 3), (1, 4)])
def test_clustering_accuracy_is_that_of_the_best_of_all_matchings(n_labels, n_clusters):
    rng = np.random.default_rng(1)
    labels, clusters = rng.integers(n_labels, size=50), rng.integers(n_clusters, size=50)
    size = max(n_labels, n_clusters)
    best = max(
        np.mean(np.array(matching)[clusters] == labels) for matching in permutations(range(size))
    )
    assert clustering_accuracy(labels, clusters) == pytest.approx(best)


def test_without_labels_there_is_only_the_silhouette():
    scores = cluster_scores(CODES, TRUTH, np.full(300, -1))
    assert all(math.isnan(value) for value in (scores.ari, scores.nmi, scores.accuracy))
    assert scores.silhouette > 0.3
    one = cluster_scores(CODES, np.zeros(300, int), TRUTH)
    assert math.isnan(one.silhouette)
    assert (one.ari, one.n_clusters) == (0, 1)


def test_with_a_single_label_there_is_nothing_to_compare_clusters_with():
    scores = cluster_scores(CODES, TRUTH, np.where(KNOWN, 0, -1))
    assert all(math.isnan(value) for value in (scores.ari, scores.nmi, scores.accuracy))
    assert scores.n_labelled == KNOWN.sum()
    assert scores.silhouette > 0.3


def test_items_in_no_cluster_count_as_one_but_not_in_the_silhouette():
    clusters = np.where(np.arange(300) % 5 == 0, -1, TRUTH)
    scores = cluster_scores(CODES, clusters, TRUTH)
    inside = clusters >= 0
    assert (scores.n_clusters, scores.n_none) == (4, 60)
    assert scores.ari == pytest.approx(adjusted_rand_score(TRUTH, clusters))
    assert scores.silhouette == pytest.approx(silhouette_score(CODES[inside], TRUTH[inside]))
    assert scores.accuracy == pytest.approx(0.8)
    nowhere = cluster_scores(CODES, np.full(300, -1), TRUTH)
    assert (nowhere.n_clusters, nowhere.n_none, nowhere.accuracy) == (0, 300, 0)
    assert math.isnan(nowhere.silhouette)


def test_the_silhouette_of_many_is_estimated_on_a_thousand():
    codes, truth = make_blobs(5000, 2, centers=3, random_state=1)
    scores = cluster_scores(codes, truth, truth)
    assert scores.silhouette == pytest.approx(silhouette_score(codes, truth), abs=0.03)
    assert (scores.ari, scores.accuracy) == (1, 1)


def test_classes_agree_as_in_scikit_learn():
    scores = class_scores(LABELS, CLUSTERS, 5)
    truth, found = LABELS[KNOWN], CLUSTERS[KNOWN]
    assert scores.n_items == 200
    assert scores.accuracy == pytest.approx(accuracy_score(truth, found))
    assert scores.balanced_accuracy == pytest.approx(balanced_accuracy_score(truth, found))
    np.testing.assert_array_equal(scores.confusion, confusion_matrix(truth, found, labels=range(5)))


def test_a_class_without_items_does_not_count():
    scores = class_scores(np.array([0, 0, 0, 1]), np.array([0, 0, 2, 1]), 3)
    assert scores.accuracy == 0.75
    assert scores.balanced_accuracy == pytest.approx((2 / 3 + 1) / 2)
    nothing = class_scores(np.array([-1, -1]), np.array([0, 1]), 2)
    assert nothing.n_items == 0
    assert math.isnan(nothing.accuracy)


def test_the_scores_of_thousands_of_classes_take_little_memory():
    labels = np.arange(20_000) % 5000
    scores = class_scores(labels, np.roll(labels, 1), 5000)
    assert scores.counts.nnz == 5000
    assert scores.counts.data.nbytes < 1e6  # as an array 200 MB
    assert scores.confusion.shape == (5000, 5000)
