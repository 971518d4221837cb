"""Whatever comes in, a finite dataset or one of our errors comes out."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.extra import pandas as hpd

from ae_widgets.data import NO_LABEL, read_dataset
from ae_widgets.exceptions import AEWidgetsError

ARRAYS = hnp.arrays(
    dtype=st.one_of(
        hnp.scalar_dtypes(),
        hnp.unicode_string_dtypes(max_len=3),
        hnp.byte_string_dtypes(max_len=3),
        st.just(np.dtype(np.longdouble)),
    ),
    shape=hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4),
)
NUMBERS = hnp.arrays(
    dtype=st.one_of(hnp.floating_dtypes(), hnp.integer_dtypes(), hnp.boolean_dtypes()),
    shape=hnp.array_shapes(min_dims=2, max_dims=4, max_side=5),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.text(max_size=3),
    st.binary(max_size=3), st.dates(), st.decimals(), st.fractions(), st.just(pd.NA),
    st.just(pd.NaT), st.just(np.datetime64("NaT")), st.just(dt.timedelta(1)),
)  # fmt: skip
NESTED = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=2), inner, max_size=2),
    ),
    max_leaves=12,
)
TABLES = st.integers(0, 4).flatmap(
    lambda n: st.lists(st.lists(SCALARS, min_size=n, max_size=n), max_size=4)
)
CELLS = st.one_of(
    st.floats(), st.integers(-(2**63), 2**63 - 1), st.booleans(), st.text(max_size=2), st.none()
)
FRAMES = st.one_of(
    hpd.data_frames([hpd.column(name, elements=CELLS, dtype=object) for name in "abc"]),
    hpd.data_frames([hpd.column("a", dtype=int), hpd.column("b", elements=CELLS, dtype=object)]),
    hpd.data_frames(hpd.columns(["a", "b"], dtype=float)),
    hpd.data_frames([hpd.column("a", dtype="M8[ns]"), hpd.column("b", dtype=bool)]),
)
LABELS = st.one_of(
    st.none(), SCALARS, st.lists(SCALARS, max_size=5), NESTED, ARRAYS,
    hpd.series(dtype=float), hpd.series(elements=st.text(max_size=2), dtype=object),
)  # fmt: skip

thorough = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(X, y=None, **options):
    """Read, and check what holds for every dataset; say whether it was one."""
    try:
        dataset = read_dataset(X, y, **options)
    except AEWidgetsError as error:
        assert str(error).endswith((".", ")", "]"))  # noqa: PT017 -- no error is right as well
        return False
    features = dataset.features
    assert features.dtype == np.dtype("=f4")
    assert features.ndim == 2
    assert features.size
    assert features.flags.c_contiguous
    assert np.isfinite(features).all()
    assert len(dataset.feature_names) == dataset.n_features
    assert dataset.item_shape is None or np.prod(dataset.item_shape) == dataset.n_features
    if dataset.labels is not None:
        assert dataset.labels.dtype == np.int32
        assert dataset.labels.shape == (dataset.n_samples,)
        assert dataset.labels.min() >= NO_LABEL
        assert dataset.labels.max() < len(dataset.label_names)
        assert all(isinstance(name, str) for name in dataset.label_names)
    return True


@thorough
@given(ARRAYS)
def test_any_array(X):
    before = X.tobytes()
    check(X)
    assert X.tobytes() == before


@thorough
@given(NUMBERS)
def test_any_numbers(X):
    longdouble = X.dtype.kind == "f" and X.dtype.itemsize > 8
    with np.errstate(over="ignore"):
        fits = np.isfinite(X.astype(np.float32)).all()
    assert check(X) == bool(fits and not longdouble)


@thorough
@example([[Decimal("sNaN"), 1]])
@example([[np.float32(1), np.int8(2)], [True, None]])
@given(st.one_of(NESTED, TABLES))
def test_any_nested_lists(X):
    check(X)


@thorough
@given(FRAMES)
def test_any_frame(X):
    before = X.copy()
    check(X)
    pd.testing.assert_frame_equal(X, before)


@thorough
@given(LABELS)
def test_any_labels(y):
    shape = getattr(y, "shape", None) or (len(y) if isinstance(y, (list, tuple)) else 3,)
    check(np.eye(max(shape[0], 1)), y)


@thorough
@given(st.lists(st.floats(), min_size=21, max_size=60))
def test_any_floats_as_labels(y):
    check(np.eye(len(y)), y)
    check(np.eye(len(y)), np.array(y))


@thorough
@given(st.lists(SCALARS, min_size=1, max_size=8))
def test_any_mixed_labels(y):
    check(np.eye(len(y)), y)


@thorough
@given(NESTED)
def test_any_item_shape(item_shape):
    check(np.eye(6), item_shape=item_shape)
