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
