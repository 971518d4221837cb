"""Columns of categories: one-hot in, probabilities out."""

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import OneHotEncoder

from ae_widgets import Autoencoder, Session
from ae_widgets.data import read_dataset
from ae_widgets.data.categories import MAX_CATEGORIES, one_hot
from ae_widgets.exceptions import DataError

COLOURS = ["red", "green", "red", "blue", "green", "red"]
SIZES = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


@pytest.fixture(params=["pandas", "polars", "pyarrow"])
def make(request):
    """Return a frame of columns, the ones called in `typed` of a categorical type."""
    library = pytest.importorskip(request.param)

    def frame(columns, typed=()):
        if request.param == "pandas":
            return pd.DataFrame(columns).astype(dict.fromkeys(typed, "category"))
        if request.param == "polars":
            return library.DataFrame(columns).with_columns(
                library.col(name).cast(library.Categorical) for name in typed
            )
        arrays = {name: library.array(values) for name, values in columns.items()}
        return library.table(
            {n: a.dictionary_encode() if n in typed else a for n, a in arrays.items()}
        )

    return frame


def test_a_categorical_type_asks_for_it(make):
    frame = make({"size": SIZES, "colour": COLOURS, "last": SIZES}, typed=["colour"])
    dataset = read_dataset(frame)
    encoder = OneHotEncoder(sparse_output=False).fit_transform(np.array(COLOURS)[:, None])
    order = {"blue": 0, "green": 1, "red": 2}
    names = [name.removeprefix("colour = ") for name in dataset.feature_names[1:4]]
    assert sorted(names) == sorted(order)
    assert np.array_equal(dataset.features[:, 1:4], encoder[:, [order[n] for n in names]])
    assert np.array_equal(dataset.features[:, [0, 4]], np.array([SIZES, SIZES]).T)
    assert dataset.groups == ((1, 4),)


@pytest.mark.parametrize("categorical", ["auto", ["colour"]])
def test_text_is_read_where_it_is_asked_for(make, categorical):
    frame = make({"colour": COLOURS, "size": SIZES})
    with pytest.raises(DataError, match=r"text or categories in column 'colour'.*categorical='a"):
        read_dataset(frame)
    dataset = read_dataset(frame, categorical=categorical)
    assert dataset.feature_names == ("colour = blue", "colour = green", "colour = red", "size")
    assert dataset.groups == ((0, 3),)


def test_numbers_may_be_categories(make):
    dataset = read_dataset(make({"code": [3, 1, 3], "y": ["u", "v", "u"]}), "y",
                           categorical=["code"])  # fmt: skip
    assert dataset.feature_names == ("code = 1", "code = 3")
    assert dataset.features.tolist() == [[0, 1], [1, 0], [0, 1]]
    assert dataset.label_names == ("u", "v")


@pytest.mark.parametrize("typed", [["code"], []])
def test_integers_beside_a_gap_are_the_same_categories(make, typed, request):
    if typed and "polars" in request.node.name:
        pytest.skip("polars has no categories but texts")
    codes = [3, 0, 3, 10, 0]
    whole, holed = (
        read_dataset(make({"code": values, "size": SIZES[:5]}, typed), categorical=["code"],
                     allow_nan=True)
        for values in (codes, [*codes[:4], None])
    )  # fmt: skip
    for dataset in (whole, holed):
        assert sorted(dataset.origin.categories["code"]) == ["0", "10", "3"]
        places = {name: i for i, name in enumerate(dataset.feature_names)}
        order = [places[f"code = {code}"] for code in (0, 3, 10)]
        assert dataset.features[:4, order].tolist() == [[0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert np.isnan(holed.features[4, :3]).all()


HOLED = {
    "float": lambda codes: codes.astype(float),
    "Int64": lambda codes: codes.astype("Int64"),
    "categories": lambda codes: codes.astype("category"),
    "object": lambda codes: codes.astype(object),
}


@pytest.mark.parametrize("kind", HOLED)
@pytest.mark.parametrize("through_a_session", [False, True])
def test_a_gap_changes_nothing_for_the_other_items(kind, through_a_session):
    rng = np.random.default_rng(0)
    codes = pd.Series(rng.integers(0, 3, 60))
    whole = pd.DataFrame({"size": rng.normal(size=60), "code": codes})
    if kind == "categories":
        whole["code"] = whole["code"].astype("category")
    holed = whole.assign(code=HOLED[kind](codes).mask([True] + [False] * 59))
    for first, second in ((whole, holed), (holed, whole)):
        model = Autoencoder(categorical=["code"], missing="mask", max_iter=3, random_state=0)
        if through_a_session:
            session = Session(first, categorical=["code"], reconstruction="masked_mse", max_iter=3,
                              trainer="thread", random_state=0)  # fmt: skip
            session.start()
            session.wait(60)
            model = Autoencoder.from_session(session)
            session.close()
        else:
            model.fit(first)
        assert model.categories_ == {"code": ("0", "1", "2")}
        np.testing.assert_array_equal(model.transform(second)[1:], model.transform(first)[1:])


def test_whole_floats_are_the_integers_that_they_equal():
    values = [0, 0.0, -0.0, np.float32(1), 0.5, True, "1.0", np.nan]
    read = one_hot("a", values)
    assert read.categories == ("0", "0.5", "1", "1.0", "True")
    assert read.features[:, 0].tolist()[:5] == [1, 1, 1, 0, 0]


def test_long_integers_beside_a_gap_lose_no_digits():
    codes = pd.array([2**60 + 1, 2**60, None], "Int64")
    read = read_dataset(pd.DataFrame({"code": codes}), categorical=["code"], allow_nan=True)
    assert read.origin.categories["code"] == (str(2**60), str(2**60 + 1))


def test_an_order_is_kept():
    sizes = pd.CategoricalDtype(["small", "medium", "large", "huge"], ordered=True)
    frame = pd.DataFrame({"size": pd.Series(["large", "small", "medium"], dtype=sizes)})
    names = ("size = small", "size = medium", "size = large")
    assert read_dataset(frame).feature_names == names


def test_what_is_missing_is_missing_in_all(make):
    frame = make({"colour": ["red", None, "blue"], "size": SIZES[:3]})
    message = r"X has NaN in .* of 3 rows \(first: row 1, column 'colour'\)"
    with pytest.raises(DataError, match=message):
        read_dataset(frame, categorical="auto")
    dataset = read_dataset(frame, categorical="auto", allow_nan=True)
    assert np.isnan(dataset.features).tolist() == [[False] * 3, [True, True, False], [False] * 3]


def test_many_categories_are_told_and_the_rare_ones_put_together():
    values = [f"c{i:02}" for i in range(40) for _ in range(40 - i)]
    dataset = read_dataset(pd.DataFrame({"city": values}), categorical="auto")
    assert dataset.n_features == MAX_CATEGORIES + 1
    assert dataset.feature_names[0] == "city = c00"
    assert dataset.feature_names[-1] == "city = other"
    assert dataset.features.sum(axis=0)[-1] == sum(range(1, 21))
    assert dataset.notices[0] == (
        "Column 'city' has 40 categories: the 20 most frequent are kept, the others are 'other'."
    )


def test_other_columns_are_refused_by_name():
    frame = pd.DataFrame({"colour": COLOURS, "when": pd.date_range("2020", periods=6)})
    with pytest.raises(DataError, match="dates or times in column 'when'"):
        read_dataset(frame, categorical="auto")
    with pytest.raises(DataError, match="categorical names 'color', which is no column of X"):
        read_dataset(frame, categorical=["color"])
    for wrong in ("yes", b"colour", 5, 0):
        with pytest.raises(DataError, match=f"categorical must be None, .* got {wrong!r}"):
            read_dataset(frame, categorical=wrong)
    with pytest.raises(DataError, match="X is no DataFrame"):
        read_dataset(np.eye(3), categorical="auto")


def test_names_of_columns_may_come_in_an_array():
    frame = pd.DataFrame({"colour": COLOURS, "shape": [*"abcabc"]})
    dataset = read_dataset(frame, categorical=frame.columns.to_numpy())
    assert [*dataset.origin.categories] == ["colour", "shape"]


def test_names_with_html_are_kept():
    payload = "<img src=x onerror=alert(1)>"
    dataset = read_dataset(pd.DataFrame({payload: [payload, "b"]}), categorical="auto")
    assert dataset.feature_names == (f"{payload} = {payload}", f"{payload} = b")


def test_a_column_of_nothing_has_a_feature_all_the_same():
    assert one_hot("a", [None, None]).features.shape == (2, 1)
    assert one_hot("a", [None, None]).names == ("a",)


def mixed(n=120):
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 3, n)
    return pd.DataFrame({
        "size": 10.0 * kind + rng.normal(0, 1, n),
        "weight": 5.0 * kind + rng.normal(0, 1, n),
        "colour": pd.Categorical(np.array(["red", "green", "blue"])[kind]),
    })  # fmt: skip


@pytest.mark.parametrize("preprocess", [None, "standard", ["standard", "pca"]])
def test_reconstructions_are_probabilities(preprocess):
    options = {"max_iter": 60, "trainer": "thread", "hidden_layer_sizes": (16,)}
    session = Session(mixed(), preprocess=preprocess, learning_rate=0.01, **options)
    session.start()
    session.wait(60)
    shown = session.reconstruct(range(120))
    probabilities = shown.outputs[:, 2:]
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert probabilities.min() >= 0
    assert np.array_equal(shown.inputs, session.dataset.features)
    if preprocess:
        assert (probabilities.argmax(axis=1) == shown.inputs[:, 2:].argmax(axis=1)).mean() > 0.9
    if preprocess == "standard":  # the one-hot columns are not scaled
        assert set(np.unique(session.features[:, 2:])) == {0, 1}
    session.close()


def test_a_run_goes_on_with_the_same_categories(tmp_path):
    frame = mixed().astype({"colour": "str"})
    options = {"max_iter": 2, "trainer": "thread"}
    session = Session(frame, categorical="auto", **options)
    session.step()
    session.wait(60)
    session.save(tmp_path / "run")
    again = Session.load(tmp_path / "run", frame, categorical="auto")
    assert again.dataset.groups == session.dataset.groups
    for one in (session, again):
        one.close()


def test_a_category_called_other_is_one_with_the_rare_ones():
    values = ["other"] * 50 + [f"c{i:02}" for i in range(30) for _ in range(30 - i)]
    dataset = read_dataset(pd.DataFrame({"a": values}), categorical="auto")
    assert len(set(dataset.feature_names)) == dataset.n_features == MAX_CATEGORIES
    assert dataset.features[:50, -1].all()


def test_a_column_of_text_and_numbers_is_one_of_categories_by_name():
    frame = pd.DataFrame({"mixed": [1, "x", 2, "y"]})
    with pytest.raises(
        DataError, match=r"in column 'mixed' .*categorical=\[\.\.\.\] with their names"
    ):
        read_dataset(frame, categorical="auto")
    assert read_dataset(frame, categorical=["mixed"]).n_features == 4
