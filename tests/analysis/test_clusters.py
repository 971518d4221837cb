import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import ortho_group
from sklearn.metrics import adjusted_rand_score

from ae_widgets.analysis import clusters
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
