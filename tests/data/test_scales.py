"""Columns of very different scales are told, and nothing else is."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
)
from sklearn.preprocessing import StandardScaler

from ae_widgets.data import read_dataset
from ae_widgets.data import scales as scales_module
from ae_widgets.data.scales import spreads

FIX = "Scale the columns: preprocess='standard'."


def scale_notices(X, **options):
    return [n for n in read_dataset(X, **options).notices if "Scale the columns" in n]


@pytest.mark.parametrize(
    ("load", "widest"), [(load_wine, "'proline'"), (load_breast_cancer, "'worst area'")]
)
def test_the_widest_column_is_named_with_the_fix(load, widest):
    (notice,) = scale_notices(load())
    assert notice.startswith(f"Column {widest} varies ")
    assert notice.endswith(FIX)


def test_how_many_times_as_much():
    X = np.array([[0, 0.0, 0], [2, 2000.0, 2]])
    assert scale_notices(X) == [f"Column 'x1' varies 1,000 times as much as a typical one. {FIX}"]


ROUNDED = (
    "Column 'x1' lies so far from 0 that float32 rounds it: 'x1' varies by 24,954.5, in steps of "
    "128. Subtract the mean before: X - X.mean(axis=0)."
)


def moments():
    """A day in seconds since 1970 between two columns from 0 to 1."""
    X = np.random.default_rng(0).random((2000, 3))
    X[:, 1] = 1.7e9 + np.linspace(0, 86400, 2000)
    return X


def test_what_float32_rounds_is_told_whether_it_is_scaled_or_not():
    for scales in (True, False):
        assert ROUNDED in read_dataset(moments(), scales=scales).notices
    X = moments()
    X[:, 0] += 1e6
    notices = read_dataset(X).notices
    assert any(n.startswith("Columns 'x0', 'x1' lie so far from 0") for n in notices)


@pytest.mark.filterwarnings("error")
def test_what_float32_holds_is_not_told():
    X = moments()
    X[:, 1] -= X[:, 1].mean()
    X[:, 2] = np.nan  # nothing is known of it
    years = np.random.default_rng(0).integers(1990, 2021, (500, 1))
    same = np.full((10, 2), 1.7e4)
    for items in (X, years, same, np.ones((3, 2)) * 1e-30):
        notices = read_dataset(items, allow_nan=True).notices
        assert not any("float32 rounds" in notice for notice in notices)


def test_one_wide_column_of_two_counts():
    X = np.random.default_rng(0).random((50, 2)) * [1, 1000]
    assert "'x1'" in scale_notices(X)[0]


@pytest.mark.parametrize("load", [load_iris, load_diabetes])
def test_tables_of_like_columns_are_not_told(load):
    assert scale_notices(load()) == []


@pytest.mark.parametrize("divisor", [1, 16])
def test_digits_are_not_told_as_rows_or_images(divisor):
    digits = load_digits()
    assert scale_notices(digits.data / divisor) == []
    assert scale_notices(digits.data / divisor, item_shape=(8, 8)) == []


def test_images_with_a_quiet_border_are_not_told():
    images = np.random.default_rng(0).random((200, 4, 4)) * 1e-4
    images[:, 1:3, 1:3] *= 1e4
    assert scale_notices(images) == []
    assert len(scale_notices(images.reshape(200, 16))) == 1


def test_constant_columns_have_no_scale():
    X = np.random.default_rng(0).random((50, 6))
    X[:, 1:] = 7
    assert scale_notices(X) == []
    assert scale_notices(np.ones((3, 2))) == []


def test_scaled_columns_are_not_told():
    assert scale_notices(StandardScaler().fit_transform(load_wine().data)) == []


def test_spreads_are_numpys_also_far_from_zero_and_without_what_is_missing():
    X = np.random.default_rng(0).normal(1000, 1, (80, 3)).astype(np.float32)
    np.testing.assert_allclose(spreads(X), X.astype(np.float64).std(axis=0), rtol=1e-12)
    X[::3, 1] = np.nan
    X[:, 2] = np.nan
    np.testing.assert_allclose(spreads(X)[1], np.nanstd(X[:, 1].astype(np.float64)), rtol=1e-12)
    assert spreads(X)[2] == 0


def test_large_data_is_looked_at_in_part(monkeypatch):
    monkeypatch.setattr(scales_module, "MAX_ROWS", 10)
    X = np.arange(95, dtype=np.float32).reshape(-1, 1)
    np.testing.assert_allclose(spreads(X), X[::10].std(axis=0), rtol=1e-6)


# Images ---------------------------------------------------------------------------------

BYTES = np.random.default_rng(0).integers(0, 256, (60, 8, 8))
BYTES[0, 0, :2] = 0, 255
NORMAL = StandardScaler().fit_transform(BYTES.reshape(60, 64)).reshape(60, 8, 8)


@pytest.mark.parametrize(
    ("images", "span", "divisor"),
    [
        (BYTES, "0 to 255", 255),
        (np.minimum(BYTES, 200).astype(np.float32), "0 to 200", 255),
        ((BYTES * 257).astype(np.uint16), "0 to 65,535", 65535),
        (BYTES * 20.5 - 1000, "-1,000 to 4,227.5", 4228),
        (np.where(BYTES % 5, np.nan, BYTES), "0 to 255", 255),
    ],
)
def test_images_that_are_not_scaled_are_told(images, span, divisor):
    said = (
        f"The values of the images go from {span}, which makes the loss large. Divide them first: "
        f"X / {divisor}."
    )
    flat = images.reshape(60, 64)
    assert read_dataset(images, allow_nan=True).notices == (said,)
    assert read_dataset(flat, item_shape=(8, 8), allow_nan=True).notices == (said,)
    if not np.isnan(images).any():
        assert read_dataset(sparse.csr_array(flat), item_shape=(8, 8)).notices == (said,)
    assert read_dataset(images, allow_nan=True, scales=False).notices == ()


@pytest.mark.parametrize("images", [BYTES / 255, BYTES % 17, NORMAL, np.sign(NORMAL)])
def test_images_of_a_usual_scale_are_not(images):
    assert read_dataset(images).notices == ()


def test_a_large_value_in_one_standardised_image_is_no_matter_of_scale():
    images = NORMAL.copy()
    images[3, 4, 4] = 60
    assert read_dataset(images).notices == ()


# Tables that look like images -----------------------------------------------------------


def pixels(n_features, border=5):
    """Grey values of a border that is black and an inside that is not."""
    values = np.random.default_rng(0).integers(0, 256, (60, n_features))
    values[0, border : border + 2] = 0, 255
    values[:, :border] = 0
    return values


def pixel_notice(shape, span="0 to 255"):
    return (
        f"The values go from {span}, as those of pixels do, which makes the loss large. Divide "
        f"them first: X / 255. If the items are images, pass item_shape={shape}."
    )


@pytest.mark.parametrize(
    ("X", "notice"),
    [
        (pixels(784), pixel_notice("(28, 28)")),
        (pixels(784).astype(np.uint8), pixel_notice("(28, 28)")),
        (pixels(784) / 255 * 255, pixel_notice("(28, 28)")),
        (load_digits().data / 16 * 255, pixel_notice("(8, 8)")),
        (np.minimum(pixels(64), 200), pixel_notice("(8, 8)", "0 to 200")),
        (pixels(3 * 64), pixel_notice("(8, 8, 3)")),
        (pixels(65), pixel_notice("(height, width)")),
        (np.where(pixels(784) % 5 == 1, np.nan, pixels(784)), pixel_notice("(28, 28)")),
    ],
)
def test_a_table_of_pixels_is_told_what_to_do_in_place_of_its_constant_columns(X, notice):
    assert read_dataset(X, allow_nan=True).notices == (notice,)
    divided = read_dataset(X / 255, allow_nan=True).notices
    assert not any("pixels" in said for said in divided)


COUNTS = np.random.default_rng(0).poisson(0.5, (60, 100))
COUNTS[0, 0] = 200


@pytest.mark.parametrize(
    "X",
    [
        pixels(63),
        pixels(784) - 1,
        pixels(784) + 1,
        np.minimum(pixels(784), 250) + 0.5,
        np.minimum(pixels(784), 100),  # such as percentages
        COUNTS,
        sparse.csr_array(pixels(784)),
    ],
)
def test_other_tables_are_not_taken_for_pixels(X):
    assert not any("pixels" in said for said in read_dataset(X).notices)


def test_pixels_that_are_scaled_are_told_as_any_table_is():
    (said,) = read_dataset(pixels(784), scales=False).notices
    assert said.startswith("5 of 784 features are constant")
