"""What the kinds of network compute, against closed forms and draws in large number."""

import pytest
import torch
from torch import nn
from torch.autograd.functional import jacobian

from ae_widgets import Architecture
from ae_widgets.model import ACTIVATIONS
from ae_widgets.model.kinds import (
    HIGHEST_LOGIT,
    LOWEST_LOGIT,
    GatedNetwork,
    open_probability,
    squared_jacobian_norms,
)
from ae_widgets.model.network import build_network

X = torch.rand(5, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def network(kind, **changes):
    architecture = Architecture(**{"hidden_layer_sizes": (7, 6), "code_dim": 3, **changes})
    return build_network(architecture, 8, random_state=2, kind=kind).double()


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def finite_differences(encoder, x, step=1e-6):
    """Return each item's squared norm of the Jacobian, by central differences."""
    norms = torch.zeros(len(x), dtype=x.dtype)
    with torch.no_grad():
        for j in range(x.shape[1]):
            move = torch.zeros_like(x)
            move[:, j] = step
            norms += ((encoder(x + move) - encoder(x - move)) / (2 * step)).square().sum(dim=1)
    return norms


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("normalization", [None, "layer"])
def test_contractive_norms_are_those_of_finite_differences(activation, normalization):
    made = network("contractive", activation=activation, normalization=normalization)
    expected = finite_differences(made.encoder, X)
    torch.testing.assert_close(made.penalised(X, X), expected, rtol=1e-5, atol=1e-8)
    torch.testing.assert_close(made.train_on(X, generator()).penalised, expected, rtol=1e-5, atol=0)


def test_contractive_norms_of_one_sigmoid_layer_have_their_closed_form():
    made = network("contractive", hidden_layer_sizes=(), code_activation="sigmoid")
    weight = made.encoder[0].weight
    code = made.encode(X)
    expected = (code * (1 - code)).square() @ weight.square().sum(dim=1)
    torch.testing.assert_close(made.penalised(X, code), expected.detach())


def test_contractive_norms_of_convolutions_are_those_of_the_whole_jacobian():
    made = network(
        "contractive", trunk="convolutional", item_shape=(4, 2), channels=(3,), activation="tanh",
        normalization="layer",
    )  # fmt: skip
    expected = [jacobian(made.encoder, x[None]).square().sum() for x in X]
    torch.testing.assert_close(made.penalised(X, X), torch.stack(expected))


def test_the_gradient_of_contractive_norms_is_that_of_finite_differences():
    weight = torch.rand(3, 8, dtype=torch.float64, requires_grad=True)

    def norms(weight):
        x = X.clone().requires_grad_()
        return squared_jacobian_norms(torch.tanh(x @ weight.T), x)

    assert torch.autograd.gradcheck(norms, weight)


def test_a_variational_code_is_drawn_from_the_gaussian_that_the_encoder_gives():
    made = network("variational")
    made.decoder = nn.Identity()
    x = X[:1].expand(200_000, -1)
    code, drawn, moments = made.train_on(x, generator())
    mean, log_variance = moments[0, :3], moments[0, 3:]
    assert torch.equal(code[0], mean)
    torch.testing.assert_close(drawn.mean(dim=0), mean, rtol=0, atol=0.02)
    torch.testing.assert_close(drawn.var(dim=0), log_variance.exp(), rtol=0.02, atol=0)


def test_a_variational_code_is_the_mean_without_noise():
    made = network("variational")
    code, output = made(X)
    assert torch.equal(code, made.encoder(X)[:, :3])
    assert torch.equal(output, made.decoder(code))
    assert torch.equal(made.penalised(X, code), made.encoder(X))


def gates(logits):
    made = network("gated")
    made.encoder, made.decoder = nn.Identity(), nn.Identity()
    made.scaled_logits = nn.Parameter(torch.tensor(logits, dtype=torch.float64) / 20)
    return made


def test_gates_are_open_as_often_as_the_formula_says():
    made = gates([-3.0, 0.0, 1.5])
    drawn = made.train_on(torch.ones(400_000, 3, dtype=torch.float64), generator()).output
    assert drawn.min() == 0
    assert drawn.max() == 1
    open_share = (drawn > 0).double().mean(dim=0)
    torch.testing.assert_close(open_share, open_probability(made.logits), rtol=0, atol=3e-3)


def test_gates_without_noise_are_the_stretched_sigmoid_cut_to_the_unit_interval():
    made = gates([-4.0, 0.0, 1.5])
    expected = [
        max(0.0, min(1.0, torch.tensor(v).sigmoid().item() * 1.2 - 0.1)) for v in (-4, 0, 1.5)
    ]
    torch.testing.assert_close(made.gates(), torch.tensor(expected, dtype=torch.float64))
    assert made.active_dimensions() == 2
    code = made.encode(torch.full((2, 3), 2.0, dtype=torch.float64))
    assert code[:, 0].tolist() == [0, 0]
    torch.testing.assert_close(code, 2 * made.gates().expand(2, -1))


def test_gates_stay_where_they_can_be_moved():
    made = gates([-50.0, 0.0, 50.0])
    made.train_on(torch.ones(4, 3, dtype=torch.float64), generator())
    assert made.logits.tolist() == pytest.approx([LOWEST_LOGIT, 0.0, HIGHEST_LOGIT])
    assert made.active_dimensions() == 2


def test_a_gated_network_begins_with_every_gate_open():
    made = network("gated", code_dim=5)
    assert isinstance(made, GatedNetwork)
    assert made.active_dimensions() == 5
