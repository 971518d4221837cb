"""Items that are alike by their codes."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from ae_widgets import DataError
from ae_widgets.analysis.similar import METRICS, nearest_codes, similar_items

CODES = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)


@pytest.mark.parametrize("metric", METRICS)
def test_they_are_the_nearest_of_all_others(metric):
    distances = cdist(CODES, CODES, metric)
    np.fill_diagonal(distances, np.inf)
    expected = distances.argsort(axis=1)
    for item in (0, 17, 49):
        np.testing.assert_array_equal(similar_items(CODES, item, 7, metric), expected[item, :7])
        assert sorted([*similar_items(CODES, item, 49, metric), item]) == list(range(50))


def test_an_item_is_left_out_even_where_others_have_the_same_code():
    codes = np.zeros((6, 2), np.float32)
    assert sorted(similar_items(codes, 3, 5)) == [0, 1, 2, 4, 5]
    for item in range(6):
        few = similar_items(codes, item, 2)
        assert item not in few
        assert len(set(few)) == 2


def test_others_than_the_codes_can_be_looked_for():
    queries = CODES[:4] + np.float32(0.01)
    expected = cdist(queries, CODES).argsort(axis=1)[:, :3]
    np.testing.assert_array_equal(nearest_codes(CODES, queries, 3), expected)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: similar_items(CODES, 0, 50),
            "n must be a whole number from 1 to the 49 to choose from",
        ),
        (lambda: similar_items(CODES, 0, 0), "n must be a whole number"),
        (lambda: similar_items(CODES, 0, 1.5), "got 1.5"),
        (lambda: similar_items(CODES, 0, metric="l1"), "one of euclidean, cosine, got 'l1'"),
        (lambda: similar_items(CODES * np.nan, 0, 2), "codes are not finite"),
    ],
)
def test_what_is_out_of_range_is_refused(call, said):
    with pytest.raises(DataError, match=said):
        call()
