"""Clustering losses, against scipy and the formulas written out."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from scipy.special import rel_entr

from ae_widgets.losses.clustering import (
    divergence,
    nearest_distance,
    soft_assignments,
    target_distribution,
)

CODE = torch.randn(30, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
CENTERS = torch.randn(4, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_soft_assignments_are_those_of_students_t():
    kernel = (1 + cdist(CODE, CENTERS) ** 2) ** -1.0
    expected = kernel / kernel.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(soft_assignments(CODE, CENTERS), expected, rtol=1e-12)


def test_the_target_sharpens_and_evens_out():
    assignments = soft_assignments(CODE, CENTERS)
    target = target_distribution(assignments)
    q = assignments.numpy()
    expected = np.array([[q[i, j] ** 2 / q[:, j].sum() for j in range(4)] for i in range(len(q))])
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(target, expected, rtol=1e-12)
    even = torch.tensor([[0.7, 0.3], [0.3, 0.7]])
    assert target_distribution(even)[0, 0] > 0.7


def test_the_divergence_is_scipys():
    assignments = soft_assignments(CODE, CENTERS)
    target = target_distribution(assignments)
    expected = rel_entr(target.numpy(), assignments.numpy()).sum(axis=1).mean()
    assert divergence(target, assignments).item() == pytest.approx(expected, rel=1e-12)
    assert divergence(assignments, assignments).item() == pytest.approx(0, abs=1e-15)


def test_its_gradient_is_that_of_the_paper():
    code, centers = CODE.clone().requires_grad_(), CENTERS.clone().requires_grad_()
    assignments = soft_assignments(code, centers)
    target = target_distribution(assignments.detach())
    divergence(target, assignments).backward()
    # Xie et al. 2016, equations 4 and 5, with one degree of freedom.
    difference = CODE[:, None] - CENTERS
    pull = (target - assignments.detach())[..., None] * difference
    pull = 2 * pull / (1 + difference.square().sum(2, keepdim=True))
    torch.testing.assert_close(code.grad, pull.sum(1) / len(CODE))
    torch.testing.assert_close(centers.grad, -pull.sum(0) / len(CODE))


def test_a_code_on_a_centre_has_a_gradient():
    code = CENTERS[:2].clone().requires_grad_()
    assignments = soft_assignments(code, CENTERS)
    divergence(target_distribution(assignments.detach()), assignments).backward()
    assert torch.isfinite(code.grad).all()


def test_nearest_distance_is_half_the_inertia_of_an_item():
    squares = cdist(CODE, CENTERS) ** 2
    distance, nearest = nearest_distance(CODE, CENTERS)
    assert distance.item() == pytest.approx(squares.min(axis=1).mean() / 2, rel=1e-12)
    assert nearest.tolist() == squares.argmin(axis=1).tolist()
    assert torch.autograd.gradcheck(
        lambda code: nearest_distance(code, CENTERS)[0], CODE[:5].clone().requires_grad_()
    )
