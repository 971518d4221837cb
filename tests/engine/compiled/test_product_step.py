"""The step with torch's products, in bfloat16, against the compiled one."""

import numpy as np
import pytest
import torch

from ae_widgets.engine.compiled import product_step
from ae_widgets.engine.compiled.dense_step import DenseStep
from ae_widgets.engine.compiled.product_step import ProductStep, _bits
from ae_widgets.engine.compiled.rounded_output import finish
from ae_widgets.engine.trainer import Trainer
from ae_widgets.losses.gradients import COMPILED_RECONSTRUCTIONS
from ae_widgets.model.activations import COMPILED_ACTIVATIONS
from tests.engine.data import blobs, small


@pytest.fixture(autouse=True)
def all_layers_are_large(monkeypatch):
    monkeypatch.setattr(product_step, "LARGE", 1)


def trained(precision, epochs=40, **changes):
    settings = small(
        precision=precision, learning_rate=1e-2, batch_size=50, hidden_layer_sizes=(20,), **changes
    )
    trainer = Trainer(blobs(230, 12), settings)
    records = []
    while trainer.epoch < epochs:
        if trainer.run(3):
            records.append(trainer.finish_epoch())
    return trainer, records


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"beta": 0.01, "complexity": "l2", "output_activation": "sigmoid"},
        {"reconstruction": "binary_cross_entropy", "output_activation": "sigmoid"},
        {"activation": "tanh", "beta": 0.02, "complexity": "effective_dimension"},
    ],
)
def test_it_reaches_the_loss_of_float32(changes):
    trainer, records = trained("bf16", **changes)
    exact, expected = trained("float32", **changes)
    assert isinstance(trainer._stepper.step, ProductStep)
    assert isinstance(exact._stepper.step, DenseStep)
    assert records[0].train.total == pytest.approx(expected[0].train.total, rel=0.02)
    assert records[-1].train.total == pytest.approx(expected[-1].train.total, rel=0.05, abs=1e-4)


def test_the_first_gradients_agree_to_eight_bits():
    def gradients(precision):
        trainer = Trainer(blobs(60, 12), small(precision=precision, beta=0.1, batch_size=60))
        trainer.run_batch()
        step = trainer._stepper.step
        return step._gradients if precision == "bf16" else step._buffers.gradients[0]

    mine, exact = gradients("bf16"), gradients("float32")
    assert np.abs(mine - exact).max() < 0.02 * np.abs(exact).max()


def test_without_alpha_the_decoder_stays():
    trainer = Trainer(blobs(), small(precision="bf16", alpha=0.0, beta=1.0))
    before = trainer.weights()
    trainer.run_batch()
    after = trainer.weights()
    moved = {name.partition(".")[0] for name in before if (before[name] != after[name]).any()}
    assert moved == {"encoder"}


def test_a_batch_that_is_not_finite_moves_nothing():
    features = blobs(40, 5)
    features[25] = np.inf
    trainer = Trainer(features, small(precision="bf16", validation_fraction=0))
    step = trainer._stepper.step
    before = trainer.weights()
    rows = np.arange(20, 30, dtype=np.int32)
    assert step.train(rows, 10, trainer._noted(10)).n_items == 0
    assert all(np.array_equal(value, before[name]) for name, value in trainer.weights().items())


def test_networks_without_a_written_out_gradient_train_in_bfloat16_too():
    trainer, records = trained("bf16", epochs=5, activation="silu")
    dtypes = {p.dtype for p in trainer.network.parameters()}
    assert dtypes == {torch.float32}
    assert records[-1].train.total < records[0].train.total
    assert trained("float32", epochs=1, activation="silu")[1][0].train != records[0].train


@pytest.mark.parametrize(
    "changes", [{}, {"beta": 0.1, "complexity": "l2"}, {"alpha": 0.0, "beta": 1.0}]
)
def test_products_of_small_layers_stay_in_float32(changes, monkeypatch):
    def gradients(kind):
        monkeypatch.setattr(ProductStep, "is_worth_it", lambda *_: kind is ProductStep)
        monkeypatch.setattr(product_step, "LARGE", 1000)
        trainer = Trainer(blobs(60, 12), small(batch_size=60, activation="tanh", **changes))
        step = trainer._stepper.step
        assert type(step) is kind
        trainer.run_batch()
        record = trainer.record()
        return step._gradients if kind is ProductStep else step._buffers.gradients[0], record

    (mine, record), (compiled, expected) = gradients(ProductStep), gradients(DenseStep)
    np.testing.assert_allclose(mine, compiled, rtol=1e-5, atol=1e-6 * np.abs(compiled).max())
    assert record.train.values == pytest.approx(expected.train.values, rel=1e-5)


@pytest.mark.parametrize(
    ("precision", "n_units", "kind"),
    [("bf16", 100, ProductStep), ("bf16", 10, DenseStep), ("float32", 100, DenseStep)],
)
def test_models_with_a_large_layer_have_it(precision, n_units, kind, monkeypatch):
    monkeypatch.setattr(product_step, "LARGE", 12 * 100)
    trainer = Trainer(blobs(60, 12), small(precision=precision, hidden_layer_sizes=(n_units,)))
    assert type(trainer._stepper.step) is kind


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_the_number_of_threads_changes_no_bit(precision):
    def weights(threads):
        settings = small(hidden_layer_sizes=(600,), batch_size=256, precision=precision)
        trainer = Trainer(blobs(600, 700), settings)
        trainer._stepper.step._team.stint = lambda: (threads, None)
        before = torch.get_num_threads()
        while not trainer.run(1):
            pass
        torch.set_num_threads(before)
        return trainer.weights()

    one, two = weights(1), weights(2)
    assert all(np.array_equal(one[name], two[name]) for name in one)


def test_the_last_layer_is_finished_as_torch_would():
    generator = torch.Generator().manual_seed(0)
    product = torch.randn(9, 40, generator=generator).bfloat16()
    bias, x = torch.randn(40, generator=generator), torch.randn(9, 40, generator=generator)
    output = torch.tanh(product.float() + bias)
    expected = 2 * (output - x) / 40 * 0.3 * (1 - output**2)
    slope, by_bias, errors = torch.empty_like(product), np.empty(40, "f4"), np.empty(9, "f4")
    finish(
        COMPILED_ACTIVATIONS["tanh"], COMPILED_RECONSTRUCTIONS["mse"], _bits(product),
        bias.numpy(), x.numpy(), _bits(slope), by_bias, errors, 0.3,
        np.empty((3, 40), "f4"),
    )  # fmt: skip
    np.testing.assert_allclose(errors, ((output - x) ** 2).mean(1), rtol=1e-5)
    np.testing.assert_allclose(by_bias, expected.sum(0), rtol=1e-4, atol=1e-6)
    # At most the last of 8 bits is another, where the float32 lies at the border of two.
    torch.testing.assert_close(slope, expected.bfloat16(), rtol=2**-7, atol=0)
    assert (slope == expected.bfloat16()).float().mean() > 0.98
