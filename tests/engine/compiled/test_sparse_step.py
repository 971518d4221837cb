"""The step on CSR matrices, against torch's automatic gradients on the same items made dense."""

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array, random_array

from ae_widgets import Settings
from ae_widgets.engine.compiled.dense_step import DenseStep
from ae_widgets.engine.compiled.sparse_step import SparseStep
from ae_widgets.engine.step import AutogradStep, Noted
from ae_widgets.losses import COMPLEXITIES
from ae_widgets.losses.objective import Objective
from ae_widgets.model.activations import COMPILED_ACTIVATIONS
from ae_widgets.model.network import build_network
from tests.engine.steps import (
    CODE_DIM,
    assert_batches_add_up,
    assert_encodes_as_torch_does,
    assert_encoding_changes_no_bit,
    assert_same_course,
    assert_what_is_not_finite_moves_nothing,
    step_pair,
    train,
)

SHAPES = [(), (7,), (9, 6)]
LARGE = {"hidden_layer_sizes": (200,)}  # enough for several shards of a batch


def sparse(n=100, d=40, density=0.1, seed=0):
    """Return items of which the first few and a column are empty."""
    values = random_array(
        (n, d), density=density, format="csr", dtype=np.float32, rng=np.random.default_rng(seed)
    ).toarray()
    values[:4] = 0
    values[:, 5] = 0
    return csr_array(values)


def steps(features, **changes):
    """Return both steps on equal networks, with the networks."""
    settings = Settings().change(**{"learning_rate": 1e-2, "code_dim": CODE_DIM, **changes})
    return step_pair(SparseStep, features, settings)


def random_batches(n, sizes):
    generator = np.random.default_rng(0)
    return [generator.integers(0, n, size) for size in sizes]


@pytest.mark.parametrize("hidden", SHAPES)
@pytest.mark.parametrize("complexity", list(COMPLEXITIES))
def test_thirty_steps_lead_to_the_same_parameters(hidden, complexity):
    batches = random_batches(100, [32, 32, 7] * 10)
    changes = {"hidden_layer_sizes": hidden, "complexity": complexity, "beta": 0.1}
    assert_same_course(steps(sparse(), **changes, activation="tanh"), batches)


@pytest.mark.parametrize("changes", [{"hidden_layer_sizes": (9, 6)}, LARGE])
@pytest.mark.parametrize("batch_size", [1, 20, 100])
@pytest.mark.parametrize("n", [0, 5, 300])
def test_it_encodes_as_torch_does_and_moves_nothing(n, batch_size, changes):
    features = sparse(300)
    assert_encodes_as_torch_does(steps(features, beta=0.1, **changes), features, n, batch_size)
    assert_encoding_changes_no_bit(*(steps(features, beta=0.1, **changes) for _ in "ab"), n)


@pytest.mark.parametrize("activation", list(COMPILED_ACTIVATIONS))
def test_every_activation(activation):
    changes = {"activation": activation, "code_activation": activation, "beta": 0.1}
    assert_same_course(steps(sparse(), **changes), random_batches(100, [30] * 10))


@pytest.mark.parametrize("hidden", SHAPES)
@pytest.mark.parametrize("weights", [(0.0, 0.5), (1.0, 0.0), (0.0, 0.0)])
def test_parts_without_a_weight_pull_at_nothing(hidden, weights):
    alpha, beta = weights
    batches = random_batches(100, [20] * 10)
    assert_same_course(steps(sparse(), hidden_layer_sizes=hidden, alpha=alpha, beta=beta), batches)


def test_batches_of_empty_items_and_of_one():
    features = sparse()
    assert_same_course(steps(features), [np.arange(4), [0], [50], [50], np.arange(20)])
    assert_same_course(steps(features, hidden_layer_sizes=()), [[2]] * 10)


def test_items_full_of_values():
    assert_same_course(steps(sparse(density=1.0)), random_batches(100, [32] * 10))


def test_large_layers_lead_to_the_same_parameters(monkeypatch):
    monkeypatch.setattr("ae_widgets.engine.compiled.sparse_step.CORES", 3)
    features = sparse(400, 1500, 0.02)
    assert_same_course(steps(features, **LARGE), [np.arange(256), np.arange(100, 356), [7]])


@pytest.mark.parametrize("hidden", SHAPES)
@pytest.mark.parametrize("weights", [(1.0, 0.3), (0.0, 0.5)])
def test_one_step_of_adam_has_seen_the_gradient_of_autograd(hidden, weights):
    alpha, beta = weights
    features, rows = sparse(), np.arange(2, 40)
    changes = {"hidden_layer_sizes": hidden, "alpha": alpha, "beta": beta, "activation": "tanh"}
    (mine, _), _ = steps(features, learning_rate=1e-12, **changes)
    settings = mine._objective.settings
    train(mine, rows)
    exact = build_network(settings.architecture, features.shape[1], random_state=1).double()
    x = torch.from_numpy(features.toarray()[rows]).double()
    Objective(settings)(x, *exact(x)).backward()
    # After the first step, Adam's first sum is the gradient.
    for place, parameter in zip(mine._places, exact.parameters(), strict=True):
        gradient = place.of(mine._first)
        if parameter.grad is None:
            assert not gradient.any()
        else:
            expected = parameter.grad.numpy()
            tolerance = 1e-5 * np.abs(expected).max()
            np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=tolerance)


@pytest.mark.parametrize("changes", [{}, {"alpha": 0.0, "beta": 1.0}])
def test_the_number_of_threads_changes_no_bit(changes, monkeypatch):
    monkeypatch.setattr("ae_widgets.engine.compiled.sparse_step.CORES", 3)
    features, rows = sparse(400, 1500, 0.02), np.arange(400)

    def parameters(threads):
        (mine, _), _ = steps(features, **LARGE, **changes)
        mine._fit_buffers(128)
        assert mine._team.size == 3
        monkeypatch.setattr(mine._team, "stint", lambda: (threads, 1))
        for _ in range(3):
            train(mine, rows, 128)
        return mine._parameters.copy()

    one = parameters(1)
    assert np.array_equal(one, parameters(2))
    assert np.array_equal(one, parameters(3))


def test_many_batches_in_one_call_are_the_same_batches_one_by_one():
    assert_batches_add_up(*(steps(sparse(), beta=0.1) for _ in "ab"))


@pytest.mark.parametrize("bad", [np.inf, np.nan, 1e30])
@pytest.mark.parametrize("hidden", SHAPES)
def test_a_batch_that_is_not_finite_moves_nothing(bad, hidden):
    features = sparse()
    features.data[features.indptr[25]] = bad
    assert_what_is_not_finite_moves_nothing(*steps(features, hidden_layer_sizes=hidden)[0])


def test_an_item_reconstructed_exactly_has_no_negative_error():
    features = csr_array(np.eye(8, dtype=np.float32) * 3)
    (mine, network), _ = steps(features, hidden_layer_sizes=(), code_dim=8, learning_rate=1e-12)
    for layer in (network.encoder[0], network.decoder[0]):
        torch.nn.init.eye_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    noted = Noted(np.zeros((0, 8), np.float32), np.ones(8, np.float32), np.zeros(2))
    mine.train(np.arange(8, dtype=np.int32), 8, noted)
    assert (noted.errors >= 0).all()
    np.testing.assert_allclose(noted.errors, 0, atol=1e-6)


@pytest.mark.parametrize("kind", [np.int32, np.int64])
def test_indices_of_every_width(kind):
    features = sparse()
    features.indices, features.indptr = features.indices.astype(kind), features.indptr.astype(kind)
    assert_same_course(steps(features), random_batches(100, [32] * 3))


def test_what_is_not_known_is_left_to_autograd():
    assert SparseStep.applies(Settings())
    for changes in [
        {"reconstruction": "mae"},
        {"output_activation": "sigmoid"},
        {"activation": "silu"},
    ]:
        assert not SparseStep.applies(Settings().change(**changes))


def test_the_network_lives_in_the_flat_vector():
    features = sparse()
    (mine, network), _ = steps(features)
    x = torch.from_numpy(features.toarray())
    before = network(x)[1]
    train(mine, np.arange(100))
    after = network(x)[1]
    assert not torch.equal(before, after)
    state = {name: value.clone() for name, value in network.state_dict().items()}
    other = build_network(Settings().change(code_dim=CODE_DIM).architecture, 40, random_state=5)
    other.load_state_dict(state)
    torch.testing.assert_close(other(x)[1], after)
    network.load_state_dict({n: torch.zeros_like(p) for n, p in state.items()})
    assert not mine._parameters.any()
    network.load_state_dict(state)
    torch.testing.assert_close(network(x)[1], after)


@pytest.mark.parametrize("copy", [False, True])
@pytest.mark.parametrize(
    "kinds", ["sparse dense", "dense sparse", "sparse autograd", "sparse sparse"]
)
def test_another_step_goes_on_with_the_memory_of_past_gradients(kinds, copy):
    features = sparse()
    settings = Settings().change(code_dim=CODE_DIM, learning_rate=1e-2)

    def made(kind, network):
        objective = Objective(settings)
        if kind == "sparse":
            return SparseStep(network, features, objective, settings)
        if kind == "dense":
            return DenseStep(network, features.toarray(), objective, settings)
        return AutogradStep(network, features, objective, settings)

    first, second = kinds.split()
    networks = [build_network(settings.architecture, 40, random_state=1) for _ in "ab"]
    batches = random_batches(100, [32] * 20)
    step = made(first, networks[0])
    whole = made(first, networks[1])
    for i, rows in enumerate(batches):
        if i == 10:
            memory = step.memory(copy=copy)
            step = made(second, networks[0])
            step.load_memory(memory)
        train(step, rows)
        train(whole, rows)
    for mine, expected in zip(*(n.parameters() for n in networks), strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-4, atol=2e-5)
