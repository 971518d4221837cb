"""What is done to the items before the network, in the estimator."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.datasets import load_wine
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_selection import SelectKBest
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer, RobustScaler, StandardScaler

from ae_widgets import Autoencoder, KMeansFeatures, PCAFeatures, Session
from ae_widgets.engine.split import split_rows
from ae_widgets.exceptions import DataError, SettingsError

WINE, CLASSES = load_wine(return_X_y=True)
WINE = WINE.astype(np.float32)
SMALL = {"hidden_layer_sizes": (8,), "max_iter": 30, "random_state": 0, "batch_size": 32}


def fit(preprocess, X=WINE, y=None, **options):
    return Autoencoder(**{**SMALL, **options}, preprocess=preprocess).fit(X, y)


def test_scaling_before_is_scaling_within():
    within = fit("standard", code_dim=3)
    scaler = StandardScaler().fit(WINE)
    before = fit(None, scaler.transform(WINE), code_dim=3)
    assert before.preprocessor_ is None
    for name, weight in before.network_.state_dict().items():
        assert np.allclose(weight, within.network_.state_dict()[name], atol=1e-4)
    assert np.allclose(within.transform(WINE), before.transform(scaler.transform(WINE)), atol=1e-3)
    outputs = before.reconstruct(scaler.transform(WINE))
    assert np.allclose(within.reconstruct(WINE), scaler.inverse_transform(outputs), rtol=1e-2)
    assert np.allclose(
        within.score_samples(WINE), before.score_samples(scaler.transform(WINE)), atol=1e-3
    )


def test_it_is_named_where_it_is_the_cause():
    images = np.random.default_rng(0).random((99, 64))
    with pytest.raises(SettingsError, match=r"preprocess='pca' makes 4. values .* no image of"):
        fit("pca", images, trunk="convolutional", item_shape=(8, 8))
    crossed = {"reconstruction": "binary_cross_entropy", "output_activation": "sigmoid"}
    with pytest.raises(SettingsError, match="those that preprocess='standard' makes of X go from"):
        fit("standard", images, **crossed)
    fit("quantile", images, early_stopping=True, **crossed)  # what the message says to do


def test_without_it_nothing_changes():
    plain = Autoencoder(**SMALL).fit(WINE)
    none = fit([])
    for name, weight in plain.network_.state_dict().items():
        assert np.array_equal(weight, none.network_.state_dict()[name])


def test_only_the_items_trained_on_are_looked_at():
    model = fit("standard", early_stopping=True, validation_fraction=0.25)
    rows, held_out = split_rows(len(WINE), 0.25, 0)
    assert len(held_out) == 45
    (_, scaler) = model.preprocessor_._steps[0]
    assert np.allclose(scaler.mean_, WINE[rows].mean(axis=0), rtol=1e-4)
    X = WINE.copy()
    X[held_out] *= 3
    again = fit("standard", X, early_stopping=True, validation_fraction=0.25)
    assert np.array_equal(again.preprocessor_._steps[0][1].mean_, scaler.mean_)


@pytest.mark.parametrize(
    "preprocess",
    [["standard", PCAFeatures(4)], ["min-max", KMeansFeatures(3, "soft")], RobustScaler()],
)
def test_codes_decode_to_items(preprocess):
    model = fit(preprocess)
    codes = model.transform(WINE)
    assert codes.shape == (178, 2)
    assert model.n_features_in_ == 13
    decoded = model.inverse_transform(codes)
    assert decoded.shape == WINE.shape
    assert np.allclose(decoded, model.reconstruct(WINE), rtol=1e-3, atol=1e-3)


def test_what_cannot_be_undone_is_answered_as_the_network_has_it():
    model = fit([Normalizer(), KMeansFeatures(3)])
    assert model.reconstruct(WINE).shape == (178, 16)
    assert np.square(model.reconstruct(WINE)).mean() < 1


def test_classes_reach_a_transformer_that_asks_for_them():
    model = fit(["standard", SelectKBest(k=5)], y=CLASSES, early_stopping=True)
    assert model.network_.encoder[0].in_features == 5
    assert model.reconstruct(WINE).shape == WINE.shape
    with pytest.raises(SettingsError, match="SelectKBest"):
        fit(SelectKBest(k=5))


def test_it_is_cloned_pickled_and_goes_on():
    model = fit(["standard", PCAFeatures(0.9)], warm_start=True)
    copy = pickle.loads(pickle.dumps(model))  # noqa: S301  # our own
    assert np.array_equal(copy.transform(WINE), model.transform(WINE))
    fresh = clone(model)
    assert fresh.preprocess == model.preprocess
    assert not hasattr(fresh, "preprocessor_")
    made = model.preprocessor_
    model.fit(WINE * 2)
    assert model.preprocessor_ is made
    model.partial_fit(WINE)
    assert model.preprocessor_ is made
    assert model.n_iter_ > 30


def test_partial_fit_begins_with_its_first_items():
    model = Autoencoder(**SMALL, preprocess="standard").partial_fit(WINE[:90])
    scaler = model.preprocessor_._steps[0][1]
    model.partial_fit(WINE[90:])
    assert np.allclose(scaler.mean_, WINE[:90].mean(axis=0), rtol=1e-4)
    assert model.preprocessor_._steps[0][1] is scaler


def test_a_grid_of_them():
    def error(X, reconstruction):
        return np.square((X - reconstruction) / WINE.std(axis=0)).mean()

    def scorer(model, X, _y=None):
        return -error(X, model.reconstruct(X))

    grid = {"preprocess": [None, "standard", ["standard", PCAFeatures(3)]]}
    search = GridSearchCV(Autoencoder(**SMALL), grid, scoring=scorer, cv=2, error_score="raise")
    search.fit(WINE)
    assert search.best_params_["preprocess"] is not None


def test_a_pipeline_and_a_function_are_preprocessing():
    model = fit(make_pipeline(FunctionTransformer(np.log1p), StandardScaler()))
    assert model.transform(WINE).shape == (178, 2)


def test_sparse_items():
    X = sp.random_array((80, 40), density=0.2, format="csr", rng=0, dtype=np.float32)
    model = fit(TruncatedSVD(6, random_state=0), X)
    assert model.transform(X).shape == (80, 2)
    assert model.reconstruct(X).shape == (80, 40)
    with pytest.raises(SettingsError, match="needs dense items, and X is sparse"):
        fit("standard", X)


@pytest.mark.parametrize("bad", ["scale", 3, StandardScaler, ["standard", None]])
def test_unknown(bad):
    with pytest.raises(SettingsError, match="preprocess must be"):
        fit(bad)


# Columns of categories ----------------------------------------------------------------


def table(n=150, seed=0):
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 3, n)
    return pd.DataFrame({
        "size": 100.0 * kind + rng.normal(0, 10, n),
        "colour": pd.Categorical(np.array(["red", "green", "blue"])[kind]),
        "town": rng.choice(["north", "south"], n),
        "weight": kind + rng.normal(0, 0.1, n),
    })  # fmt: skip


@pytest.mark.parametrize("preprocess", [None, "standard", ["standard", "pca"]])
def test_categories_in_and_probabilities_out(preprocess):
    options = {**SMALL, "max_iter": 100, "learning_rate_init": 0.01, "code_dim": 3}
    model = Autoencoder(**options, preprocess=preprocess, categorical="auto").fit(table())
    assert model.categories_ == {"colour": ("blue", "green", "red"), "town": ("north", "south")}
    assert model.n_features_in_ == 7
    assert model.feature_names_in_[1:3].tolist() == ["colour = blue", "colour = green"]
    new = table(40, seed=1)
    outputs = model.reconstruct(new)
    for group in (outputs[:, 1:4], outputs[:, 4:6]):
        assert np.allclose(group.sum(axis=1), 1, atol=1e-5)
        assert group.min() >= 0
    if preprocess:
        guessed = np.array(model.categories_["colour"])[outputs[:, 1:4].argmax(axis=1)]
        assert (guessed == new["colour"].to_numpy()).mean() > 0.9


def test_new_categories_are_none_of_the_known_ones():
    model = Autoencoder(**SMALL, categorical="auto").fit(table())
    new = table(3, seed=2).astype({"town": object})
    new.loc[0, "town"] = "west"
    assert np.isfinite(model.transform(new)).all()
    assert model._encoded(new, reset=False).iloc[0, 4:6].tolist() == [0, 0]
    few = new.astype({"town": str})  # the categories present do not matter
    assert model.transform(few).shape == (3, 2)


def test_the_columns_must_be_those_of_before():
    model = pickle.loads(pickle.dumps(Autoencoder(**SMALL, categorical="auto").fit(table())))  # noqa: S301  # our own
    with pytest.raises(ValueError, match="feature names should match"):
        model.transform(table()[["colour", "size", "town", "weight"]])
    with pytest.raises(DataError, match="X lacks columns that were there at fit: 'town'"):
        model.transform(table().drop(columns="town"))


def test_text_is_refused_unless_it_is_asked_for():
    with pytest.raises(DataError, match="text or categories in column 'town'"):
        Autoencoder(**SMALL).fit(table())
    model = Autoencoder(**SMALL).fit(table().drop(columns="town"))
    assert model.n_features_in_ == 5
    assert Autoencoder(**SMALL).fit(WINE).categories_ == {}


# With anomalies and missing values ----------------------------------------------------


@pytest.mark.parametrize("preprocess", ["standard", ["standard", PCAFeatures(4)], "kmeans"])
def test_contributions_add_up_to_the_score(preprocess):
    model = fit(preprocess, contamination=0.1)
    parts = model.contributions(WINE)
    assert parts.shape == WINE.shape
    np.testing.assert_allclose(parts.sum(axis=1), -model.score_samples(WINE), rtol=1e-4)
    assert (model.predict(WINE) == -1).sum() in range(10, 25)


@pytest.mark.parametrize("score", ["latent", "neighbors"])
def test_distances_are_those_of_the_codes(score):
    model = fit("standard", contamination=0.1, anomaly_score=score)
    before = fit(None, StandardScaler().fit_transform(WINE), contamination=0.1, anomaly_score=score)
    expected = before.score_samples(StandardScaler().fit_transform(WINE))
    np.testing.assert_allclose(model.score_samples(WINE), expected, rtol=1e-2)


def test_missing_values_are_filled_in_in_their_own_units():
    X = WINE.copy()
    holes = np.random.default_rng(0).random(X.shape) < 0.1
    X[holes] = np.nan
    model = fit("standard", X, missing="mask", code_dim=4, max_iter=200)
    filled = model.impute(X)
    assert np.array_equal(filled[~holes], X[~holes])
    spread = WINE.std(axis=0)
    ours = np.square((filled - WINE) / spread)[holes].mean()
    mean = np.square((np.nanmean(X, axis=0) - WINE) / spread)[holes].mean()
    assert ours < 0.8 * mean
    with pytest.raises(DataError, match="impute needs reconstructions in the space of X"):
        fit(FunctionTransformer(np.log1p), X, missing="mask").impute(X)


def test_a_session_fills_in_too():
    X = WINE.copy()
    X[::7, 3] = np.nan
    session = Session(X, missing="mask", preprocess="standard", trainer="thread", max_iter=60)
    session.start()
    session.wait(60)
    filled = session.imputed
    assert np.isfinite(filled).all()
    assert abs(filled[::7, 3].mean() - np.nanmean(X[:, 3])) < 2 * np.nanstd(X[:, 3])
    session.close()


def test_classes_and_clusters_of_what_is_preprocessed():
    options = {"learning_rate_init": 0.01, "max_iter": 60, "code_dim": 3}
    model = fit("standard", y=CLASSES, delta=1.0, gamma=0.1, n_clusters=3, **options)
    assert (model.predict(WINE) == CLASSES).mean() > 0.95
    clusters = fit(["standard", PCAFeatures(5)], gamma=0.1, n_clusters=3, **options)
    assert np.array_equal(clusters.predict(WINE), clusters.labels_)
    assert adjusted_rand_score(CLASSES, clusters.labels_) > 0.6
    both = fit("standard", gamma=0.1, n_clusters=3, contamination=0.1, **options)
    assert set(both.predict(WINE)) <= {0, 1, 2}  # clusters come before outliers
    assert (both.score_samples(WINE) < both.offset_).sum() in range(10, 25)
