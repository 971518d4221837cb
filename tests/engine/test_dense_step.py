"""The step with its gradients written out, against torch's automatic ones."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from ae_widgets import Settings
from ae_widgets.engine.dense_step import SMALL_PRODUCT, DenseStep, bind_product
from ae_widgets.engine.flat_adam import BLOCK, FlatAdam
from ae_widgets.engine.step import AutogradStep
from ae_widgets.losses import COMPLEXITIES, RECONSTRUCTIONS
from ae_widgets.losses.gradients import RECONSTRUCTION_GRADIENTS
from ae_widgets.losses.objective import Objective
from ae_widgets.model.activations import IN_PLACE
from ae_widgets.model.network import build_network
from tests.engine.data import blobs

CHANGES = {"code_dim": 3, "hidden_layer_sizes": (9, 6), "output_activation": "sigmoid"}


def steps(features, *, learning_rate=1e-2, **changes):
    """Return both steps on equal networks, with the networks."""
    settings = Settings().change(**{**CHANGES, **changes})
    architecture = settings.architecture
    ours, theirs = (build_network(architecture, features.shape[1], random_state=1) for _ in "ab")
    dense = DenseStep(ours, architecture, features, Objective(settings), learning_rate)
    autograd = AutogradStep(theirs, features, Objective(settings), learning_rate)
    return (dense, ours), (autograd, theirs)


def assert_same_course(features, batches, **changes):
    (dense, ours), (autograd, theirs) = steps(features, **changes)
    for rows in batches:
        mine, expected = dense.measure(rows), autograd.measure(rows)
        assert mine.parts == pytest.approx(expected.parts, rel=2e-5, abs=1e-7)
        np.testing.assert_allclose(mine.codes, expected.codes, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(mine.errors, expected.errors, rtol=1e-4, atol=1e-6)
        dense.update()
        autograd.update()
    for mine, expected in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-4, atol=2e-5)


def assert_close(mine, expected):
    mine, expected = (np.concatenate([a.ravel() for a in arrays]) for arrays in (mine, expected))
    np.testing.assert_allclose(mine, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def gradients(features, rows, **changes):
    """Return each array's gradient by hand and by autograd in double precision."""
    dense = steps(features, **changes)[0][0]
    settings = dense._objective.settings
    dense.measure(rows)
    exact = build_network(settings.architecture, features.shape[1], random_state=1).double()
    x = torch.from_numpy(features[rows]).double()
    Objective(settings)(x, *exact(x))[0].backward()
    mine = [gradient for pair in dense._layer_gradients for gradient in pair]
    return mine, [p.grad.numpy() for p in exact.parameters() if p.grad is not None]


@pytest.mark.parametrize(
    ("reconstruction", "complexity", "weights"),
    list(
        itertools.product(
            RECONSTRUCTION_GRADIENTS, COMPLEXITIES, [(1.0, 0.0), (0.7, 0.3), (0.0, 0.5)]
        )
    ),
)
def test_gradients_are_those_of_autograd(reconstruction, complexity, weights):
    alpha, beta = weights
    names = {"reconstruction": reconstruction, "complexity": complexity}
    mine, expected = gradients(
        blobs(40, 7), np.arange(5, 31), **names, alpha=alpha, beta=beta, activation="tanh"
    )
    if not alpha:  # then the encoder alone has gradients; its arrays come first
        assert len(expected) == 2 * 3
        mine = mine[: len(expected)]
    assert_close(mine, expected)


@pytest.mark.parametrize("activation", list(IN_PLACE))
def test_gradients_through_every_activation(activation):
    changes = {"activation": activation, "code_activation": activation, "beta": 0.1}
    mine, expected = gradients(blobs(40, 7), np.arange(40), **changes)
    assert_close(mine, expected)


@pytest.mark.parametrize("output", ["identity", "sigmoid", "relu", "tanh"])
def test_fifty_steps_lead_to_the_same_parameters(output):
    generator = np.random.default_rng(0)
    batches = [generator.integers(0, 100, n) for n in [32, 32, 7] * 17]
    assert_same_course(blobs(100, 12), batches, output_activation=output, beta=0.01)


def test_large_layers_lead_to_the_same_parameters():
    features = blobs(400, 90)
    assert SMALL_PRODUCT < 256 * 90 * 120
    batches = [np.arange(256), np.arange(100, 356)] * 3
    assert_same_course(features, batches, hidden_layer_sizes=(120, 110))


def test_without_weights_nothing_moves():
    (dense, ours), _ = steps(blobs(30, 5), alpha=0.0, beta=0.0)
    before = [p.detach().clone() for p in ours.parameters()]
    dense.measure(np.arange(30))
    dense.update()
    for was, parameter in zip(before, ours.parameters(), strict=True):
        assert torch.equal(was, parameter)


@pytest.mark.parametrize(
    "changes",
    [
        {"activation": "silu"},
        *(
            {"reconstruction": kind}
            for kind in RECONSTRUCTIONS
            if kind not in RECONSTRUCTION_GRADIENTS
        ),
        {"optimizer": "sgd"},
        {"weight_decay": 0.1},
        {"gradient_clip": 1.0},
    ],
    ids=str,
)
def test_what_is_not_written_out_is_left_to_autograd(changes):
    assert not DenseStep.applies(Settings().change(**changes))
    assert DenseStep.applies(Settings().change(schedule="cosine"))


def test_the_network_lives_in_the_flat_vector():
    (dense, network), _ = steps(blobs(30, 5))
    before = network(torch.ones(1, 5))[1]
    dense.measure(np.arange(30))
    dense.update()
    assert not torch.equal(before, network(torch.ones(1, 5))[1])
    network.load_state_dict({n: torch.zeros_like(p) for n, p in network.state_dict().items()})
    assert not dense._parameters.any()


def test_adam_is_that_of_torch():
    size = BLOCK + 100
    generator = np.random.default_rng(0)
    ours, gradient = np.ones(size, np.float32), np.empty(size, np.float32)
    theirs = nn.Parameter(torch.ones(size))
    adam, expected = FlatAdam(ours, gradient), torch.optim.Adam([theirs], lr=0.01)
    for _ in range(30):
        gradient[:] = generator.standard_normal(size) * 10.0 ** generator.integers(-6, 3)
        theirs.grad = torch.from_numpy(gradient.copy())
        adam.update(0.01)
        expected.step()
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n", [3, 200])
def test_products_of_every_size_and_layout(n):
    generator = np.random.default_rng(0)
    a = generator.random((n, 80), dtype=np.float32).T
    b = generator.random((n, 90), dtype=np.float32)
    out = np.empty((80, 90), np.float32)
    bind_product(a, b, out)()
    np.testing.assert_allclose(out, a @ b, rtol=1e-5)
