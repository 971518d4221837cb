"""Clusters and classes in a trainer."""

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits, make_blobs
from sklearn.metrics import adjusted_rand_score

from ae_widgets.engine.compiled.convolutional_step import ConvolutionalStep
from ae_widgets.engine.kinds import KINDS
from ae_widgets.engine.settings import Settings
from ae_widgets.engine.step import AutogradStep
from ae_widgets.engine.trainer import Trainer

X, Y = make_blobs(240, 6, centers=3, cluster_std=0.6, random_state=0)
X = ((X - X.mean(0)) / X.std(0)).astype(np.float32)
Y = Y.astype(np.int32)


def settings(**changes):
    return Settings().change(
        **{"hidden_layer_sizes": (8,), "code_dim": 2, "n_clusters": 3, "max_iter": 30, **changes}
    )


def train(trainer, epochs):
    for _ in range(epochs):
        while not trainer.run(3):
            pass
        record = trainer.finish_epoch()
    return record


def assert_adds_up(losses):
    assert sum(losses.weighted(part) for part in losses.values) == pytest.approx(
        losses.total, abs=1e-6
    )


@pytest.mark.parametrize("clustering", ["dec", "dcn"])
def test_clusters_are_found(clustering):
    changes = {"gamma": 0.2, "clustering": clustering, "clustering_start": 10}
    trainer = Trainer(X, settings(learning_rate=1e-2, **changes))
    record = train(trainer, 10)
    assert set(record.train.values) == {"reconstruction", "complexity"}
    record = train(trainer, 20)
    classes, clusters = trainer.assign(trainer.encode()[0])
    assert classes is None
    assert adjusted_rand_score(Y, clusters) > 0.95
    for losses in (record.train, record.validation):
        assert losses.values["clustering"] > 0
        assert losses.weights["clustering"] == pytest.approx(0.2)
        assert_adds_up(losses)


@pytest.mark.parametrize("part", ["gamma", "delta"])
@pytest.mark.parametrize("kind", KINDS)
def test_clusters_and_classes_train_the_encoder_of_every_kind(kind, part):
    def encoder(weight):
        changes = {"kind": kind, "clustering_start": 0, "validation_fraction": 0.0, part: weight}
        trainer = Trainer(X, settings(**changes), labels=Y)
        train(trainer, 5)
        assert part == "delta" or trainer.network.heads.centers is not None
        return torch.cat([w.flatten() for w in trainer.network.encoder.parameters()]).detach()

    assert (encoder(1.0) - encoder(1e-9)).abs().max() > 1e-3


def test_classes_keep_the_dimensions_open_that_they_need():
    """Without the reconstruction nothing else does."""
    changes = {"kind": "gated", "code_dim": 4, "alpha": 0.0, "beta": 0.03, "learning_rate": 1e-2}
    trainer = Trainer(X, settings(delta=1.0, **changes), labels=Y)
    train(trainer, 30)
    assert 0 < trainer.network.active_dimensions() < 4
    assert (trainer.assign(trainer.encode()[0])[0] == Y).mean() > 0.95


@pytest.mark.parametrize("clustering", ["dec", "dcn"])
def test_clusters_are_found_without_the_reconstruction(clustering):
    """Pure DEC (Xie et al. 2016): the reconstruction only trains the first network."""
    changes = {"gamma": 0.2, "clustering": clustering, "clustering_start": 10}
    trainer = Trainer(X, settings(learning_rate=1e-2, **changes))
    train(trainer, 10)
    trainer.change("alpha", 0.0)
    first = train(trainer, 1).train
    last = train(trainer, 19).train
    assert adjusted_rand_score(Y, trainer.assign(trainer.encode()[0])[1]) > 0.95
    assert last.weights["reconstruction"] == 0
    assert last.total == pytest.approx(0.2 * last.values["clustering"])
    assert last.values["clustering"] < first.values["clustering"]


def test_they_begin_where_k_means_finds_them():
    trainer = Trainer(X, settings(gamma=1e-12, clustering_start=3))
    train(trainer, 3)
    codes = trainer.encode(torch.from_numpy(trainer.train_rows))[0].numpy()
    trainer.run(1)
    kmeans = KMeans(3, n_init=20, random_state=0).fit(codes)
    np.testing.assert_allclose(
        trainer.network.heads.centers.detach(), kmeans.cluster_centers_, atol=2e-3
    )


def test_they_begin_earlier_when_training_has_converged():
    trainer = Trainer(
        X,
        settings(gamma=0.1, clustering_start=1000, max_iter=10_000, tol=0.9999, n_iter_no_change=2),
    )
    train(trainer, 3)
    assert trainer.network.heads.centers is not None
    assert not trainer.stopping.converged


def test_and_at_three_quarters_of_max_iter_at_the_latest():
    trainer = Trainer(X, settings(gamma=0.1, clustering_start=1000, max_iter=8))
    train(trainer, 6)
    assert trainer.network.heads.centers is None
    train(trainer, 1)
    assert trainer.network.heads.centers is not None


def test_another_number_of_clusters_places_them_anew():
    trainer = Trainer(X, settings(gamma=0.1))
    train(trainer, 2)
    trainer.change("n_clusters", 5)
    train(trainer, 1)
    assert trainer.network.heads.centers.shape == (5, 2)


def test_the_groups_that_were_known_keep_their_numbers():
    trainer = Trainer(X, settings(gamma=0.1, clustering_start=5, learning_rate=1e-2))
    train(trainer, 12)
    before = trainer.assign(trainer.encode()[0])[1]
    trainer.change("clustering", "dcn")
    trainer.run(1)
    assert np.array_equal(trainer.assign(trainer.encode()[0])[1], before)
    with torch.no_grad():
        moved = trainer.network.heads.centers.add_(0.5).clone()
    assert np.array_equal(trainer.assign(trainer.encode()[0])[1], before)
    train(trainer, 1)
    assert (trainer.network.heads.centers < moved - 0.3).all()  # placed anew
    assert np.array_equal(trainer.assign(trainer.encode()[0])[1], before)


def test_a_weight_that_is_taken_away_and_given_again_finds_the_codes_where_they_are():
    trainer = Trainer(X, settings(gamma=0.1, clustering_start=2, learning_rate=1e-2))
    train(trainer, 4)
    trainer.change("gamma", 0.0)
    train(trainer, 1)
    with torch.no_grad():
        trainer.network.heads.centers += 50
    train(trainer, 1)
    assert (trainer.network.heads.centers > 20).any()
    trainer.change("gamma", 0.1)
    trainer.run(1)
    assert (trainer.network.heads.centers < 20).all()


@pytest.mark.parametrize("random_state", [100, 101])
@pytest.mark.parametrize("clustering", ["dec", "dcn"])
def test_early_clusters_keep_up_with_codes_that_a_classifier_moves(clustering, random_state):
    digits = load_digits()
    items, labels = (digits.data[:600] / 16).astype(np.float32), digits.target[:600]
    changes = {
        "hidden_layer_sizes": (32,), "code_dim": 5, "n_clusters": 10, "gamma": 0.1, "delta": 1.0,
        "clustering": clustering, "clustering_start": 2, "random_state": random_state,
    }  # fmt: skip
    trainer = Trainer(items, settings(learning_rate=5e-3, **changes), labels=labels)
    train(trainer, 25)
    codes = trainer.encode()[0]
    clusters = trainer.assign(codes)[1]
    k_means = KMeans(10, n_init=10, random_state=0).fit_predict(codes.numpy())
    assert np.bincount(clusters, minlength=10).min() > 10
    assert adjusted_rand_score(labels, clusters) > 0.8 * adjusted_rand_score(labels, k_means)


def test_classes_are_learnt_from_the_labelled_and_told_of_all():
    labels = np.where(np.arange(len(Y)) % 8 == 0, Y, -1)
    trainer = Trainer(X, settings(delta=1.0, learning_rate=1e-2), labels=labels)
    record = train(trainer, 30)
    classes, clusters = trainer.assign(trainer.encode()[0])
    assert clusters is None
    assert (classes == Y).mean() > 0.95
    assert_adds_up(record.train)
    assert_adds_up(record.validation)


def test_a_label_given_by_hand_is_in_the_next_batch():
    labels = np.where(Y == 2, -1, Y)
    trainer = Trainer(X, settings(delta=1.0, learning_rate=1e-2), labels=labels)
    train(trainer, 10)
    before = trainer.network.heads.classifier
    trainer.label(np.flatnonzero(Y == 2)[:20], 2)
    trainer.run(1)
    after = trainer.network.heads.classifier
    assert (before.out_features, after.out_features) == (2, 3)
    train(trainer, 20)
    assert (trainer.assign(trainer.encode()[0])[0] == Y).mean() > 0.95


def test_a_class_that_no_item_has_is_none_to_train():
    trainer = Trainer(X, settings(delta=1.0))
    trainer.label(np.flatnonzero(Y == 0), 0)
    trainer.label(np.empty(0, np.int64), 1)
    train(trainer, 1)
    assert trainer.network.heads.classifier is None
    trainer.label(np.flatnonzero(Y == 1), 1)
    train(trainer, 1)
    assert trainer.network.heads.classifier.out_features == 2


def test_no_label_and_no_weight_change_nothing():
    plain, labelled, unlabelled = (
        Trainer(X, settings(**changes), labels=labels)
        for changes, labels in [({}, None), ({}, Y), ({"delta": 1.0}, None)]
    )
    for trainer in (plain, labelled, unlabelled):
        train(trainer, 2)
        assert not isinstance(trainer._stepper.step, AutogradStep)
        for name, values in plain.weights().items():
            assert np.array_equal(values, trainer.weights()[name])


def test_the_written_out_steps_memory_is_taken_over():
    trainer = Trainer(X, settings())
    train(trainer, 2)
    first = trainer.memory()["step"][0]
    trainer.change("gamma", 0.1)
    trainer._guide()
    state = trainer.memory()["step"]["optimizer"]["state"]
    assert isinstance(trainer._stepper.step, AutogradStep)
    means = np.concatenate([part["exp_avg"].ravel() for part in state.values()])
    np.testing.assert_allclose(10 * means, first, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("clustering", ["dec", "dcn"])
def test_going_on_from_a_state_equals_never_having_stopped(clustering):
    labels = np.where(np.arange(len(Y)) % 3 == 0, Y, -1)
    changes = {"gamma": 0.1, "delta": 0.5, "clustering": clustering, "clustering_start": 2}
    trainers = [Trainer(X, settings(**changes), labels=labels) for _ in "ab"]
    train(trainers[0], 3)
    trainers[0].label(np.arange(5), 3)
    with torch.no_grad():
        trainers[0].network.heads.centers += 50  # to be placed anew at the end of the epoch
    trainers[0].run(2)
    trainers[1].load_state(trainers[0].state())
    for trainer in trainers:
        train(trainer, 1)
        assert (trainer.network.heads.centers < 20).all()
        trainer.change("gamma", 0.0)
        train(trainer, 1)
        trainer.change("gamma", 0.3)
        train(trainer, 2)
    first, second = (trainer.weights() for trainer in trainers)
    assert first.keys() == second.keys()
    assert {"heads.centers", "heads.classifier.weight"} <= first.keys()
    for name, values in first.items():
        assert np.array_equal(values, second[name]), name


def test_balanced_classes_count_alike():
    rare = np.flatnonzero(Y == 2)[:6]
    rows = np.concatenate([np.flatnonzero(Y != 2), rare])
    recall = {}
    for weight in (None, "balanced"):
        trainer = Trainer(X[rows], settings(delta=0.01, class_weight=weight, tol=0), labels=Y[rows])
        train(trainer, 6)
        classes, _ = trainer.assign(trainer.encode()[0])
        probabilities = trainer.network.heads.classifier(trainer.encode()[0]).softmax(1)
        recall[weight] = probabilities[-len(rare) :, 2].mean().item()
        assert classes is not None
    assert recall["balanced"] > recall[None]


def test_balanced_classes_are_weighed_where_the_network_is():
    trainer = Trainer(X, settings(delta=1.0, class_weight="balanced"), labels=Y)
    trainer.run(1)
    guidance = trainer.guidance
    trainer.network.heads.to("meta")  # stands for a device that is not here
    guidance.label(np.array([0]), 1)
    parts = guidance.parts(torch.empty(4, 2, device="meta"), torch.arange(4))
    assert parts["classification"].device.type == "meta"


def test_a_classifier_is_no_layer_of_a_convolutional_network():
    images = {"trunk": "convolutional", "item_shape": (2, 3), "channels": (4,)}
    labelled = Trainer(X, settings(delta=1.0, **images), labels=Y)
    train(labelled, 1)
    assert labelled.network.heads.classifier is not None
    # Gone on with from there without a weight on the classes, by the written-out step.
    plain = Trainer(X, settings(**images), labelled.weights())
    assert isinstance(plain._stepper.step, ConvolutionalStep)
    before, after = (train(plain, epochs).train.values["reconstruction"] for epochs in (1, 5))
    assert after < before
    assert plain.weights().keys() == labelled.weights().keys()


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_a_classifier_that_rests_learns_of_a_new_class(class_weight):
    changes = {"class_weight": class_weight, "validation_fraction": 0.25, "learning_rate": 1e-2}
    options = settings(delta=0.1, **changes)
    trainer = Trainer(X, options, labels=np.minimum(Y, 1))
    train(trainer, 1)
    trainer.change("delta", 0.0)
    trainer.label(np.flatnonzero(Y == 2), 2)
    record = train(trainer, 1)
    assert trainer.network.heads.classifier.out_features == 3
    assert record.validation.values["classification"] > 0
    trainer.change("delta", 1.0)
    train(trainer, 20)
    classes, _ = trainer.assign(trainer.encode()[0])
    assert np.mean(classes == Y) > 0.9


def test_items_without_labels_take_no_memory_until_one_is_named():
    trainer = Trainer(X, settings())
    assert trainer.guidance.labels.stride() == (0,)
    trainer.label(np.array([3]), 1)
    assert trainer.guidance.labels.tolist() == [1 if i == 3 else -1 for i in range(len(X))]
