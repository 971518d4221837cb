"""The network's fields: what they ask for and how they wait for the next run."""

import pytest

from ae_widgets import Architecture
from ae_widgets.engine import KINDS
from ae_widgets.exceptions import SettingsError
from ae_widgets.session import Session, publisher
from ae_widgets.widgets import ArchitectureControls
from ae_widgets.widgets._settings_controls import parse_sizes
from tests.widgets.conftest import items


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
    assert parse_sizes(text, "Hidden layers") == sizes


@pytest.mark.parametrize("text", ["64, x", "1.5", "-3", "0", "64, 0"])
def test_layers_that_are_none(text):
    with pytest.raises(SettingsError, match=r"Hidden layers are whole numbers such as 128, 64"):
        parse_sizes(text, "Hidden layers")


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
    assert controls._count.value == "next run: 21,525 parameters"
    assert "ae-waiting" in controls._count._dom_classes
    assert controls.children[-1].tips["ae-waiting"].endswith("to the next run: press Reset")
    assert controls._message.value == ""
    session.reset()
    assert publisher.flush()
    assert session.settings.architecture.code_dim == code_dim.value == 5
    assert "ae-pending" not in code_dim._dom_classes
    assert controls._count.value == "21,525 parameters"


def test_before_the_start_a_kind_brings_what_it_needs(controls, session):
    session.change(code_activation="relu")
    controls._fields["kind"].value = "variational"
    assert publisher.flush()
    settings = session.settings
    assert (settings.kind, settings.complexity) == ("variational", "kl_gaussian")
    assert settings.architecture.code_activation == "identity"
    assert settings.beta == KINDS["variational"].beta > 0
    assert controls._fields["code_activation"].value == "identity"
    assert KINDS["variational"].description in controls._fields["kind"].tooltip
    assert controls._message.value == ""
    controls._fields["kind"].value = "plain"
    assert session.settings.beta == 0


def test_a_weight_that_was_chosen_is_kept(controls, session):
    session.change(beta=0.25)
    controls._fields["kind"].value = "gated"
    assert session.settings.beta == 0.25


def test_while_training_a_kind_waits_and_the_run_keeps_its_weight(controls, session, trainer):
    session.change(normalization="batch")
    trainer.state("running", step=1)
    controls._fields["kind"].value = "contractive"
    assert publisher.flush()
    assert (session.settings.kind, session.settings.beta) == ("plain", 0)
    marked = {n for n, row in controls._rows.items() if "ae-pending" in row._dom_classes}
    assert marked == {"kind", "normalization"}
    assert controls._fields["normalization"].label == "none"
    session.reset()
    assert publisher.flush()
    assert session.settings.kind == controls._fields["kind"].value == "contractive"


def test_every_kind_can_be_chosen(controls, session):
    for kind in KINDS:
        controls._fields["kind"].value = kind
        assert publisher.flush()
        assert controls._message.value == ""
        assert session.settings.kind == kind


def test_more_of_the_network(controls, session):
    controls._fields["tied_weights"].value = True
    controls._fields["normalization"].value = "layer"
    controls._fields["dropout"].value = 0.25
    controls._fields["trunk"].value = "convolutional"
    controls._fields["channels"].value = "4, 8"
    assert publisher.flush()
    architecture = session.settings.architecture
    assert architecture == Architecture(
        tied_weights=True, normalization="layer", dropout=0.25, trunk="convolutional",
        channels=(4, 8), item_shape=(4, 4),
    )  # fmt: skip
    assert controls._message.value == ""
    assert "ae-away" not in controls._rows["channels"]._dom_classes
    controls._fields["trunk"].value = "dense"
    assert publisher.flush()
    assert "ae-away" in controls._rows["channels"]._dom_classes


def test_without_images_there_is_no_trunk_to_choose():
    made = Session(items(), trainer="thread")
    controls = ArchitectureControls(made)
    assert "trunk" not in controls._fields
    controls.close()
    made.close()


def test_every_field_has_a_label_and_a_tooltip(controls):
    for field in controls._fields.values():
        assert field.tooltip
        assert field.description


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
        ("code_dim", 0, "Code dimension must be an integer from 1"),
    ],
)
def test_a_bad_value_is_told_and_taken_back(controls, name, bad, message):
    before = controls._fields[name].value
    controls._fields[name].value = bad
    assert publisher.flush()
    assert message in controls._message.value
    assert controls._fields[name].value == before
    controls.session.reset()
    assert publisher.flush()
    assert controls._message.value == ""


def test_the_parameters_are_those_of_the_kind_and_the_layers(controls, session):
    session.change(kind="variational", normalization="batch", tied_weights=True)
    assert publisher.flush()
    count = session.settings.n_parameters(session.dataset.n_features)
    assert controls._count.value == f"{count:,} parameters"


def test_a_number_that_is_not_whole_is_refused_as_it_was_typed(controls, session):
    code_dim = controls._fields["code_dim"]
    code_dim.value = 2.7
    assert publisher.flush()
    assert controls._message.value == "Code dimension must be an integer from 1 to 65,536, got 2.7."
    assert session.settings.architecture.code_dim == code_dim.value == 2
    code_dim.value = 3.0
    assert publisher.flush()
    assert repr(session.settings.architecture.code_dim) == "3"
