"""Two steps on equal networks, trained alike and compared."""

import numpy as np
import torch
from scipy.sparse import issparse

from ae_widgets.engine.step import AutogradStep, Noted
from ae_widgets.losses.objective import Objective
from ae_widgets.model.network import build_network

CODE_DIM = 3


def step_pair(kind, features, settings):
    """Return a step of the kind and autograd's on equal networks, each with its network."""
    ours, theirs = (
        build_network(settings.architecture, features.shape[1], random_state=1) for _ in "ab"
    )
    dense = features.toarray() if issparse(features) else features
    written_out = kind(ours, features, Objective(settings), settings)
    autograd = AutogradStep(theirs, dense, Objective(settings), settings)
    return (written_out, ours), (autograd, theirs)


def train(step, rows, batch_size=None):
    """Return what a step noted of `rows`, and what it returned."""
    n = len(rows)
    noted = Noted(np.zeros((n, CODE_DIM), np.float32), np.zeros(n, np.float32), np.zeros(2))
    return noted, step.train(np.asarray(rows, np.int32), batch_size or n, noted)


def assert_same_course(pair, batches):
    """Train both steps of a pair on the same batches and compare all that they tell."""
    (mine, ours), (autograd, theirs) = pair
    for rows in batches:
        noted, expected = train(mine, rows)[0], train(autograd, rows)[0]
        np.testing.assert_allclose(noted.sums, expected.sums, rtol=2e-5, atol=1e-6)
        np.testing.assert_allclose(noted.codes, expected.codes, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(noted.errors, expected.errors, rtol=1e-4, atol=1e-6)
    for parameter, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(parameter, other, rtol=1e-4, atol=2e-5)


def assert_batches_add_up(pair, other):
    """Train one step on 100 items at once and another on the same batches one by one."""
    ((together, ours), _), ((single, theirs), _) = pair, other
    noted, _ = train(together, np.arange(100), batch_size=32)
    summed = sum(train(single, rows)[0].sums for rows in np.split(np.arange(100), [32, 64, 96]))
    np.testing.assert_allclose(noted.sums, summed, rtol=1e-12)
    assert all(map(torch.equal, ours.parameters(), theirs.parameters()))


def assert_encodes_as_torch_does(pair, features, n, batch_size=20):
    """Pass `n` items between two batches of one step, and none on the way of the other."""
    (step, network), _ = pair
    train(step, np.arange(40), batch_size)
    before, memory = [p.detach().clone() for p in network.parameters()], step.memory()
    rows = np.random.default_rng(0).permutation(features.shape[0])[:n].astype(np.int32)
    codes, errors = step.encode(rows)
    x = torch.from_numpy(features[rows].toarray() if issparse(features) else features[rows])
    with torch.no_grad():
        expected, output = network(x)
    np.testing.assert_allclose(codes, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(errors, (output - x).square().mean(dim=1), rtol=1e-4)
    assert all(map(torch.equal, before, network.parameters()))
    assert all(map(np.array_equal, memory, step.memory()))


def assert_encoding_changes_no_bit(pair, other, n):
    """Train two steps on the same batches, one of them with items passed in between."""
    ((looked_at, ours), _), ((left_alone, theirs), _) = pair, other
    for rows in np.split(np.arange(100), [32, 64, 96]):
        train(looked_at, rows)
        looked_at.encode(np.arange(n, dtype=np.int32))
        train(left_alone, rows)
    assert all(map(torch.equal, ours.parameters(), theirs.parameters()))


def assert_what_is_not_finite_moves_nothing(step, network):
    """Train on 40 items of which number 25 is not finite."""
    train(step, np.arange(20), batch_size=10)
    before, memory = [p.detach().clone() for p in network.parameters()], step.memory()
    _, trained = train(step, np.arange(20, 40), batch_size=10)
    assert trained.n_items == 0
    assert not np.isfinite(trained.bad_total)
    assert all(map(torch.equal, before, network.parameters()))
    assert np.array_equal(memory[0], step.memory()[0])
    _, trained = train(step, np.arange(10, 40), batch_size=10)
    assert trained.n_items == 10
