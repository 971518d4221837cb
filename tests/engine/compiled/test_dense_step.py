"""The step with its gradients written out, against torch's automatic ones."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from ae_widgets import Settings
from ae_widgets.engine.compiled import dense_step
from ae_widgets.engine.compiled import step as compiled_step
from ae_widgets.engine.compiled.adam import adam, adam_constants
from ae_widgets.engine.compiled.dense_step import DenseStep
from ae_widgets.losses import COMPLEXITIES, RECONSTRUCTIONS
from ae_widgets.losses.gradients import COMPILED_RECONSTRUCTIONS
from ae_widgets.losses.objective import Objective
from ae_widgets.model.activations import COMPILED_ACTIVATIONS, exp
from ae_widgets.model.network import build_network
from tests.engine.data import blobs
from tests.engine.steps import (
    assert_batches_add_up,
    assert_encodes_as_torch_does,
    assert_encoding_changes_no_bit,
    assert_same_course,
    assert_what_is_not_finite_moves_nothing,
    step_pair,
    train,
)

CHANGES = {"code_dim": 3, "hidden_layer_sizes": (9, 6), "output_activation": "sigmoid"}
CHOICE = dense_step.by_units
LARGE = {"hidden_layer_sizes": (300, 110)}  # enough for several shards of a batch


@pytest.fixture(autouse=True, params=["items", "units"])
def shared_out(request, monkeypatch):
    """Have both loops train everything, the one over units with a part that has none."""
    monkeypatch.setattr(dense_step, "by_units", lambda *_: request.param == "units")
    if request.param == "units":
        monkeypatch.setattr(compiled_step, "WORTH_A_SHARD", 1)
        monkeypatch.setattr(dense_step, "CORES", 4)


def steps(features, **changes):
    """Return both steps on equal networks, with the networks."""
    settings = Settings().change(**{"learning_rate": 1e-2, **CHANGES, **changes})
    return step_pair(DenseStep, features, settings)


def assert_gradients_agree(features, rows, **changes):
    """Compare the gradients of one batch with autograd's in double precision."""
    dense = steps(features, learning_rate=1e-12, **changes)[0][0]
    settings = dense._objective.settings
    train(dense, rows)
    exact = build_network(settings.architecture, features.shape[1], random_state=1).double()
    x = torch.from_numpy(features[rows]).double()
    Objective(settings)(x, *exact(x)).backward()
    expected = [p.grad.numpy().ravel() for p in exact.parameters() if p.grad is not None]
    layers = 2 * len(settings.architecture.hidden_layer_sizes) + 2
    # Without alpha the encoder alone has gradients; its parameters come first.
    assert len(expected) == 2 * layers if settings.alpha else layers
    expected = np.concatenate(expected)
    mine = dense._buffers.gradients[0, : len(expected)]
    np.testing.assert_allclose(mine, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


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
    assert_gradients_agree(
        blobs(40, 7), np.arange(5, 31), **names, alpha=alpha, beta=beta, activation="tanh"
    )


def test_codes_of_a_sigmoid_are_the_activations_that_are_sparse():
    changes = {"code_activation": "sigmoid", "complexity": "kl_sparsity"}
    assert_gradients_agree(blobs(40, 7), np.arange(40), **changes, alpha=0.7, beta=0.3)


@pytest.mark.parametrize("activation", list(COMPILED_ACTIVATIONS))
def test_gradients_through_every_activation(activation):
    changes = {"activation": activation, "code_activation": activation, "beta": 0.1}
    assert_gradients_agree(blobs(40, 7), np.arange(40), **changes)


@pytest.mark.parametrize("complexity", list(COMPLEXITIES))
def test_gradients_over_several_shards(complexity):
    features = blobs(400, 90)
    assert_gradients_agree(features, np.arange(301), **LARGE, beta=0.2, complexity=complexity)


@pytest.mark.parametrize("output", ["identity", "sigmoid", "relu", "tanh"])
def test_fifty_steps_lead_to_the_same_parameters(output):
    generator = np.random.default_rng(0)
    batches = [generator.integers(0, 100, n) for n in [32, 32, 7] * 17]
    assert_same_course(steps(blobs(100, 12), output_activation=output, beta=0.01), batches)


def test_large_layers_lead_to_the_same_parameters():
    batches = [np.arange(256), np.arange(100, 356), np.arange(1)]
    assert_same_course(steps(blobs(400, 90), **LARGE), batches)


@pytest.mark.parametrize("changes", [{}, {"alpha": 0.0, "beta": 1.0}])
def test_the_number_of_threads_changes_no_bit(changes, monkeypatch):
    monkeypatch.setattr("ae_widgets.engine.compiled.dense_step.CORES", 3)
    features, rows = blobs(400, 90), np.arange(400)

    def parameters(threads):
        (dense, _), _ = steps(features, **LARGE, **changes)
        dense._fit_buffers(128)
        assert dense._team.size == 3
        monkeypatch.setattr(dense._team, "stint", lambda: (threads, 1))
        for _ in range(5):
            train(dense, rows, 128)
        return dense._parameters.copy()

    one = parameters(1)
    assert np.array_equal(one, parameters(2))
    assert np.array_equal(one, parameters(3))


def test_many_batches_in_one_call_are_the_same_batches_one_by_one():
    assert_batches_add_up(*(steps(blobs(100, 5), beta=0.1) for _ in "ab"))


def test_a_batch_that_is_not_finite_moves_nothing():
    features = blobs(40, 5)
    features[25] = np.inf
    assert_what_is_not_finite_moves_nothing(*steps(features, output_activation="identity")[0])


@pytest.mark.parametrize("batch_size", [1, 20, 100])
@pytest.mark.parametrize("n", [0, 5, 300])
def test_it_encodes_as_torch_does_and_moves_nothing(n, batch_size):
    features = blobs(300, 20)
    assert_encodes_as_torch_does(steps(features, beta=0.1), features, n, batch_size)
    assert_encoding_changes_no_bit(*(steps(features, beta=0.1) for _ in "ab"), n)


def test_what_it_encodes_that_is_not_finite_is_left_to_torch():
    features = blobs(40, 20)
    features[7] = np.nan
    (step, _), _ = steps(features)
    assert step.encode(np.arange(40, dtype=np.int32)) is None
    codes, errors = step.encode(np.arange(8, 40, dtype=np.int32))
    assert np.isfinite(codes).all()
    assert np.isfinite(errors).all()


def test_without_weights_nothing_moves():
    (dense, ours), _ = steps(blobs(30, 5), alpha=0.0, beta=0.0)
    before = [p.detach().clone() for p in ours.parameters()]
    train(dense, np.arange(30))
    assert all(map(torch.equal, before, ours.parameters()))


@pytest.mark.parametrize(
    "changes",
    [
        {"activation": "silu"},
        {"optimizer": "sgd"},
        {"weight_decay": 0.1},
        {"gradient_clip": 1.0},
    ],
    ids=str,
)
def test_what_is_not_written_out_is_left_to_autograd(changes):
    assert not DenseStep.applies(Settings().change(**changes))
    assert DenseStep.applies(Settings().change(schedule="cosine"))


@pytest.mark.parametrize("reconstruction", RECONSTRUCTIONS)
@pytest.mark.parametrize("complexity", COMPLEXITIES)
def test_every_setting_is_known_or_left_to_autograd(reconstruction, complexity):
    settings = Settings().change(reconstruction=reconstruction, complexity=complexity)
    known = reconstruction in COMPILED_RECONSTRUCTIONS and complexity in COMPLEXITIES
    assert DenseStep.applies(settings) == known


def test_the_network_lives_in_the_flat_vector():
    (dense, network), _ = steps(blobs(30, 5))
    before = network(torch.ones(1, 5))[1]
    train(dense, np.arange(30))
    assert not torch.equal(before, network(torch.ones(1, 5))[1])
    network.load_state_dict({n: torch.zeros_like(p) for n, p in network.state_dict().items()})
    assert not dense._parameters.any()


@pytest.mark.parametrize("shards", [1, 3])
def test_adam_is_that_of_torch(shards):
    size = 5000
    generator = np.random.default_rng(0)
    ours, first, second = np.ones(size, np.float32), *np.zeros((2, size), np.float32)
    theirs = nn.Parameter(torch.ones(size))
    expected = torch.optim.Adam([theirs], lr=0.01)
    for step in range(1, 31):
        gradients = generator.standard_normal((shards, size)).astype(np.float32)
        gradients *= np.float32(10.0 ** generator.integers(-6, 3))
        theirs.grad = torch.from_numpy(gradients.sum(axis=0))
        constants = adam_constants(0.01, step)
        for start, stop in [(0, 1234), (1234, size)]:
            adam(ours, gradients, first, second, start, stop, *constants)
        expected.step()
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_exp_is_exact_to_float32_and_bounded():
    x = np.linspace(-87, 88, 10_001, dtype=np.float32)
    mine = np.array([exp(value) for value in x])
    np.testing.assert_allclose(mine, np.exp(x.astype(np.float64)), rtol=3e-7)
    assert 0 < exp(np.float32(-1e30)) < 1e-37
    assert np.isfinite(exp(np.float32(1e30)))
    assert np.isnan(exp(np.float32(np.nan)))


def test_units_are_shared_out_where_parameters_outnumber_the_values_of_a_batch():
    assert CHOICE(n_parameters=100, n_values=99)
    assert not CHOICE(n_parameters=100, n_values=101)
