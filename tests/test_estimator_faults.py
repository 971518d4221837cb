"""What a user may do wrong with the estimator, and what it then says."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy.sparse import csr_matrix
from sklearn.datasets import load_iris

from ae_widgets import Autoencoder, DataError, Session, SettingsError
from ae_widgets.data import read_text
from tests.engine.data import blobs


def quick(**changes):
    return Autoencoder(**{"hidden_layer_sizes": (8,), "max_iter": 3, "random_state": 0, **changes})


@pytest.mark.parametrize(
    "changes", [{"code_dim": 3}, {"hidden_layer_sizes": ()}, {"kind": "gated"}]
)
@pytest.mark.parametrize("how", ["fit", "partial_fit"])
def test_training_cannot_go_on_with_another_network(changes, how):
    model = quick(warm_start=True).fit(blobs())
    with pytest.raises(SettingsError, match="Keep these settings as they were, or begin anew"):
        getattr(model.set_params(**changes), how)(blobs())


def test_another_optimiser_begins_afresh_where_training_goes_on():
    model = quick().partial_fit(blobs())
    model.set_params(optimizer="sgd").partial_fit(blobs())
    assert model.n_iter_ == 2


def test_items_that_nobody_may_write_to_are_transformed_without_a_warning(tmp_path):
    np.save(tmp_path / "items.npy", blobs())
    mapped = np.load(tmp_path / "items.npy", mmap_mode="r")
    model = quick().fit(mapped)
    np.testing.assert_array_equal(model.transform(mapped), model.transform(blobs()))
    model.set_output(transform="pandas")
    assert model.inverse_transform(model.transform(mapped)).shape == mapped.shape


def test_balanced_classes_need_a_class_for_every_item():
    for y in (["a", None] * 60, [1, -1, 0] * 40, [0.0, np.nan] * 60):
        with pytest.raises(DataError, match=r"(60|40) have none .*; the first is item 1\)"):
            quick(class_weight="balanced").fit(blobs(), y)
    assert np.isfinite(quick(class_weight="balanced").fit(blobs(), [1, -1] * 60).loss_)


DAYS = [dt.datetime(2020, 1, day, tzinfo=dt.UTC) for day in range(1, 6)]


@pytest.mark.parametrize(
    ("X", "where"),
    [
        (pd.DataFrame({"a": range(5), "when": DAYS}), " in column 'when'"),
        (pd.DataFrame({"how long": pd.to_timedelta(range(5), "D")}), " in column 'how long'"),
        (pl.DataFrame({"when": DAYS, "a": range(5)}), " in column 'when'"),
        (np.arange("2020-01", "2020-07", dtype="datetime64[M]").reshape(3, 2), ""),
    ],
)
def test_dates_are_no_numbers(X, where):
    with pytest.raises(DataError, match=f"dates, times or durations{where}"):
        quick().fit(X)


def with_one(value):
    X = blobs().astype(np.float64)
    X[3, 2] = value
    return X


FRAME = pd.DataFrame(blobs(120, 3), columns=[*"abc"])
FAULTY = {
    "infinite": (with_one(np.inf), r"X has infinite values in 1 of 120 .*row 3, column 2: inf"),
    "too large": (with_one(1e39), r"X has values beyond float32 .*row 3, column 2: 1e\+39"),
    "sparse": (csr_matrix(with_one(np.inf)), r"infinite values in 1 of 120 .*row 3, column 2"),
    "an empty sparse matrix": (csr_matrix((5, 3)), "X is a sparse matrix without any value"),
    "a category is missing": (
        FRAME.assign(kind=pd.Categorical(["x", None] * 60)),
        r"NaN in 60 of 120 rows \(first: row 1, column 'kind'\).*missing='mask'",
    ),
    "a whole number is missing": (
        FRAME.assign(n=pd.array([1, None] * 60, dtype="Int64")),
        r"NaN in 60 of 120 rows \(first: row 1, column 'n'\).*missing='mask'",
    ),
    "none": (None, "X is None. Pass an array"),
    "text": (np.array([["a", "b"]] * 5), "X holds text or categories"),
    "numbers as text": ([["1", "2"]] * 5, "X has numbers written as text in columns 0, 1"),
    "a column of text": (FRAME.assign(t="u"), r"text or categories in column 't' \(first: row 0"),
    "mixed": (FRAME.assign(m=[1, "x"] * 60), r"in column 'm' \(first: row 1, column 'm': 'x'\)"),
    "dict": ({"a": [1, 2]}, r"X is a dict.*pandas\.DataFrame\(X\)"),
    "generator": ((i for i in range(3)), r"X is a generator.*list\(X\)"),
    "dicts": ([{"a": 1}] * 3, r"X is a list of dicts.*pandas\.DataFrame\(X\)"),
    "a Dataset": (read_text(["a wave", "a sail"]), r"X is a Dataset. Pass .* X\.features"),
    "a Bunch": (load_iris(), r"X is a Bunch. Pass its data, X\.data"),
    "documents": (["a wave", "a sail"], r"X is a list of texts.*read_text\(X\)"),
    "images": (np.zeros((5, 3, 3)), r"X has 3 dimensions, shape \(5, 3, 3\).*X\.reshape\(len\(X\)"),
    "ragged": ([[1, 2], [3]], "X is ragged: row 0 has 2 values, row 1 has 1 value"),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_what_is_no_table_of_numbers_is_told_with_its_place(fault):
    X, said = FAULTY[fault]
    with pytest.raises(DataError, match=said):
        quick().fit(X)


def test_what_is_too_large_is_told_without_a_warning():
    model = quick().fit(blobs())
    with pytest.raises(DataError, match=r"beyond float32 .*row 3, column 2: 1e\+39"):
        model.transform(with_one(1e39))  # a warning would be an error here


def test_a_column_that_was_not_there_is_told_by_name():
    with pytest.raises(ValueError, match=r"Feature names unseen at fit time:\n- t"):
        quick().fit(FRAME).transform(FRAME.assign(t="u"))


def test_columns_are_told_by_name_where_there_are_categories():
    frame = FRAME.assign(kind=[*"xy"] * 60, d=0.5)
    model = quick(categorical="auto").fit(frame)
    said = r"columns that were not there at fit: 't'\. Pass the columns of fit: a, b, c, kind, d\."
    with pytest.raises(DataError, match=said):
        model.transform(frame.assign(t="u"))
    with pytest.raises(DataError, match="X lacks columns that were there at fit: 'kind', 'd'"):
        model.transform(FRAME)
    with pytest.raises(ValueError, match="in the same order"):
        model.transform(frame[[*frame.columns[::-1]]])


@pytest.mark.parametrize(("column", "value"), [("kind", None), ("size", np.nan)])
def test_a_cell_is_told_as_that_of_the_frame_where_there_are_categories(column, value):
    frame = pd.DataFrame({"kind": [*"xyz"] * 20, "size": range(60)}, index=range(5, 65))
    model = Autoencoder(categorical="auto", max_iter=1).fit(frame)
    frame = frame.astype({"size": float})
    frame.loc[7, column] = value
    with pytest.raises(DataError, match=rf"first: row 2 \(index 7\), column '{column}'\)"):
        model.transform(frame)


def test_a_tensor_in_a_graph_is_taken():
    tensor = torch.from_numpy(blobs()).requires_grad_()
    model = quick().fit(tensor)
    np.testing.assert_array_equal(model.transform(tensor), model.transform(blobs()))


def test_one_hot_classes_are_told():
    with pytest.raises(DataError, match=r"shape \(120, 2\).*y\.argmax\(axis=1\)"):
        quick(delta=1.0).fit(blobs(), np.eye(2)[[0, 1] * 60])


def test_what_a_mask_hides_is_missing():
    X = np.ma.array(blobs(), mask=blobs() > 0.8)
    with pytest.raises(ValueError, match="NaN"):
        quick().fit(X)
    assert np.isfinite(quick(reconstruction="masked_mse").fit(X).loss_)


@pytest.mark.parametrize(
    ("indices", "said"),
    [
        ([120], "There is no item 120: indices go from 0 to 119"),
        ([-1], "There is no item -1"),
        (np.arange(120) < 2, r"pass numpy.flatnonzero\(mask\)"),
    ],
)
def test_a_wrong_index_does_not_touch_the_run(indices, said):
    session = Session(blobs(), trainer="thread", max_iter=2)
    for ask in (session.reconstruct, session.select):
        with pytest.raises(DataError, match=said):
            ask(indices)
    session.start()
    assert session.wait(60).state == "finished"
    session.close()
