"""Each step against scikit-learn's own, back again, and named where it fails."""

import pickle
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.decomposition import NMF, PCA, TruncatedSVD
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from ae_widgets.data.preprocess import Preprocessor
from ae_widgets.data.steps import (
    ASSIGNMENTS,
    SCALINGS,
    KMeansFeatures,
    Own,
    PCAFeatures,
    as_parameter,
    describe_steps,
    read_steps,
    steps_from,
)
from ae_widgets.exceptions import DataError, SettingsError

WINE = load_wine().data.astype(np.float32)
DIGITS = (load_digits().data / 16).astype(np.float32)
SCALERS = {
    "standard": StandardScaler(),
    "min-max": MinMaxScaler(),
    "robust": RobustScaler(),
    "quantile": QuantileTransformer(n_quantiles=100, random_state=0),
}


@pytest.mark.parametrize("name", SCALINGS)
def test_scalings_are_scikit_learns(name):
    made = Preprocessor(name).fit(WINE[:100])
    expected = SCALERS[name].fit(WINE[:100]).transform(WINE)
    assert made.transform(WINE).dtype == np.float32
    assert np.allclose(made.transform(WINE), expected, atol=1e-5)
    assert made.n_features_out_ == 13
    assert made.invertible_
    assert np.allclose(made.inverse_transform(made.transform(WINE[:100])), WINE[:100], rtol=1e-4)


@pytest.mark.parametrize(("more", "seen"), [([], [100]), ([PCAFeatures(2)], [178])])
def test_ranks_of_all_items_are_found_only_if_a_step_needs_them(monkeypatch, more, seen):
    sizes, transform = [], QuantileTransformer.transform

    def counted(self, X):
        sizes.append(len(X))
        return transform(self, X)

    monkeypatch.setattr(QuantileTransformer, "transform", counted)
    made = Preprocessor(["quantile", *more]).fit(WINE)
    assert sizes == seen
    assert made.n_features_out_ == made.transform(WINE).shape[1]


def test_ranks_beyond_those_of_the_first_items_are_undone_beside_missing_ones():
    X = np.arange(400, dtype=np.float32).reshape(200, 2)
    X[150:, 0] = np.nan
    made = Preprocessor("quantile").fit(X)
    np.testing.assert_allclose(made.inverse_transform(made.transform(X)), X, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("name", SCALINGS)
def test_constant_columns_stay_finite(name):
    X = np.hstack([WINE, np.full((178, 1), 7, np.float32)])
    made = Preprocessor(name).fit(X)
    assert np.isfinite(made.transform(X)).all()
    assert np.ptp(made.transform(X)[:, -1]) == 0
    assert np.allclose(made.inverse_transform(made.transform(X))[:, -1], 7)


@pytest.mark.parametrize("n", [5, 0.9, None, 1.0])
@pytest.mark.parametrize("whiten", [False, True])
def test_pca_is_scikit_learns(n, whiten):
    made = Preprocessor(PCAFeatures(n, whiten=whiten)).fit(DIGITS)
    pca = PCA(None if n == 1.0 else n, whiten=whiten, random_state=0).fit(DIGITS)
    assert made.n_features_out_ == pca.n_components_
    assert np.allclose(made.transform(DIGITS), pca.transform(DIGITS), atol=1e-4)
    there_and_back = pca.inverse_transform(pca.transform(DIGITS))
    assert np.allclose(made.inverse_transform(made.transform(DIGITS)), there_and_back, atol=1e-4)
    assert np.allclose(made.explained_variance_ratio_, pca.explained_variance_ratio_)


def test_a_share_of_the_variance_is_kept():
    made = Preprocessor("pca").fit(DIGITS)
    kept = made.explained_variance_ratio_
    assert kept.sum() >= 0.95 > kept[:-1].sum()


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_kmeans_features_are_appended(assignment):
    made = Preprocessor(["min-max", KMeansFeatures(5, assignment)]).fit(DIGITS)
    Z = made.transform(DIGITS)
    scaled = MinMaxScaler().fit_transform(DIGITS.astype(np.float64)).astype(np.float32)
    assert np.array_equal(Z[:, :64], scaled)
    known = Z[:, 64:]
    assert known.shape == (1797, 5)
    assert known.min() >= 0
    assert known.max() <= 1
    nearest = KMeans(5, random_state=0).fit(scaled).predict(scaled)
    best = known.argmin(axis=1) if assignment == "distances" else known.argmax(axis=1)
    assert np.array_equal(best, nearest)
    if assignment != "distances":
        assert np.allclose(known.sum(axis=1), 1)
    assert np.allclose(made.inverse_transform(Z), DIGITS, atol=1e-6)


def test_distances_are_root_mean_squares_and_soft_shares_are_students():
    kmeans = KMeans(4, random_state=0).fit(WINE)
    squares = ((WINE[:, None] - kmeans.cluster_centers_) ** 2).mean(axis=2)  # (n, 4)
    known = Preprocessor(KMeansFeatures(4)).fit(WINE).transform(WINE)[:, 13:]
    assert np.allclose(known, np.sqrt(squares), rtol=1e-3)
    spread = squares.min(axis=1).mean()
    kernel = 1 / (1 + squares / spread)
    soft = Preprocessor(KMeansFeatures(4, "soft")).fit(WINE).transform(WINE)[:, 13:]
    assert np.allclose(soft, kernel / kernel.sum(axis=1, keepdims=True), atol=1e-3)


def test_soft_shares_do_not_depend_on_the_scale():
    small, large = (Preprocessor(KMeansFeatures(4, "soft")).fit(s * WINE) for s in (1, 1024))
    assert np.allclose(small.transform(WINE)[:, 13:], large.transform(1024 * WINE)[:, 13:])


def test_the_order_of_the_steps_counts():
    made = Preprocessor(["standard", PCAFeatures(3), KMeansFeatures(4)]).fit(WINE)
    assert made.n_features_out_ == 7
    mixed = Preprocessor(["standard", KMeansFeatures(4), PCAFeatures(3)]).fit(WINE)
    assert mixed.n_features_out_ == 3
    for one in (made, mixed):
        back = one.inverse_transform(one.transform(WINE))
        assert back.shape == WINE.shape
        away = WINE - WINE.mean(axis=0)
        assert np.square((WINE - back) / WINE.std(axis=0)).mean() < 0.5
        assert np.abs(away).mean() > np.abs(WINE - back).mean()


def test_nothing_is_nothing():
    made = Preprocessor(None).fit(WINE)
    assert np.array_equal(made.transform(WINE), WINE)
    assert np.array_equal(made.inverse_transform(WINE), WINE)


def test_the_same_seed_gives_the_same_bits():
    steps = ["quantile", PCAFeatures(10, whiten=True), KMeansFeatures(6, "soft")]
    one, two = (Preprocessor(steps, random_state=3).fit(DIGITS) for _ in range(2))
    assert one.transform(DIGITS).tobytes() == two.transform(DIGITS).tobytes()
    other = Preprocessor(KMeansFeatures(6), random_state=4).fit(DIGITS)
    assert not np.array_equal(other.transform(DIGITS), one.transform(DIGITS)[:, :70])


def test_neither_the_input_nor_the_users_transformer_is_written_to():
    X, scaler = WINE.copy(), StandardScaler()
    made = Preprocessor([scaler, KMeansFeatures(3)]).fit(X)
    made.inverse_transform(made.transform(X))
    assert np.array_equal(X, WINE)
    assert not hasattr(scaler, "mean_")


@pytest.mark.parametrize(
    "own",
    [
        StandardScaler(),
        make_pipeline(MinMaxScaler(), PCA(4)),
        FunctionTransformer(np.log1p, np.expm1, check_inverse=False),
        [NMF(6, tol=0.01), "standard"],
    ],
    ids=["scaler", "pipeline", "function", "list"],
)
def test_any_transformer(own):
    made = Preprocessor(own).fit(WINE)
    back = made.inverse_transform(made.transform(WINE))
    assert made.invertible_
    assert np.corrcoef(back.ravel(), WINE.ravel())[0, 1] > 0.98


@pytest.mark.parametrize("own", [Normalizer(), FunctionTransformer(np.log1p), KMeans(3)])
def test_what_cannot_be_undone_says_so(own):
    made = Preprocessor([own, "standard"]).fit(WINE)
    assert not made.invertible_
    if not isinstance(own, FunctionTransformer):
        with pytest.raises(DataError, match=r"(Normalizer|KMeans)\(.*\) cannot be undone"):
            made.inverse_transform(made.transform(WINE))


def test_a_fitted_transformer_may_be_frozen():
    scaler = StandardScaler().fit(WINE[:50])
    made = Preprocessor(FrozenEstimator(scaler)).fit(WINE)
    assert np.allclose(made.transform(WINE), scaler.transform(WINE), atol=1e-5)
    assert made.invertible_


def test_missing_values_pass_the_scalings_and_stop_at_pca():
    X = WINE.copy()
    X[3, 4] = np.nan
    X[0, 1] = np.nan
    made = Preprocessor("standard").fit(X)
    Z = made.transform(X)
    assert np.isnan(Z).sum() == 2
    assert made.invertible_
    assert np.allclose(made.inverse_transform(Z), X, equal_nan=True, rtol=1e-4)
    with pytest.raises(SettingsError, match=r"PCAFeatures\(.*\) failed on items of .* NaN"):
        Preprocessor("pca").fit(X)


@pytest.mark.parametrize(
    ("preprocess", "message"),
    [
        ("standart", "one of standard, min-max, robust, quantile, pca, kmeans, got 'standart'"),
        (["standard", 3], "a transformer with fit and transform, or a list of these, got 3"),
        (StandardScaler, "a transformer with fit and transform"),
        (PCAFeatures(14), r"PCAFeatures\(n_components=14, .*\) failed on items of shape \(178, 13"),
        (KMeansFeatures(400), r"KMeansFeatures\(n_clusters=400, .* n_samples=178 should be >="),
        (FunctionTransformer(lambda X: X[1:]), r"made shape \(177, 13\) of items of shape"),
        (FunctionTransformer(np.log), "made values that are not finite"),
        (FunctionTransformer(lambda _: 1 / 0), "FunctionTransformer.*: division by zero"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_errors_name_the_step(preprocess, message):
    X = WINE.copy()
    X[0, 0] = 0
    with pytest.raises(SettingsError, match=message):
        Preprocessor(preprocess).fit(X)


@pytest.mark.parametrize(
    "make",
    [
        lambda: PCAFeatures(0),
        lambda: PCAFeatures(1.5),
        lambda: PCAFeatures("9"),
        lambda: PCAFeatures(3, whiten=1),
        lambda: KMeansFeatures(1),
        lambda: KMeansFeatures(8, "hard"),
    ],
)
def test_options_out_of_range(make):
    with pytest.raises(SettingsError, match="must be"):
        make()


def test_other_items_are_refused():
    made = Preprocessor("standard").fit(WINE)
    with pytest.raises(DataError, match="X has 12 features, but 13 were fitted on"):
        made.transform(WINE[:, :12])


def test_sparse_items_go_through_transformers_of_their_own():
    X = sp.random_array((60, 30), density=0.2, format="csr", rng=0, dtype=np.float32)
    scaled = Preprocessor(MaxAbsScaler()).fit(X).transform(X)
    assert sp.issparse(scaled)
    made = Preprocessor([TruncatedSVD(5, random_state=0), "standard"]).fit(X)
    assert made.transform(X).shape == (60, 5)
    assert made.inverse_transform(made.transform(X)).shape == (60, 30)
    with pytest.raises(SettingsError, match="standard' needs dense items, and X is sparse"):
        Preprocessor("standard").fit(X)


def test_one_hot_columns_are_not_scaled_and_come_back_as_probabilities():
    rng = np.random.default_rng(0)
    X = np.hstack([5 + 3 * rng.random((90, 2)), np.eye(3)[rng.integers(0, 3, 90)]])
    X = X.astype(np.float32)
    made = Preprocessor("standard", groups=((2, 5),)).fit(X)
    Z = made.transform(X)
    assert np.allclose(Z[:, :2].std(axis=0), 1, atol=1e-4)
    assert np.array_equal(Z[:, 2:], X[:, 2:])
    Z[:, 2:] += 0.3 * rng.standard_normal((90, 3))
    back = made.inverse_transform(Z)
    assert np.allclose(back[:, :2], X[:, :2], atol=1e-4)
    assert np.allclose(back[:, 2:].sum(axis=1), 1)
    assert back[:, 2:].min() >= 0


def test_it_is_a_transformer_of_scikit_learn():
    made = Preprocessor(["standard", PCAFeatures(3)]).fit(load_breast_cancer().data)
    copy = pickle.loads(pickle.dumps(made))  # noqa: S301  # our own
    X = load_breast_cancer().data
    assert np.array_equal(copy.transform(X), made.transform(X))
    assert clone(made).get_params()["preprocess"] == made.preprocess


STEPS = ("standard", PCAFeatures(0.9, whiten=True), KMeansFeatures(3, "soft"))


def test_steps_are_written_and_read():
    assert steps_from(describe_steps(STEPS)) == STEPS
    assert describe_steps(STEPS)[1] == {"step": "pca", "n_components": 0.9, "whiten": True}
    own = read_steps([Normalizer(), "pca"])
    assert describe_steps(own)[0] == {"step": "own", "text": "Normalizer()"}
    assert steps_from(describe_steps(own)) == (Own("Normalizer()"), PCAFeatures())
    with pytest.raises(SettingsError, match=r"Normalizer\(\) was made in another process"):
        Preprocessor(list(steps_from(describe_steps(own)))).fit(WINE)


@pytest.mark.parametrize("value", [{}, ["x"], [{"step": "fft"}], [{"step": "pca", "k": 1}], [3]])
def test_damaged_steps(value):
    with pytest.raises(SettingsError):
        steps_from(value)


@pytest.mark.parametrize("preprocess", [None, "standard", PCAFeatures(3), ["robust", "kmeans"]])
def test_a_parameter_of_the_same_steps(preprocess):
    assert read_steps(as_parameter(read_steps(preprocess))) == read_steps(preprocess)


def test_only_the_text_of_a_transformer_leaves_the_process():
    (own,) = read_steps(FunctionTransformer(lambda X: X))  # which does not pickle
    copy = pickle.loads(pickle.dumps(own))  # noqa: S301  # our own
    assert copy == Own(own.text)


def test_what_no_item_comes_to_is_brought_back_to_the_nearest_that_one_does():
    made = Preprocessor(PowerTransformer()).fit(WINE)
    far = np.vstack([made.transform(WINE[:1]) for _ in range(3)])
    far[1], far[2] = 50, -50
    back = made.inverse_transform(far)
    assert np.isfinite(back).all()
    np.testing.assert_allclose(back[0], WINE[0], rtol=1e-3)
    with warnings.catch_warnings(action="ignore"):
        alone = np.isfinite(PowerTransformer().fit(WINE).inverse_transform(far[1:2])[0])
    assert not alone.all()
    np.testing.assert_allclose(back[1, ~alone], WINE.max(axis=0)[~alone], rtol=1e-3)


@pytest.mark.parametrize("scaling", ["standard", "min-max", "robust", "quantile"])
def test_a_column_without_a_value_is_named(scaling):
    holed = WINE.copy()
    holed[:, 3] = np.nan
    with pytest.raises(DataError, match=f"'{scaling}' has nothing to go by in column 3"):
        Preprocessor(scaling).fit(holed)


@pytest.mark.parametrize("step", [*SCALINGS, "pca", PCAFeatures(whiten=True), PCAFeatures(2)])
def test_items_that_are_all_alike_bring_no_warning_of_numpys(step):
    same = np.ones((20, 3), np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = Preprocessor(step).fit(same)
    np.testing.assert_array_equal(made.inverse_transform(made.transform(same)), same)


def test_min_max_keeps_what_it_was_fitted_on_within_its_range(monkeypatch):
    monkeypatch.setattr("ae_widgets.data.features.BLOCK", 200)  # 25 rows at a time
    for seed in range(30):  # in float32 a quarter of these come to 1.0000001
        rng = np.random.default_rng(seed)
        X = rng.normal(rng.normal(size=8) * 5, 1 + seed, (99, 8)).astype(np.float32)
        X[3, 2] = np.nan
        made = Preprocessor("min-max").fit(X)
        Z = made.transform(X)
        assert (np.nanmin(Z, axis=0) == 0).all()
        assert (np.nanmax(Z, axis=0) == 1).all()
        np.testing.assert_allclose(made.inverse_transform(Z), X, rtol=1e-5, atol=1e-5)
