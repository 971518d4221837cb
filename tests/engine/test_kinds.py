"""Every kind of model in training."""

import itertools

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from torch import nn

from ae_widgets import Settings, SettingsError
from ae_widgets.engine.compiled.dense_step import DenseStep
from ae_widgets.engine.corruption import corrupted
from ae_widgets.engine.kinds import KINDS
from ae_widgets.engine.settings import LIVE_SETTINGS
from ae_widgets.engine.step import AutogradStep
from ae_widgets.engine.trainer import Trainer
from ae_widgets.losses import COMPLEXITIES, MODEL_COMPLEXITIES, RECONSTRUCTIONS
from ae_widgets.model.network import wrap_modules
from tests.engine.data import blobs, small


def train(trainer: Trainer, epochs: int) -> list:
    records = []
    while trainer.epoch < epochs:
        if trainer.run_batch():
            records.append(trainer.finish_epoch())
    return records


def bits(trainer: Trainer) -> bytes:
    return b"".join(value.tobytes() for value in trainer.weights().values())


@pytest.mark.parametrize(("kind", "error"), list(itertools.product(KINDS, RECONSTRUCTIONS)))
def test_every_kind_trains_adds_up_and_repeats_itself(kind, error):
    settings = small(
        kind=kind, reconstruction=error, beta=0.1, warm_up=1.5, output_activation="sigmoid"
    )
    first, second = (Trainer(blobs(), settings) for _ in range(2))
    for record in train(first, 2):
        for losses in (record.train, record.validation):
            added = sum(losses.values[n] * losses.weights[n] for n in losses.values)
            assert losses.total == pytest.approx(added, abs=1e-6)
            assert np.isfinite([losses.total, *losses.values.values()]).all()
    train(second, 2)
    assert bits(first) == bits(second)
    other = Trainer(blobs(), settings.change(random_state=1))
    train(other, 2)
    assert bits(other) != bits(first)


CONVOLUTIONAL = {"trunk": "convolutional", "channels": (3,), "item_shape": (3, 2)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [
    {"tied_weights": True}, {"normalization": "layer"}, {"normalization": "batch"},
    {"dropout": 0.3}, CONVOLUTIONAL, {**CONVOLUTIONAL, "normalization": "layer", "dropout": 0.1},
])  # fmt: skip
def test_every_kind_learns_with_every_trunk(kind, layers):
    if kind == "contractive" and layers.get("normalization") == "batch":
        pytest.skip("refused, see test_what_makes_no_sense_is_refused")
    settings = small(
        kind=kind, learning_rate=1e-2, beta=1e-4, noise=0.05, hidden_layer_sizes=(32,), **layers
    )
    first, second = (Trainer(blobs(), settings) for _ in range(2))
    records = train(first, 2)
    train(second, 2)
    assert bits(first) == bits(second)
    records += train(first, 15)
    assert records[-1].validation.total < 0.7 * records[0].validation.total


def test_the_plain_kind_draws_nothing():
    trainer = Trainer(blobs(), small(activation="silu"))
    before = trainer.memory()["step"]["noise"][0]
    train(trainer, 1)
    assert np.array_equal(trainer.memory()["step"]["noise"][0], before)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [{}, {"dropout": 0.3, "normalization": "batch"}])
def test_looking_draws_nothing_and_gives_the_same_twice(kind, layers):
    if kind == "contractive":
        layers = {"dropout": layers.get("dropout", 0.0)}

    def weights(*, look):
        trainer = Trainer(blobs(), small(kind=kind, **layers))
        torch.manual_seed(0)
        before = torch.get_rng_state()
        for _ in range(20):
            if look:
                torch.testing.assert_close(trainer.encode(), trainer.encode(), rtol=0, atol=0)
                trainer.reconstruct(torch.arange(3))
            if trainer.run_batch():
                trainer.finish_epoch()
        assert torch.equal(torch.get_rng_state(), before)
        return bits(trainer)

    assert weights(look=True) == weights(look=False)


# Denoising ---------------------------------------------------------------------


def test_gaussian_corruption_adds_noise_of_that_deviation():
    x = torch.rand(2000, 50)
    noise = corrupted(x, "gaussian", 0.3, torch.Generator().manual_seed(0)) - x
    assert noise.std().item() == pytest.approx(0.3, rel=0.01)
    assert noise.mean().item() == pytest.approx(0, abs=0.005)


def test_masking_sets_that_share_to_zero_and_leaves_the_rest():
    x = torch.rand(2000, 50) + 1
    masked = corrupted(x, "masking", 0.3, torch.Generator().manual_seed(0))
    assert (masked == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert torch.equal(masked[masked != 0], x[masked != 0])


def test_the_error_is_taken_against_the_clean_input():
    settings = small(kind="denoising", corruption="masking", noise=1.0, validation_fraction=0)
    trainer = Trainer(blobs(), settings.change(batch_size=1000))
    output = trainer.network(torch.zeros(1, 6))[1]  # all that it sees is masked
    expected = (trainer.features - output).square().mean().item()
    trainer.run_batch()
    assert trainer.finish_epoch().train.values["reconstruction"] == pytest.approx(expected)


def test_noise_is_live_and_without_it_the_model_is_plain():
    denoising = Trainer(blobs(), small(kind="denoising", activation="silu"))
    assert denoising.settings.noise > 0
    denoising.change("noise", 0.0)
    plain = Trainer(blobs(), small(activation="silu"))
    train(denoising, 2)
    train(plain, 2)
    assert bits(denoising) == bits(plain)
    denoising.change("noise", 0.5)
    train(denoising, 3)
    train(plain, 3)
    assert bits(denoising) != bits(plain)
    assert np.array_equal(denoising.order.rows, plain.order.rows)  # noise leaves the order alone


# Variational: beta grows ----------------------------------------------------------


def test_the_weight_that_is_logged_grows_with_the_warm_up():
    settings = small(kind="variational", beta=0.5, warm_up=4, batch_size=27)  # 4 batches an epoch
    records = train(Trainer(blobs(), settings), 6)
    at_the_end = [r.validation.weights["complexity"] for r in records]
    assert at_the_end == pytest.approx([0.125, 0.25, 0.375, 0.5, 0.5, 0.5])
    trainer = Trainer(blobs(), settings)
    weights = []
    for _ in range(4):
        trainer.run(3)  # one at a time all the same
        weights.append(trainer.record().train.weights["complexity"])
    assert weights == pytest.approx([0, 0.5 / 16, 1 / 16, 1.5 / 16])


@pytest.mark.parametrize("kind", KINDS)
def test_how_many_batches_a_call_trains_changes_nothing(kind):
    settings = small(kind=kind, beta=0.5, warm_up=1.5, dropout=0.1)
    one, many = Trainer(blobs(), settings), Trainer(blobs(), settings)
    train(one, 3)
    while many.epoch < 3:
        if many.run(5):
            many.finish_epoch()
    assert bits(one) == bits(many)


def test_a_growing_weight_does_not_count_as_getting_worse():
    settings = small(kind="variational", beta=10.0, warm_up=8, n_iter_no_change=2)
    settings = settings.change(schedule="reduce_on_plateau", schedule_patience=2)
    trainer = Trainer(blobs(), settings.change(learning_rate=1e-12))
    for epoch in range(1, 9):
        train(trainer, epoch)
        assert trainer.stopping.best_epoch == epoch
        assert trainer.schedule.learning_rate == 1e-12
    train(trainer, 10)
    assert trainer.stopping.converged


def test_other_kinds_do_not_warm_up():
    record = train(Trainer(blobs(), small(beta=0.5, warm_up=10)), 1)[0]
    assert record.train.weights["complexity"] == 0.5


# Gated ---------------------------------------------------------------------------


def test_beta_closes_gates_and_the_record_says_how_many_are_open():
    settings = small(kind="gated", code_dim=6, learning_rate=1e-2)
    trainer = Trainer(blobs(), settings)
    assert trainer.network.active_dimensions() == 6
    trainer.change("beta", 1.0)
    record = train(trainer, 20)[-1]
    assert record.active_dimensions == trainer.network.active_dimensions() < 6
    assert record.validation.values["complexity"] < 6
    assert train(Trainer(blobs(), small()), 1)[-1].active_dimensions is None


def test_raising_beta_on_digits_closes_dimensions_and_still_beats_pca():
    x = (load_digits().data / 16).astype(np.float32)
    trainer = Trainer(x, Settings().change(kind="gated", code_dim=16))
    assert train(trainer, 15)[-1].active_dimensions == 16
    trainer.change("beta", 1e-2)
    record = train(trainer, 50)[-1]
    assert 0 < record.active_dimensions < 8
    pca = PCA(record.active_dimensions).fit(x[trainer.train_rows])
    held_out = x[trainer.validation_rows.numpy()]
    residual = held_out - pca.inverse_transform(pca.transform(held_out))
    assert record.validation.values["reconstruction"] < 0.8 * (residual**2).mean()


# What runs where -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        *(({}, kind) for kind in ("denoising", "contractive", "variational", "gated")),
        ({"tied_weights": True}, "plain"),
        ({"normalization": "layer"}, "plain"),
        ({"normalization": "batch"}, "plain"),
        ({"dropout": 0.1}, "plain"),
        ({**CONVOLUTIONAL, "activation": "silu"}, "plain"),
        ({"activation": "silu"}, "plain"),
    ],
)
def test_what_is_not_written_out_is_left_to_autograd(changes, kind):
    trainer = Trainer(blobs(), small(kind=kind, **changes))
    assert not DenseStep.applies(trainer.settings)
    assert isinstance(trainer._stepper.step, AutogradStep)


@pytest.mark.parametrize("kind", ["plain", "sparse"])
def test_dense_layers_with_a_penalty_on_the_code_are_written_out(kind):
    assert isinstance(Trainer(blobs(), small(kind=kind))._stepper.step, DenseStep)


@pytest.mark.parametrize("n", [1, 17, 33])
@pytest.mark.parametrize("trunk", [{}, CONVOLUTIONAL], ids=["dense", "convolutional"])
def test_a_last_batch_of_one_row_is_normalised(n, trunk):
    settings = small(normalization="batch", batch_size=16, validation_fraction=0, **trunk)
    trainer = Trainer(blobs(n), settings)
    record = train(trainer, 1)[0]
    assert np.isfinite(record.train.total)
    assert all(module.training for module in trainer.network.modules())


def test_own_modules_draw_from_a_state_of_their_own():
    encoder = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.5), nn.BatchNorm1d(8), nn.Linear(8, 2))

    def weights():
        x = torch.from_numpy(blobs(33))
        network, _ = wrap_modules(encoder, nn.Linear(2, 6), x, random_state=0)
        with torch.no_grad():
            network.decoder.weight.fill_(0.1)
            network.decoder.bias.zero_()
        trainer = Trainer(blobs(33), small(validation_fraction=0), network=network)
        before = torch.get_rng_state()
        train(trainer, 2)
        assert torch.equal(torch.get_rng_state(), before)
        torch.rand(3)  # what others draw in between changes nothing
        return bits(trainer)

    assert weights() == weights()


# Settings ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_auto_is_the_first_complexity_of_the_kind(kind):
    settings = Settings(kind=kind)
    assert settings.complexity == KINDS[kind].complexities[0]
    assert Settings().change(kind=kind, code_dim=3).complexity == settings.complexity
    assert set(KINDS[kind].settings) <= LIVE_SETTINGS
    assert set(KINDS[kind].complexities) <= {*COMPLEXITIES, *MODEL_COMPLEXITIES}


def test_a_new_kind_brings_its_complexity_unless_both_have_the_same():
    settings = Settings(complexity="l2")
    assert settings.change(kind="denoising").complexity == "l2"
    assert settings.change(kind="gated").complexity == "gates"
    assert settings.change(kind="gated").change(kind="plain").complexity == "l1"
    assert settings.change(kind="sparse", complexity="l1").complexity == "l1"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"kind": "vae"},
            (
                "kind must be one of plain, denoising, sparse, contractive, variational, "
                "gated, got 'vae'."
            ),
        ),
        (
            {"complexity": "gates"},
            (
                "complexity must be one of l1, l2, kl_sparsity, "
                "effective_dimension for the kind 'plain', got 'gates'."
            ),
        ),
        (
            {"kind": "variational", "complexity": "l1"},
            ("complexity must be one of kl_gaussian for the kind 'variational', got 'l1'."),
        ),
        (
            {"kind": "variational", "code_activation": "relu"},
            (
                "code_activation must be 'identity' for the kind 'variational', whose code "
                "layer gives means and log-variances, got 'relu'."
            ),
        ),
        (
            {"kind": "contractive", "normalization": "batch"},
            (
                "normalization must be None or 'layer' for the kind 'contractive', since under "
                "'batch' the code of an item depends on the others, got 'batch'."
            ),
        ),
        ({"corruption": "masking", "noise": 1.5}, "noise must be a number from 0 to 1, got 1.5."),
        (
            {"trunk": "convolutional"},
            (
                "trunk must be 'dense' for items that are no images: for "
                "'convolutional' also give item_shape=(height, width) or (height, width, channels)."
            ),
        ),
        ({"dropout": 1}, "dropout must be a number from 0 to below 1, got 1."),
        ({"tied_weights": 1}, "tied_weights must be True or False, got 1."),
        (
            {"normalization": "group"},
            "normalization must be one of None, batch, layer, got 'group'.",
        ),
        (
            {"trunk": "convolutional", "item_shape": (4,)},
            (
                "trunk must be 'dense' for items that are no images: for "
                "'convolutional' also give item_shape=(height, width) or (height, width, channels)."
            ),
        ),
        (
            {"item_shape": (4, 4, 3, 2)},
            (
                "item_shape must be (height, width) or (height, width, channels), or (length,) of "
                "a series, got (4, 4, 3, 2)."
            ),
        ),
    ],
)
def test_what_makes_no_sense_is_refused(changes, message):
    with pytest.raises(SettingsError) as caught:
        Settings().change(**changes)
    assert str(caught.value) == message
