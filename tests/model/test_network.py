"""Networks have the layers that their architecture says."""

import pytest
import torch
from torch import nn

from ae_widgets import Architecture
from ae_widgets.model import ACTIVATIONS, OUTPUT_ACTIVATIONS
from ae_widgets.model.network import build_network


@pytest.mark.parametrize("hidden", [(), (7,), (9, 5)])
def test_parameters_are_as_many_as_the_architecture_counts(hidden):
    architecture = Architecture(hidden_layer_sizes=hidden, code_dim=3)
    network = build_network(architecture, 11, random_state=0)
    counted = sum(p.numel() for p in network.parameters())
    assert counted == architecture.n_parameters(11)
    code, output = network(torch.rand(4, 11))
    assert code.shape == (4, 3)
    assert output.shape == (4, 11)


def test_weights_equal_those_of_the_same_layers_written_by_hand():
    torch.manual_seed(5)
    encoder = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2))
    decoder = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 6))
    network = build_network(Architecture((4,), 2), 6, random_state=5)
    x = torch.rand(3, 6)
    torch.testing.assert_close(network(x)[1], decoder(encoder(x)), rtol=0, atol=0)


def test_building_leaves_the_global_random_state_alone():
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    build_network(Architecture(), 4, random_state=9)
    assert torch.rand(1) == expected


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_can_be_built(activation):
    architecture = Architecture((3,), activation=activation, code_activation=activation)
    assert torch.isfinite(build_network(architecture, 4, random_state=0)(torch.rand(2, 4))[1]).all()


@pytest.mark.parametrize("activation", OUTPUT_ACTIVATIONS)
def test_outputs_stay_in_the_range_of_their_activation(activation):
    network = build_network(Architecture(output_activation=activation), 4, random_state=0)
    output = network(torch.randn(100, 4) * 100)[1]
    low, high = {"sigmoid": (0, 1), "tanh": (-1, 1), "relu": (0, torch.inf)}.get(
        activation, (-torch.inf, torch.inf)
    )
    assert output.min() >= low
    assert output.max() <= high
