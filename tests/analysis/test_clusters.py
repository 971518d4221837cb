import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linear_sum_assignment
from scipy.stats import ortho_group
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from ae_widgets.analysis import clusters, density
from ae_widgets.analysis.clusters import StableClusters


def blobs(n_blobs=4, per_blob=60, dim=3):
    rng = np.random.default_rng(0)
    centres = 10 * np.eye(n_blobs, dim) + np.arange(n_blobs)[:, None]
    truth = np.repeat(np.arange(n_blobs), per_blob)
    return centres[truth] + 0.3 * rng.normal(size=(len(truth), dim)), truth


def test_finds_the_clusters():
    codes, truth = blobs()
    found = StableClusters(4).assign(codes)
    assert found.dtype == np.int32
    assert adjusted_rand_score(truth, found) == 1.0


def test_turned_codes_keep_their_numbers():
    codes, _ = blobs()
    stable = StableClusters(4)
    first = stable.assign(codes)
    for seed in range(5):
        turned = codes @ ortho_group(3, seed=seed).rvs() + seed
        np.testing.assert_array_equal(stable.assign(turned), first)


def test_drifting_items_change_their_numbers_rarely():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(500, 2))  # no clusters at all: nothing but the start decides
    stable = StableClusters(5)
    last = stable.assign(codes)
    for _ in range(10):
        codes = codes + 0.01 * rng.normal(size=codes.shape)
        now = stable.assign(codes)
        assert np.mean(now != last) < 0.1
        last = now


def test_clusters_found_early_do_not_outlive_their_use():
    codes, truth = blobs()
    stable = StableClusters(4)
    stable.assign(np.random.default_rng(1).normal(size=codes.shape))
    assert adjusted_rand_score(truth, stable.assign(codes)) == 1.0


@pytest.mark.parametrize("method", ["kmeans", "gaussian_mixture"])
def test_clusters_found_afresh_depend_on_the_codes_alone(method):
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(300, 2))  # no clusters at all: nothing but the start decides
    first, second = StableClusters(8, method=method), StableClusters(8, method=method)
    for step in range(3):
        second.assign(codes + (3 - step) * rng.normal(size=codes.shape))
    live = second.assign(codes)
    alone, later = first.assign(codes, afresh=True), second.assign(codes, afresh=True)
    assert adjusted_rand_score(alone, later) == 1.0
    assert adjusted_rand_score(live, later) < 1.0
    # The numbers are still those that most items had.
    overlap = np.array([[np.sum((live == i) & (later == j)) for j in range(8)] for i in range(8)])
    assert overlap.trace() == overlap[linear_sum_assignment(overlap, maximize=True)].sum()


def test_clusters_found_afresh_are_the_best_of_several_starts():
    codes = np.random.default_rng(3).normal(size=(300, 2))
    means = KMeans(8, n_init=10, random_state=0).fit(codes).labels_
    assert adjusted_rand_score(means, StableClusters(8).assign(codes, afresh=True)) > 0.95
    assert adjusted_rand_score(means, StableClusters(8).assign(codes)) < 0.95


def test_of_much_work_there_are_fewer_starts(monkeypatch):
    codes, _ = blobs()
    counts = []
    fit = clusters._fit
    monkeypatch.setattr(clusters, "_fit", lambda *given: counts.append(given[-1]) or fit(*given))
    for most in (10**8, codes.size * 4 * 3, 1):
        monkeypatch.setattr(clusters, "MAX_WORK", most)
        StableClusters(4).assign(codes, afresh=True)
    assert counts == [10, 3, 1]


def test_many_items_are_clustered_by_some_of_them(monkeypatch):
    monkeypatch.setattr(clusters, "MAX_ROWS", 50)
    monkeypatch.setattr(clusters, "BLOCK", 64)
    codes, truth = blobs()
    stable = StableClusters(4)
    first = stable.assign(codes)
    assert adjusted_rand_score(truth, first) == 1.0
    np.testing.assert_array_equal(stable.assign(-codes), first)


@pytest.mark.parametrize("n_samples", [1, 2, 3])
def test_fewer_items_than_clusters(n_samples):
    codes = np.arange(n_samples, dtype=np.float32)[:, None]
    found = StableClusters(10).assign(codes)
    assert sorted(found) == list(range(n_samples))


def test_equal_codes_are_one_cluster_and_may_part_later():
    codes, truth = blobs()
    stable = StableClusters(4)
    assert not stable.assign(np.full(codes.shape, 0.1, np.float32)).any()
    assert adjusted_rand_score(truth, stable.assign(codes)) == 1.0


def test_codes_that_are_not_finite_leave_the_last_clusters():
    codes, _ = blobs()
    stable = StableClusters(4)
    broken = codes.copy()
    broken[0] = np.nan
    assert not stable.assign(broken).any()
    first = stable.assign(codes)
    np.testing.assert_array_equal(stable.assign(broken), first)


def test_another_number_of_items_starts_afresh():
    codes, truth = blobs()
    stable = StableClusters(4)
    stable.assign(codes)
    assert adjusted_rand_score(truth[::2], stable.assign(codes[::2])) == 1.0


@given(
    frames=st.lists(
        hnp.arrays(np.float32, (12, 2), elements=st.floats(width=32)), min_size=1, max_size=3
    ),
    n_clusters=st.integers(1, 15),
)
def test_any_codes_get_numbers_without_a_warning(frames, n_clusters):
    stable = StableClusters(n_clusters)
    for codes in frames:
        found = stable.assign(codes)
        assert found.shape == (12,)
        assert found.min() >= 0
        assert found.max() < n_clusters


def moons():
    """Return two arcs in one another, which no centre can tell apart, and some items around."""
    angle = np.linspace(0, np.pi, 300)
    arcs = [np.c_[np.cos(angle), np.sin(angle)], np.c_[1 - np.cos(angle), 0.5 - np.sin(angle)]]
    return np.concatenate([*arcs, [[5.0, 5.0], [-5.0, 4.0], [6.0, -5.0]]]), [300, 300, 3]


def sheared():
    """Return long clusters beside each other, and their numbers."""
    codes, truth = make_blobs(600, centers=3, random_state=170)
    return codes @ [[0.6, -0.6], [-0.4, 0.8]], truth


def test_a_mixture_finds_long_clusters_where_k_means_does_not():
    codes, truth = sheared()
    found = StableClusters(3, method="gaussian_mixture").assign(codes)
    assert adjusted_rand_score(truth, found) > 0.99
    assert adjusted_rand_score(truth, StableClusters(3).assign(codes)) < 0.7
    reference = GaussianMixture(3, random_state=0).fit_predict(codes)
    assert adjusted_rand_score(reference, found) == pytest.approx(1.0)


def test_a_mixture_found_early_does_not_outlive_its_use():
    codes, truth = sheared()
    stable = StableClusters(3, method="gaussian_mixture")
    stable.assign(np.random.default_rng(1).normal(size=codes.shape))
    assert adjusted_rand_score(truth, stable.assign(codes)) > 0.99


def test_few_codes_of_many_dimensions_have_diagonal_covariances():
    codes, truth = blobs(4, 30, 24)
    found = StableClusters(4, method="gaussian_mixture").assign(codes)
    assert adjusted_rand_score(truth, found) == 1.0


def test_hdbscan_finds_arcs_and_what_belongs_to_none():
    codes, (first, second, around) = moons()
    found = StableClusters(10, method="hdbscan").assign(codes)
    assert found.dtype == np.int32
    assert len(set(found[:first])) == len(set(found[first : first + second])) == 1
    assert found[0] != found[first]
    assert found[-around:].tolist() == [-1] * around
    # scikit-learn on the same codes gives the same items of the same clusters.
    reference = HDBSCAN(6, min_samples=5, copy=True).fit_predict(codes)
    np.testing.assert_array_equal(found == -1, reference == -1)
    assert adjusted_rand_score(reference, found) == 1.0


@pytest.mark.parametrize("method", ["gaussian_mixture", "hdbscan"])
def test_turned_codes_keep_their_numbers_by_any_method(method):
    codes, _ = sheared()
    stable = StableClusters(3, method=method)
    first = stable.assign(codes)
    for seed in range(3):
        turned = codes @ ortho_group(2, seed=seed).rvs() + seed
        assert np.mean(stable.assign(turned) == first) > 0.99


def test_hdbscan_looks_at_some_of_many_codes(monkeypatch):
    monkeypatch.setattr(density, "DENSITY_ROWS", 120)
    codes, truth = blobs()
    codes = np.concatenate([codes, [[50.0, 0, 0]]])
    found = StableClusters(method="hdbscan").assign(codes)
    assert adjusted_rand_score(truth, found[:-1]) > 0.95


@pytest.mark.parametrize("method", ["gaussian_mixture", "hdbscan"])
@given(
    frames=st.lists(
        hnp.arrays(np.float32, (15, 2), elements=st.floats(width=32)), min_size=1, max_size=3
    ),
    n_clusters=st.integers(1, 15),
)
def test_any_codes_get_numbers_by_any_method(method, frames, n_clusters):
    stable = StableClusters(n_clusters, method=method)
    for codes in frames:
        found = stable.assign(codes)
        assert found.shape == (15,)
        assert found.min() >= (-1 if method == "hdbscan" else 0)
        assert found.max() < 15


@pytest.mark.parametrize("n_samples", [1, 2, 9])
def test_too_few_codes_are_in_no_dense_region(n_samples):
    codes = np.arange(n_samples, dtype=np.float32)[:, None]
    assert StableClusters(method="hdbscan").assign(codes).tolist() == [-1] * n_samples
