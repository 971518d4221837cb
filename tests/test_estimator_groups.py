"""Classes and clusters through scikit-learn's interface."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.base import clone, is_classifier, is_clusterer
from sklearn.cluster import HDBSCAN
from sklearn.datasets import load_digits, make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score, adjusted_rand_score, get_scorer
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.estimator_checks import parametrize_with_checks

from ae_widgets import Autoencoder, DataError, Session, SettingsError
from tests.test_estimator import UNEQUAL

X, Y = make_blobs(240, 6, centers=3, cluster_std=0.6, random_state=0)
X = ((X - X.mean(0)) / X.std(0)).astype(np.float32)


def quick(**changes):
    return Autoencoder(
        **{
            "hidden_layer_sizes": (8,), "max_iter": 40, "random_state": 0,
            "learning_rate_init": 1e-2, "n_clusters": 3, **changes,
        }
    )  # fmt: skip


@parametrize_with_checks(
    [quick(gamma=0.1, max_iter=4, n_clusters=2)], expected_failed_checks=lambda _: UNEQUAL
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_predict_is_there_when_it_was_asked_for():
    assert not hasattr(quick(), "predict")
    assert hasattr(quick(gamma=0.1), "predict")
    assert not hasattr(quick(gamma=0.1), "predict_proba")
    assert hasattr(quick(delta=0.1), "predict_proba")


@pytest.mark.parametrize("clustering", ["dec", "dcn"])
def test_clusters(clustering):
    model = quick(gamma=0.2, clustering=clustering).fit(X)
    assert adjusted_rand_score(Y, model.labels_) > 0.95
    assert np.array_equal(model.predict(X), model.labels_)
    assert np.array_equal(clone(model).fit_predict(X), model.labels_)
    assert model.cluster_centers_.shape == (3, 2)
    nearest = np.linalg.norm(model.transform(X)[:, None] - model.cluster_centers_, axis=2).argmin(1)
    assert np.array_equal(nearest, model.labels_)
    assert model.loss_parts_.keys() == {
        "reconstruction", "complexity", "clustering", "classification"
    }  # fmt: skip


def test_partial_fit_has_the_clusters_of_its_items():
    model = quick(gamma=0.2, clustering_start=2)
    for epoch in range(1, 5):
        model.partial_fit(X)
        assert hasattr(model, "labels_") == (epoch > 2)
    assert np.array_equal(model.labels_, model.predict(X))
    batch = X[:100]
    model.partial_fit(batch)
    assert model.labels_.shape == (100,)
    assert np.array_equal(model.labels_, model.predict(batch))
    assert not hasattr(quick().partial_fit(X), "labels_")


def test_other_clusters_of_the_code_are_found_by_a_pipeline():
    mixture = make_pipeline(quick(), GaussianMixture(3, random_state=0)).fit(X)
    assert adjusted_rand_score(Y, mixture.predict(X)) > 0.95
    assert mixture.predict_proba(X).shape == (240, 3)
    dense = make_pipeline(quick(), HDBSCAN(10, copy=True))
    assert adjusted_rand_score(Y, dense.fit_predict(X)) > 0.7
    search = GridSearchCV(mixture, {"autoencoder__code_dim": [1, 2]}, cv=2).fit(X)
    assert search.best_params_["autoencoder__code_dim"] in {1, 2}


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (Y, [0, 1, 2]),
        (np.where(np.arange(240) % 2, Y, -1), [0, 1, 2]),
        (np.where(np.arange(240) % 2, Y, np.nan), [0, 1, 2]),
        (np.array([["a", "b", None][k] for k in Y], object), ["a", "b"]),
        (np.where(Y == 0, -1, 1), [-1, 1]),
    ],
)
def test_classes_of_any_kind_with_any_missing(y, classes):
    model = quick(delta=1.0).fit(X, y)
    assert model.classes_.tolist() == classes
    predicted = model.predict(X)
    assert predicted.dtype == model.classes_.dtype
    known = np.isin(y, classes) if None not in set(y) else np.array([v in classes for v in y])
    assert (predicted[known] == np.asarray(y)[known]).mean() > 0.95
    probabilities = model.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    assert np.array_equal(model.classes_[probabilities.argmax(axis=1)], predicted)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301  # our own
    assert np.array_equal(again.predict(X), predicted)


@pytest.mark.parametrize(
    ("known", "dtype"),
    [([0, 1, 2], int), ([0.0, 0.5, 1.0], float), ([False, True, True], bool), ([*"abc"], str)],
)
@pytest.mark.parametrize(
    "form", [list, lambda y: pd.Series(y, dtype=object), lambda y: pd.Series(y).convert_dtypes(),
             pl.Series]
)  # fmt: skip
def test_classes_have_the_type_of_the_labels_whatever_a_gap_makes_of_them(known, dtype, form):
    y = [known[k] if i % 2 else None for i, k in enumerate(Y)]
    model = quick(delta=1.0, max_iter=3).fit(X, form(y))
    assert model.classes_.tolist() == sorted(set(known))
    assert model.classes_.dtype.kind == np.dtype(dtype).kind


def test_a_measurement_is_none_of_classes_beside_a_gap_either():
    y = [float(v) if i else None for i, v in enumerate(X[:, 0])]
    with pytest.raises(DataError, match="y has 239 distinct numbers, as a measurement"):
        quick(delta=1.0).fit(X, y)


def test_classes_go_before_clusters():
    model = quick(gamma=0.1, delta=1.0).fit(X, np.array(["x", "y", "z"])[Y])
    assert set(model.predict(X)) == {"x", "y", "z"}
    assert adjusted_rand_score(Y, model.labels_) > 0.95


def test_a_grid_search_over_delta():
    search = GridSearchCV(quick(), {"delta": [0.1, 1.0]}, scoring="accuracy", cv=2, n_jobs=1).fit(
        X, Y
    )
    assert search.best_score_ > 0.9


@pytest.mark.parametrize(
    ("y", "match"),
    [
        (None, "pass y"),
        (Y[:-1], "240 rows and y has 239"),
        (np.full(240, np.nan), "holds no class"),
        (X[:, 0], r"y has 240 distinct numbers, as a measurement .* pandas\.qcut"),
        (np.arange(240.0), "y has 240 distinct numbers, as a measurement"),
        (np.where(Y == 0, np.inf, Y), "y has infinite values"),
        (np.where(Y == 0, "a", None), "holds a single class, 'a': .* Pass items of two"),
    ],
)
def test_classes_that_make_no_sense_are_refused(y, match):
    with pytest.raises(DataError, match=match):
        quick(delta=1.0).fit(X, y)


def test_settings_that_make_no_sense_are_refused():
    for changes in (
        {"gamma": -1}, {"n_clusters": 0}, {"clustering": "kmeans"}, {"class_weight": "yes"},
    ):  # fmt: skip
        with pytest.raises(SettingsError):
            quick(**changes).fit(X, Y)


@pytest.mark.parametrize("delta", [-0.1, "a", np.nan, None])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_delta_out_of_its_range_is_told_before_classes_are_asked_for(method, delta):
    with pytest.raises(SettingsError, match="delta must be"):
        getattr(quick(delta=delta), method)(X)


def test_more_clusters_than_items_are_refused():
    message = "n_clusters is 1,000, but there are 240 items. Lower it."
    with pytest.raises(SettingsError, match=message):
        quick(gamma=0.1, n_clusters=1000).fit(X)
    quick(n_clusters=1000, max_iter=1).fit(X)  # there are none
    quick(gamma=0.1, n_clusters=5, max_iter=1).partial_fit(X[:4])  # more items may follow
    with pytest.raises(SettingsError, match=message):
        Session(X, trainer="thread", gamma=0.1, n_clusters=1000)


def test_partial_fit_and_warm_start_go_on_with_the_heads():
    model = quick(delta=1.0, gamma=0.1, max_iter=20, clustering_start=2).fit(X, Y)
    centers = model.cluster_centers_.copy()
    model.partial_fit(X, Y)
    assert model.classes_.tolist() == [0, 1, 2]
    assert not np.array_equal(model.cluster_centers_, centers)
    assert np.abs(model.cluster_centers_ - centers).max() < 0.5
    assert (model.predict(X) == Y).mean() > 0.95


@pytest.mark.parametrize(
    ("first", "then", "message"),
    [
        (Y, np.array([*"abc"])[Y], "y holds texts, such as 'a', .* so far are numbers: 0, 1, 2"),
        (
            np.array([*"abc"])[Y],
            Y,
            "y holds numbers, such as 0, .* so far are texts: 'a', 'b'",
        ),
        (Y, pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(Y, "D")), "type datetime64"),
    ],
)
def test_classes_of_another_kind_are_refused_later(first, then, message):
    model = quick(delta=1.0).partial_fit(X, first)
    before = model.classes_.tolist()
    with pytest.raises(DataError, match=message):
        model.partial_fit(X, then)
    with pytest.raises(DataError, match=message):
        model.set_params(warm_start=True).fit(X, then)
    assert model.classes_.tolist() == before
    assert model.set_params(warm_start=False, max_iter=1).fit(X, then).classes_.dtype != first.dtype


def test_later_classes_join_and_gaps_change_no_type():
    model = quick(delta=1.0).partial_fit(X, np.minimum(Y, 1) + 4)
    model.partial_fit(X, np.where(np.arange(240) % 2, Y // 2 + 4, np.nan))
    assert model.classes_.dtype.kind == "i"
    assert model.partial_fit(X, Y + 3).classes_.tolist() == [3, 4, 5]


@pytest.mark.parametrize("names", [np.arange(3), np.array([*"abc"])])
@pytest.mark.parametrize("go_on", ["partial_fit", "fit"])
@pytest.mark.parametrize("first", [[1], [1, 2], [0, 2]])
def test_classes_that_join_are_sorted_as_scorers_have_them(names, go_on, first):
    present = np.isin(Y, first)
    model = quick(delta=1.0, warm_start=True)
    for _ in range(10):
        model.partial_fit(X[present], names[Y[present]])
    for _ in range(20 if go_on == "partial_fit" else 1):
        getattr(model, go_on)(X, names[Y])
    assert model.classes_.tolist() == names.tolist()
    assert get_scorer("roc_auc_ovr")(model, X, names[Y]) > 0.95
    assert (model.predict(X) == names[Y]).mean() > 0.95


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("changes", [{}, {"class_weight": "balanced"}, {"gamma": 0.1}])
def test_training_goes_on_as_if_the_order_of_the_classes_had_always_been_so(optimizer, changes):
    before, after = (
        quick(delta=1.0, optimizer=optimizer, clustering_start=1, **changes) for _ in range(2)
    )
    early = Y > 0
    for model, sign in ((before, -1), (after, 1)):
        y = sign * Y + 2  # the class that joins is the last, or the first
        for _ in range(4):
            model.partial_fit(X[early], y[early])
        for _ in range(3):
            model.partial_fit(X, y)
    assert before.classes_.tolist() == [0, 1, 2]
    assert after.classes_.tolist() == [2, 3, 4]
    # The sums over the classes are rounded in another order.
    np.testing.assert_allclose(before.transform(X), after.transform(X), atol=1e-5)
    np.testing.assert_allclose(
        before.predict_proba(X)[:, ::-1], after.predict_proba(X), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("first", [0, 2])
def test_a_class_that_joins_moves_the_weights_of_the_others_to_the_bit(first):
    model = quick(delta=1.0, optimizer="sgd").partial_fit(X[first != Y], Y[first != Y])
    network = model.network_
    was = {k: v.clone() for k, v in network.heads.classifier.state_dict().items()}
    model.set_params(learning_rate_init=1e-12).partial_fit(X, Y)  # moves nothing else
    now = model.network_.heads.classifier
    rest = [k for k in range(3) if k != first]
    assert torch.equal(now.weight[rest], was["weight"])
    assert torch.equal(now.bias[rest], was["bias"])
    assert now.weight[first].abs().max() < 1e-10
    assert network.heads.classifier.out_features == 2  # what was handed out stays as it is


@pytest.mark.parametrize("none", [-1, -1.0])
@pytest.mark.parametrize("go_on", ["partial_fit", "fit"])
def test_a_stream_with_minus_one_for_none_is_one_with_gaps(none, go_on):
    gaps, minus = (quick(delta=1.0, max_iter=2, warm_start=True) for _ in range(2))
    lacking = np.arange(240) % 3 == 0
    batches = [Y < 2, Y == 1, Y > 0]  # with what is lacking: -1, 0 and 1; -1 and 1; -1, 1 and 2
    for batch in batches:
        y, items = np.where(lacking, np.nan, Y)[batch], X[batch]
        getattr(gaps, go_on)(items, y)
        getattr(minus, go_on)(items, np.where(np.isnan(y), none, y).astype(type(none)))
    assert minus.classes_.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(gaps.predict_proba(X), minus.predict_proba(X))


def test_minus_one_stays_a_class_once_it_is_one():
    model = quick(delta=1.0).partial_fit(X[Y < 2], np.array([-1, 1])[Y[Y < 2]])
    for _ in range(40):
        model.partial_fit(X, np.array([-1, 1, 0])[Y])
    assert model.classes_.tolist() == [-1, 0, 1]
    model.partial_fit(X[Y == 0], np.full((Y == 0).sum(), -1))
    assert (model.predict(X[Y == 0]) == -1).mean() > 0.95


@pytest.mark.parametrize("names", [np.arange(3), np.array([*"abc"])])
@pytest.mark.parametrize("y", [[None] * 240, np.full(240, np.nan), np.full(240, -1), [pd.NA] * 240])
@pytest.mark.parametrize("changes", [{}, {"class_weight": "balanced"}])
def test_what_has_no_class_at_all_trains_the_rest_once_there_are_classes(names, y, changes):
    with pytest.raises(DataError, match="y holds no class"):
        quick(delta=1.0).partial_fit(X, y)
    model = quick(delta=1.0, **changes).fit(X, names[Y])
    codes, epochs = model.transform(X), model.n_iter_
    model.partial_fit(X, y)
    assert model.n_iter_ == epochs + 1
    assert model.loss_parts_["classification"][-1] == 0
    assert not np.array_equal(model.transform(X), codes)
    assert model.classes_.tolist() == names.tolist()
    assert (model.predict(X) == names[Y]).mean() > 0.95


@pytest.mark.parametrize(
    "names", [np.arange(3), np.array([*"abc"]), np.array([-1, 0, 1]), np.array([-1.0, 0.5, 1.0])]
)
def test_all_classes_may_be_told_in_the_first_call(names):
    model = quick(delta=1.0)
    model.partial_fit(X[Y == 2], names[Y[Y == 2]], classes=[*reversed(names), names[0]])
    assert model.classes_.tolist() == names.tolist()
    assert model.predict_proba(X).shape == (240, 3)
    for _ in range(30):
        model.partial_fit(X[Y < 2], names[Y[Y < 2]]).partial_fit(X, names[Y], classes=names)
    assert (model.predict(X) == names[Y]).mean() > 0.95


def test_told_classes_are_as_good_as_those_that_came():
    told = quick(delta=1.0).partial_fit(X, Y, classes=[0, 1, 2])
    assert np.array_equal(
        told.predict_proba(X), quick(delta=1.0).partial_fit(X, Y).predict_proba(X)
    )
    first = quick(delta=1.0).partial_fit(X, np.full(240, -1), classes=[0, 1])
    np.testing.assert_array_equal(first.predict_proba(X), 0.5)
    quick().partial_fit(X, classes=[0, 1])  # none are asked for


def test_a_class_that_was_not_told_is_refused():
    message = "y holds 2, but partial_fit was told that the classes are 0, 1. Correct y"
    with pytest.raises(DataError, match=message):
        quick(delta=1.0).partial_fit(X, Y, classes=[0, 1])
    model = quick(delta=1.0, warm_start=True).partial_fit(X[Y < 1], Y[Y < 1], classes=[0, 1])
    for go_on in (model.partial_fit, model.fit):
        with pytest.raises(DataError, match=message):
            go_on(X, Y)
    assert model.classes_.tolist() == [0, 1]
    assert model.predict_proba(X).shape == (240, 2)
    assert model.partial_fit(X, Y, classes=[0, 1, 2]).classes_.tolist() == [0, 1, 2]
    assert model.set_params(warm_start=False, max_iter=1).fit(X, Y + 1).classes_.tolist() == [
        1,
        2,
        3,
    ]
    assert len(model.partial_fit(X, Y).classes_) == 4


def test_a_batch_of_many_known_classes_is_no_measurement():
    y = np.arange(240) % 30.0  # floats, as a gap makes of integers
    model = quick(delta=1.0).partial_fit(X, y)
    model.partial_fit(X[:40], y[:40])
    with pytest.raises(DataError, match="as a measurement"):
        model.partial_fit(X, X[:, 0])
    told = quick(delta=1.0).partial_fit(X[:40], y[:40], classes=range(30))
    assert told.classes_.tolist() == model.classes_.tolist()


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([0], r"classes must be two classes or more, none of them missing, got \[0\]"),
        ([0, 1, 2, None], "none of them missing"),
        ([0, 1, np.nan], "none of them missing"),
        ([], "two classes or more"),
        (3, "classes must be a list or an array of all classes, got 3"),
        ([[0, 1], [1, 2]], "classes must be a list or an array"),
        ([*"abc"], "classes holds texts, such as 'a', .* so far are numbers: 0, 1, 2"),
        ([0, 1, 5], "classes lacks 2, which came before"),
    ],
)
def test_classes_that_cannot_be_all_are_refused(classes, message):
    model = quick(delta=1.0).partial_fit(X, Y)
    with pytest.raises(DataError, match=message):
        model.partial_fit(X, Y, classes=classes)
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.n_iter_ == 1


def test_classes_go_with_the_network_that_learnt_them():
    model = quick(delta=1.0, max_iter=1).fit(X, Y).set_params(delta=0.0).fit(X)
    assert not hasattr(model, "classes_")
    model.set_params(delta=1.0)
    with pytest.raises(DataError, match="No class was learnt: there were 0 to learn"):
        model.predict(X)
    assert model.partial_fit(X, np.array([*"abc"])[Y]).classes_.tolist() == [*"abc"]


def test_a_refused_call_leaves_classes_that_can_be_predicted():
    model = quick(delta=1.0).partial_fit(X[Y > 0], Y[Y > 0])
    weights = np.full(240, np.inf)
    with pytest.raises(DataError, match="sample_weight"):
        model.partial_fit(X, Y, sample_weight=weights)
    with pytest.raises(SettingsError, match="another architecture"):
        model.set_params(hidden_layer_sizes=(9,)).partial_fit(X, Y)
    assert model.predict_proba(X).shape == (240, len(model.classes_))
    assert (model.predict(X[Y > 0]) == Y[Y > 0]).any()
    with pytest.raises(DataError, match="holds a single class"):
        model.fit(X, np.zeros(240))
    assert model.predict_proba(X).shape == (240, len(model.classes_))


@pytest.mark.parametrize("delta", [0.0, 1.0])
def test_refused_weights_of_classes_leave_the_model(delta):
    model = quick(delta=1.0, max_iter=2).fit(X, Y)
    before = model.predict(X)
    model.set_params(class_weight={7: 2.0}, delta=delta)
    for call, *items in (
        (model.fit, X[:, :3], np.array([*"abc"])[Y]), (model.partial_fit, X, Y + 10),
    ):  # fmt: skip
        with pytest.raises(SettingsError, match="class_weight must name classes of y"):
            call(*items)
    assert model.classes_.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(model.set_params(delta=1.0).predict(X), before)


def test_from_and_to_a_session():
    X = load_digits().data[:300] / 16
    y = load_digits().target[:300]
    with_y = Session(X, y, trainer="thread", delta=1.0, gamma=0.05, max_iter=4, random_state=0)
    try:
        with_y.start()
        with_y.wait(60)
        model = Autoencoder.from_session(with_y)
        assert np.array_equal(model.predict(X).astype(int), with_y.latent.classes)
        assert model.cluster_centers_.shape == (10, 2)
        assert model.delta == 1.0
    finally:
        with_y.close()
    again = Session(model, X, y, trainer="thread")
    try:
        again.prepare()
        again.reconstruct([0])
        assert np.array_equal(again.latent.classes, with_y.latent.classes)
    finally:
        again.close()


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_y_may_name_a_column_which_is_no_feature(library):
    columns = {f"x{i}": X[:, i] for i in range(6)}
    frame, items = library({"class": [*"abc"] * 80} | columns), library(columns)
    classes = np.array([*"abc"] * 80)
    named = quick(delta=1.0, max_iter=3).fit(frame, "class")
    told = quick(delta=1.0, max_iter=3).fit(items, classes)
    assert [*named.feature_names_in_] == [*columns]
    assert [*named.classes_] == [*"abc"]
    for both in (items, frame):  # what is asked with the column is asked without it
        np.testing.assert_array_equal(named.predict(both), told.predict(items))
        np.testing.assert_array_equal(named.reconstruct(both), told.reconstruct(items))
    np.testing.assert_array_equal(
        quick(max_iter=3).fit_transform(frame, "class"), quick(max_iter=3).fit_transform(items)
    )
    more = quick(delta=1.0).partial_fit(frame, "class")
    assert more.n_features_in_ == 6
    filled = quick(max_iter=3, missing="mask").fit(frame, "class").impute(frame)
    assert [*filled.columns] == [*columns]


def test_y_that_names_no_column_is_refused():
    frame = pd.DataFrame(X, columns=[*"abcdef"])
    with pytest.raises(DataError, match=r"y='target' names no column of X\. Its columns are: 'a'"):
        quick().fit(frame, "target")
    with pytest.raises(DataError, match=r"y='target' .* X is no DataFrame\. Pass one label"):
        quick(delta=1.0).fit(X, "target")


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_predicting_before_fit_is_told(method):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(quick(delta=1.0), method)(X)
    late = quick(max_iter=2).fit(X).set_params(delta=1.0)
    with pytest.raises(DataError, match=r"there were 0 to learn.* Fit with y .* delta above 0"):
        getattr(late, method)(X)


def test_a_scorer_may_leave_out_items_without_a_class():
    def accuracy(model, X, y):
        return accuracy_score(y[y != -1], model.predict(X[y != -1]))

    y = np.array([[*"abc"][k] if i % 2 else None for i, k in enumerate(Y)], object)
    numbers = pd.factorize(y)[0]
    assert cross_val_score(quick(delta=1.0), X, numbers, cv=2, scoring=accuracy).min() > 0.9
    assert cross_val_score(quick(delta=1.0), X, numbers, cv=2, scoring="accuracy").max() < 0.6


@pytest.mark.parametrize(
    ("method", "advice"),
    [
        ("predict", "set delta .* gamma .* or contamination"),
        ("fit_predict", "set delta .* gamma .* or contamination"),
        ("predict_proba", "set delta above 0, and fit with y"),
        ("decision_function", "set contamination"),
        ("impute", "set missing='mask', and fit"),
    ],
)
def test_what_is_not_there_says_which_parameter_asks_for_it(method, advice):
    model = quick(max_iter=2).fit(X)
    assert not hasattr(model, method)
    with pytest.raises(AttributeError, match=f"no attribute '{method}'. .*{advice}"):
        getattr(model, method)
    with pytest.raises(AttributeError, match=advice):
        getattr(Autoencoder, method)(model, X)
    assert getattr(Autoencoder, method).__doc__


def test_clusters_that_have_not_begun_are_told():
    model = quick(gamma=1.0).partial_fit(X)
    with pytest.raises(NotFittedError, match=r"no clusters yet: 1 epoch .* clustering_start=50"):
        model.predict(X)
    assert not hasattr(model, "cluster_centers_")
    with pytest.raises(AttributeError, match="fit with gamma above 0"):
        _ = quick(max_iter=2).fit(X).cluster_centers_


@pytest.mark.parametrize("name", ["labels_", "cluster_centers_"])
def test_clusters_that_are_not_there_are_explained(name):
    fitted = quick(max_iter=2).fit(X)
    asked = f"no attribute '{name}'. There are no clusters: fit with gamma above 0"
    with pytest.raises(AttributeError, match=asked) as caught:
        getattr(fitted, name)
    assert not isinstance(caught.value, NotFittedError)
    with pytest.raises(NotFittedError, match=f"not fitted yet. Call fit before {name}"):
        getattr(quick(gamma=1.0), name)
    with pytest.raises(NotFittedError, match=r"no clusters yet: 2 epochs .* clustering_start=50"):
        getattr(quick(gamma=1.0).partial_fit(X).partial_fit(X), name)
    assert not hasattr(fitted, name)


@pytest.mark.parametrize("names", [np.arange(3), np.array([*"abc"])])
def test_single_classes_may_be_weighed(names):
    rows = np.concatenate([np.flatnonzero(k == Y)[:n] for k, n in enumerate([80, 40, 20])])
    items, y = X[rows], names[Y[rows]]
    balanced = compute_class_weight("balanced", classes=names, y=y)
    told = dict(zip(names.tolist(), balanced, strict=True))
    for changes in ({"delta": 1.0}, {"delta": 0.0}):
        by_dict, by_name, plain = (
            quick(class_weight=weight, max_iter=5, **changes).fit(items, y).transform(X)
            for weight in (told, "balanced", None)
        )
        np.testing.assert_allclose(by_dict, by_name, rtol=1e-5, atol=1e-6)
        assert not np.allclose(by_dict, plain, atol=1e-3)


def test_a_class_without_a_weight_has_one_and_an_item_without_a_class_too():
    y = np.where(np.arange(240) % 3, Y, -1)
    for delta in (0.0, 1.0):
        part, whole = (
            quick(delta=delta, class_weight=weight, max_iter=3).fit(X, y)
            for weight in ({2: 5.0}, {0: 1.0, 1: 1, 2: 5.0})
        )
        np.testing.assert_array_equal(part.transform(X), whole.transform(X))
    weights = np.where(y == 2, 5.0, 1.0)
    by_item = quick(max_iter=3).fit(X, sample_weight=weights)
    by_class = quick(class_weight={2: 5.0}, max_iter=3).fit(X, y)
    np.testing.assert_array_equal(by_item.transform(X), by_class.transform(X))


@pytest.mark.parametrize("delta", [0.0, 1.0])
@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({0: -1.0}, "class_weight must have finite weights of at least 0, got -1.0"),
        ({0: np.nan}, "got nan"),
        ({0: "much"}, "got 'much'"),
        ({"0": 2.0}, "class_weight must name classes of y, which are 0, 1, 2, but it names '0'"),
    ],
)
def test_weights_of_classes_that_make_no_sense_are_refused(delta, class_weight, message):
    with pytest.raises(SettingsError, match=message):
        quick(delta=delta, class_weight=class_weight).fit(X, Y)


def test_classes_that_are_texts_and_numbers_are_balanced_with_a_classifier_and_without():
    y = np.array([0, 1, "many"], object)[Y]
    for delta in (0.0, 1.0):
        mixed, texts = (
            quick(delta=delta, class_weight="balanced", max_iter=2).fit(X, y)
            for y in (y, y.astype(str))
        )
        np.testing.assert_array_equal(mixed.transform(X), texts.transform(X))


def test_weights_of_classes_need_y_and_no_session():
    with pytest.raises(DataError, match="needs y, one class an item, got none"):
        quick(class_weight={0: 2.0}).fit(X)
    with pytest.raises(SettingsError, match="A session cannot weigh single classes"):
        Session(quick(class_weight={0: 2.0}), X, Y, trainer="thread")


@parametrize_with_checks(
    [quick(delta=1.0, n_clusters=8), quick(delta=1.0, gamma=0.1, class_weight="balanced")],
    expected_failed_checks=lambda _: UNEQUAL,
)
def test_scikit_learn_checks_of_classifiers(estimator, check):
    check(estimator)


def test_score_stays_the_error_and_scoring_gives_the_accuracy():
    model = quick(delta=1.0).fit(X, Y)
    assert is_classifier(model)
    assert is_clusterer(quick(gamma=0.1))
    assert model.score(X, Y) == pytest.approx(-((model.reconstruct(X) - X) ** 2).mean(), rel=1e-5)
    found = cross_validate(quick(delta=1.0), X, Y, cv=2, scoring=["accuracy", "neg_log_loss"])
    assert found["test_accuracy"].min() > 0.9
