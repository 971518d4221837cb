"""Training, batch by batch."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from ae_widgets import NonFiniteLossError, Settings
from ae_widgets.engine.trainer import Trainer
from ae_widgets.losses import COMPLEXITIES, RECONSTRUCTIONS
from tests.engine.data import blobs, small


def train(trainer: Trainer, epochs: int) -> list:
    records = []
    while trainer.epoch < epochs:
        if trainer.run_batch():
            records.append(trainer.finish_epoch())
    return records


def test_the_simple_preset_equals_the_same_model_in_plain_pytorch():
    x = torch.from_numpy(blobs(200, 10))
    settings = Settings().change(
        hidden_layer_sizes=(), code_dim=4, code_activation="relu", output_activation="sigmoid",
        batch_size=32, validation_fraction=0, random_state=7,
    )  # fmt: skip
    ours = train(Trainer(x.numpy(), settings), epochs=20)[-1].train.total

    torch.manual_seed(7)
    encoder = nn.Sequential(nn.Linear(10, 4), nn.ReLU())
    decoder = nn.Sequential(nn.Linear(4, 10), nn.Sigmoid())
    model = nn.Sequential(encoder, decoder)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    generator = torch.Generator().manual_seed(7)
    for _ in range(20):
        summed = 0.0
        for batch in x[torch.randperm(len(x), generator=generator)].split(32):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(batch), batch)
            loss.backward()
            optimizer.step()
            summed += loss.item() * len(batch)
    assert ours == pytest.approx(summed / len(x), rel=1e-6)


@pytest.mark.parametrize(
    ("kind", "penalty"), list(itertools.product(RECONSTRUCTIONS, COMPLEXITIES))
)
def test_logged_parts_times_weights_add_up_to_the_logged_total(kind, penalty):
    settings = small(reconstruction=kind, complexity=penalty, beta=0.3, output_activation="sigmoid")
    trainer = Trainer(blobs(), settings)
    trainer.run_batch()
    trainer.change("alpha", 0.25)  # moved within an epoch
    trainer.change("beta", 0.9)
    for record in train(trainer, 3):
        for losses in (record.train, record.validation):
            added = sum(losses.values[n] * losses.weights[n] for n in losses.values)
            assert losses.total == pytest.approx(added, abs=1e-6)
    assert record.train.weights == pytest.approx({"reconstruction": 0.25, "complexity": 0.9})


def test_the_logged_total_is_what_is_minimised():
    trainer = Trainer(blobs(), small(batch_size=1000, beta=0.1, validation_fraction=0))
    x = trainer.features
    measured = trainer.objective(x, *trainer.network(x))
    total = sum(measured.weights[name] * part for name, part in measured.parts.items())
    trainer.run_batch()
    assert trainer.finish_epoch().train.total == pytest.approx(total.item(), rel=1e-6)


def test_a_changed_weight_and_learning_rate_act_on_the_next_batch():
    def weights_after(**changes):
        trainer = Trainer(blobs(), small())
        trainer.run_batch()
        before = trainer.weights()
        for name, value in changes.items():
            trainer.change(name, value)
        trainer.run_batch()
        after = trainer.weights()
        return max(np.abs(after[n] - before[n]).max() for n in after)

    assert weights_after(learning_rate=1e-12) < 1e-9 < weights_after()
    assert weights_after(alpha=0.0, beta=0.0) == pytest.approx(0, abs=2e-3)


def test_a_changed_batch_size_cuts_the_rest_of_the_epoch_anew():
    trainer = Trainer(blobs(100), small(batch_size=10, validation_fraction=0))
    trainer.run_batch()
    trainer.change("batch_size", 45)
    assert not trainer.run_batch()
    assert trainer.run_batch()
    assert trainer.step == 3
    assert trainer.steps_per_epoch == 3


def test_every_item_is_seen_once_an_epoch():
    trainer = Trainer(blobs(50), small(batch_size=7))
    seen, real = [], trainer._stepper.step.train

    def train(rows, *rest):
        seen.extend(rows.tolist())
        return real(rows, *rest)

    trainer._stepper.step.train = train
    while not trainer.run(3):
        pass
    rows = np.array(seen)
    assert sorted(rows.tolist()) == trainer.train_rows.tolist()
    held_out = set(trainer.validation_rows.tolist())
    assert held_out.isdisjoint(rows.tolist())
    assert len(held_out) == 5


def test_same_seed_gives_the_same_weights_and_another_seed_others():
    def weights(seed):
        trainer = Trainer(blobs(), small(random_state=seed))
        train(trainer, 2)
        return np.concatenate([w.ravel() for w in trainer.weights().values()])

    assert np.array_equal(weights(1), weights(1))
    assert not np.array_equal(weights(1), weights(2))


def test_looking_does_not_change_the_run():
    def weights(*, look):
        trainer = Trainer(blobs(), small())
        for _ in range(20):
            if look:
                trainer.encode()
                trainer.reconstruct(torch.arange(3))
            if trainer.run_batch():
                trainer.finish_epoch()
        return np.concatenate([w.ravel() for w in trainer.weights().values()])

    assert np.array_equal(weights(look=True), weights(look=False))


def test_validation_errors_are_those_of_the_held_out_items():
    trainer = Trainer(blobs(), small())
    record = train(trainer, 1)[0]
    x = trainer.features[trainer.validation_rows]
    expected = nn.functional.mse_loss(trainer.network(x)[1], x).item()
    assert record.validation.values["reconstruction"] == pytest.approx(expected, rel=1e-5)


def test_codes_of_the_pass_are_those_of_the_last_batch_that_held_the_item():
    trainer = Trainer(blobs(40), small(batch_size=1000, validation_fraction=0))
    trainer.pass_latent()  # from now on they are kept
    codes, errors = trainer.encode()
    trainer.run_batch()
    torch.testing.assert_close(trainer.pass_latent(), (codes, errors))


def test_kept_codes_come_from_each_batch_also_when_asked_for_in_mid_epoch():
    settings = small(batch_size=16, validation_fraction=0, learning_rate=1e-2)
    trainer = Trainer(blobs(40), settings)
    trainer.run_batch()
    trainer.pass_latent()
    expected = trainer.encode()[0].numpy()
    for start in (16, 32):
        rows = trainer.order.rows[start : start + 16]
        expected[rows] = trainer.encode(torch.from_numpy(rows))[0].numpy()
        trainer.run_batch()
    np.testing.assert_allclose(trainer.pass_latent()[0], expected, atol=1e-6)


@pytest.mark.parametrize("activation", ["relu", "silu"])  # written out, and automatic
def test_how_many_batches_run_at_a_time_changes_nothing(activation):
    def course(*sizes):
        trainer = Trainer(blobs(200), small(activation=activation, batch_size=8, beta=0.1))
        records = []
        size = itertools.cycle(sizes)
        while trainer.epoch < 3:
            if trainer.run(next(size)):
                records.append(trainer.finish_epoch())
        return records, trainer.weights()

    (records, weights), (others, other_weights) = course(1), course(5, 2, 1000)
    assert [r.train for r in records] == [r.train for r in others]
    assert all(np.array_equal(weights[name], other_weights[name]) for name in weights)


def test_a_loss_that_is_not_finite_restores_the_last_epoch():
    trainer = Trainer(blobs(), small())
    train(trainer, 1)
    kept = trainer.weights()
    with torch.no_grad():
        next(trainer.network.parameters()).fill_(float("nan"))
    with pytest.raises(NonFiniteLossError) as caught:
        trainer.run_batch()
    assert str(caught.value) == (
        f"Loss became NaN at step {trainer.step} (learning rate 0.001). "
        "Weights restored to the end of epoch 1. "
        "Try a lower learning rate or scaled data, then go on."
    )
    for name, value in trainer.weights().items():
        assert np.array_equal(value, kept[name])
    trainer.run_batch()  # and training can go on


@pytest.mark.parametrize("activation", ["relu", "silu"])
def test_items_that_nobody_may_write_to_are_trained_on(activation, tmp_path):
    blobs().tofile(tmp_path / "items")
    features = np.memmap(tmp_path / "items", np.float32, mode="r", shape=blobs().shape)
    record = train(Trainer(features, small(activation=activation)), 1)[0]
    assert record.train == train(Trainer(blobs(), small(activation=activation)), 1)[0].train


@pytest.mark.parametrize("n", [1, 2, 3])
def test_very_few_rows_train(n):
    trainer = Trainer(blobs(n), small())
    record = train(trainer, 1)[0]
    assert (record.validation is None) == (n == 1)
    assert np.isfinite(record.train.total)


def test_training_reduces_the_error():
    records = train(Trainer(blobs(), small(learning_rate=1e-2)), 30)
    assert records[-1].validation.total < 0.3 * records[0].validation.total


def test_a_loss_that_is_not_finite_in_the_last_batch_begins_the_epoch_again():
    trainer = Trainer(blobs(), small())
    for _ in range(6):
        trainer.run_batch()
    with torch.no_grad():
        next(trainer.network.parameters()).fill_(float("nan"))
    with pytest.raises(NonFiniteLossError, match="at step 7 "):
        trainer.run_batch()
    assert (trainer.step, trainer.epoch, trainer.progress) == (7, 0, 0)
    assert [r.epoch for r in train(trainer, 2)] == [1, 2]
    assert trainer.step == 7 + 14


@pytest.mark.parametrize("validation_fraction", [0, 0.1])
def test_records_within_an_epoch_change_nothing_about_it(validation_fraction):
    def run(*, cuts):
        trainer = Trainer(blobs(), small(beta=0.3, validation_fraction=validation_fraction))
        records = []
        while trainer.epoch < 3:
            trainer.change("beta", 0.1 * (trainer.step % 3))
            if trainer.run_batch():
                records.append(trainer.finish_epoch().train)
            elif cuts:
                assert trainer.unrecorded
                trainer.record()
                assert not trainer.unrecorded
        return records, trainer.stopping.best_loss

    assert run(cuts=True) == run(cuts=False)


def test_a_record_within_an_epoch_is_of_the_batches_since_the_last():
    def records(steps):
        trainer, told = Trainer(blobs(), small(beta=0.3)), []
        for step in range(1, 4):
            trainer.run_batch()
            trainer.change("beta", 0.3 * step)
            if step in steps:
                told.append(trainer.record().train)
        return told

    (_, one, two), (_, both) = records((1, 2, 3)), records((1, 3))
    for part in ("reconstruction", "complexity"):
        assert both.values[part] == pytest.approx((one.values[part] + two.values[part]) / 2)
        weighted = (one.weighted(part) + two.weighted(part)) / 2
        assert both.weighted(part) == pytest.approx(weighted)
    assert one.weights["complexity"] == pytest.approx(0.3)
    assert two.weights["complexity"] == pytest.approx(0.6)
    assert both.total == pytest.approx((one.total + two.total) / 2)
