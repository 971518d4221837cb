import hashlib

import numpy as np
import pytest
from sklearn import datasets

from ae_widgets.data import Dataset, read_dataset
from ae_widgets.exceptions import DataError


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def message(X, y=None, **options):
    with pytest.raises(DataError) as caught:
        read_dataset(X, y, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    "dtype",
    ["?", "u1", "i1", "u2", "i4", "<i8", ">i8", "f2", "<f4", ">f4", "<f8", ">f8", object],
)
@pytest.mark.parametrize(
    "arranged",
    [
        lambda X: X,
        lambda X: X[::-1],
        lambda X: X[:, ::-1],
        lambda X: X[::2, ::2],
        np.asfortranarray,
        lambda X: np.broadcast_to(X[:1], X.shape),
    ],
    ids=["plain", "upside down", "reversed", "strided", "fortran", "broadcast"],
)
def test_any_number_and_layout_becomes_float32_and_the_input_stays(dtype, arranged):
    X = arranged(np.random.default_rng(0).integers(0, 2, (9, 6)).astype(dtype))
    X.flags.writeable = False
    before = digest(X.astype(float))
    features = read_dataset(X).features
    assert features.dtype == np.dtype("=f4")
    assert features.flags.c_contiguous
    np.testing.assert_array_equal(features, X.astype(np.float32))
    assert digest(X.astype(float)) == before


def test_contiguous_float32_is_not_copied():
    X = np.random.default_rng(0).random((5, 3), np.float32)
    assert np.shares_memory(read_dataset(X).features, X)


def test_memory_mapped_float32_stays_so(tmp_path):
    X = np.memmap(tmp_path / "X", np.float32, "w+", shape=(40, 3))
    X[:] = np.arange(120).reshape(40, 3)
    features = read_dataset(X).features
    assert isinstance(features, np.memmap)
    assert np.shares_memory(features, X)


def test_memory_mapped_images_stay_so(tmp_path):
    X = np.memmap(tmp_path / "X", np.float32, "w+", shape=(40, 3, 2))
    X[:] = np.arange(240).reshape(40, 3, 2)
    dataset = read_dataset(X)
    assert np.shares_memory(dataset.features, X)
    assert dataset.item_shape == (3, 2)


def test_a_dataset_is_returned_as_it_is():
    dataset = read_dataset(np.random.default_rng(0).random((4, 6)), [0, 1, 0, 1])
    assert read_dataset(dataset) is dataset


def test_a_dataset_may_get_other_labels_and_another_shape():
    dataset = read_dataset(np.random.default_rng(0).random((4, 6)), [0, 1, 0, 1])
    other = read_dataset(dataset, list("abba"), item_shape=(2, 3))
    assert other.label_names == ("a", "b")
    assert other.item_shape == (2, 3)
    assert np.shares_memory(other.features, dataset.features)


@pytest.mark.parametrize(
    ("shape", "item_shape"),
    [
        ((5, 4, 3), (4, 3)),
        ((5, 4, 3, 1), (4, 3)),
        ((5, 4, 3, 3), (4, 3, 3)),
        ((5, 2, 2, 4), (2, 2, 4)),
    ],
)
def test_images_say_their_shape(shape, item_shape):
    X = np.random.default_rng(0).random(shape)
    dataset = read_dataset(X)
    assert dataset.item_shape == item_shape
    np.testing.assert_array_equal(dataset.features, X.reshape(5, -1).astype(np.float32))
    assert dataset.notices == ()


def test_images_that_come_channels_first_are_turned():
    X = np.random.default_rng(0).random((5, 3, 8, 6))
    dataset = read_dataset(X)
    assert dataset.item_shape == (8, 6, 3)
    np.testing.assert_array_equal(
        dataset.features.reshape(5, 8, 6, 3), np.moveaxis(X, 1, 3).astype(np.float32)
    )
    assert dataset.notices == ("The images came channels first and were turned to channels last.",)


def test_images_of_other_channels_are_profiles():
    dataset = read_dataset(np.random.default_rng(0).random((5, 8, 6, 7)))
    assert dataset.item_shape is None
    assert dataset.notices == (
        "Images of 7 channels cannot be drawn: items are shown as profiles.",
    )


def test_uint8_images_are_scaled_and_tables_are_not():
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    notice = "The uint8 images were divided by 255: values go from 0 to 1."
    flat = images.reshape(2, -1)
    for dataset in (read_dataset(images), read_dataset(flat, item_shape=(3, 4))):
        np.testing.assert_allclose(dataset.features, flat / 255, rtol=1e-6)
        assert dataset.notices == (notice,)
    np.testing.assert_array_equal(read_dataset(flat).features, flat)
    assert read_dataset(flat).notices == ()


def test_features_are_named():
    assert read_dataset([[1, 2], [3, 4]]).feature_names == ("x0", "x1")
    assert read_dataset(np.eye(4).reshape(4, 2, 2)).feature_names == (
        "pixel 0, 0", "pixel 0, 1", "pixel 1, 0", "pixel 1, 1",
    )  # fmt: skip


@pytest.mark.parametrize("as_frame", [False, True])
def test_digits_bunch_has_all(as_frame):
    bunch = datasets.load_digits(as_frame=as_frame)
    dataset = read_dataset(bunch)
    assert dataset.item_shape == (8, 8)
    assert dataset.label_names == tuple("0123456789")
    assert dataset.feature_names[:2] == ("pixel_0_0", "pixel_0_1")
    np.testing.assert_array_equal(dataset.labels, bunch.target)
    np.testing.assert_array_equal(dataset.features, np.asarray(bunch.data, np.float32))


@pytest.mark.parametrize("as_frame", [False, True])
def test_iris_bunch_has_names(as_frame):
    dataset = read_dataset(datasets.load_iris(as_frame=as_frame))
    assert dataset.label_names == ("setosa", "versicolor", "virginica")
    assert dataset.feature_names[0] == "sepal length (cm)"
    assert dataset.item_shape is None


def test_y_goes_before_the_target_of_a_bunch():
    dataset = read_dataset(datasets.load_iris(), np.arange(150) % 2)
    assert dataset.label_names == ("0", "1")


def test_a_bunch_whose_images_are_not_its_data_is_a_table():
    bunch = datasets.load_digits()
    bunch.data = bunch.data[:, :10]
    assert read_dataset(bunch).item_shape is None


def test_one_row_and_one_feature_are_enough():
    assert read_dataset([[1.0, 2.0]]).notices == (
        "X has a single row: there is nothing to validate on and one code to show.",
    )
    assert read_dataset([[1.0], [2.0]]).notices == ()


def test_what_float32_makes_constant_is_told_of():
    X = np.random.default_rng(0).random((50, 2))
    X[:, 1] += 1e8
    (notice,) = read_dataset(X).notices
    assert notice == (
        "1 of 2 features is constant: 'x1'. If one does vary, it is so far from 0 that float32 "
        "rounds all of it away: subtract its mean before."
    )


def test_constant_features_are_named_once():
    X = np.random.default_rng(0).random((5, 9))
    X[:, 3] = 1
    assert read_dataset(X).notices == ("1 of 9 features is constant: 'x3'.",)
    X[:, 1:8] = 1
    assert read_dataset(X).notices == (
        "7 of 9 features are constant: 'x1', 'x2', 'x3', 'x4', 'x5' and 2 more.",
    )


def test_features_without_any_value_are_named():
    X = np.random.default_rng(0).random((5, 4))
    X[:, 2] = np.nan
    X[0, 1] = np.nan
    assert read_dataset(X, allow_nan=True).notices == (
        "1 of 4 features is missing in every item, so that nothing tells what to fill in: 'x2'.",
    )


def test_notices_of_labels_follow_those_of_features():
    assert read_dataset([[1, 2], [1, 3]], [None, "a"]).notices == (
        "1 of 2 features is constant: 'x0'.",
        "1 of 2 items has no label.",
    )


def test_without_labels_there_are_none():
    dataset = read_dataset([[1, 2], [3, 4]])
    assert isinstance(dataset, Dataset)
    assert dataset.labels is None
    assert dataset.label_names == ()


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (
            np.empty((0, 4)),
            (
                "Found array with 0 sample(s) (shape=(0, 4)) while a minimum of 1 is required. "
                "Check what selected the rows of X."
            ),
        ),
        (
            np.empty((3, 0)),
            (
                "Found array with 0 feature(s) (shape=(3, 0)) while a minimum of 1 is required. "
                "Check what selected the columns of X."
            ),
        ),
        (
            [],
            (
                "Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is required. "
                "Check what selected the rows of X."
            ),
        ),
        (
            np.arange(5),
            (
                "Expected 2D array, got 1D array instead: X has 5 values. Reshape your "
                "data: X.reshape(-1, 1) if it has a single feature, X.reshape(1, -1) if it is a "
                "single item."
            ),
        ),
        (
            np.zeros((1, 2, 1, 2, 1)),
            (
                "X has 5 dimensions, shape (1, 2, 1, 2, 1); at most 4 are read: (items, height, "
                "width, channels). Flatten its items: X.reshape(len(X), -1)."
            ),
        ),
        (
            ["a text", "another"],
            (
                "X is a list of texts or objects, not of rows of numbers. Of documents, pass "
                "ae_widgets.data.read_text(X); turn other texts into numbers."
            ),
        ),
        (
            np.zeros(3, [("a", int), ("b", float)]),
            "X has named fields. Make a table of it first: pandas.DataFrame(X).",
        ),
    ],
)
def test_what_is_no_table_and_no_images_is_refused(X, expected):
    assert message(X) == expected


@pytest.mark.parametrize("item_shape", [4, "22", (), (2, 1, 2), (2, 2.0), (-2, -2), (True, 4)])
def test_item_shape_must_be_the_shape_of_an_image(item_shape):
    assert message(np.eye(4), item_shape=item_shape) == (
        "item_shape must be (height, width) or (height, width, channels) with 1, 3 or 4 "
        f"channels, or (length,) of a series, got {item_shape!r}."
    )


def test_item_shape_must_fit_the_features():
    assert message(np.zeros((2, 64)), item_shape=(8, 9)) == (
        "item_shape=(8, 9) stands for 72 values, but an item of X has 64 features. Pass the "
        "shape of one item."
    )


def test_wrong_number_of_labels_says_both_numbers():
    assert message(np.eye(50), [0] * 49) == (
        "Found input variables with inconsistent numbers of samples: [50, 49]. X has 50 rows "
        "and y has 49 labels: pass one label a row, None where there is none."
    )
