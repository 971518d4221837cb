import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import random_array

from ae_widgets.data import read_dataset
from ae_widgets.data.frames import as_frame, filled_frame, split_column
from ae_widgets.exceptions import DataError

TEXT_ADVICE = (
    "Pass categorical='auto', or categorical=[...] with their names if they hold numbers too "
    "(of a DataFrame), turn them into numbers, e.g. with "
    "sklearn.preprocessing.OneHotEncoder or skrub.TableVectorizer, or drop them."
)


@pytest.fixture(params=["pandas", "polars", "pyarrow"])
def make(request):
    library = pytest.importorskip(request.param)
    return {"pyarrow": getattr(library, "table", None)}.get(request.param) or library.DataFrame


def message(X, y=None):
    with pytest.raises(DataError) as caught:
        read_dataset(X, y)
    return str(caught.value)


def test_numeric_columns_are_features(make):
    dataset = read_dataset(make({"a": [1, 2], "b": [0.5, 1.5], "c": [True, False]}))
    np.testing.assert_array_equal(dataset.features, [[1, 0.5, 1], [2, 1.5, 0]])
    assert dataset.feature_names == ("a", "b", "c")


def test_decimals_are_numbers(make):
    dataset = read_dataset(make({"a": [Decimal("1.5"), Decimal(2)]}))
    np.testing.assert_array_equal(dataset.features, [[1.5], [2]])


@pytest.mark.parametrize("values", [[1, None, 3], [1.5, None, 2.5], [True, None, False]])
def test_missing_cells_are_located(make, values):
    assert message(make({"a": [1, 2, 3], "b": values})) == (
        "X has NaN in 1 of 3 rows (first: row 1, column 'b'). Drop those rows, fill them in, e.g. "
        "with sklearn.impute.SimpleImputer, or leave those values out of the error: "
        "missing='mask'."
    )


def test_y_names_a_column(make):
    dataset = read_dataset(make({"a": [1, 2, 3], "kind": ["u", "v", "u"]}), "kind")
    assert dataset.feature_names == ("a",)
    assert dataset.label_names == ("u", "v")
    assert dataset.labels.tolist() == [0, 1, 0]


def test_y_that_names_no_column_lists_the_columns(make):
    assert message(make({"a": [1], "b": [2]}), "c") == (
        "y='c' names no column of X. Its columns are: 'a', 'b'."
    )


@pytest.mark.parametrize(
    ("values", "held"),
    [
        (["x", "y"], "text or categories"),
        ([dt.datetime(2020, 1, 1), dt.datetime(2021, 1, 1)], "dates or times"),  # noqa: DTZ001
        ([dt.timedelta(1), dt.timedelta(2)], "durations"),
        ([[1, 2], [3, 4]], "nested values"),
    ],
)
def test_columns_of_no_numbers_are_named(make, values, held):
    text = message(make({"a": [1, 2], "b": values}))
    assert text.startswith(f"X has {held} in column 'b' (first: row 0, column 'b': ")


def test_no_rows_are_told_before_what_the_columns_hold():
    frame = pd.DataFrame({"a": pd.to_datetime([]), "b": [], "c": pd.array([], "string")})
    assert message(frame).startswith("Found array with 0 sample(s) (shape=(0, 3))")


def test_an_index_with_gaps_is_no_obstacle():
    frame = pd.DataFrame({"a": [1.0, np.nan]}, index=pd.array([1, None], "Int64"))
    assert "(first: row 1 (index <NA>), column 'a')" in message(frame)


def test_labels_only_leave_no_feature(make):
    assert message(make({"kind": ["u", "v"]}), "kind").startswith(
        "Found array with 0 feature(s) (shape=(2, 0))"
    )


def test_uint8_tables_are_not_scaled():
    frame = pd.DataFrame({"a": np.array([0, 255], np.uint8)})
    np.testing.assert_array_equal(read_dataset(frame).features, [[0], [255]])


def test_the_index_of_a_faulty_row_is_told():
    frame = pd.DataFrame({"a": [1.0, np.nan]}, index=["anna", "bert"])
    assert "(first: row 1 (index 'bert'), column 'a')" in message(frame)


@pytest.mark.parametrize(
    "column",
    [
        pd.array([1, None], "Int64"),
        pd.array([1.5, None], "Float32"),
        pd.array([True, None], "boolean"),
        np.array([1, None], object),
        pd.arrays.SparseArray([1, np.nan]),
    ],
    ids=str,
)
def test_missing_cells_of_pandas_types_are_missing(column):
    assert message(pd.DataFrame({"a": column})).startswith("X has NaN in 1 of 2 rows")


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (
            np.array(["u", "v"], object),
            (
                "X has text or categories in column 'a' (first: row 0, column 'a': 'u'). "
                + TEXT_ADVICE
            ),
        ),
        (
            np.array([1j, 2]),
            (
                "X has complex numbers in column 'a' (first: row 0, column 'a': 1j). "
                "Complex data not supported: pass their real and imaginary parts as two features."
            ),
        ),
        (
            pd.to_datetime(["2020-01-01", "2021-01-01"]),
            (
                "X has dates or times in column 'a' (first: row 0, column 'a': "
                "2020-01-01T00:00:00.000000). Turn them into numbers first, e.g. days since the "
                "earliest one, or drop them."
            ),
        ),
    ],
    ids=["text", "complex", "datetime"],
)
def test_pandas_columns_of_no_numbers_are_named(column, expected):
    assert message(pd.DataFrame({"a": column})) == expected


def test_doubled_names_are_refused():
    frame = pd.DataFrame(np.zeros((2, 3)), columns=["a", "b", "a"])
    assert message(frame) == (
        "Expected unique column names, got: 'a' 2 times. Rename or drop them."
    )


def test_mixed_names_are_refused():
    frame = pd.DataFrame(np.zeros((2, 2)), columns=["a", 1])
    assert message(frame) == (
        "Feature names are only supported if all input features have string names, but X has "
        "['int', 'str'] as column name types. Convert them: X.columns = X.columns.astype(str)."
    )


def test_integer_names_are_names():
    frame = pd.DataFrame(np.eye(2), columns=[10, 20])
    assert read_dataset(frame).feature_names == ("10", "20")
    assert read_dataset(frame, "20").feature_names == ("10",)


def test_names_with_html_are_kept():
    payload = "<img src=x onerror=alert(1)>"
    dataset = read_dataset(pd.DataFrame({payload: [1, 2], "y": [payload, "b"]}), "y")
    assert dataset.feature_names == (payload,)
    assert dataset.label_names == (payload, "b")


def test_a_series_is_one_dimensional():
    assert message(pd.Series([1, 2])).startswith("Expected 2D array, got 1D array instead")


def test_a_lazy_frame_must_be_collected():
    polars = pytest.importorskip("polars")
    assert message(polars.LazyFrame({"a": [1]})) == (
        "X is a lazy frame (polars.LazyFrame). Collect it first: X.collect()."
    )


def test_a_frame_is_not_written_to():
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [1, 2], "y": ["u", "v"]})
    before = frame.copy()
    read_dataset(frame, "y").features[:] = 0
    pd.testing.assert_frame_equal(frame, before)


def test_a_sparse_frame_of_pandas_stays_sparse_with_its_names():
    X = random_array((9, 40), density=0.2, format="csr", rng=np.random.default_rng(0))
    names = [f"film {i}" for i in range(40)]
    frame = pd.DataFrame.sparse.from_spmatrix(X, columns=names)
    read = read_dataset(frame)
    assert read.sparse
    assert read.feature_names == tuple(names)
    np.testing.assert_allclose(read.features.toarray(), X.toarray(), rtol=1e-6)
    frame["who"] = list("abcabcabc")
    labelled = read_dataset(frame, "who")
    assert labelled.sparse
    assert labelled.label_names == ("a", "b", "c")
    assert labelled.n_features == 40


def test_a_sparse_frame_of_other_values_than_0_is_read_like_any_other():
    frame = pd.DataFrame({"a": [1.0, 2.0, 1.0], "b": [0.0, 1.0, 3.0]})
    read = read_dataset(frame.astype(pd.SparseDtype(float, 1.0)))
    assert not read.sparse
    np.testing.assert_array_equal(read.features, frame)
    mixed = frame.assign(a=frame["a"].astype(pd.SparseDtype(float, 0.0)))
    assert not read_dataset(mixed).sparse


@pytest.mark.parametrize("gap", [1, None])
def test_a_column_of_categories_that_are_integers_is_read_alike_beside_a_gap(gap):
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "y": pd.Categorical([10, 9, gap])})
    _, values = split_column(frame, "y")
    assert values[:2].tolist() == ["10", "9"]


COLUMNS = {
    "whole floats": (lambda: pd.Series([0.0, None]), ["0", "1"], 1.0),
    "Int64": (lambda: pd.Series([0, None], dtype="Int64"), ["0", "1"], 1),
    "no half in Int64": (lambda: pd.Series([0, None], dtype="Int64"), ["0", "0.5"], 0),
    "boolean": (lambda: pd.Series([False, None], dtype="boolean"), ["False", "True"], True),
    "bools as objects": (lambda: pd.Series([False, None]), ["False", "True"], True),
    "text": (lambda: pd.Series(["a", None]), ["a", "b"], "b"),
    "no other category": (lambda: pd.Series(["a", None], dtype="category"), ["a", "b"], "a"),
    "integers of polars": (lambda: pl.Series([0, None]), ["0", "1"], 1),
    "categories of polars": (lambda: pl.Series(["a", None], dtype=pl.Categorical), ["a", "b"], "b"),
    "closed ones of polars": (
        lambda: pl.Series(["a", None], dtype=pl.Enum(["a"])),
        ["a", "b"],
        "a",
    ),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_category_that_no_item_has_is_filled_in_where_the_type_has_it(kind):
    make, categories, expected = COLUMNS[kind]
    column = make()
    frame = (
        pd.DataFrame({"c": column})
        if isinstance(column, pd.Series)
        else pl.DataFrame({"c": column})
    )
    values = np.array([[1, 0], [0.2, 0.8]])
    filled = filled_frame(as_frame(frame), values, {"c": tuple(categories)})["c"]
    assert filled.dtype == column.dtype
    assert filled[1] == expected


def test_a_gap_that_no_category_fits_stays():
    frame = pd.DataFrame({"c": pd.Series([None, None], dtype="Int64")})
    filled = filled_frame(as_frame(frame), np.ones((2, 2)), {"c": ("a", "b")})
    assert filled["c"].isna().all()
