"""Networks have the layers that their architecture says."""

import pytest
import torch
from torch import nn

from ae_widgets import Architecture, SettingsError
from ae_widgets.model import ACTIVATIONS, OUTPUT_ACTIVATIONS
from ae_widgets.model.network import build_network, wrap_modules


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


ITEMS = torch.rand(2, 6)


def wrapped(encoder, decoder, **changes):
    return wrap_modules(encoder, decoder, ITEMS, **{"random_state": 0, **changes})


def refusal(encoder, decoder, **changes):
    with pytest.raises(SettingsError) as caught:
        wrapped(encoder, decoder, **changes)
    return str(caught.value)


def test_own_modules_are_copied_and_their_code_dimension_is_found():
    encoder, decoder = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4)), nn.LazyLinear(6)
    network, code_dim = wrapped(encoder, decoder)
    assert code_dim == 4
    assert network.encoder is not encoder
    assert torch.equal(network.encoder[0].weight, encoder[0].weight)
    assert network.encoder[1].num_batches_tracked == 0  # the trial leaves no trace
    assert network.training
    again, _ = wrapped(encoder, decoder)  # lazy weights are drawn from the seed
    assert torch.equal(again.decoder.weight, network.decoder.weight)
    assert (
        len(wrapped(nn.Linear(6, 8), nn.Linear(4, 6), kind="variational")[0].encode(ITEMS)[0]) == 4
    )


def test_own_modules_that_share_a_weight_go_on_sharing_it():
    encoder = nn.Linear(6, 6)
    network, _ = wrapped(encoder, encoder)
    assert network.encoder is network.decoder


class Complex(nn.Module):
    def forward(self, x):
        return x.to(torch.complex64)


@pytest.mark.parametrize(
    ("encoder", "decoder", "message"),
    [
        (nn.Linear(6, 2), None, "encoder and decoder must both be torch modules, got Linear(in_"),
        (
            nn.Linear(5, 2),
            nn.Linear(2, 6),
            (
                "encoder must take float32 items of shape (n, 6) and "
                "return (n, code_dim), but it failed with RuntimeError: mat1 and mat2 shapes "
                "cannot be multiplied"
            ),
        ),
        (
            nn.Linear(6, 2),
            nn.Linear(3, 6),
            (
                "decoder must take float32 items of shape (n, 2) and return (n, 6), but it failed "
                "with RuntimeError: "
            ),
        ),
        (
            nn.Linear(6, 2),
            nn.Linear(2, 5),
            "decoder must return (n, 6) for (n, 2), with n=2 got (2, 5).",
        ),
        (
            nn.Unflatten(1, (2, 3)),
            nn.Flatten(),
            ("encoder must return (n, code_dim) for (n, 6), with n=2 got (2, 2, 3)."),
        ),
        (
            nn.GRU(6, 2),
            nn.Linear(2, 6),
            "encoder must return one tensor of shape (n, code_dim), got tuple.",
        ),
        (
            nn.Sequential(nn.Linear(6, 2), Complex()),
            nn.Linear(2, 6),
            "encoder must return a tensor of floats, such as float32, got complex64.",
        ),
        (nn.Identity(), nn.Identity(), "encoder and decoder must have parameters to train, these"),
    ],
)
def test_own_modules_of_the_wrong_shape_are_refused(encoder, decoder, message):
    assert refusal(encoder, decoder).startswith(message)


def test_a_contractive_encoder_with_batch_norm_is_refused():
    encoder = nn.Sequential(nn.Linear(6, 2), nn.BatchNorm1d(2))
    message = refusal(encoder, nn.Linear(2, 6), kind="contractive")
    assert message.startswith("encoder must have no batch norm for the kind 'contractive'")


def test_a_variational_encoder_of_an_odd_size_is_refused():
    assert refusal(nn.Linear(6, 3), nn.Linear(2, 6), kind="variational") == (
        "encoder must return (n, 2 * code_dim), means and log-variances for (n, 6), with n=2 got "
        "(2, 3)."
    )


@pytest.mark.parametrize("decoder", [nn.Linear(4, 6), nn.Sequential(nn.ReLU())])
def test_a_variational_encoder_that_gives_the_code_alone_is_named(decoder):
    message = refusal(nn.Linear(6, 4), decoder, kind="variational")
    assert message.startswith("decoder must ")
    assert "half of the 4 values that the encoder gives" in message


def test_building_seeds_no_accelerator_and_leaves_the_random_state(monkeypatch):
    seeded = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded.append)
    before = torch.get_rng_state()
    networks = [build_network(Architecture(code_dim=2), 4, random_state=s) for s in (0, 0, 1)]
    assert torch.equal(torch.get_rng_state(), before)
    assert not seeded
    first, same, other = (network.encoder[0].weight for network in networks)
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
