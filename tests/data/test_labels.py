import datetime as dt

import numpy as np
import pandas as pd
import pytest

from ae_widgets.data.labels import read_labels
from ae_widgets.exceptions import DataError

NAN = float("nan")


def message(y, n_samples=4):
    with pytest.raises(DataError) as caught:
        read_labels(y, n_samples)
    return str(caught.value)


@pytest.mark.parametrize(
    ("y", "names", "labels"),
    [
        ([3, 1, 2, 1], ["1", "2", "3"], [2, 0, 1, 0]),
        ([10, 9, 10, 9], ["9", "10"], [1, 0, 1, 0]),
        ([1.0, 2.0, 1.0, 2.0], ["1", "2"], [0, 1, 0, 1]),
        ([0.5, 1, 1, 2], ["0.5", "1", "2"], [0, 1, 1, 2]),
        (np.array([0.1, 0.2, 0.1, 0.2], np.float32), ["0.1", "0.2"], [0, 1, 0, 1]),
        ([True, False, True, True], ["False", "True"], [1, 0, 1, 1]),
        (["b", "a", "b", "c"], ["a", "b", "c"], [1, 0, 1, 2]),
        ([b"b", b"a", b"b", b"\xff"], ["a", "b", "\ufffd"], [1, 0, 1, 2]),
        ([2, "a", 10, "B"], ["2", "10", "B", "a"], [0, 3, 1, 2]),
        ([[1], [2], [1], [2]], ["1", "2"], [0, 1, 0, 1]),
        ((-2, -1, 0, 1), ["-2", "-1", "0", "1"], [0, 1, 2, 3]),
        ([-1, 1, -1, 1], ["-1", "1"], [0, 1, 0, 1]),
        ([np.inf, 1, -np.inf, 1], ["-inf", "1", "inf"], [2, 1, 0, 1]),
        (np.array([2**64 - 1, 0, 0, 0], "u8"), ["0", str(2**64 - 1)], [1, 0, 0, 0]),
        ([10**30, 1, 1, 1], ["1", str(10**30)], [1, 0, 0, 0]),
        (pd.Series(["b", "a", "b", "b"], dtype="category"), ["a", "b"], [1, 0, 1, 1]),
        (pd.DataFrame({"y": ["u", "v", "u", "v"]}), ["u", "v"], [0, 1, 0, 1]),
        (pd.Index([3, 4, 3, 4]), ["3", "4"], [0, 1, 0, 1]),
        (
            [dt.date(2021, 1, 1), dt.date(2020, 1, 1)] * 2,
            ["2020-01-01", "2021-01-01"],
            [1, 0, 1, 0],
        ),
        (np.array(["2021", "2020"] * 2, "M8[ns]"), None, [1, 0, 1, 0]),
    ],
    ids=str,
)
def test_labels_of_any_type_are_named_and_sorted(y, names, labels):
    read = read_labels(y, 4)
    if names is not None:
        assert list(read.names) == names
    assert read.labels.tolist() == labels
    assert read.labels.dtype == np.int32
    assert read.notices == ()


@pytest.mark.parametrize(
    ("y", "names", "labels"),
    [
        ([-1, 0, 1, 2], ["0", "1", "2"], [-1, 0, 1, 2]),
        ([-1.0, 0.0, 1.0, 0.5], ["0", "0.5", "1"], [-1, 0, 2, 1]),
        ([-1, 1, 1, 1], None, None),
        ([NAN, 1, 2, 2], ["1", "2"], [-1, 0, 1, 1]),
        ([None, 1, 2, 2], ["1", "2"], [-1, 0, 1, 1]),
        ([pd.NA, "a", "b", "b"], ["a", "b"], [-1, 0, 1, 1]),
        (["a", NAN, "b", "b"], ["a", "b"], [0, -1, 1, 1]),
        ([-1, "a", 2, "a"], ["2", "a"], [-1, 1, 0, 1]),
        (pd.Series([1, None, 2, 2], dtype="Int64"), ["1", "2"], [0, -1, 1, 1]),
        (pd.Series(["a", None, "b", "b"], dtype="category"), ["a", "b"], [0, -1, 1, 1]),
        (np.array(["2020", "NaT", "2020", "2020"], "M8[D]"), ["2020-01-01"], [0, -1, 0, 0]),
        (np.ma.masked_equal([1, 5, 2, 2], 5), ["1", "2"], [0, -1, 1, 1]),
    ],
    ids=str,
)
def test_items_may_lack_a_label(y, names, labels):
    read = read_labels(y, 4)
    if names is None:  # -1 and 1 are two classes
        assert (read.names, read.notices) == (("-1", "1"), ())
        return
    assert list(read.names) == names
    assert read.labels.tolist() == labels
    assert read.notices == ("1 of 4 items has no label.",)


@pytest.mark.parametrize("y", [[-1] * 4, [None] * 4, [NAN] * 4, np.full(4, np.nan)])
def test_no_label_at_all_is_told(y):
    assert read_labels(y, 4)[:3] == (None, (), ("y holds no label.",))


def test_categories_keep_their_order_and_those_without_items_are_left_out():
    kinds = pd.CategoricalDtype(["small", "medium", "large", "huge"], ordered=True)
    read = read_labels(pd.Series(["large", "small", "medium", "small"], dtype=kinds), 4)
    assert read.names == ("small", "medium", "large")
    assert read.labels.tolist() == [2, 0, 1, 0]


@pytest.mark.parametrize(
    ("values", "kinds", "names", "classes"),
    [
        ([9, 10, None, 9], [10, 9, 8], ("10", "9"), [10, 9]),
        ([9.5, 9.0, None, 1e20], [9.0, 9.5, 1e20], ("9", "9.5", "1e+20"), [9.0, 9.5, 1e20]),
        (["9", "10", None, "9"], ["10", "9"], ("10", "9"), None),
        ([9, "10", None, 9], ["10", 9], ("10", "9"), None),
    ],
)
def test_categories_that_are_numbers_are_numbers_as_classes(values, kinds, names, classes):
    read = read_labels(pd.Series(values, dtype=pd.CategoricalDtype(kinds)), 4)
    assert read.names == names
    assert (None if read.classes is None else read.classes.tolist()) == classes
    labels = read.labels.tolist()
    assert labels[2] == -1
    assert [names[label] for label in labels if label >= 0] == [
        f"{value:g}" if isinstance(value, float) else str(value) for value in values if value
    ]


def test_a_category_of_minus_1_is_no_label():
    read = read_labels(pd.Series([-1, 0, 1, 0], dtype="category"), 4)
    assert read.names == ("0", "1")
    assert read.labels.tolist() == [-1, 0, 1, 0]


def test_polars_series_are_read():
    polars = pytest.importorskip("polars")
    order = polars.Enum(["z", "a"])
    read = read_labels(polars.Series(["a", None, "z", "a"], dtype=order), 4)
    assert read.names == ("z", "a")
    assert read.labels.tolist() == [1, -1, 0, 1]


def test_target_names_name_integer_labels():
    read = read_labels([2, 0, -1, 2], 4, ["a", "b", "c"])
    assert read.names == ("a", "b", "c")
    assert read.labels.tolist() == [2, 0, -1, 2]


@pytest.mark.parametrize("y", [[0, 1, 2, 3], ["u", "u", "u", "u"], [0.0, 1.0, 1.0, 0.0]])
def test_target_names_that_do_not_fit_are_left_out(y):
    assert "a" not in read_labels(y, 4, ["a", "b", "c"]).names


def test_a_measurement_is_cut_into_ranges():
    y = np.linspace(0.5, 100.5, 101)
    read = read_labels(np.append(y, NAN), 102)
    assert read.names == (
        "0.5 to 20.5", "20.5 to 40.5", "40.5 to 60.5", "60.5 to 80.5", "80.5 to 100",
    )  # fmt: skip
    assert np.bincount(read.labels[:-1]).tolist() == [20, 20, 20, 20, 21]
    assert read.labels[-1] == -1
    assert read.notices == (
        "y has 101 distinct values: they are shown as 5 ranges.",
        "1 of 102 items has no label.",
    )


def test_whole_floats_that_hardly_repeat_are_a_measurement():
    assert len(read_labels(np.arange(100.0), 100).names) == 5
    assert len(read_labels(np.repeat(np.arange(30.0), 5), 150).names) == 30


def test_integers_are_labels_however_many_there_are():
    assert len(read_labels(np.arange(5000), 5000).names) == 5000


AGES = 18 + np.arange(1440) % 72
CUT = "cut them into ranges: pandas.qcut(y, 5)"
FLOATS = "pass floats, which are shown as ranges: np.asarray(y, float)"


def numbers_notice(n, advice):
    return (
        f"y has {n} different whole numbers, each of which is a class. If they measure something, "
        f"{advice}."
    )


def ids_notice(alone, n):
    return (
        f"{alone} of {n} labels are of one item alone. Labels are classes, which items share; one "
        "an item is an id, and scores of it say nothing."
    )


@pytest.mark.parametrize(
    ("y", "notices"),
    [
        (AGES, (numbers_notice(72, CUT),)),
        (AGES.astype(float), (numbers_notice(72, CUT),)),  # they share values: still labels
        (pd.Series(AGES).astype("Int64"), (numbers_notice(72, CUT),)),
        (np.arange(51).repeat(2), (numbers_notice(51, FLOATS),)),
        (np.arange(50).repeat(2), ()),
        (np.arange(51) / 2, ("y has 51 distinct values: they are shown as 5 ranges.",)),
        (np.arange(1797), (numbers_notice("1,797", FLOATS), ids_notice("1,797", "1,797"))),
        ([f"id {i}" for i in range(30)] + ["a"] * 29, (ids_notice(30, 59),)),
        ([f"id {i}" for i in range(30)] + ["a"] * 30, ()),
        ([f"id {i}" for i in range(20)], ()),
        ([10**400 + i // 2 for i in range(120)], ()),
        (pd.Series(AGES).astype("category"), ()),
        ([f"class {i // 2}" for i in range(10_000)], ()),
    ],
)
def test_labels_that_look_like_a_measurement_or_an_id_are_told_of(y, notices):
    assert read_labels(y, len(y)).notices == notices


@pytest.mark.parametrize("advice", [CUT, FLOATS])
def test_what_a_notice_advises_makes_ranges(advice):
    y = AGES if advice == CUT else np.arange(51).repeat(2)
    (notice,) = read_labels(y, len(y)).notices
    assert advice in notice
    cut = eval(advice.split(": ")[1], {"np": np, "pandas": pd, "y": y})  # noqa: S307
    assert len(read_labels(cut, len(y)).names) == 5


def test_numbers_that_have_names_are_not_told_of():
    assert read_labels(AGES - 18, 1440, [f"class {i}" for i in range(72)]).notices == ()


def test_ranges_that_look_alike_get_more_digits():
    read = read_labels(1 + np.arange(101) * 1e-9, 101)
    assert len(set(read.names)) == 5


def test_ranges_cover_the_largest_floats():
    y = np.concatenate([np.linspace(-1, 1, 51) * 1.7e308, [np.inf, -np.inf]])
    read = read_labels(y, 53)
    assert read.labels[-2:].tolist() == [4, 0]


def test_a_column_vector_is_one_label_an_item_but_one_hot_is_not():
    assert message(np.eye(4)) == (
        "y has shape (4, 4), but an item has one label. If y is one-hot, pass y.argmax(axis=1)."
    )


def test_wrong_length_is_told():
    assert message([1, 2, 3]) == (
        "Found input variables with inconsistent numbers of samples: [4, 3]. X has 4 rows and y "
        "has 3 labels: pass one label a row, None where there is none."
    )


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ({"a": 1}, "y is a dict. Make a table of it first: pandas.DataFrame(y)."),
        (iter([1]), "y is a generator, which can be read only once. Pass list(y)."),
        (
            7,
            (
                "y is a single value, 7. Pass an array, a list of rows, a DataFrame or a "
                "scikit-learn Bunch."
            ),
        ),
    ],
)
def test_what_is_no_labels_is_refused(y, expected):
    assert message(y) == expected
