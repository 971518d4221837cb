"""The network's fields: what they ask for and how they wait for the next run."""

import pytest

from ae_widgets.exceptions import SettingsError
from ae_widgets.session import publisher
from ae_widgets.widgets import ArchitectureControls
from ae_widgets.widgets.architecture_controls import parse_layers


@pytest.fixture
def controls(session):
    made = ArchitectureControls(session)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("128, 64", (128, 64)),
        ("128 64", (128, 64)),
        (" (32,) ", (32,)),
        ("[8;4]", (8, 4)),
        ("", ()),
    ],
)
def test_layers_as_people_write_them(text, sizes):
    assert parse_layers(text) == sizes


@pytest.mark.parametrize("text", ["64, x", "1.5", "-3", "0", "64, 0"])
def test_layers_that_are_none(text):
    with pytest.raises(SettingsError, match=r"Hidden layers are whole numbers such as 128, 64"):
        parse_layers(text)


def test_shows_the_network(controls):
    assert controls._fields["hidden_layer_sizes"].value == "128, 64"
    assert controls._preset.value == "deep"
    assert controls._count.value == "21,138 parameters"


def test_before_the_start_a_change_applies_at_once(controls, session):
    controls._fields["hidden_layer_sizes"].value = "8"
    controls._fields["code_dim"].value = 3
    assert publisher.flush()
    assert session.settings.architecture.hidden_layer_sizes == (8,)
    assert session.settings.architecture.code_dim == 3
    assert session.pending == {}
    assert controls._message.value == ""
    assert controls._preset.value == "custom"
    assert controls._count.value == f"{session.settings.architecture.n_parameters(16):,} parameters"


def test_while_training_a_change_waits_and_is_marked(controls, session, trainer):
    trainer.state("running", step=1)
    code_dim = controls._fields["code_dim"]
    code_dim.value = 5
    assert publisher.flush()
    assert session.settings.architecture.code_dim == 2
    assert code_dim.value == 5
    assert "ae-pending" in code_dim._dom_classes
    assert controls._message.value == "Applies to the next run: press Reset"
    session.reset()
    assert publisher.flush()
    assert session.settings.architecture.code_dim == code_dim.value == 5
    assert "ae-pending" not in code_dim._dom_classes
    assert controls._message.value == ""


def test_a_preset_sets_every_field(controls, session):
    controls._preset.value = "simple"
    assert publisher.flush()
    assert controls._fields["hidden_layer_sizes"].value == ""
    assert controls._fields["code_dim"].value == 32
    assert session.settings.architecture.output_activation == "sigmoid"


@pytest.mark.parametrize(
    ("name", "bad", "message"),
    [
        ("hidden_layer_sizes", "64, many", "'many' is not one"),
        ("code_dim", 0, "code_dim must be an integer from 1"),
    ],
)
def test_a_bad_value_is_told_and_taken_back(controls, name, bad, message):
    before = controls._fields[name].value
    controls._fields[name].value = bad
    assert publisher.flush()
    assert message in controls._message.value
    assert "ae-error" in controls._message._dom_classes
    assert controls._fields[name].value == before


def test_the_parameters_are_those_of_the_kind_and_the_layers(controls, session):
    session.change(kind="variational", normalization="batch", tied_weights=True)
    assert publisher.flush()
    count = session.settings.n_parameters(session.dataset.n_features)
    assert controls._count.value == f"{count:,} parameters"
