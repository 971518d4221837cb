"""What a session says of its clusters and classes, against scikit-learn on the same items."""

import time
from dataclasses import astuple, replace

import numpy as np
import pytest
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.datasets import load_digits, make_blobs
from sklearn.metrics import (
    accuracy_score,
    adjusted_rand_score,
    confusion_matrix,
    normalized_mutual_info_score,
    silhouette_score,
)
from sklearn.mixture import GaussianMixture

from ae_widgets import Session
from ae_widgets.analysis.clusters import StableClusters
from ae_widgets.engine.protocol import StateChanged
from ae_widgets.engine.split import split_rows
from ae_widgets.exceptions import SettingsError

X, Y = make_blobs(240, 6, centers=3, cluster_std=4.0, random_state=0)
X = ((X - X.mean(0)) / X.std(0)).astype(np.float32)
KNOWN = np.where(np.arange(240) % 4 == 0, -1, Y)


@pytest.fixture
def make():
    made = []

    def take(**settings):
        made.append(
            Session(
                X, KNOWN, trainer="thread", hidden_layer_sizes=(8,), code_dim=2, max_iter=8,
                learning_rate=1e-2, validation_fraction=0.25, **settings,
            )
        )  # fmt: skip
        return made[-1]

    yield take
    for session in made:
        session.close()


def wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)


def groups(session, number=None):
    """Ask, and return what is found of the frame."""
    session.request_groups()
    deadline = time.monotonic() + 20
    while not (found := session.last_groups) or (number and found.frame != number):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)
    return found


def test_classes_are_scored_apart_on_trained_and_held_out_items(make):
    session = make(delta=1.0)
    session.start()
    session.wait(60)
    found = groups(session)
    assert (found.names, found.method) == (("0", "1", "2"), "kmeans")
    for rows, scores in zip(
        split_rows(240, 0.25, 0), (found.training, found.held_out), strict=True
    ):
        known = rows[KNOWN[rows] >= 0]
        truth, said = KNOWN[known], session.latent.classes[known]
        assert scores.n_items == len(known)
        assert scores.accuracy == pytest.approx(accuracy_score(truth, said))
        np.testing.assert_array_equal(scores.confusion, confusion_matrix(truth, said))
    known = KNOWN >= 0
    ari = adjusted_rand_score(KNOWN[known], session.clusters[known])
    assert found.clusters.ari == pytest.approx(ari)


@pytest.mark.parametrize("method", ["kmeans", "gaussian_mixture"])
def test_what_is_found_at_rest_does_not_depend_on_who_looked_before(make, method):
    quiet, seen = make(n_clusters=9), make(n_clusters=9)
    for session in (quiet, seen):
        session.choose_clusters(method)
    seen.observe("latent", seen.request_clusters)
    seen.observe("latent", seen.request_groups)
    for _ in range(4):
        seen.step()
        seen.wait(60)
        groups(seen, seen.latent.number)
        quiet.step()
        quiet.wait(60)
    wanted = pytest.approx(astuple(groups(quiet).clusters))  # but for the order of sums
    wait_for(lambda: adjusted_rand_score(quiet.clusters, seen.clusters) == 1.0)
    wait_for(lambda: astuple(groups(seen).clusters) == wanted)


def test_what_was_found_while_it_trained_is_found_again_where_it_rests(make):
    session = make(n_clusters=9)
    session.observe("latent", lambda: None)
    session.step()
    session.wait(60)
    codes = session.latent.codes
    session._run.status = replace(session.status, state="running")
    session._background.clusters = None
    session.request_clusters()
    session.request_groups()
    wait_for(lambda: session.last_groups)
    assert not session._background._afresh
    at_first = session.last_groups
    run, step = session._run, session.status.step
    session._handle(StateChanged(run.number, "paused", "asked", 1, step))
    wait_for(lambda: session.last_groups is not at_first)
    again = StableClusters(9).assign(codes, afresh=True)
    assert adjusted_rand_score(session.clusters, again) == 1.0
    assert session.latent.codes is codes


def test_trained_clusters_are_taken_where_there_are_some(make):
    session = make(gamma=0.1)
    session.start()
    session.wait(60)
    found = groups(session)
    assert found.method == "trained"
    assert (found.training, found.held_out) == (None, None)
    known = KNOWN >= 0
    ari = adjusted_rand_score(KNOWN[known], session.latent.clusters[known])
    assert found.clusters.ari == pytest.approx(ari)


def test_clusters_that_were_placed_anew_are_the_ones_that_are_scored():
    digits = load_digits()
    items, labels = (digits.data[:600] / 16).astype(np.float32), digits.target[:600]
    session = Session(
        items, labels, trainer="thread", hidden_layer_sizes=(32,), code_dim=5, max_iter=25,
        learning_rate=5e-3, gamma=0.1, delta=1.0, clustering_start=2, random_state=100,
    )  # fmt: skip
    session.start()
    session.wait(120)
    found, frame = groups(session).clusters, session.latent
    session.close()
    # Beside a classifier the codes leave the centres that were placed in epoch 2.
    k_means = KMeans(10, n_init=10, random_state=0).fit_predict(frame.codes)
    assert found.n_clusters == 10
    assert found.ari > 0.8 * adjusted_rand_score(labels, k_means)
    assert found.ari == pytest.approx(adjusted_rand_score(labels, frame.clusters))
    assert found.nmi == pytest.approx(normalized_mutual_info_score(labels, frame.clusters))
    assert found.silhouette == pytest.approx(
        silhouette_score(frame.codes, frame.clusters), abs=1e-5
    )


def test_another_label_counts_and_another_run_knows_nothing(make):
    session = make(delta=1.0)
    assert session.groups is None
    session.request_groups()  # there is no picture yet: nothing to say
    session.start()
    session.wait(60)
    before = groups(session).clusters.n_labelled
    told = []
    session.observe("groups", lambda: told.append(session.groups))
    session.label([0, 4], "new")
    session.request_groups()
    deadline = time.monotonic() + 20
    while not told and time.monotonic() < deadline:
        time.sleep(0.01)
    assert told[0].clusters.n_labelled == before + 2
    assert told[0].training.confusion.shape == (4, 4)
    session.reset()
    assert session.last_groups is None


@pytest.mark.parametrize("watched", [False, True])
def test_groups_are_found_when_they_are_read(make, watched):
    session = make(delta=1.0)
    if watched:  # as the views of a Lab do
        session.observe("latent", lambda: None)
        session.observe("groups", lambda: None)
    assert session.groups is None
    session.start()
    session.wait(60)
    assert session.last_groups is None
    found = session.groups
    assert (found.frame, found.epoch) == (session.latent.number, session.status.epoch)
    assert session.groups is found
    session.label([0, 4], "new")
    assert session.groups.clusters.n_labelled == found.clusters.n_labelled + 2
    session.choose_clusters("gaussian_mixture")
    assert session.groups.method == "gaussian_mixture"
    session.start()
    session.wait(60)
    assert session.groups.frame == session.latent.number > found.frame


def test_groups_that_cannot_be_found_are_not_waited_for(make, monkeypatch, caplog):
    session = make()
    session.step()
    session.wait(60)
    read = []
    session.observe("groups", lambda: read.append(session.groups))  # on the jobs' own thread
    session.observe("latent", lambda: read.append(session.groups))  # on that of the events
    session.step()
    session.wait(60)
    found = session.groups
    wait_for(lambda: found in read)
    monkeypatch.setattr("ae_widgets.session.groups.group_scores", lambda *_: 1 / 0)
    session.label([0], "new")
    assert session.groups is found
    wait_for(lambda: "ZeroDivisionError" in caplog.text)
    session.close()
    assert session.groups is found


def chosen(session, method):
    """Choose how clusters are found, and return the scores of them."""
    session.choose_clusters(method)
    deadline = time.monotonic() + 20
    while (found := groups(session)).method != method:
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)
    return found


def test_clusters_are_found_as_is_chosen_and_their_scores_follow(make):
    session = make()
    told = []
    session.observe("clusters", lambda: told.append(session.clusters))
    session.start()
    session.wait(60)
    assert (session.cluster_method, groups(session).method) == ("trained", "kmeans")
    codes, known = session.latent.codes, KNOWN >= 0
    for method, reference in (
        ("gaussian_mixture", GaussianMixture(3, random_state=0).fit_predict(codes)),
        ("hdbscan", HDBSCAN(5, min_samples=5, copy=True).fit_predict(codes)),
    ):
        found = chosen(session, method)
        clusters = session.clusters
        assert adjusted_rand_score(reference, clusters) > 0.9
        assert found.clusters.ari == pytest.approx(
            adjusted_rand_score(KNOWN[known], clusters[known])
        )
        assert found.clusters.n_none == (clusters == -1).sum()
    assert found.clusters.n_none == (reference == -1).sum() > 0
    assert any(clusters is session.clusters for clusters in told)


def test_another_number_of_clusters_is_found_where_the_run_rests(make):
    session = make(n_clusters=9)
    session.start()
    session.wait(60)
    told = []
    for topic in ("clusters", "groups"):
        session.observe(topic, lambda topic=topic: told.append(topic))
    session.change(n_clusters=8)
    assert session.clusters is None  # nobody has looked yet
    session.request_clusters()
    assert groups(session).clusters.n_clusters == 8
    wait_for(lambda: set(told) == {"clusters", "groups"})
    session.change(n_clusters=4)
    wait_for(lambda: session.last_groups.clusters.n_clusters == 4)
    wait_for(lambda: len(np.unique(session.clusters)) == 4)
    wait_for(lambda: told.count("clusters") == told.count("groups") == 2)


def test_trained_clusters_are_passed_over_where_others_are_chosen(make):
    session = make(gamma=0.1, n_clusters=2)
    session.start()
    session.wait(60)
    trained = session.clusters
    assert trained is session.latent.clusters
    assert chosen(session, "kmeans").clusters.n_clusters == 2
    assert session.clusters is not trained
    assert chosen(session, "trained").clusters.n_clusters == 2
    assert session.clusters is trained


def test_another_method_is_refused(make):
    session = make()
    with pytest.raises(SettingsError, match="trained, kmeans, gaussian_mixture, hdbscan, got 'x'"):
        session.choose_clusters("x")
    session.choose_clusters("hdbscan")  # there is no picture yet
    assert (session.cluster_method, session.clusters) == ("hdbscan", None)
