"""Recommending what users have not rated."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.metrics import ndcg_score

from ae_widgets import Autoencoder, DataError
from ae_widgets.analysis import ndcg_at_k, recall_at_k, top_items
from ae_widgets.data import make_ratings, split_ratings


def test_measures_are_those_of_a_ranking_worked_out_by_hand():
    ranked = [[3, 0, 1], [2, 1, 0], [0, 1, 2]]
    to_find = csr_array([[1, 0, 1, 1], [0, 1, 0, 0], [0, 0, 0, 0.0]])
    np.testing.assert_allclose(recall_at_k(ranked, to_find, 2), [1, 1, np.nan])
    np.testing.assert_allclose(recall_at_k(ranked, to_find, 3), [2 / 3, 1, np.nan])
    np.testing.assert_allclose(ndcg_at_k(ranked, to_find, 2), [1, 1 / np.log2(3), np.nan])
    best = 1 + 1 / np.log2(3) + 1 / 2
    np.testing.assert_allclose(
        ndcg_at_k(ranked, to_find, 3), [(1 + 1 / np.log2(3)) / best, 1 / np.log2(3), np.nan]
    )


def test_ndcg_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    scores, to_find = rng.random((30, 25)), (rng.random((30, 25)) < 0.3).astype(float)
    to_find[:, 0] = 1
    mine = ndcg_at_k(top_items(scores, 10), to_find, 10)
    assert mine.mean() == pytest.approx(ndcg_score(to_find, scores, k=10))


def test_what_was_rated_is_left_out_and_places_that_are_left_are_none():
    scores, seen = [[5, 4, 3, 2.0]], csr_array([[1, 0, 1, 0.0]])
    assert top_items(scores, 3, seen).tolist() == [[1, 3, -1]]
    assert recall_at_k([[1, 3, -1]], [[0, 0, 0, 1]], 3).tolist() == [1]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: top_items([[1, 2]], 3), "n must be a whole number from 1 to 2 items, got 3"),
        (
            lambda: top_items([[1, 2]], 1, [[1, 0, 0]]),
            r"must have the shape \(1, 2\), got \(1, 3\)",
        ),
        (lambda: recall_at_k([[1, 2]], [[1, 0, 0]], 3), "k must be a whole number"),
        (lambda: ndcg_at_k([[1, 2]], [[1, 0, 0]], 0), "k must be a whole number"),
        (lambda: make_ratings(n_items=4), "n_items must be a whole number of at least 10, got 4"),
        (lambda: make_ratings(skew=-1), "skew must be a finite number of at least 0, got -1"),
        (lambda: split_ratings([[1, 0]], held_out=1), "held_out must be a number between 0 and 1"),
    ],
)
def test_what_is_out_of_range_is_refused(call, said):
    with pytest.raises(DataError, match=said):
        call()


def test_ratings_are_as_many_as_asked_for_and_most_are_of_what_is_popular():
    ratings = make_ratings(600, 100, mean_ratings=20)
    counts = np.diff(ratings.indptr)
    assert ratings.has_canonical_format
    assert set(ratings.data) == {1}
    assert counts.min() >= 5
    assert counts.max() <= 50
    assert counts.mean() == pytest.approx(20, rel=0.1)
    popularity = ratings.sum(axis=0)
    assert popularity[:10].mean() > 3 * popularity[50:].mean()
    even = make_ratings(600, 100, mean_ratings=20, skew=0, taste=0).sum(axis=0)
    assert even.std() == pytest.approx(np.sqrt(even.mean() * 0.8), rel=0.25)  # chance alone
    np.testing.assert_array_equal(
        make_ratings(50, 20, random_state=3).toarray(),
        make_ratings(50, 20, random_state=3).toarray(),
    )


def test_a_split_has_every_rating_once_and_a_share_of_each_user():
    ratings = make_ratings(80, 40)
    seen, to_find = split_ratings(ratings, held_out=0.3)
    np.testing.assert_array_equal((seen + to_find).toarray(), ratings.toarray())
    held_out = np.floor(0.3 * np.diff(ratings.indptr))
    np.testing.assert_array_equal(np.diff(to_find.indptr), held_out)


def test_recommendations_are_the_best_unseen_and_better_than_what_is_popular():
    ratings = make_ratings(800, 120, random_state=1)
    seen, to_find = split_ratings(ratings[600:])
    model = Autoencoder(16, reconstruction="multinomial", random_state=0, device="cpu")
    model.fit(ratings[:600])
    found = model.recommend(seen, 20)
    scores = np.where(seen.toarray() > 0, -np.inf, model.reconstruct(seen))
    np.testing.assert_array_equal(found, np.argsort(-scores, axis=1, kind="stable")[:, :20])
    np.testing.assert_array_equal(model.recommend(seen.toarray()[:3], 5), found[:3, :5])
    np.testing.assert_array_equal(model.recommend(seen[:3]), found[:3])
    popular = top_items(np.tile(ratings[:600].sum(axis=0), (200, 1)), 20, seen)
    assert np.nanmean(recall_at_k(found, to_find)) > 1.1 * np.nanmean(recall_at_k(popular, to_find))
