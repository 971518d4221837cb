"""Whatever a person passes in to be preprocessed: a fitted model or one of our errors."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.impute import SimpleImputer

from ae_widgets import (
    AEWidgetsError,
    Autoencoder,
    KMeansFeatures,
    PCAFeatures,
    Preprocessor,
    Session,
    SettingsError,
)
from ae_widgets.data.steps import ASSIGNMENTS, SCALINGS

STEPS = ["standard", PCAFeatures(2), KMeansFeatures(3)]
QUICK = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
X = np.random.default_rng(0).normal(3, 2, (40, 5)).astype(np.float32)

steps = st.lists(
    st.one_of(
        st.sampled_from(SCALINGS),
        st.builds(
            PCAFeatures,
            st.one_of(st.integers(1, 6), st.floats(0.1, 1.0), st.none()),
            st.booleans(),
        ),
        st.builds(KMeansFeatures, st.integers(2, 6), st.sampled_from(ASSIGNMENTS)),
    ),
    max_size=3,
)
arrays = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 8), st.integers(1, 5)),
    elements=st.floats(-(2.0**100), 2.0**100, width=32, allow_nan=False),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(items=arrays, preprocess=steps)
def test_any_items_and_any_steps(items, preprocess):
    before = items.copy()
    try:
        made = Preprocessor(preprocess).fit(items)
        inputs = made.transform(items)
        back = made.inverse_transform(inputs)
    except AEWidgetsError:
        return
    finally:
        assert np.array_equal(items, before)
    assert np.isfinite(inputs).all()
    assert inputs.shape == (len(items), made.n_features_out_)
    assert back.shape == items.shape


def layouts():
    """Yield the same numbers, or as near as the type comes, in other forms."""
    yield "negative strides", X[::-1, ::-1]
    yield "fortran", np.asfortranarray(X)
    yield "big-endian", X.astype(">f4")
    read_only = X.copy()
    read_only.flags.writeable = False
    yield "read-only", read_only
    yield "float64", X.astype(np.float64)
    yield "float16", X.astype(np.float16)
    yield "integers", (10 * X).astype(np.int64)
    yield "uint8", np.abs(10 * X).astype(np.uint8)
    yield "bools", X > 3


@pytest.mark.parametrize(("name", "items"), [*layouts()], ids=[name for name, _ in layouts()])
def test_any_layout_is_that_of_its_numbers(name, items):
    before = items.copy()
    plain = np.ascontiguousarray(items, np.float32)
    one, two = (Autoencoder(**QUICK, preprocess=STEPS).fit(x) for x in (items, plain))
    assert np.array_equal(one.transform(items), two.transform(plain))
    assert np.array_equal(items, before)
    session = Session(items, preprocess=STEPS, trainer="thread")
    assert np.array_equal(session.features, Session(plain, preprocess=STEPS).features)
    session.close()


def test_a_file_on_disk_stays_as_it_is(tmp_path):
    path = tmp_path / "items.npy"
    np.save(path, X)
    mapped = np.load(path, mmap_mode="r")
    session = Session(mapped, preprocess="standard", trainer="thread", validation_fraction=0.0)
    assert isinstance(session.dataset.features, np.memmap)
    assert np.allclose(session.features.mean(axis=0), 0, atol=1e-6)
    assert np.array_equal(np.load(path), X)
    session.close()


def test_what_is_changed_later_does_not_reach_the_run():
    items = X.copy()
    session = Session(items, preprocess="standard", trainer="thread")
    before = session.features.copy()
    items[:] = 0
    assert np.array_equal(session.features, before)
    session.close()


def test_columns_in_another_order_are_refused():
    frame = pd.DataFrame(X, columns=list("abcde"))
    model = Autoencoder(**QUICK, preprocess=STEPS).fit(frame)
    assert model.feature_names_in_.tolist() == list("abcde")
    with pytest.raises(ValueError, match="feature names should match"):
        model.transform(frame[list("edcba")])
    with pytest.raises(ValueError, match="feature names should match"):
        model.reconstruct(frame[list("abcd")])


def test_one_row_and_one_column():
    session = Session(X[:1], preprocess="standard", trainer="thread")
    assert session.features.tolist() == [[0.0] * 5]
    session.close()
    model = Autoencoder(**QUICK, code_dim=1, preprocess=["robust", "pca"]).fit(X[:, :1])
    assert model.reconstruct(X[:, :1]).shape == (40, 1)
    with pytest.raises(SettingsError, match="KMeansFeatures"):
        Session(X[:1], preprocess="kmeans")


def test_missing_values_before_the_network():
    items = X.copy()
    items[2, 3] = np.nan
    options = {**QUICK, "reconstruction": "masked_mse"}
    model = Autoencoder(**options, preprocess="standard").fit(items)
    assert np.isfinite(model.reconstruct(items)).all()
    assert np.isfinite(model.score_samples(items)).all()
    with pytest.raises(SettingsError, match=r"PCAFeatures.*NaN"):
        Autoencoder(**options, preprocess="pca").fit(items)


def test_items_beyond_float32_after_a_step():
    wide = np.array([[-3e38, 1], [3e38, 2], [3e38, 3]], np.float32)
    with pytest.raises(SettingsError, match=r"preprocess: PCAFeatures\(.*\)"):
        Preprocessor(PCAFeatures(2)).fit(wide)


def test_five_thousand_categories():
    frame = pd.DataFrame({"id": [f"item {i}" for i in range(5000)], "value": np.arange(5000)})
    session = Session(frame, categorical="auto", trainer="thread")
    assert session.dataset.n_features == 22
    assert "has 5,000 categories: the 20 most frequent are kept" in session.status.note
    session.close()


@pytest.mark.parametrize("step", ["pca", "kmeans"])
def test_steps_that_need_every_value_say_what_fills_them_in(step):
    holed = np.where(np.arange(200).reshape(40, 5) % 7, X, np.nan)
    with pytest.raises(SettingsError, match=r"contains NaN\. Put .*SimpleImputer\(\), or leave"):
        Autoencoder(**QUICK, missing="mask", preprocess=step).fit(holed)
    model = Autoencoder(**QUICK, missing="mask", preprocess=[SimpleImputer(), step]).fit(holed)
    assert np.isfinite(model.transform(holed)).all()
