"""Whatever is passed to the estimator: numbers, or words that say what is wrong with it."""

import datetime as dt
import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from ae_widgets import (
    AEWidgetsError,
    Autoencoder,
    DataError,
    DataWarning,
    PCAFeatures,
    Session,
    SettingsError,
)
from tests.data.test_any_input import ARRAYS, FRAMES, NESTED, NUMBERS, TABLES
from tests.engine.data import blobs
from tests.test_estimator_faults import DAYS, FRAME, quick

# Objects and wide numbers --------------------------------------------------------------


def objects(value):
    X = blobs(5, 3).astype(object)
    X[2, 1] = value
    return X


PLACE = r"in column 1 \(first: row 2, column 1: "
OBJECTS = {
    "a day": (dt.date(2020, 1, 2), f"dates or times {PLACE}.*Turn them into numbers first"),
    "a moment": (DAYS[0], f"dates or times {PLACE}.*Turn them into numbers first"),
    "a timestamp": (pd.Timestamp("2020"), f"dates or times {PLACE}.*Turn them into numbers"),
    "numpy's": (np.datetime64("2020-01-02"), f"dates or times {PLACE}.*Turn them into numbers"),
    "a duration": (dt.timedelta(1), f"durations {PLACE}.*Turn them into numbers first"),
    "complex": (1 + 2j, f"complex numbers {PLACE}.*pass their real and imaginary parts"),
    "text": ("x", f"text among numbers {PLACE}.*to_numeric"),
    "number as text": ("1", rf"numbers written as text {PLACE}.*\.astype\(float\)"),
    "a dict": ({"a": 1}, f"nested values {PLACE}.*a column of its own"),
    "an object": (object(), f"objects that are no numbers {PLACE}.*Turn them into numbers"),
}


@pytest.mark.parametrize("how", ["fit", "transform"])
@pytest.mark.parametrize("form", [np.asarray, np.ndarray.tolist, pd.DataFrame])
@pytest.mark.parametrize("what", OBJECTS)
def test_objects_that_are_no_numbers_are_told_with_their_place(what, form, how):
    value, said = OBJECTS[what]
    X = form(objects(value))
    if form is np.ndarray.tolist and what == "complex":  # of which numpy makes an array of them
        said = "X holds complex numbers .*pass their real and imaginary parts"
    if form is pd.DataFrame:
        said = said.replace("column 1", "column '1'")
    model = quick().fit(blobs(5, 3))
    with pytest.raises(DataError, match=said):
        getattr(model, how)(X)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
@pytest.mark.parametrize("form", [np.asarray, np.ndarray.tolist, pd.DataFrame])
def test_whatever_says_missing_in_objects_is_missing(missing, form):
    X = form(objects(missing))
    with pytest.raises(DataError, match=r"X has NaN in 1 of 5 rows .*missing='mask'"):
        quick().fit(X)
    plain = objects(0).astype(np.float32)
    plain[2, 1] = np.nan
    one, two = (quick(missing="mask").fit(items) for items in (X, plain))
    np.testing.assert_array_equal(one.transform(X), two.transform(plain))


@pytest.mark.parametrize("form", [np.asarray, np.ndarray.tolist, pd.DataFrame])
def test_numbers_that_are_objects_are_numbers(form):
    X = form(blobs(20, 3).astype(object))
    model = quick().fit(X)
    np.testing.assert_array_equal(model.transform(X), quick().fit(blobs(20, 3)).transform(X))


def masked(X):
    return np.ma.array(X, mask=np.arange(X.size).reshape(X.shape) == 1)


WIDE = {
    "complex": (np.complex128, r"complex numbers .*real and imaginary parts as two features"),
    "longdouble": (np.longdouble, r"extended-precision numbers .*X\.astype\('float32'\)"),
    "dates": ("M8[s]", "dates"),
    "durations": ("m8[s]", "durations"),
}


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize == 8, reason="there is none here")
@pytest.mark.parametrize("how", ["fit", "transform"])
@pytest.mark.parametrize("form", [np.asarray, masked, pd.DataFrame, csr_matrix])
@pytest.mark.parametrize("what", WIDE)
def test_numbers_of_other_types_are_not_cast_in_silence(what, form, how):
    dtype, said = WIDE[what]
    if form is csr_matrix and what in {"dates", "durations"}:
        pytest.skip("scipy has no such matrix")
    X = form((100 * blobs(5, 3)).astype(np.int64).astype(dtype))
    model = quick().fit(blobs(5, 3))
    with pytest.raises(DataError, match=said):
        getattr(model, how)(X)


def test_text_in_a_frame_is_refused_when_it_is_used_as_when_it_is_learnt_from():
    model = quick().fit(FRAME)
    for strange in (FRAME.assign(a="1"), FRAME.assign(a=pd.Categorical(["1", "2"] * 60))):
        with pytest.raises(DataError, match=r"numbers written as text in column 'a'"):
            model.transform(strange)
    with pytest.raises(DataError, match=r"numbers written as text in column 'a'"):
        model.transform(pl.from_pandas(FRAME.assign(a="1")))


def test_a_path_says_what_reads_it():
    for how in ("fit", "transform"):
        model = quick().fit(blobs())
        with pytest.raises(DataError, match=r"path.*pandas\.read_csv\('data\.csv'\)"):
            getattr(model, how)("data.csv")


# y of another length ------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes", [{}, {"delta": 1.0}, {"gamma": 0.1}, {"class_weight": "balanced"}, {"warm_start": 1}]
)
@pytest.mark.parametrize("how", ["fit", "partial_fit", "fit_transform"])
@pytest.mark.parametrize("form", [list, np.asarray, pd.Series, pl.Series])
def test_y_of_another_length_is_refused_whatever_is_asked_for(changes, how, form):
    y = form([0, 1] * 50)
    with pytest.raises(DataError) as ours:
        getattr(quick(**changes), how)(blobs(), y)
    with pytest.raises(DataError) as of_session:
        Session(blobs(), y, trainer="thread")
    assert str(ours.value) == str(of_session.value)
    assert str(ours.value).startswith(
        "Found input variables with inconsistent numbers of samples: [120, 100]. X has 120 rows"
    )


def test_y_without_a_length_is_refused():
    for y in (3, np.float32(1), iter([0] * 120)):
        with pytest.raises(DataError, match=r"y, of type .*, is not one class an item"):
            quick().fit(blobs(), y)


# What it warns of -----------------------------------------------------------------------


def test_a_code_larger_than_an_item_is_warned_of():
    with pytest.warns(DataWarning, match="The code has 4 values and an item only 3: it can copy"):
        quick(code_dim=4).fit(blobs(20, 3))
    with pytest.warns(DataWarning, match="an item only 2"):  # what the network is given
        quick(code_dim=3, preprocess=PCAFeatures(2)).fit(blobs(20, 3))
    with pytest.warns(DataWarning, match="an item only 3"):
        quick(code_dim=4).partial_fit(blobs(20, 3))


def test_columns_worth_knowing_of_are_warned_of_by_name():
    constant = FRAME.assign(b=3.0)
    with pytest.warns(DataWarning, match="1 of 3 features is constant: 'b'"):
        quick().fit(constant)
    with pytest.warns(DataWarning, match="1 of 3 features is constant: 'x1'"):
        quick().fit(constant.to_numpy(np.float32))
    with pytest.warns(DataWarning, match="1 of 3 features is constant: 'x1'"):
        quick().fit(csr_matrix(constant.assign(b=0).to_numpy(np.float32)))
    wide = FRAME.assign(c=FRAME.c * 1e4)
    said = r"Column 'c' varies .* times as much as a typical one\. .*preprocess='standard'"
    with pytest.warns(DataWarning, match=said):
        quick().fit(wide)


def test_classes_that_look_like_a_measurement_or_an_id_are_warned_of():
    X = blobs(120, 5)
    with pytest.warns(DataWarning) as caught:
        quick(delta=1.0).fit(X, np.arange(120))
    said = [str(warning.message) for warning in caught]
    assert said[0].endswith("If they measure something, cut them into ranges: pandas.qcut(y, 5).")
    assert said[1].startswith("120 of 120 labels are of one item alone.")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quick(delta=1.0).fit(X, pd.qcut(np.arange(120), 5))
        quick().fit(X, np.arange(120))


@pytest.mark.parametrize("changes", [{}, {"trunk": "convolutional"}, {"preprocess": "pca"}])
def test_the_shape_of_other_items_is_refused_in_the_words_of_a_session(changes):
    X = blobs(20, 63)
    said = r"item_shape=\(9, 8\) stands for 72 values, but an item of X has 63 features"
    for fit in (Autoencoder.fit, Autoencoder.partial_fit):
        with pytest.raises(DataError, match=said):
            fit(quick(item_shape=(9, 8), **changes), X)


def test_series_have_a_length_and_no_scale_of_columns():
    loud = blobs(20, 63) * np.r_[np.full(62, 1e-4), 1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert quick(item_shape=(63,)).fit(loud).transform(loud).shape == (20, 2)
    with pytest.warns(DataWarning, match="1 of 63 features is constant: 'x4'"):
        quick(item_shape=(63,)).fit(np.where(np.arange(63) == 4, 1.0, loud))
    with pytest.raises(DataError, match=r"item_shape=.* stands for 62 values"):
        quick(item_shape=(62,)).fit(loud)


def test_images_that_are_not_scaled_are_warned_of():
    images = np.random.default_rng(0).integers(0, 256, (20, 12), np.uint8)
    with pytest.warns(DataWarning, match=r"images go from 0 to 25., .*X / 255\."):
        quick(item_shape=(3, 4)).fit(images)
    holed = np.where(np.arange(12) == 5, np.nan, images / 255)
    with pytest.warns(DataWarning, match="missing in every item, .*: 'x5'"):
        quick(item_shape=(3, 4), missing="mask").fit(holed)


@pytest.mark.parametrize(
    ("changes", "X"),
    [
        ({}, FRAME),
        ({"preprocess": "standard"}, FRAME.assign(c=FRAME.c * 1e4)),
        ({"item_shape": (1, 3)}, FRAME.assign(b=3.0, c=FRAME.c / 1e4)),  # pixels
    ],
)
def test_nothing_is_warned_of_without_a_reason(changes, X):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quick(**changes).fit(X)


def test_what_goes_on_is_not_warned_of_again():
    constant = FRAME.assign(b=3.0)
    with pytest.warns(DataWarning, match="constant"):
        model = quick(warm_start=True).fit(constant)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(constant).partial_fit(constant)


def test_the_warning_points_at_the_call_of_fit():
    with pytest.warns(DataWarning) as caught:
        quick(code_dim=4).fit(FRAME.assign(b=3.0))
    assert {one.filename for one in caught} == {__file__}
    assert len(caught) == 2


# Integers -------------------------------------------------------------------------------

INTEGERS = (
    "code_dim", "n_clusters", "clustering_start", "schedule_epochs", "schedule_patience",
    "batch_size", "max_iter", "n_iter_no_change", "random_state",
)  # fmt: skip
FROM_0 = {"clustering_start", "random_state"}


@pytest.mark.parametrize("value", [0, -1, 2.5, "3", None, True], ids=repr)
@pytest.mark.parametrize("name", INTEGERS)
def test_every_integer_is_checked_before_anything_is_trained(name, value):
    if value == 0 and value is not False and name in FROM_0:
        quick(**{name: value}).fit(blobs(20, 3))
        return
    if name == "random_state" and value in {None, True}:  # as scikit-learn has it
        quick(random_state=value).fit(blobs(20, 3))
        return
    model = quick(**{name: value})
    with pytest.raises(ValueError, match=re.escape(repr(value))) as refused:
        model.fit(blobs(20, 3))
    assert not hasattr(model, "network_")
    assert isinstance(refused.value, SettingsError)
    assert str(refused.value).startswith(f"{name} must be an integer ")


def test_a_generator_is_told_how_to_seed():
    advice = (
        r"random_state must be .* got Generator\(PCG64\).*int\(generator\.integers\(2\*\*31\)\)"
    )
    with pytest.raises(SettingsError, match=advice):
        quick(random_state=np.random.default_rng(0)).fit(blobs(20, 3))


@pytest.mark.parametrize("value", [0, -1, 2.5, "3", None, True], ids=repr)
@pytest.mark.parametrize("name", ["hidden_layer_sizes", "channels", "item_shape"])
def test_every_integer_of_a_tuple_is_checked(name, value):
    with pytest.raises(SettingsError, match=rf"^{name} must be .*{re.escape(repr(value))}"):
        quick(**{name: (4, value)}).fit(blobs(20, 3))


@pytest.mark.parametrize(
    ("form", "categorical", "message"),
    [
        (np.asarray, 5, "categorical must be None, 'auto' or a list of columns, got 5"),
        (np.asarray, "all", "categorical must be None, 'auto' or a list of columns, got 'all'"),
        (np.asarray, ["a"], "about the columns of a DataFrame, but X is no DataFrame"),
        (csr_matrix, ["a"], "about the columns of a DataFrame, but X is no DataFrame"),
        (pd.DataFrame, 5, "categorical must be None, 'auto' or a list of columns, got 5"),
        (pd.DataFrame, "all", "categorical must be None, 'auto' or a list of columns, got 'all'"),
    ],
)
def test_categories_that_cannot_be_read_are_refused(form, categorical, message):
    with pytest.raises(DataError, match=message):
        quick(categorical=categorical).fit(form(blobs(20, 3)))


def test_categories_that_were_not_there_at_fit_are_told_of():
    frame = pd.DataFrame({"size": np.arange(6.0), "colour": ["red", "blue"] * 3})
    model = quick(categorical="auto").fit(frame)
    later = frame.assign(colour=["red", "pink", "blue", "grey", "pink", "red"])
    said = r"3 items have 2 categories in column 'colour' that .*: 'grey', 'pink'\."
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        with pytest.raises(DataWarning, match=said):
            model.transform(later)
        model.transform(frame)


def test_rare_categories_are_told_of_at_fit_and_count_as_other_later():
    names = [f"c{i:02}" for i in range(30)]
    frame = pd.DataFrame({"size": np.arange(30.0), "city": names})
    with pytest.warns(DataWarning, match="the 20 most frequent are kept, the others are 'other'"):
        model = quick(categorical="auto").fit(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        codes = model.transform(frame.assign(city=["nowhere"] * 30))
    rare = frame.assign(city=[names[-1]] * 30)
    np.testing.assert_array_equal(codes, model.transform(rare))


# Anything -------------------------------------------------------------------------------

ANYTHING = st.one_of(NUMBERS, ARRAYS, TABLES, NESTED, FRAMES)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANYTHING, st.one_of(st.none(), st.lists(st.integers(0, 2), max_size=5)))
def test_any_input_fits_or_is_refused_in_words(X, y):
    model = Autoencoder(hidden_layer_sizes=(3,), code_dim=1, max_iter=1, random_state=0)
    try:
        model.fit(X, y)
    except (AEWidgetsError, ValueError) as error:
        assert re.search(r"\b(X|y|sample|feature|Loss|array|column|value)", str(error))  # noqa: PT017  # no error is right as well
        return
    assert np.isfinite(model.loss_)
    assert all(np.isfinite(values).all() for values in model._weights().values())
    assert model.transform(X).shape == (len(X), 1)
