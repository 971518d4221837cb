import numpy as np
import pytest

from ae_widgets.data import features
from ae_widgets.data.features import constant_features, empty_features, to_float32
from ae_widgets.data.table import Table
from ae_widgets.exceptions import DataError


@pytest.fixture(params=[1 << 20, 8], ids=["one block", "many blocks"], autouse=True)
def block(request, monkeypatch):
    monkeypatch.setattr(features, "BLOCK", request.param)


def message(values, **names):
    with pytest.raises(DataError) as caught:
        to_float32(Table(values, **names), values)
    return str(caught.value)


def table_with(value, rows=(3, 5, 11), dtype=float):
    values = np.arange(48, dtype=dtype).reshape(12, 4)
    values[list(rows), 1] = value
    return values


def test_numbers_are_cast_and_divided():
    values = np.arange(48).reshape(12, 4)
    result = to_float32(Table(values), values, divisor=2)
    np.testing.assert_array_equal(result, (values / 2).astype(np.float32))
    assert values[11, 3] == 47


def test_nan_is_counted_and_located():
    assert message(table_with(np.nan), names=tuple("abcd")) == (
        "X has NaN in 3 of 12 rows (first: row 3, column 'b'). Drop those rows, fill them in, "
        "e.g. with sklearn.impute.SimpleImputer, or leave those values out of the error: "
        "missing='mask'."
    )


def test_nan_is_let_through_where_it_is_allowed_and_infinity_is_not():
    values = table_with(np.nan)
    result = to_float32(Table(values), values, allow_nan=True)
    np.testing.assert_array_equal(result, values.astype(np.float32))
    values[7, 0] = np.inf
    with pytest.raises(
        DataError, match=r"infinite values in 1 of 12 rows \(first: row 7, column 0"
    ):
        to_float32(Table(values), values, allow_nan=True)


def test_the_index_of_a_row_is_told():
    index = [f"r{i}" for i in range(12)]
    assert "(first: row 3 (index 'r3'), column 1)" in message(table_with(np.nan), index=index)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_infinity_is_counted_and_located(value, dtype):
    assert message(table_with(value, dtype=dtype)) == (
        f"X has infinite values in 3 of 12 rows (first: row 3, column 1: {value}). Drop those "
        "rows, or replace the values."
    )


def test_values_beyond_float32_are_counted_and_located():
    assert message(table_with(-1e300, rows=[7])) == (
        "X has values beyond float32 (3.4e38) in 1 of 12 rows (first: row 7, column 1: -1e+300)."
        " Scale them first, e.g. with sklearn.preprocessing.StandardScaler."
    )


def test_missing_memory_says_how_much_is_needed(monkeypatch):
    def empty(*_):
        raise MemoryError

    values = np.broadcast_to(1.0, (1_000_000, 1000))
    monkeypatch.setattr(features.np, "empty", empty)
    assert message(values) == (
        "X needs 4.0 GB of memory as float32, more than there is. Pass fewer rows, or a float32 "
        "numpy.memmap, which is read in place."
    )


def test_constant_features_are_found():
    values = np.arange(48, dtype=np.float32).reshape(12, 4)
    assert constant_features(values).tolist() == []
    values[:, [0, 2]] = 5
    assert constant_features(values).tolist() == [0, 2]
    values[11, 0] = 6
    assert constant_features(values).tolist() == [2]


def test_a_feature_that_varies_late_is_not_constant(monkeypatch):
    monkeypatch.setattr("ae_widgets.data.features.BLOCK", 30)  # ten rows at a time
    values = np.ones((200, 3), np.float32)
    values[150, 1] = 2
    assert constant_features(values).tolist() == [0, 2]


def test_a_feature_without_any_value_is_not_constant_but_empty(monkeypatch):
    monkeypatch.setattr("ae_widgets.data.features.BLOCK", 30)  # ten rows at a time
    values = np.random.default_rng(0).random((200, 3), np.float32)
    values[:, 1:] = np.nan
    values[150, 1] = 2
    assert constant_features(values).tolist() == []
    assert empty_features(values).tolist() == [2]
    assert empty_features(values[:, :1]).tolist() == []
