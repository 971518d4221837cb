import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group

from ae_widgets.analysis import alignment
from ae_widgets.analysis.alignment import LatentAligner


def orthogonal(dim, seed):
    if dim == 1:
        return np.array([[1.0 if seed % 2 else -1.0]])
    matrix = ortho_group(dim, seed=seed).rvs()
    return matrix * np.where(np.arange(dim) == 0, (-1) ** seed, 1)  # mirrored every other time


def codes_of(dim, n=200, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, dim)) * np.linspace(3, 0.5, dim) + rng.normal(size=dim)


def movement(one, other):
    x0, x1, _, _ = one.limits
    return np.abs(one.positions.astype(float) - other.positions).max() / (x1 - x0)


@pytest.mark.parametrize("dim", [1, 2, 3, 8])
@given(seed=st.integers(0, 1000), shift=st.floats(-1, 1))
def test_turning_mirroring_and_shifting_move_no_point(dim, seed, shift):
    codes = codes_of(dim, seed=seed)
    aligner = LatentAligner()
    first = aligner.align(codes)
    for frame in range(3):
        turned = aligner.align(codes @ orthogonal(dim, seed + frame) + shift)
        assert movement(first, turned) <= 1e-6
        assert turned.limits == first.limits


@pytest.mark.parametrize("dim", [2, 8])
def test_float32_codes_of_a_lower_rank_keep_their_place(dim):
    codes = codes_of(dim).astype(np.float32)
    codes[:, -1] = 0
    aligner = LatentAligner()
    first = aligner.align(codes)
    turned = aligner.align((codes @ orthogonal(dim, 7)).astype(np.float32))
    assert movement(first, turned) <= 1e-6


def test_fewer_items_than_values_keep_their_place():
    codes = codes_of(8, n=3)
    aligner = LatentAligner()
    first = aligner.align(codes)
    assert movement(first, aligner.align(codes @ orthogonal(8, 5))) <= 1e-6


def test_two_values_are_drawn_as_they_are():
    codes = codes_of(2)
    picture = LatentAligner().align(codes)
    np.testing.assert_allclose(picture.positions, codes - codes.mean(axis=0), atol=1e-6)
    assert picture.positions.dtype == np.float32
    assert picture.axis_labels == ("code 1", "code 2")
    assert picture.explained == 1.0


def test_one_value_is_drawn_on_a_line():
    codes = codes_of(1)
    picture = LatentAligner().align(codes)
    np.testing.assert_allclose(picture.positions[:, :1], codes - codes.mean(axis=0), atol=1e-6)
    assert not picture.positions[:, 1].any()
    assert picture.axis_labels == ("code", "")


def test_more_values_show_the_plane_of_largest_variance():
    codes = codes_of(5)
    picture = LatentAligner().align(codes)
    centred = codes - codes.mean(axis=0)
    values = np.linalg.svd(centred, compute_uv=False) ** 2
    assert picture.explained == pytest.approx(values[:2].sum() / values.sum())
    assert np.square(picture.positions).sum() == pytest.approx(values[:2].sum(), rel=1e-5)
    assert picture.axis_labels == ("component 1 of 5 code values", "component 2 of 5 code values")


def test_plane_is_kept_until_another_is_clearly_better():
    base = np.random.default_rng(0).normal(size=(300, 3))
    aligner = LatentAligner()
    first = aligner.align(base * [3, 2, 1])
    near = aligner.align(base * [3, 2, 2.05])
    assert movement(first, near) < 0.02
    assert near.explained < 0.8
    far = aligner.align(base * [3, 2, 9])
    assert far.explained > 0.9


def test_a_new_plane_is_turned_to_match_the_last_picture():
    base = np.random.default_rng(0).normal(size=(300, 3))
    aligner = LatentAligner()
    first = aligner.align(base * [3, 2, 1]).positions
    second = aligner.align(base * [3, 0.1, 9]).positions
    # Turned as close as can be: the cross-covariance is symmetric and has no negative part.
    cross = first.T @ second
    np.testing.assert_allclose(cross, cross.T, rtol=0.02, atol=0.02 * np.abs(cross).max())
    assert np.all(np.linalg.eigvalsh((cross + cross.T) / 2) >= -1e-3 * np.abs(cross).max())


def test_slow_growth_changes_the_limits_rarely():
    codes, aligner = codes_of(2), LatentAligner()
    seen = [aligner.align(codes * 1.01**frame).limits for frame in range(100)]
    assert len(set(seen)) <= 8


def test_slow_shrinking_changes_the_limits_rarely():
    codes, aligner = codes_of(2), LatentAligner()
    seen = [aligner.align(codes * 0.99**frame).limits for frame in range(100)]
    assert 2 <= len(set(seen)) <= 5


@given(scale=st.floats(1e-6, 1e6), seed=st.integers(0, 100))
def test_limits_are_a_square_that_holds_all_points(scale, seed):
    aligner = LatentAligner()
    aligner.align(codes_of(2, seed=seed))
    picture = aligner.align(codes_of(2, seed=seed + 1) * scale)
    x0, x1, y0, y1 = picture.limits
    x, y = picture.positions.T
    assert x1 - x0 == pytest.approx(y1 - y0)
    assert x0 <= x.min()
    assert x.max() <= x1
    assert y0 <= y.min()
    assert y.max() <= y1


@pytest.mark.parametrize("value", [0.0, 0.1, -1e6, 1e-30])
@pytest.mark.parametrize("dim", [1, 2, 3])
def test_equal_codes_have_finite_limits(value, dim):
    picture = LatentAligner().align(np.full((50, dim), value, np.float32))
    np.testing.assert_allclose(picture.positions, 0, atol=1e-6)
    np.testing.assert_allclose(picture.limits, (-1, 1, -1, 1), atol=1e-6)


def test_codes_that_collapse_keep_the_limits():
    aligner = LatentAligner()
    limits = aligner.align(codes_of(2)).limits
    assert aligner.align(np.full((200, 2), 0.1)).limits == limits


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e38])
def test_codes_that_are_not_finite_leave_the_last_picture(value):
    codes, aligner = codes_of(2), LatentAligner()
    first = aligner.align(codes)
    broken = codes.copy()
    broken[3, 1] = value
    assert aligner.align(broken) is first
    assert movement(first, aligner.align(codes @ orthogonal(2, 1))) <= 1e-6


def test_first_codes_that_are_not_finite_give_a_blank_picture():
    picture = LatentAligner().align(np.full((3, 4), np.nan))
    assert not picture.positions.any()
    assert picture.limits == (-1, 1, -1, 1)


@pytest.mark.parametrize("shape", [(100, 2), (200, 3)])
def test_another_shape_starts_afresh(shape):
    aligner = LatentAligner()
    aligner.align(codes_of(2))
    codes = codes_of(shape[1], n=shape[0], seed=3)
    picture, afresh = aligner.align(codes), LatentAligner().align(codes)
    np.testing.assert_array_equal(picture.positions, afresh.positions)
    assert picture.limits == afresh.limits


def test_many_items_are_aligned_by_some_of_them(monkeypatch):
    monkeypatch.setattr(alignment, "MAX_ROWS", 50)
    monkeypatch.setattr(alignment, "BLOCK", 64)
    codes, aligner = codes_of(3, n=1000), LatentAligner()
    first = aligner.align(codes)
    assert movement(first, aligner.align(codes @ orthogonal(3, 2))) <= 1e-6


def test_codes_are_not_written_to():
    codes = codes_of(2)
    codes.flags.writeable = False
    before = codes.copy()
    LatentAligner().align(codes)
    np.testing.assert_array_equal(codes, before)
