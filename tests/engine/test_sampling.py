"""Items drawn by weight."""

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.utils.class_weight import compute_sample_weight

from ae_widgets import DataError, SettingsError
from ae_widgets.engine.sampling import WeightedRows, balance, balance_labels, check_sample_weight
from ae_widgets.engine.trainer import Trainer
from tests.engine.data import blobs, small


def weights_of(trainer):
    return np.concatenate([w.ravel() for w in trainer.weights().values()])


def train(trainer, epochs):
    while trainer.epoch < epochs:
        if trainer.run_batch():
            trainer.finish_epoch()
    return weights_of(trainer)


def test_rows_are_drawn_in_proportion_to_their_weights():
    weight = np.array([5.0, 1.0, 0.0, 3.0, 2.0, 9.0])
    rows = np.array([0, 1, 2, 3, 4])  # the last is held out
    drawn = WeightedRows(rows, weight).draw(np.random.default_rng(0).random(20_000))
    counts = np.bincount(drawn, minlength=6)
    assert counts[2] == counts[5] == 0
    expected = 20_000 * weight[[0, 1, 3, 4]] / 11
    assert stats.chisquare(counts[[0, 1, 3, 4]], expected).pvalue > 0.01


def test_the_ends_of_the_interval_are_rows_with_a_weight():
    rows = WeightedRows(np.arange(4), np.array([0.0, 1.0, 1e308, 0.0]))
    assert rows.draw(np.array([0.0, np.nextafter(1, 0)])).tolist() == [1, 2]
    huge = WeightedRows(np.arange(3), np.full(3, 1.7e308))
    assert huge.draw(np.array([0.1, 0.5, 0.9])).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 2], r"one weight an item, shape \(3,\), got shape \(2,\)"),
        ([[1], [2], [3]], r"got shape \(3, 1\)"),
        ([1, -2, 3], "not negative, got -2 for item 1"),
        ([1, 2, np.nan], "finite and not negative, got nan for item 2"),
        ([np.inf, 2, 3], "got inf for item 0"),
        (["a", "b", "c"], "must be numbers, one an item"),
        ([0, 0, 0], "sample_weight is zero for all 3 items"),
    ],
)
def test_what_is_no_weight_is_refused(weight, message):
    with pytest.raises(DataError, match=message):
        check_sample_weight(weight, 3)


def test_good_weights_are_float64_and_none_stays_none():
    weight = check_sample_weight([1, 0, 3], 3)
    assert weight.dtype == np.float64
    assert weight.tolist() == [1, 0, 3]
    assert check_sample_weight(None, 3) is None


@pytest.mark.parametrize("sample_weight", [None, np.arange(7.0)])
@pytest.mark.parametrize(
    "y", [["b", "a", "a", "c", "a", "b", "a"], [[1], [1], [0], [1], [1], [1], [1]]]
)
def test_balanced_classes_are_those_of_scikit_learn(y, sample_weight):
    expected = compute_sample_weight("balanced", y) * (
        1 if sample_weight is None else sample_weight
    )
    np.testing.assert_allclose(balance("balanced", y, sample_weight, 7), expected)
    assert balance(None, y, sample_weight, 7) is sample_weight


def test_texts_and_numbers_are_balanced_as_texts():
    y = np.array(["a", 1, "1", "a", 2.5, "a"], object)
    expected = compute_sample_weight("balanced", y.astype(str))
    np.testing.assert_allclose(balance("balanced", y, None, 6), expected)


@pytest.mark.parametrize("class_weight", ["balance", {0: 1}, np.ones(2)])
def test_what_is_no_class_weight_is_refused(class_weight):
    with pytest.raises(SettingsError, match="class_weight must be 'balanced' or None, got"):
        balance(class_weight, [0, 1], None, 2)


@pytest.mark.parametrize(
    ("y", "got"), [(None, "none"), ([0, 1], r"shape \(2,\)"), ([[0, 1]] * 3, r"shape \(3, 2\)")]
)
def test_balanced_classes_need_a_class_an_item(y, got):
    with pytest.raises(DataError, match=rf"needs y, one class an item, shape \(3,\), got {got}"):
        balance("balanced", y, None, 3)


def test_nothing_to_draw_is_refused():
    with pytest.raises(DataError, match="sample_weight is zero for all 120 items"):
        Trainer(blobs(), small(validation_fraction=0), sample_weight=np.zeros(120))


def test_an_epoch_is_as_many_draws_as_items_and_seeded():
    weight = np.arange(120.0)
    first, second = (Trainer(blobs(), small(), sample_weight=weight) for _ in "ab")
    assert np.array_equal(first.order.rows, second.order.rows)
    assert len(first.order.rows) == len(first.train_rows) == 108
    assert set(first.order.rows.tolist()) <= set(first.train_rows.tolist())
    before = first.order.rows
    assert np.array_equal(train(first, 2), train(second, 2))
    assert not np.array_equal(first.order.rows, before)


def test_an_item_without_weight_is_as_good_as_absent():
    x = blobs(60)
    weight = np.ones(60)
    weight[::3] = 0
    spoilt = x.copy()
    spoilt[::3] = 77
    first, second = (
        train(Trainer(features, small(validation_fraction=0), sample_weight=weight), 3)
        for features in (x, spoilt)
    )
    assert np.array_equal(first, second)


def test_weights_pull_the_model_to_the_items_that_have_them():
    x = blobs(200, 6)
    weight = np.where(np.arange(200) < 20, 50.0, 1.0)

    def error(sample_weight):
        settings = small(validation_fraction=0, learning_rate=0.01, code_dim=1)
        trainer = Trainer(x, settings, sample_weight=sample_weight)
        train(trainer, 20)
        return trainer.encode(torch.arange(20))[1].mean().item()

    assert error(weight) < error(None)


def test_held_out_errors_are_weighted():
    weight = np.random.default_rng(0).random(120)
    trainer = Trainer(blobs(), small(validation_fraction=0.5), sample_weight=weight)
    rows = trainer.validation_rows
    errors = trainer.encode(rows)[1].numpy()
    expected = np.average(errors, weights=weight[rows.numpy()])
    assert trainer.evaluate(rows).values["reconstruction"] == pytest.approx(expected, rel=1e-6)
    weight[rows.numpy()] = 0
    assert trainer.evaluate(rows).values["reconstruction"] == pytest.approx(errors.mean(), rel=1e-6)


def test_items_that_no_batch_drew_are_shown_where_they_were_last():
    weight = np.ones(50)
    weight[7] = 0
    trainer = Trainer(blobs(50), small(validation_fraction=0), sample_weight=weight)
    start = trainer.pass_latent()[0][7].clone()
    train(trainer, 2)
    assert torch.equal(trainer.pass_latent()[0][7], start)
    now = trainer.encode()
    torch.testing.assert_close(trainer.pass_latent(), now)


# Batches balanced by labels --------------------------------------------------------------

LABELS = np.where(np.arange(120) % 10 == 0, 1, 0)


def test_labels_are_balanced_as_classes_are():
    np.testing.assert_array_equal(
        balance_labels(LABELS, None), balance("balanced", LABELS, None, 120)
    )
    weight = np.linspace(1, 2, 120)
    np.testing.assert_array_equal(
        balance_labels(LABELS, weight), balance("balanced", LABELS, weight, 120)
    )


def test_items_without_a_label_are_drawn_as_often_as_they_are():
    labels = np.where(np.arange(120) < 30, -1, LABELS)
    weight = balance_labels(labels, None)
    assert weight[:30].tolist() == [1.0] * 30
    assert weight[labels == 0].sum() == pytest.approx(45)
    assert weight[labels == 1].sum() == pytest.approx(45)


@pytest.mark.parametrize("labels", [np.full(120, -1), np.zeros(120, int)])
def test_fewer_than_two_labels_balance_nothing(labels):
    weight = np.arange(120.0)
    assert balance_labels(labels, None) is None
    assert balance_labels(labels, weight) is weight


def balanced(trainer, epochs):
    """Train, and return how many items of the rare label each epoch drew."""
    drawn = []
    while trainer.epoch < epochs:
        drawn.append(int(LABELS[trainer.order.rows].sum()))
        while not trainer.run_batch():
            pass
        trainer.finish_epoch()
    return drawn


def test_batches_are_balanced_where_nothing_is_classified():
    settings = small().change(class_weight="balanced", validation_fraction=0.25)
    by_labels = Trainer(blobs(), settings, labels=LABELS)
    weight = balance("balanced", LABELS, None, 120)
    by_weight = Trainer(blobs(), settings.change(class_weight=None), sample_weight=weight)
    np.testing.assert_array_equal(train(by_labels, 3), train(by_weight, 3))
    assert by_labels.stopping.best_loss == by_weight.stopping.best_loss
    classified = Trainer(blobs(), settings.change(delta=0.1), labels=LABELS)
    assert classified._item_weight() is None


def test_balancing_is_in_force_from_the_next_epoch():
    trainer = Trainer(blobs(), small(), labels=LABELS)
    rare = int(LABELS[trainer.train_rows].sum())
    trainer.run_batch()
    trainer.change("class_weight", "balanced")
    while not trainer.run_batch():
        pass
    trainer.finish_epoch()
    counts = balanced(trainer, 6)
    assert all(40 < count < 80 for count in counts)
    trainer.change("delta", 0.1)  # between two epochs: the classification is weighed now
    assert balanced(trainer, 8) == [rare, rare]
    trainer.change("delta", 0.0)
    trainer.label(np.flatnonzero(LABELS == 1), -1)
    named = trainer.train_rows[LABELS[trainer.train_rows] == 0][:2].astype(np.int64)
    trainer.label(named, 2)
    while not trainer.run_batch():
        pass
    trainer.finish_epoch()
    assert 20 < np.isin(trainer.order.rows, named).sum() < 80  # half of those that have a label
