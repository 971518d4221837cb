"""The drawing follows the settings."""

import pytest

from ae_widgets import Architecture
from ae_widgets.session import publisher
from ae_widgets.widgets.network_drawing import NetworkDrawing, describe_layers
from tests.widgets.fake_session import FakeSession


@pytest.fixture
def session():
    return FakeSession()


@pytest.fixture
def drawing(session):
    made = NetworkDrawing(session)
    yield made
    made.close()


def sizes(drawing):
    return [layer["size"] for layer in drawing.layers]


def test_layers_with_their_activations():
    architecture = Architecture((8, 4), 2, "relu", "tanh", "sigmoid")
    found = [(d["name"], d["size"], d["activation"]) for d in describe_layers(architecture, 16)]
    assert found == [
        ("input", 16, ""),
        ("hidden", 8, "relu"),
        ("hidden", 4, "relu"),
        ("code", 2, "tanh"),
        ("hidden", 4, "relu"),
        ("hidden", 8, "relu"),
        ("output", 16, "sigmoid"),
    ]


def test_a_network_without_hidden_layers():
    layers = describe_layers(Architecture((), 2), 16)
    assert [layer["name"] for layer in layers] == ["input", "code", "output"]


def test_the_network_in_force(drawing, session):
    assert sizes(drawing) == [4, 3, 2, 3, 4]
    assert not drawing.pending
    count = session.settings.architecture.n_parameters(4)
    assert f"{count:,} parameters" in drawing.description


def test_the_network_of_the_next_run(drawing, session):
    session.pending = {"hidden_layer_sizes": (5, 3)}
    session.notify("settings")
    assert publisher.flush(5)
    assert sizes(drawing) == [4, 5, 3, 2, 3, 5, 4]
    assert drawing.pending
    assert "next run" in drawing.description


def test_other_pending_settings_leave_it_alone(drawing, session):
    session.pending = {"random_state": 3}
    session.notify("settings")
    assert publisher.flush(5)
    assert not drawing.pending


def test_the_dimensions_in_use_of_a_gated_code(drawing, session):
    session.settings = session.settings.change(kind="gated", code_dim=16)
    session.active_dimensions = 5
    session.notify("losses")
    assert publisher.flush(5)
    assert [layer.get("active") for layer in drawing.layers] == [None, None, 5, None, None]
    assert "code 16 (5 active) identity" in drawing.description
    session.pending = {"code_dim": 4}
    session.notify("settings")
    assert publisher.flush(5)
    assert "active" not in drawing.layers[2]


def test_convolutions_are_drawn_as_layers_of_all_their_values():
    architecture = Architecture((8,), 2, trunk="convolutional", channels=(3,), item_shape=(4, 4))
    layers = describe_layers(architecture, 16)
    assert [layer["size"] for layer in layers] == [16, 12, 8, 2, 8, 12, 16]
    assert layers[3]["name"] == "code"
