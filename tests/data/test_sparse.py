"""Sparse matrices stay sparse on their way in."""

import re
import tracemalloc

import numpy as np
import pytest
from scipy import sparse
from sklearn.utils import Bunch

from ae_widgets.data import read_dataset
from ae_widgets.data.fingerprint import Fingerprint
from ae_widgets.data.sparse import to_dense
from ae_widgets.exceptions import DataError

VALUES = np.array([[0, 2, 0, 1], [3, 0, 0, 0], [0, 4, 0, 5]], np.float32)


def message(X, y=None, **options):
    with pytest.raises(DataError) as raised:
        read_dataset(X, y, **options)
    return str(raised.value)


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
@pytest.mark.parametrize("kind", ["array", "matrix"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint8])
def test_every_format_becomes_csr(form, kind, dtype):
    if dtype is np.uint8 and form == "dia":
        pytest.skip("scipy has no such matrix")
    made = getattr(sparse, f"{form}_{kind}")(VALUES.astype(dtype))
    dataset = read_dataset(made)
    features = dataset.features
    assert isinstance(features, sparse.csr_array)
    assert features.dtype == np.float32
    assert features.has_canonical_format
    assert (dataset.sparse, dataset.n_samples, dataset.n_features) == (True, 3, 4)
    np.testing.assert_array_equal(dataset.rows(slice(None)), VALUES)


def test_places_named_twice_are_added_up_without_wrapping():
    twice = sparse.coo_array(
        (np.array([200, 100, 7], np.uint8), ([0, 0, 1], [1, 1, 0])), shape=(2, 2)
    )
    assert read_dataset(twice).rows(slice(None)).tolist() == [[0, 300], [7, 0]]
    unsorted = sparse.csr_array(([1.0, 2, 3], [2, 0, 0], [0, 3]), shape=(1, 3))
    before = unsorted.indices.copy()
    assert read_dataset(unsorted).rows(slice(None)).tolist() == [[5, 0, 1]]
    np.testing.assert_array_equal(unsorted.indices, before)


def test_what_is_in_the_right_form_is_used_in_place_and_never_written_to():
    X = sparse.csr_array(VALUES)
    for array in (X.data, X.indices, X.indptr):
        array.flags.writeable = False
    dataset = read_dataset(X)
    assert np.shares_memory(dataset.features.data, X.data)
    assert np.shares_memory(dataset.features.indices, X.indices)


def test_rows_have_what_stands_for_no_value():
    X = sparse.csr_array(([0.0, 2], ([0, 0], [0, 1])), shape=(2, 3))
    dataset = read_dataset(X)
    np.testing.assert_array_equal(
        dataset.rows(np.array([1, 0]), np.nan), [[np.nan] * 3, [0, 2, np.nan]]
    )
    assert to_dense(dataset.features[[]]).shape == (0, 3)


def test_range_and_missing_values():
    X = sparse.csr_array(np.array([[0, 2.0], [np.nan, 1]]))
    dataset = read_dataset(X, allow_nan=True)
    assert dataset.value_range == (0, 2)
    assert dataset.has_missing
    assert not read_dataset(sparse.csr_array(VALUES)).has_missing


def test_names_labels_and_shape_of_a_bunch():
    bunch = Bunch(
        data=sparse.csr_matrix(VALUES),
        target=np.array([1, 0, 1]),
        target_names=["ham", "spam"],
        feature_names=["a", "b", "c", "d"],
    )
    dataset = read_dataset(bunch)
    assert dataset.feature_names == ("a", "b", "c", "d")
    assert (dataset.labels.tolist(), dataset.label_names) == ([1, 0, 1], ("ham", "spam"))
    assert read_dataset(sparse.csr_array(VALUES)).feature_names == ("x0", "x1", "x2", "x3")


def test_flat_images_may_be_sparse():
    dataset = read_dataset(sparse.csr_array(VALUES.astype(np.uint8)), item_shape=(2, 2))
    assert dataset.item_shape == (2, 2)
    np.testing.assert_allclose(dataset.rows([0])[0], VALUES[0] / 255, rtol=1e-6)
    assert dataset.notices[0].startswith("The uint8 images were divided by 255")


def test_labels_take_the_place_of_those_of_a_dataset():
    dataset = read_dataset(sparse.csr_array(VALUES), [0, 1, 0])
    again = read_dataset(dataset, ["a", "b", None])
    assert again.features is dataset.features
    assert again.label_names == ("a", "b")
    assert read_dataset(dataset) is dataset


def test_remarks_name_what_is_constant_empty_or_of_another_scale():
    X = sparse.csr_array([[0, 1, 2, 1], [0, 1, 3, 1], [0, 0, 0, 0], [0, 1, 2, 1.0]])
    assert read_dataset(X).notices == (
        "1 of 4 features is constant: 'x0'.",
        "1 of 4 items is empty: 2.",
    )
    full = sparse.csr_array([[7, 1, 0], [7, 0, 500], [7, 1, 400.0]])
    assert read_dataset(full).notices == ("1 of 3 features is constant: 'x0'.",)
    wide = sparse.csr_array([[1, 1, 0], [2, 0, 5000], [7, 1, 4000.0]])
    (notice,) = read_dataset(wide).notices
    assert notice == (
        "The values of column 'x2' are 1,067 times as large as those of a typical one. Scale the "
        "columns first, e.g. sklearn.preprocessing.MaxAbsScaler().fit_transform(X)."
    )


def test_a_column_of_stored_nan_alone_is_told():
    X = sparse.csr_array([[np.nan, 1, np.nan], [np.nan, 2, 0], [np.nan, 3, 2]])
    (notice,) = read_dataset(X, allow_nan=True).notices
    assert notice == (
        "1 of 3 features is missing in every item, so that nothing tells what to fill in: 'x0'."
    )


def test_rare_terms_are_no_matter_of_scale():
    counts = sparse.random_array(
        (500, 40), density=0.3, format="lil", rng=np.random.default_rng(0), dtype=np.float32
    )
    counts[:, 39] = 0
    counts[3, 39] = 0.5
    assert read_dataset(counts).notices == ()


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (np.nan, "X has NaN in 2 of 3 rows (first: row 0, column 3). Drop those rows"),
        (np.inf, "X has infinite values in 2 of 3 rows (first: row 0, column 3: inf)."),
        (1e39, "X has values beyond float32 (3.4e38) in 2 of 3 rows (first: row 0, column 3: "),
    ],
)
def test_what_is_no_finite_number_is_located(bad, said):
    values = VALUES.astype(np.float64)
    values[0, 3] = values[2, [1, 3]] = bad
    assert message(sparse.csc_array(values)).startswith(said)
    if np.isnan(bad):
        assert read_dataset(sparse.csc_array(values), allow_nan=True).has_missing


def test_what_is_no_table_of_real_numbers_is_refused():
    assert message(sparse.csr_array((0, 3))).startswith("Found array with 0 sample(s)")
    assert message(sparse.csr_array((3, 0))).startswith("Found array with 0 feature(s)")
    assert message(sparse.csr_array((3, 2))).startswith("X is a sparse matrix without any value")
    assert message(sparse.coo_array(np.arange(3.0))).startswith("Expected 2D array, got 1D")
    assert message(sparse.csr_array(VALUES * 1j)).startswith("X holds complex numbers")
    assert message(sparse.csr_array(VALUES.astype(np.longdouble))).startswith(
        "X holds extended-precision numbers"
    )
    assert re.search(r"\[3, 2\]", message(sparse.csr_array(VALUES), [0, 1]))


def test_a_huge_matrix_costs_no_more_than_its_values():
    n = 100_000
    X = sparse.csr_array(
        (np.ones(n), np.arange(n), np.arange(n + 1)), shape=(n, n), dtype=np.float32
    )
    tracemalloc.start()
    dataset = read_dataset(X)
    assert dataset.rows([5]).sum() == 1
    assert dataset.value_range == (0, 1)
    assert len(dataset.fingerprint.sha256) == 64
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6  # dense it has 40 GB


def test_the_fingerprint_tells_a_stored_zero_from_none():
    X = read_dataset(sparse.csr_array(VALUES)).features
    wide = sparse.csr_array((X.data, X.indices.astype(np.int64), X.indptr), shape=X.shape)
    assert Fingerprint(X) == Fingerprint(wide)
    stored = sparse.csr_array(
        (np.r_[X.data, 0], np.r_[X.indices, 0], [0, 2, 3, 6]), shape=X.shape, dtype=np.float32
    )
    assert Fingerprint(X) != Fingerprint(stored)
    assert Fingerprint(X) != Fingerprint(X.toarray())
    assert Fingerprint(X) != Fingerprint(-X)
