"""Where centres are placed, and when they are placed anew."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs

from ae_widgets.engine.centers import fit_of, place, settle

CODES, GROUPS = make_blobs(300, 2, centers=4, cluster_std=0.4, random_state=3)
CODES = CODES.astype(np.float32)


def test_they_are_those_of_k_means():
    found = place(CODES, 4, 0)
    kmeans = KMeans(4, n_init=20, random_state=0).fit(CODES)
    np.testing.assert_allclose(found.centers, kmeans.cluster_centers_, rtol=1e-5)
    assert found.inertia == pytest.approx(kmeans.inertia_)
    assert np.array_equal(found.clusters, kmeans.labels_)


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_how_far_they_lag_behind_follows_from_how_far_they_were_moved(shift):
    found = place(CODES, 4, 0)
    fit = fit_of(CODES, found.centers + np.float32([shift, 0]))
    assert np.array_equal(fit.clusters, found.clusters)
    assert fit.inertia == pytest.approx(found.inertia, rel=1e-5)
    behind = len(CODES) * shift**2
    assert fit.lag == pytest.approx(behind / (found.inertia + behind), abs=1e-5)
    sizes = np.bincount(found.clusters)
    assert fit.smallest == pytest.approx(4 * sizes.min() / len(CODES))


def test_codes_on_their_centres_lag_nowhere():
    codes = np.repeat(np.float32([[0, 0], [1, 1]]), 5, axis=0)
    fit = fit_of(codes, codes[[0, -1]])
    assert (fit.inertia, fit.lag, fit.smallest) == (0, 0, 1)


def test_centres_that_fit_stay_where_they_are():
    centers = place(CODES, 4, 0).centers + np.float32(0.1)
    assert settle(CODES, centers, 4, 0).centers is centers


def far(centers):
    return centers + np.float32(100)


def one_empty(centers):
    # Between two groups that the others hold, far enough to hold none of them.
    centers = centers.copy()
    centers[0] = 50
    return centers


def one_on_two_groups(centers):
    centers = centers.copy()
    centers[0] = (centers[0] + centers[1]) / 2
    centers[1] = centers[2] + np.float32(0.1)
    return centers


@pytest.mark.parametrize("spoil", [far, one_empty, one_on_two_groups])
def test_centres_that_the_codes_have_left_are_placed_anew(spoil):
    fresh = place(CODES, 4, 0)
    spoilt = spoil(fresh.centers)
    found = settle(CODES, spoilt, 4, 0)
    assert found.inertia == pytest.approx(fresh.inertia)
    assert fit_of(CODES, found.centers).lag < 1e-6


def test_a_group_keeps_its_number():
    before = place(CODES, 4, 0)
    for numbers in ([2, 0, 3, 1], [3, 2, 1, 0]):
        known = np.array(numbers, np.int32)[before.clusters]
        found = place(CODES, 4, 1, known)
        assert np.array_equal(found.clusters, known)
        assert np.array_equal(fit_of(CODES, found.centers).clusters, known)


@pytest.mark.parametrize("n_clusters", [3, 6])
def test_so_do_those_that_remain_when_their_number_changes(n_clusters):
    before = place(CODES, 4, 0)
    found = settle(CODES, before.centers, n_clusters, 0)
    assert found.centers.shape == (n_clusters, 2)
    assert set(found.clusters) == set(range(n_clusters))
    assert (found.clusters == before.clusters).mean() > 0.5


def test_a_small_group_that_is_there_is_left_alone():
    codes = np.concatenate([CODES, np.float32([[40, 40], [40.1, 40]])])
    centers = place(codes, 5, 0).centers
    assert settle(codes, centers, 5, 0).centers is centers


def test_there_are_no_more_than_codes():
    assert len(settle(CODES[:3], None, 5, 0).centers) == 3


def test_of_many_codes_some_decide_and_all_are_assigned(monkeypatch):
    monkeypatch.setattr("ae_widgets.engine.centers.SAMPLE", 100)
    found = place(CODES, 4, 0)
    some = CODES[np.linspace(0, 299, 100).astype(int)]
    expected = KMeans(4, n_init=20, random_state=0).fit(some)
    np.testing.assert_allclose(found.centers, expected.cluster_centers_, rtol=1e-5)
    assert np.array_equal(found.clusters, expected.predict(CODES))
    assert settle(CODES, found.centers, 4, 0).centers is found.centers
    assert settle(CODES, far(found.centers), 4, 0).inertia == pytest.approx(found.inertia)
