"""Layers against their architecture, and against the same written by hand."""

import copy
import itertools
import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from ae_widgets import Architecture, SettingsError
from ae_widgets.model import NORMALIZATIONS
from ae_widgets.model.kinds import NETWORKS
from ae_widgets.model.layers import Dropout
from ae_widgets.model.network import build_network

IMAGE = {"trunk": "convolutional", "channels": (4, 5), "item_shape": (7, 6, 2)}
TRUNKS = [{}, IMAGE, {**IMAGE, "channels": ()}]


def network(n_features=84, kind="plain", **changes):
    architecture = Architecture(**{"hidden_layer_sizes": (9, 6), "code_dim": 3, **changes})
    return build_network(architecture, n_features, random_state=1, kind=kind), architecture


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("trunk", TRUNKS, ids=["dense", "convolutional", "flat"])
@pytest.mark.parametrize(
    ("tied", "normalization", "hidden"),
    list(itertools.product([False, True], [None, *NORMALIZATIONS], [(), (9, 6)])),
)
def test_parameters_are_as_many_as_the_architecture_counts(
    kind, trunk, tied, normalization, hidden
):
    built, architecture = network(
        kind=kind,
        tied_weights=tied,
        normalization=normalization,
        hidden_layer_sizes=hidden,
        dropout=0.5,
        **trunk,
    )
    counted = sum(p.numel() for p in built.parameters())
    assert counted == architecture.n_parameters(84, kind)
    code, output = built(torch.rand(4, 84))
    assert code.shape == (4, 3)
    assert output.shape == (4, 84)
    assert sum(t.numel() for t in built.state_dict().values() if t.requires_grad) == 0


@settings(deadline=None)  # how long it takes is the machine's
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 3), st.integers(1, 4))
def test_convolutions_give_back_the_size_of_any_image(height, width, channels, depth):
    shape = (height, width, channels)
    built, architecture = network(
        height * width * channels, trunk="convolutional", channels=(2,) * depth, item_shape=shape
    )
    x = torch.rand(2, height * width * channels)
    assert built(x)[1].shape == x.shape
    assert built.encoder[0](x).shape == (2, channels, height, width)
    for layer in built.encoder:
        x = layer(x)
        if isinstance(layer, nn.Flatten):
            assert x.shape[1] == architecture.encoder_sizes(0)[depth]


def test_pixels_stay_where_they_are():
    built, _ = network(**IMAGE)
    to_image, to_items = built.encoder[0], built.decoder[-1]
    x = torch.rand(3, 84)
    assert torch.equal(to_items(to_image(x)), x)
    assert torch.equal(to_image(x)[1, 1], x[1].reshape(7, 6, 2)[:, :, 1])


def test_layer_sizes_of_a_convolutional_trunk_hold_its_feature_maps():
    _, architecture = network(**IMAGE)
    assert architecture.feature_maps() == ((2, 7, 6), (4, 4, 3), (5, 2, 2))
    assert architecture.layer_sizes(84) == (84, 48, 20, 9, 6, 3, 6, 9, 20, 48, 84)
    assert len(architecture.layer_activations()) == 10


def test_tied_weights_are_the_encoders_transposed():
    built, _ = network(tied_weights=True, activation="tanh")
    e0, e1, e2 = (layer for layer in built.encoder if isinstance(layer, nn.Linear))
    d0, d1, d2 = (layer for layer in built.decoder if not isinstance(layer, nn.Tanh))
    code = torch.rand(5, 3)
    hidden = torch.tanh(code @ e2.weight + d0.bias)
    hidden = torch.tanh(hidden @ e1.weight + d1.bias)
    torch.testing.assert_close(built.decode(code), hidden @ e0.weight + d2.bias)
    assert not any("weight" in name for name, _ in built.decoder.named_parameters())


def test_tied_convolutions_are_the_adjoint_of_the_encoders():
    built, _ = network(**IMAGE, tied_weights=True)
    kernel = built.encoder[1].weight
    last = built.decoder[-2]
    image, maps = torch.rand(1, 2, 7, 6), torch.rand(1, 4, 4, 3)
    there = (functional.conv2d(image, kernel, stride=2, padding=1) * maps).sum()
    back = (image * (last(maps) - last.bias[:, None, None])).sum()
    torch.testing.assert_close(there, back)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])  # noqa: S301  # our own
def test_copies_of_tied_networks_are_tied_to_their_own_encoder(duplicate):
    built, _ = network(tied_weights=True, dropout=0.2)
    other = duplicate(built)
    x = torch.rand(2, 84)
    built.eval(), other.eval()
    assert torch.equal(built(x)[1], other(x)[1])
    expected = built(x)[1]
    with torch.no_grad():
        other.encoder[0].weight.zero_()
    assert torch.equal(built(x)[1], expected)
    assert torch.equal(other.decode(torch.rand(1, 3)), other.decode(torch.rand(1, 3)))


def test_a_variational_code_is_tied_by_its_means():
    built, _ = network(kind="variational", tied_weights=True, hidden_layer_sizes=())
    code = torch.rand(5, 3)
    expected = code @ built.encoder[0].weight[:3] + built.decoder[0].bias
    torch.testing.assert_close(built.decode(code), expected)


def test_dropout_keeps_the_mean_and_draws_from_its_own_generator():
    layer = Dropout(0.3)
    layer.generator = torch.Generator().manual_seed(0)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    x = torch.ones(100_000)
    out = layer(x)
    assert torch.equal(torch.get_rng_state(), before)
    assert out.unique().tolist() == [0, pytest.approx(1 / 0.7)]
    assert (out == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert not torch.equal(layer(x), out)
    assert layer.eval()(x) is x


def test_normalization_stands_before_the_activation():
    built, _ = network(normalization="layer", dropout=0.1)
    names = [type(layer).__name__ for layer in built.encoder]
    assert names == ["Linear", "LayerNorm", "ReLU", "Dropout"] * 2 + ["Linear"]


def test_a_shape_that_items_cannot_have_is_refused():
    with pytest.raises(SettingsError) as caught:
        network(60, **IMAGE)
    assert str(caught.value) == (
        "item_shape must have 60 values, as the items have, got (7, 6, 2) with 84."
    )
