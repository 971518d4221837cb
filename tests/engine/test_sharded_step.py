"""Gradients of shards of a batch, against those of the whole batch."""

import numpy as np
import pytest
import torch

from ae_widgets.engine.sharded_step import SHARD_ROWS, ShardedStep
from ae_widgets.engine.step import AutogradStep
from ae_widgets.engine.trainer import Trainer
from tests.engine.data import blobs, small

IMAGES = {
    "trunk": "convolutional",
    "channels": (4, 6),
    "item_shape": (9, 8),
    "batch_size": 150,
    "activation": "silu",  # which is not written out
}


@pytest.fixture(autouse=True)
def _three_cores(monkeypatch):
    monkeypatch.setattr("ae_widgets.engine.sharded_step.CORES", 3)
    assert IMAGES["batch_size"] // SHARD_ROWS == 2


def trained(threads=None, epochs=3, **changes):
    trainer = Trainer(blobs(400, 72), small(**{**IMAGES, **changes}))
    step, records = trainer._stepper, []
    while trainer.epoch < epochs:
        if threads is not None:
            trainer._stepper._team.stint = lambda: (threads, None)
        if trainer.run(1):
            records.append(trainer.finish_epoch())
    return trainer, records, step


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"beta": 0.1, "complexity": "l2"},
        {"reconstruction": "cosine", "normalization": "layer"},
        {"alpha": 0.0, "beta": 1.0},
        {"precision": "bf16"},
    ],
)
def test_gradients_are_those_of_the_whole_batch(changes, monkeypatch):
    def measured(kind):
        monkeypatch.setattr(ShardedStep, "applies", lambda _: kind is ShardedStep)
        trainer = Trainer(blobs(400, 72), small(**{**IMAGES, **changes}))
        step = trainer._stepper
        assert type(step) is kind
        parts = step.measure(trainer._order[:150], trainer._noted(150), slice(0, 150))
        step.update()
        return parts, [p.grad for p in trainer.network.parameters()]

    (parts, gradients), (expected, whole) = measured(ShardedStep), measured(AutogradStep)
    relative = 1e-5 if "precision" not in changes else 0.02
    assert parts == pytest.approx(expected, rel=relative)
    for gradient, of_whole in zip(gradients, whole, strict=True):
        if of_whole is None:
            assert gradient is None
        else:
            atol = relative * of_whole.abs().max().item()
            torch.testing.assert_close(gradient, of_whole, rtol=relative, atol=atol)


def test_the_number_of_threads_changes_no_bit():
    one, two = (trained(threads=threads)[0].weights() for threads in (1, 2))
    assert all(np.array_equal(one[name], two[name]) for name in one)


def test_codes_and_errors_of_every_shard_are_noted():
    trainer = Trainer(blobs(400, 72), small(**IMAGES, validation_fraction=0))
    trainer.pass_latent()
    codes, errors = trainer.encode()
    trainer.run_batch()
    rows = trainer._order[:150]
    seen = trainer.pass_latent()
    torch.testing.assert_close(seen[0][rows], codes[rows])
    torch.testing.assert_close(seen[1][rows], errors[rows])


@pytest.mark.parametrize(
    "changes",
    [
        {"complexity": "effective_dimension"},
        {"normalization": "batch"},
        {"dropout": 0.1},
        {"kind": "denoising"},
        {"kind": "variational"},
        {"trunk": "dense"},
    ],
)
def test_where_items_meet_or_it_is_not_worth_it_the_batch_stays_whole(changes):
    assert not ShardedStep.applies(small(**{**IMAGES, **changes}))


def test_a_complexity_of_the_whole_batch_may_be_chosen_while_it_trains():
    trainer = Trainer(blobs(400, 72), small(**IMAGES, beta=0.1))
    trainer.run_batch()
    trainer.change("complexity", "effective_dimension")
    trainer.run_batch()
    trainer.change("complexity", "l1")
    trainer.run_batch()
    assert trainer.step == 3
    assert all(np.isfinite(value).all() for value in trainer.weights().values())
