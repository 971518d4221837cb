"""Complexity against closed forms, torch.distributions and finite differences."""

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from ae_widgets.losses import COMPLEXITIES, MODEL_COMPLEXITIES
from ae_widgets.losses.complexity import complexity, effective_dimension, kl_sparsity


def codes(n: int = 50, k: int = 4) -> torch.Tensor:
    return torch.randn(n, k, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def test_l1_and_l2_average_over_items_the_sum_over_dimensions():
    code = torch.tensor([[1.0, -2.0], [0.0, 3.0]])
    assert complexity("l1", code).item() == pytest.approx((3 + 3) / 2)
    assert complexity("l2", code).item() == pytest.approx((5 + 9) / 2)


def test_kl_sparsity_is_the_divergence_of_bernoulli_distributions():
    activations = torch.sigmoid(codes())
    mean = activations.mean(dim=0)
    target = torch.full_like(mean, 0.05)
    expected = kl_divergence(Bernoulli(target), Bernoulli(mean)).sum()
    torch.testing.assert_close(kl_sparsity(activations, 0.05), expected)
    torch.testing.assert_close(complexity("kl_sparsity", codes()), expected)
    torch.testing.assert_close(complexity("kl_activations", activations), expected)


def test_kl_sparsity_is_zero_at_the_target():
    assert kl_sparsity(torch.full((10, 3), 0.2), 0.2).item() == pytest.approx(0, abs=1e-6)


def test_effective_dimension_is_the_participation_ratio_of_the_eigenvalues():
    code = codes() * torch.tensor([3.0, 1.0, 0.5, 0.1], dtype=torch.float64)
    eigenvalues = torch.linalg.eigvalsh(torch.cov(code.T, correction=0))
    expected = eigenvalues.sum() ** 2 / eigenvalues.square().sum()
    torch.testing.assert_close(effective_dimension(code), expected)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (torch.arange(20.0)[:, None] * torch.tensor([[1.0, 2.0, -1.0]]), 1.0),
        (torch.cat([torch.eye(3), -torch.eye(3)]), 3.0),
        (torch.ones(5, 3), 0.0),
        (torch.ones(1, 3), 0.0),
    ],
    ids=["line", "even", "equal", "one item"],
)
def test_effective_dimension_of_known_shapes(code, expected):
    assert effective_dimension(code).item() == pytest.approx(expected, abs=1e-5)


def test_kl_gaussian_is_the_divergence_of_normal_distributions():
    moments = codes(k=6)
    mean, deviation = moments[:, :3], (moments[:, 3:] / 2).exp()
    expected = kl_divergence(Normal(mean, deviation), Normal(0.0, 1.0)).sum(dim=1).mean()
    torch.testing.assert_close(complexity("kl_gaussian", moments), expected)
    assert complexity("kl_gaussian", torch.zeros(4, 6)).item() == 0


def test_gates_count_the_expected_open_ones():
    logits = torch.tensor([0.0, 1.0, -2.0])
    # The probability that the stretched concrete variable is above 0 (Louizos et al.).
    threshold = torch.logit(torch.tensor(0.1 / 1.2))
    expected = torch.sigmoid(logits - 2 / 3 * threshold).sum()
    value = complexity("gates", logits.expand(7, -1))
    torch.testing.assert_close(value, expected)


def test_contractive_is_the_mean_of_the_norms():
    assert complexity("contractive", torch.tensor([1.0, 2.0, 6.0])).item() == 3


@pytest.mark.parametrize("kind", [*COMPLEXITIES, *MODEL_COMPLEXITIES])
def test_gradients_equal_finite_differences(kind):
    code = codes(n=6, k=4).requires_grad_()
    assert torch.autograd.gradcheck(lambda z: complexity(kind, z), code)
