"""Adam as compiled."""

import numpy as np
import torch

from ae_widgets.engine.compiled.adam import adam, adam_constants

N = 1003


def move(cuts, steps=3, shards=2):
    """Return parameters after some steps, each made in pieces that end at `cuts`."""
    rng = np.random.default_rng(0)
    parameters, first, second = np.zeros((3, N), np.float32)
    for step in range(1, steps + 1):
        gradients = rng.normal(scale=1e-2, size=(shards, N)).astype(np.float32)
        constants = adam_constants(1e-3, step)
        for start, stop in zip([0, *cuts], [*cuts, N], strict=True):
            adam(parameters, gradients, first, second, start, stop, *constants)
    return parameters


def test_the_pieces_that_threads_take_change_no_bit():
    whole = move([])
    for cuts in [[501], [334, 668], [1, 2, 3], list(range(7, N, 13))]:
        assert np.array_equal(whole, move(cuts))


def test_moves_as_torch_does():
    rng = np.random.default_rng(0)
    parameter = torch.zeros(N, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([parameter], lr=1e-3)
    for _ in range(3):
        gradients = rng.normal(scale=1e-2, size=(2, N)).astype(np.float32)
        parameter.grad = torch.from_numpy(gradients).double().sum(0)
        optimizer.step()
    np.testing.assert_allclose(move([]), parameter.detach().numpy(), rtol=1e-4, atol=1e-7)


def test_what_decays_is_0_before_processors_are_slow_with_it():
    parameters, first, second = np.zeros((3, N), np.float32)
    smallest = np.finfo(np.float32).tiny
    for step in range(1, 2001):
        gradients = np.full((1, N), 1e-2 if step == 1 else 0, np.float32)
        before = parameters.copy()
        adam(parameters, gradients, first, second, 0, N, *adam_constants(1e-3, step))
        assert not ((first != 0) & (abs(first) < smallest)).any()
        if not first.any():
            break
    assert step < 900
    assert np.array_equal(parameters, before)  # what was dropped had long ceased to move them
    second[:] = 1.1e-34
    adam(parameters, gradients, first, second, 0, N, *adam_constants(1e-3, step))
    assert second.all()
    for _ in range(200):
        adam(parameters, gradients, first, second, 0, N, *adam_constants(1e-3, step))
    assert not second.any()


def test_what_is_not_a_number_stays_so():
    parameters, first, second = np.zeros((3, 3), np.float32)
    gradients = np.array([[np.nan, np.inf, 1]], np.float32)
    adam(parameters, gradients, first, second, 0, 3, *adam_constants(1e-3, 1))
    assert np.isnan(first[0])
    assert np.isnan(second[0])
    assert np.isinf(first[1])
