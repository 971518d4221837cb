"""Scores, thresholds and curves against closed forms and scikit-learn."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist, mahalanobis
from sklearn.covariance import EllipticEnvelope
from sklearn.metrics import auc

from ae_widgets.analysis.anomalies import (
    CombinedScore,
    LatentDistance,
    curves,
    threshold,
    unknown_items,
)

RNG = np.random.default_rng(0)


def test_latent_is_the_squared_mahalanobis_distance():
    codes = RNG.normal(size=(200, 3)) @ RNG.normal(size=(3, 3)) + 5
    found = LatentDistance(codes)(codes[:5])
    mean, inverse = codes.mean(axis=0), np.linalg.inv(np.cov(codes.T))
    assert found == pytest.approx([mahalanobis(z, mean, inverse) ** 2 for z in codes[:5]])


def test_robust_is_that_of_the_elliptic_envelope():
    codes = RNG.normal(size=(120, 2)) @ np.array([[2.0, 1.0], [0.0, 0.5]])
    codes[:20] += 15
    expected = EllipticEnvelope(random_state=0).fit(codes).mahalanobis(codes)
    np.testing.assert_allclose(LatentDistance(codes, robust=True)(codes), expected, rtol=1e-6)
    assert LatentDistance(codes, robust=True)(codes[:20]).min() > 10 * np.median(
        LatentDistance(codes)(codes[:20])
    )


def test_codes_that_do_not_spread_have_a_distance_all_the_same():
    codes = np.zeros((50, 3))
    codes[:, 0] = RNG.normal(size=50)
    expected = ((codes[:, 0] - codes[:, 0].mean()) / codes[:, 0].std(ddof=1)) ** 2
    np.testing.assert_allclose(LatentDistance(codes)(codes), expected)
    assert LatentDistance(np.ones((5, 2)))(np.ones((2, 2))).tolist() == [0, 0]


@pytest.mark.parametrize("kind", ["latent", "neighbors"])
def test_a_single_code_is_at_no_distance_from_itself(kind):
    assert LatentDistance(np.ones((1, 2)), kind)(np.ones((3, 2))).tolist() == [0, 0, 0]


def test_neighbors_leave_the_code_itself_out():
    codes = RNG.normal(size=(60, 2))
    new = RNG.normal(size=(4, 2))
    sort = np.sort(cdist(codes, codes), axis=1)
    distance = LatentDistance(codes, "neighbors")
    np.testing.assert_allclose(distance(codes), sort[:, 1:6].mean(axis=1))
    np.testing.assert_allclose(
        distance(new), np.sort(cdist(new, codes), axis=1)[:, :5].mean(axis=1)
    )
    np.testing.assert_allclose(distance(codes + 1e-7), distance(codes), rtol=1e-4)
    assert LatentDistance(codes[:2], "neighbors")(codes[:2]) == pytest.approx(sort_of(codes[:2]))


def sort_of(two):
    return [np.linalg.norm(two[0] - two[1])] * 2


def test_combined_is_the_odder_of_both_on_one_scale():
    errors, codes = np.exp(RNG.normal(size=201)), RNG.normal(size=(201, 2))
    score = CombinedScore(errors, codes)
    near = codes[[int(LatentDistance(codes, "neighbors")(codes).argmin())]]
    middle, upper = np.quantile(errors, 0.5), np.quantile(errors, 0.75)
    # Where the code is as usual as can be, the error decides.
    assert score(np.array([middle, upper]), np.repeat(near, 2, 0)) == pytest.approx([1, np.e])
    far = score(np.array([errors.min()]), np.array([[50.0, 50.0]]))
    assert far > 10 * score(np.array([upper]), near)
    again = CombinedScore(1000 * errors, 7 * codes)(1000 * errors, 7 * codes)
    np.testing.assert_allclose(again, score(errors, codes))


def test_combined_of_scores_that_are_all_the_same_is_finite():
    score = CombinedScore(np.zeros(5), np.zeros((5, 2)))
    assert np.isfinite(score(np.array([0, 1e30]), np.zeros((2, 2)))).all()


def test_threshold_leaves_the_asked_share_beyond():
    scores = RNG.random(300)
    assert (scores > threshold(scores, 0.1)).sum() == 30
    assert threshold(np.append(scores, [np.inf, np.nan]), 0.1) == threshold(scores, 0.1)


def test_auto_is_tukeys_fence_on_the_roots():
    scores = RNG.chisquare(64, 20_000)
    assert (scores > threshold(scores, "auto")).mean() == pytest.approx(0.0035, abs=0.002)
    some = np.append(scores, np.full(50, 1e3))
    assert (some > threshold(some, "auto"))[-50:].all()


@pytest.mark.parametrize(("scores", "expected"), [([], np.inf), ([np.nan], np.inf), ([0, 0], 0)])
def test_threshold_of_scores_that_tell_nothing(scores, expected):
    assert threshold(np.array(scores, float), "auto") == expected


def test_curves_of_a_known_order():
    scores = np.array([0.1, 0.4, 0.35, 0.8, np.inf, np.nan, 9.0])
    labels = np.array([0, 0, 1, 1, 1, 0, -1])
    found = curves(scores, labels)
    # Of the six pairs of an anomaly and a usual item, one is in the wrong order.
    assert found.roc_auc == pytest.approx(5 / 6)
    assert auc(found.false_positives, found.true_positives) == pytest.approx(5 / 6)
    assert found.precision[-1] == 1
    assert found.recall[0] == 1


def test_curves_of_one_class_are_not_defined():
    assert curves(np.arange(3.0), np.zeros(3)) is None
    assert curves(np.arange(3.0), np.full(3, -1)) is None


def test_items_of_which_nothing_is_known():
    assert unknown_items(np.array([[np.nan, 1], [np.nan, np.nan]])).tolist() == [False, True]
