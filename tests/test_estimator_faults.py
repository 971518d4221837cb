"""What a user may do wrong with the estimator, and what it then says."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ae_widgets import Autoencoder, DataError, Session, SettingsError
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
    y = ["a", None] * 60
    with pytest.raises(DataError, match=r"60 have none \(None or NaN; the first is item 1\)"):
        quick(class_weight="balanced").fit(blobs(), y)


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
