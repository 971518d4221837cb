import datetime as dt
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from ae_widgets.data.columns import is_missing, numeric_array
from ae_widgets.data.table import Table
from ae_widgets.exceptions import DataError

TEXT_ADVICE = (
    "Pass categorical='auto', or categorical=[...] with their names if they hold numbers too "
    "(of a DataFrame), turn them into numbers, e.g. with "
    "sklearn.preprocessing.OneHotEncoder or skrub.TableVectorizer, or drop them."
)


def message(values, **names):
    with pytest.raises(DataError) as caught:
        numeric_array(Table(values, **names), values)
    return str(caught.value)


@pytest.mark.parametrize(
    "value", [None, np.nan, np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT"), Decimal("NaN")]
)
def test_missing_values_are_known(value):
    assert is_missing(value)


@pytest.mark.parametrize("value", [0, "", "nan", False, np.inf, np.datetime64("2020"), Decimal(1)])
def test_other_values_are_not_missing(value):
    assert not is_missing(value)


def test_objects_that_are_numbers_are_read():
    values = np.array([[1, 2.5, True], [Decimal("0.5"), Fraction(1, 4), None]], object)
    np.testing.assert_array_equal(
        numeric_array(Table(values), values), [[1, 2.5, 1], [0.5, 0.25, np.nan]]
    )


def test_huge_integers_are_beyond_float32_not_infinite():
    values = np.array([[10**400, -(10**400)]], object)
    np.testing.assert_array_equal(numeric_array(Table(values), values), [[1e39, -1e39]])


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("U3", f"X holds text or categories (dtype <U3). {TEXT_ADVICE}"),
        ("S3", f"X holds text or categories (dtype |S3). {TEXT_ADVICE}"),
        (
            "M8[D]",
            (
                "X holds dates or times (dtype datetime64[D]). Turn them into numbers first, e.g. "
                "days since the earliest one, or drop them."
            ),
        ),
        (
            "m8[s]",
            (
                "X holds durations (dtype timedelta64[s]). Turn them into numbers first, e.g. of "
                "seconds, or drop them."
            ),
        ),
        (
            "c16",
            (
                "X holds complex numbers (dtype complex128). Complex data not supported: pass "
                "their real and imaginary parts as two features."
            ),
        ),
    ],
)
def test_arrays_of_no_numbers_are_refused(dtype, expected):
    assert message(np.zeros((2, 3), dtype)) == expected


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize == 8, reason="longdouble is float64 here")
def test_extended_precision_is_refused():
    values = np.zeros((2, 3), np.longdouble)
    assert message(values) == (
        f"X holds extended-precision numbers (dtype {values.dtype}). Convert them first: "
        "X.astype('float32')."
    )


def test_all_columns_of_the_first_kind_are_named():
    values = np.array([[1, "x", 2, 3], [1, 2, dt.date(2020, 1, 1), "<b>"]], object)
    assert message(values, names=tuple("abcd")) == (
        "X has text among numbers in columns 'b', 'd' (first: row 0, column 'b': 'x'). "
        "Make what is no number missing, e.g. with pandas.to_numeric(column, errors='coerce'), "
        "drop those rows, or take all as categories: categorical=[...] with their names "
        "(of a DataFrame)."
    )


@pytest.mark.parametrize(
    ("column", "held", "first"),
    [
        (["1", "2.5", None], "numbers written as text", (0, "'1'")),
        ([1, None, "3"], "numbers written as text", (2, "'3'")),
        (["1", None, "?", "x"], "text among numbers", (2, "'?'")),
        ([None, 1, "inf"], "text among numbers", (2, "'inf'")),
        ([None, "u", "v"], "text or categories", (1, "'u'")),
    ],
)
def test_text_says_what_of_it_is_no_number(column, held, first):
    values = np.array(column, object)[:, None]
    where = f"X has {held} in column 0 (first: row {first[0]}, column 0: {first[1]}). "
    assert message(values).startswith(where)


@pytest.mark.parametrize(
    ("value", "held"),
    [
        ("x", "text among numbers"),
        (b"x", "text among numbers"),
        ("1", "numbers written as text"),
        (dt.date(2020, 1, 1), "dates or times"),
        (dt.time(1), "dates or times"),
        (pd.Timestamp("2020"), "dates or times"),
        (dt.timedelta(1), "durations"),
        (1j, "complex numbers"),
        ((1, 2), "nested values"),
        ({}, "nested values"),
        (object(), "objects that are no numbers"),
    ],
)
def test_single_values_that_are_no_numbers_are_located(value, held):
    values = np.empty((2, 2), object)
    values[:] = 1.0
    values[1, 1] = value
    text = message(values)
    assert text.startswith(f"X has {held} in column 1 (first: row 1, column 1: ")
    assert text.endswith(("drop them.", "two features.", "their names (of a DataFrame)."))
