"""Reconstruction errors against their definitions."""

import pytest
import torch

from ae_widgets.losses import RECONSTRUCTIONS
from ae_widgets.losses.reconstruction import item_errors, reconstruction_error

OUTPUT = torch.tensor([[0.2, 0.9, 0.5], [0.7, 0.1, 0.4]], dtype=torch.float64)
TARGET = torch.tensor([[0.0, 1.0, 0.5], [1.0, 0.3, 0.4]], dtype=torch.float64)

EXPECTED = {
    "mse": (OUTPUT - TARGET).square(),
    "mae": (OUTPUT - TARGET).abs(),
    "binary_cross_entropy": -(TARGET * OUTPUT.log() + (1 - TARGET) * (1 - OUTPUT).log()),
}


@pytest.mark.parametrize("kind", RECONSTRUCTIONS)
def test_error_is_the_mean_of_its_definition(kind):
    torch.testing.assert_close(reconstruction_error(kind, OUTPUT, TARGET), EXPECTED[kind].mean())


@pytest.mark.parametrize("kind", RECONSTRUCTIONS)
def test_items_average_to_the_whole(kind):
    errors = item_errors(kind, OUTPUT, TARGET)
    torch.testing.assert_close(errors, EXPECTED[kind].mean(dim=1))
    torch.testing.assert_close(errors.mean(), reconstruction_error(kind, OUTPUT, TARGET))


@pytest.mark.parametrize("kind", RECONSTRUCTIONS)
def test_gradients_equal_finite_differences(kind):
    output = OUTPUT.clone().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda o: reconstruction_error(kind, o, TARGET.clamp(0.01, 0.99)), output
    )


def test_cross_entropy_stays_finite_at_the_ends():
    output = torch.tensor([[0.0, 1.0]])
    assert torch.isfinite(reconstruction_error("binary_cross_entropy", output, 1 - output))
