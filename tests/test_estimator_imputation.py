"""Missing values: left out of the loss, and filled in."""

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import load_wine
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ae_widgets import Autoencoder, DataError, DataWarning, SettingsError
from tests.engine.data import blobs


def quick(**changes) -> Autoencoder:
    return Autoencoder(
        **{"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0, "missing": "mask"}
        | changes
    )


def holed(share=0.2, dtype=np.float64):
    X = blobs(100, 6).astype(dtype)
    X[np.random.default_rng(0).random(X.shape) < share] = np.nan
    return X


def test_a_column_that_never_had_a_value_is_told():
    X = holed()
    X[:, 2] = np.nan
    with pytest.warns(DataWarning, match="1 of 6 features is missing in every item, .*: 'x2'"):
        quick().fit(X)


def test_mask_leaves_out_what_is_missing_and_hides_some_of_the_rest():
    X = holed()
    spelled = quick(
        missing="error", reconstruction="masked_mse", kind="denoising", corruption="masking",
        noise=0.3,
    )  # fmt: skip
    np.testing.assert_array_equal(quick().fit(X).transform(X), spelled.fit(X).transform(X))
    settings, _ = quick().start_of_run()
    assert (settings.reconstruction, settings.kind) == ("masked_mse", "denoising")


def test_another_kind_is_trained_as_it_is():
    changes = {"kind": "variational", "beta": 1e-3}
    X = holed()
    spelled = quick(missing="error", reconstruction="masked_mse", **changes)
    np.testing.assert_array_equal(quick(**changes).fit(X).transform(X), spelled.fit(X).transform(X))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_was_observed_stays_bit_for_bit(dtype):
    X = holed(dtype=dtype) * dtype(1) / dtype(3)
    before = X.copy()
    model = quick().fit(X)
    filled = model.impute(X)
    assert filled.dtype == dtype
    assert not np.isnan(filled).any()
    missing = np.isnan(X)
    np.testing.assert_array_equal(filled[~missing], X[~missing])
    np.testing.assert_array_equal(X, before)
    np.testing.assert_allclose(filled[missing], model.reconstruct(X)[missing], rtol=1e-5)


def test_frames_matrices_and_lists_are_filled_alike():
    X = holed()
    X[X < 0.1] = 0
    frame = pd.DataFrame(X, columns=[*"abcdef"])
    model = quick().fit(X)
    expected = model.impute(X)
    filled = quick().fit(frame).impute(frame)
    pd.testing.assert_frame_equal(filled, pd.DataFrame(expected, columns=[*"abcdef"]))
    np.testing.assert_array_equal(model.impute(X.tolist()), expected)
    sparse = model.impute(csr_matrix(X))
    np.testing.assert_array_equal(sparse.toarray(), expected)
    hidden = np.ma.masked_invalid(X)
    np.testing.assert_array_equal(model.impute(hidden), expected)


def test_nothing_to_fill_is_a_copy():
    X = blobs(100, 6)
    filled = quick().fit(X).impute(X)
    np.testing.assert_array_equal(filled, X)
    assert not np.shares_memory(filled, X)


def test_filling_is_there_only_where_values_may_be_missing():
    assert not hasattr(quick(missing="error"), "impute")
    assert hasattr(quick(missing="error", reconstruction="masked_mse"), "impute")
    assert hasattr(quick(), "impute")


@pytest.mark.parametrize("kind", ["mae", "huber", "cosine", "multinomial"])
def test_errors_that_cannot_mask_are_refused(kind):
    with pytest.raises(SettingsError, match=f"no counterpart for {kind!r}"):
        quick(reconstruction=kind).fit(holed())


def test_an_unknown_way_is_refused():
    with pytest.raises(SettingsError, match="missing must be one of error, mask, got 'drop'"):
        quick(missing="drop").fit(blobs())


@pytest.mark.parametrize(
    ("make", "column"),
    [(np.asarray, "4"), (pd.DataFrame, "'4'"), (csr_matrix, "4"), (np.ndarray.tolist, "4"),
     (lambda X: pd.DataFrame(X, columns=[*"abcdef"]), "'e'")],
)  # fmt: skip
def test_by_default_nan_is_refused_with_its_place(make, column):
    X = blobs(100, 6).astype(float)
    X[3, 4] = X[3, 5] = X[7, 0] = np.nan
    said = rf"X has NaN in 2 of 100 rows \(first: row 3, column {column}\).*missing='mask'"
    with pytest.raises(DataError, match=said):
        quick(missing="error").fit(make(X))


def test_infinity_is_refused_with_its_place():
    X = blobs(100, 6)
    X[3, 4] = np.inf
    said = r"X has infinite values in 1 of 100 rows \(first: row 3, column 4: inf\)"
    for missing in ("error", "mask"):
        with pytest.raises(DataError, match=said):
            quick(missing=missing).fit(X)


def test_an_item_without_any_value_is_the_most_unusual():
    X = holed()
    X[7] = np.nan
    model = quick(contamination=0.1).fit(X)
    scores = model.score_samples(X)
    assert scores[7] == -np.inf
    assert np.isfinite(np.delete(scores, 7)).all()
    assert model.predict(X)[7] == -1
    assert model.score(X) == pytest.approx(np.delete(scores, 7).mean(), rel=1e-5)
    assert np.isnan(model.contributions(X)[7]).all()
    assert np.isnan(model.score(X[7:8]))
    assert np.isfinite(model.impute(X)).all()
    latent = quick(contamination=0.1, anomaly_score="latent").fit(X)
    assert latent.score_samples(X)[7] == -np.inf


def test_scores_are_those_of_the_observed_values():
    X = holed()
    model = quick().fit(X)
    squares = (model.reconstruct(X) - X) ** 2
    some = ~np.isnan(X).all(axis=1)
    np.testing.assert_allclose(
        -model.score_samples(X)[some], np.nanmean(squares[some], axis=1), rtol=1e-4
    )


def test_scaling_outside_and_better_than_the_mean():
    X = load_wine().data
    missing = np.random.default_rng(0).random(X.shape) < 0.2
    scaler = StandardScaler()
    scaled = scaler.fit_transform(np.where(missing, np.nan, X))
    model = Autoencoder(missing="mask", code_dim=8, random_state=0).fit(scaled)
    filled = scaler.inverse_transform(model.impute(scaled))
    np.testing.assert_allclose(filled[~missing], X[~missing])
    errors = ((filled - X) / X.std(axis=0))[missing]
    assert np.sqrt(np.mean(errors**2)) < 0.85  # the means of the features: 1
    pipeline = make_pipeline(StandardScaler(), Autoencoder(missing="mask", random_state=0))
    assert pipeline.fit(np.where(missing, np.nan, X)).transform(X).shape == (len(X), 2)


def with_categories():
    return {
        "a": [1.0, 2.0, None] * 20,
        "text": [*"xy", None] * 20,
        "whole": [1, None, 3] * 20,
        "full": [True, False, True] * 20,
    }


LIBRARIES = {
    "pandas": lambda data: pd.DataFrame(data, index=range(5, 65)).astype({"whole": "Int64"}),
    "pandas categories": lambda data: pd.DataFrame(
        data | {"text": pd.Categorical(data["text"], [*"yxz"])}
    ),
    "polars": pl.DataFrame,
    "polars categories": lambda data: pl.DataFrame(data).cast({"text": pl.Categorical}),
    "pyarrow": pa.table,
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_table_with_categories_comes_back_filled_as_a_table(library):
    frame = LIBRARIES[library](with_categories())
    model = quick(categorical="auto", max_iter=60).fit(frame)
    filled = model.impute(frame)
    assert type(filled) is type(frame)
    before, after = (nw.from_native(f, eager_only=True) for f in (frame, filled))
    assert after.columns == before.columns
    outputs = model.reconstruct(frame)
    best = np.array([*model.categories_["text"]])[outputs[:, [1, 2]].argmax(axis=1)]
    for name, probable in (("text", best), ("a", outputs[:, 0]), ("whole", outputs[:, 3])):
        for row, (old, new) in enumerate(zip(before[name], after[name], strict=True)):
            missing = old is None or old is pd.NA or old != old  # noqa: PLR0124  # NaN
            assert new == (pytest.approx(probable[row]) if missing else old)
    assert after["text"].dtype == before["text"].dtype
    if isinstance(frame, pd.DataFrame):
        pd.testing.assert_index_equal(filled.index, frame.index)
        pd.testing.assert_series_equal(filled["full"], frame["full"])


def test_a_category_that_is_filled_in_is_one_of_the_column():
    letters = pd.Categorical([*"abcdefghijklmnopqrstuvwxyz", None] * 8)  # six are rare: 'other'
    frame = pd.DataFrame({"letter": letters, "number": range(len(letters))})
    filled = quick().fit(frame).impute(frame)
    assert set(filled["letter"]) <= {*"abcdefghijklmnopqrstuvwxyz"}
    numbers = pd.DataFrame({"number": [*range(9)], "kind": [1, 2, None] * 3})
    filled = quick(categorical=["kind"]).fit(numbers).impute(numbers)
    assert set(filled["kind"]) == {1.0, 2.0}


WHOLE = {
    "pandas": lambda codes: pd.DataFrame({"code": codes}),
    "pandas Int64": lambda codes: pd.DataFrame({"code": pd.array(codes, "Int64")}),
    "pandas objects": lambda codes: pd.DataFrame({"code": pd.Series(codes, dtype=object)}),
    "pandas categories": lambda codes: pd.DataFrame({"code": pd.Categorical(codes)}),
    "polars": lambda codes: pl.DataFrame({"code": codes}),
    "pyarrow": lambda codes: pa.table({"code": codes}),
    "pyarrow categories": lambda codes: pa.table({"code": pa.array(codes).dictionary_encode()}),
}


@pytest.mark.parametrize("library", WHOLE)
def test_integers_that_are_categories_are_filled_in_with_numbers(library):
    codes = np.tile([0, 1, 2], 20).tolist()
    full, holed = WHOLE[library](codes), WHOLE[library]([*codes[:-1], None])
    model = quick(categorical=["code"]).fit(full)
    filled = nw.from_native(model.impute(holed), eager_only=True)["code"]
    assert filled.dtype == nw.from_native(holed, eager_only=True)["code"].dtype
    assert filled.to_list()[:-1] == codes[:-1]
    assert filled.to_list()[-1] in {0, 1, 2}
