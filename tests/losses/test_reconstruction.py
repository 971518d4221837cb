"""Reconstruction errors against their definitions."""

import pytest
import torch
from torch.distributions import Multinomial
from torch.nn import functional

from ae_widgets.losses import RECONSTRUCTIONS
from ae_widgets.losses.reconstruction import item_errors, network_input

OUTPUT = torch.tensor([[0.2, 0.9, 0.5], [0.7, 0.1, 0.4]], dtype=torch.float64)
TARGET = torch.tensor([[0.0, 1.0, 0.5], [1.0, 0.3, 0.4]], dtype=torch.float64)
NAN = float("nan")

EXPECTED = {
    "mse": (OUTPUT - TARGET).square().mean(dim=1),
    "mae": (OUTPUT - TARGET).abs().mean(dim=1),
    "binary_cross_entropy": -(TARGET * OUTPUT.log() + (1 - TARGET) * (1 - OUTPUT).log()).mean(
        dim=1
    ),
    "huber": 0.5 * (OUTPUT - TARGET).square().mean(dim=1),
    "cosine": 1 - functional.cosine_similarity(OUTPUT, TARGET),
    "multinomial": functional.cross_entropy(OUTPUT, TARGET, reduction="none"),
    "masked_mse": (OUTPUT - TARGET).square().mean(dim=1),
}


@pytest.mark.parametrize("kind", RECONSTRUCTIONS)
def test_items_errors_are_those_of_the_definition(kind):
    torch.testing.assert_close(item_errors(kind, OUTPUT, TARGET), EXPECTED[kind])


@pytest.mark.parametrize("kind", RECONSTRUCTIONS)
def test_gradients_equal_finite_differences(kind):
    output = OUTPUT.clone().requires_grad_()
    target = TARGET.clamp(0.01, 0.99)
    if kind == "masked_mse":
        target[0, 1] = NAN
    assert torch.autograd.gradcheck(lambda o: item_errors(kind, o, target), output)


def test_cross_entropy_is_bounded_at_the_ends():
    output = torch.tensor([[0.0, 1.0]])
    assert item_errors("binary_cross_entropy", output, 1 - output).tolist() == [100]


def test_huber_is_linear_beyond_one():
    errors = item_errors("huber", torch.tensor([[3.0], [-0.5], [1.0]]), torch.zeros(3, 1))
    torch.testing.assert_close(errors, torch.tensor([3.0 - 0.5, 0.125, 0.5]))


def test_multinomial_is_the_likelihood_of_the_counts():
    counts = torch.tensor([3.0, 0.0, 1.0, 6.0])
    output = torch.tensor([0.3, -2.0, 1.0, 0.2])
    factorials = torch.lgamma(counts + 1).sum() - torch.lgamma(counts.sum() + 1)
    expected = Multinomial(10, logits=output).log_prob(counts) + factorials
    error = item_errors("multinomial", output[None], counts[None])
    torch.testing.assert_close(error, -expected[None])


def test_multinomial_ignores_impossible_outputs_that_were_not_counted():
    output = torch.tensor([[0.0, 0.0, -torch.inf]])
    error = item_errors("multinomial", output, torch.tensor([[1.0, 1.0, 0.0]]))
    torch.testing.assert_close(error, 2 * torch.tensor([2.0]).log())


@pytest.mark.parametrize(
    ("output", "target", "expected"),
    [
        ([1.0, 0.0], [5.0, 0.0], 0.0),
        ([1.0, 0.0], [-3.0, 0.0], 2.0),
        ([1.0, 0.0], [0.0, 2.0], 1.0),
        ([3e38, 3e38], [1e-7, 1e-7], 0.0),
        ([0.0, 0.0], [1.0, 0.0], 1.0),
        ([1.0, 0.0], [0.0, 0.0], 1.0),
        ([0.0, 0.0], [0.0, 0.0], 1.0),
    ],
    ids=["along", "against", "across", "extreme", "no output", "no target", "neither"],
)
def test_cosine_of_known_angles(output, target, expected):
    output = torch.tensor([output], requires_grad=True)
    error = item_errors("cosine", output, torch.tensor([target]))
    assert error.item() == pytest.approx(expected, abs=1e-6)
    error.sum().backward()
    assert torch.isfinite(output.grad).all()


def test_masked_mse_leaves_out_what_is_missing():
    target = torch.tensor([[1.0, NAN, 0.0], [NAN, NAN, 2.0], [NAN, NAN, NAN]])
    output = torch.tensor([[3.0, 9.0, 1.0], [7.0, 7.0, 5.0], [1.0, 2.0, 3.0]], requires_grad=True)
    errors = item_errors("masked_mse", output, target)
    torch.testing.assert_close(errors, torch.tensor([2.5, 9.0, 0.0]))
    errors.sum().backward()
    expected = torch.tensor([[2.0, 0.0, 1.0], [0.0, 0.0, 6.0], [0.0, 0.0, 0.0]])
    torch.testing.assert_close(output.grad, expected)


def test_only_the_masked_error_hides_missing_values_from_the_network():
    x = torch.tensor([[1.0, NAN]])
    assert network_input("masked_mse", x).tolist() == [[1.0, 0.0]]
    assert network_input("mse", x) is x


@pytest.mark.parametrize("kind", ["huber", "cosine", "multinomial", "masked_mse"])
@pytest.mark.parametrize("size", [1e-37, 1e-20, 1e20, 1e37])
@pytest.mark.parametrize("other", [1e-37, 1.0, 1e37])
def test_gradients_of_extreme_values_are_finite(kind, size, other):
    signs = torch.tensor([[1.0, -1.0, 1.0, 0.0], [-1.0, 1.0, 1.0, 1.0]])
    output = (size * signs).requires_grad_()
    item_errors(kind, output, other * signs.flip(0).abs()).mean().backward()
    assert torch.isfinite(output.grad).all()
