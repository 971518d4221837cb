"""The step of convolutions with its gradients written out, against torch's automatic ones."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from ae_widgets import Settings
from ae_widgets.engine.compiled.convolutional_step import ConvolutionalStep
from ae_widgets.engine.compiled.patches import gather, spread
from ae_widgets.engine.items import chunk_rows
from ae_widgets.engine.step import AutogradStep
from ae_widgets.engine.trainer import Trainer
from ae_widgets.losses import COMPLEXITIES
from ae_widgets.losses.gradients import COMPILED_RECONSTRUCTIONS
from ae_widgets.losses.objective import Objective
from ae_widgets.model.activations import COMPILED_ACTIVATIONS
from ae_widgets.model.network import build_network
from tests.engine.data import blobs, small
from tests.engine.steps import (
    assert_batches_add_up,
    assert_encodes_as_torch_does,
    assert_encoding_changes_no_bit,
    assert_same_course,
    assert_what_is_not_finite_moves_nothing,
    step_pair,
    train,
)

IMAGES = {
    "trunk": "convolutional",
    "item_shape": (9, 8),
    "channels": (4, 6),
    "code_dim": 3,
    "hidden_layer_sizes": (10,),
    "output_activation": "sigmoid",
}


def changed(**changes):
    return Settings().change(**{"learning_rate": 1e-2, **IMAGES, **changes})


def steps(features, **changes):
    """Return both steps on equal networks, with the networks."""
    return step_pair(ConvolutionalStep, features, changed(**changes))


def assert_gradients_agree(n=26, **changes):
    """Compare the gradients of one batch with autograd's in double precision."""
    settings = changed(learning_rate=1e-12, **changes)
    n_features = int(np.prod(settings.architecture.item_shape))
    features, rows = blobs(n + 4, n_features), np.arange(4, n + 4)
    network, exact = (
        build_network(settings.architecture, features.shape[1], random_state=1) for _ in "ab"
    )
    step = ConvolutionalStep(network, features, Objective(settings), settings)
    train(step, rows)
    exact.double()
    x = torch.from_numpy(features[rows]).double()
    Objective(settings)(x, *exact(x)).backward()
    largest = max(p.grad.abs().max().item() for p in exact.parameters() if p.grad is not None)
    # Without alpha the encoder alone has gradients.
    reached = [p.grad is not None for p in exact.parameters()]
    assert all(reached) if settings.alpha else reached == sorted(reached, reverse=True)
    for place, parameter in zip(step._places, exact.parameters(), strict=True):
        if parameter.grad is not None:
            mine = place.of(step._buffers.gradients[0]).reshape(parameter.shape)
            np.testing.assert_allclose(mine, parameter.grad, rtol=1e-5, atol=1e-5 * largest)


@pytest.mark.parametrize(
    ("reconstruction", "complexity", "weights"),
    list(
        itertools.product(
            COMPILED_RECONSTRUCTIONS, COMPLEXITIES, [(1.0, 0.0), (0.7, 0.3), (0.0, 0.5)]
        )
    ),
)
def test_gradients_are_those_of_autograd(reconstruction, complexity, weights):
    alpha, beta = weights
    names = {"reconstruction": reconstruction, "complexity": complexity}
    assert_gradients_agree(**names, alpha=alpha, beta=beta, activation="tanh")


@pytest.mark.parametrize("activation", list(COMPILED_ACTIVATIONS))
def test_gradients_through_every_activation(activation):
    assert_gradients_agree(activation=activation, code_activation=activation, beta=0.1)


@pytest.mark.parametrize(
    ("item_shape", "channels"),
    [
        ((8, 8), (4,)),
        ((7, 5, 3), (4, 6, 5)),
        ((10, 3, 2), (5, 2)),
        ((28, 28), (16, 32)),
        ((1, 2), (4,)),
        ((2, 1, 2), (3, 4)),
        ((1, 1, 5), (3,)),
    ],
)
@pytest.mark.parametrize("hidden_layer_sizes", [(), (8,), (9, 7)])
def test_gradients_of_images_of_any_size(item_shape, channels, hidden_layer_sizes):
    shapes = {"item_shape": item_shape, "channels": channels}
    assert_gradients_agree(**shapes, hidden_layer_sizes=hidden_layer_sizes, beta=0.1)


@pytest.mark.parametrize("complexity", list(COMPLEXITIES))
def test_gradients_over_several_shards(complexity, monkeypatch):
    monkeypatch.setattr("ae_widgets.engine.compiled.convolutional_step.CORES", 3)
    large = {"item_shape": (16, 16), "channels": (16, 32)}
    assert_gradients_agree(n=101, **large, beta=0.2, complexity=complexity)


def test_a_last_batch_may_have_fewer_items_than_shards(monkeypatch):
    monkeypatch.setattr("ae_widgets.engine.compiled.convolutional_step.CORES", 3)
    large = {"item_shape": (16, 16), "channels": (16, 32)}
    (step, ours), (autograd, theirs) = steps(blobs(129, 256), **large)
    train(step, np.arange(129), 128)
    assert step._team.size == 3
    train(autograd, np.arange(129), 128)
    for mine, expected in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("output", ["identity", "sigmoid"])
def test_thirty_steps_lead_to_the_same_parameters(output):
    generator = np.random.default_rng(0)
    pair = steps(blobs(100, 72), output_activation=output, beta=0.01)
    assert_same_course(pair, [generator.integers(0, 100, n) for n in [32, 32, 7] * 10])


@pytest.mark.parametrize("changes", [{}, {"alpha": 0.0, "beta": 1.0}])
def test_the_number_of_threads_changes_no_bit(changes, monkeypatch):
    monkeypatch.setattr("ae_widgets.engine.compiled.convolutional_step.CORES", 3)
    large = {"item_shape": (16, 16), "channels": (16, 32)}
    features, rows = blobs(300, 256), np.arange(300)

    def parameters(threads):
        (step, network), _ = steps(features, **large, **changes)
        step._fit_buffers(128)
        assert step._team.size == 3
        monkeypatch.setattr(step._team, "stint", lambda: (threads, 1))
        train(step, rows, 128)
        return [p.detach().clone() for p in network.parameters()]

    one = parameters(1)
    assert all(map(torch.equal, one, parameters(2)))
    assert all(map(torch.equal, one, parameters(3)))


def test_many_batches_in_one_call_are_the_same_batches_one_by_one():
    assert_batches_add_up(*(steps(blobs(100, 72), beta=0.1) for _ in "ab"))


def test_a_batch_that_is_not_finite_moves_nothing():
    features = blobs(40, 72)
    features[25] = np.inf
    assert_what_is_not_finite_moves_nothing(*steps(features, output_activation="identity")[0])


def test_without_weights_nothing_moves():
    (step, network), _ = steps(blobs(30, 72), alpha=0.0, beta=0.0)
    before = [p.detach().clone() for p in network.parameters()]
    train(step, np.arange(30))
    assert all(map(torch.equal, before, network.parameters()))


def test_parameters_put_into_the_network_are_those_trained_on():
    (step, network), (autograd, other) = steps(blobs(30, 72))
    halved = {name: values / 2 for name, values in network.state_dict().items()}
    network.load_state_dict(halved)
    other.load_state_dict(halved)
    train(step, np.arange(30))
    train(autograd, np.arange(30))
    for mine, expected in zip(network.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("copy", [True, False])
def test_its_memory_is_that_of_autograd(copy):
    features, batches = blobs(60, 72), np.split(np.arange(60), 6)
    (step, network), (autograd, other) = steps(features)
    for rows in batches[:3]:
        train(step, rows)
        train(autograd, rows)
    autograd.load_memory(step.memory(copy=copy))
    (fresh, _), _ = steps(features)
    fresh.load_memory(step.memory())
    assert np.array_equal(fresh._first, step._first)
    assert np.array_equal(fresh._second, step._second)
    other.load_state_dict(network.state_dict())
    for rows in batches[3:]:
        train(step, rows)
        train(autograd, rows)
    for mine, expected in zip(network.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "denoising"},
        {"kind": "variational"},
        {"reconstruction": "cosine"},
        {"normalization": "batch"},
        {"normalization": "layer"},
        {"dropout": 0.1},
        {"tied_weights": True},
        {"activation": "silu"},
        {"optimizer": "sgd"},
        {"weight_decay": 0.1},
        {"gradient_clip": 1.0},
        {"channels": ()},
        {"trunk": "dense"},
    ],
    ids=str,
)
def test_what_is_not_written_out_is_left_to_other_steps(changes):
    assert not ConvolutionalStep.applies(changed(**changes))
    assert ConvolutionalStep.applies(changed(kind="sparse", schedule="cosine"))
    assert ConvolutionalStep.applies(changed(precision="bf16"))  # slower, in bfloat16


def test_a_trainer_takes_it_and_goes_on_with_another_where_it_no_longer_applies():
    features = {"item_shape": (9, 8), "trunk": "convolutional", "channels": (4,)}
    trainer = Trainer(blobs(60, 72), small(**features))
    assert type(trainer._stepper.step) is ConvolutionalStep
    trainer.pass_latent()
    codes, errors = trainer.encode()
    rows = trainer.order.rows[:16]
    trainer.run_batch()
    seen = trainer.pass_latent()
    torch.testing.assert_close(seen[0][rows], codes[rows], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(seen[1][rows], errors[rows], rtol=1e-4, atol=1e-5)
    trainer.change("reconstruction", "huber")
    trainer.run_batch()
    assert isinstance(trainer._stepper.step, AutogradStep)
    assert all(np.isfinite(value).all() for value in trainer.weights().values())


@pytest.mark.parametrize("n", [0, 5, 100])
def test_it_encodes_as_torch_does_and_moves_nothing(n):
    features = blobs(100, 72)
    assert_encodes_as_torch_does(steps(features, beta=0.1), features, n)
    assert_encoding_changes_no_bit(*(steps(features, beta=0.1) for _ in "ab"), n)


def test_codes_that_are_not_finite_are_left_to_torch():
    features = blobs(40, 72)
    features[7] = np.inf
    settings = small(**{**IMAGES, "code_dim": 2}, validation_fraction=0)
    codes, errors = (values.numpy() for values in Trainer(features, settings).encode())
    assert not np.isfinite(errors[7])
    assert np.isfinite(errors[8:]).all()
    assert np.isfinite(codes[8:]).all()


def test_convolutions_are_given_fewer_items_at_a_time():
    images = build_network(changed(item_shape=(28, 28)).architecture, 784, random_state=0)
    dense = build_network(Settings().architecture, 784, random_state=0)
    assert chunk_rows(784, images) < chunk_rows(784, dense) == chunk_rows(784)
    assert chunk_rows(10**9, images) == 1


@pytest.mark.parametrize("shape", [(9, 8, 2), (8, 9, 1), (2, 2, 3), (1, 3, 1), (3, 1, 4)])
def test_patches_are_those_of_torch_and_their_sum_its_adjoint(shape):
    height, width, channels = shape
    rng = np.random.default_rng(0)
    images = rng.standard_normal((2, *shape), np.float32)
    size = (2, -(-height // 2), -(-width // 2), 9 * channels)
    patches = np.full(size, np.nan, np.float32)
    gather(images, patches)
    unfolded = nn.functional.unfold(
        torch.from_numpy(images).permute(0, 3, 1, 2), 3, padding=1, stride=2
    )
    expected = unfolded.reshape(2, channels, 9, -1).permute(0, 3, 2, 1).reshape(size)
    assert np.array_equal(patches, expected.numpy())
    weights, spread_out = rng.standard_normal(size, np.float32), np.zeros_like(images)
    spread(weights, spread_out)
    assert np.vdot(weights, patches) == pytest.approx(np.vdot(spread_out, images), rel=1e-5)
