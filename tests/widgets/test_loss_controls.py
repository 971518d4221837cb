"""Controls move settings, and settings move controls, without echo."""

import pytest

from ae_widgets.engine import KINDS
from ae_widgets.losses import RECONSTRUCTIONS
from ae_widgets.session import publisher
from ae_widgets.widgets import LossControls
from ae_widgets.widgets._controls import LogSlider


@pytest.fixture
def controls(session):
    made = LossControls(session)
    yield made
    made.close()


def test_begins_with_the_settings(controls, session):
    shown = {name: field.value for name, field in controls._fields.items()}
    assert shown == {name: session.settings.value(name) for name in shown}
    assert set(shown) == {
        "alpha", "beta", "reconstruction", "complexity", "learning_rate", "batch_size",
        "max_iter",
    }  # fmt: skip


def test_a_slider_sets_the_weight_and_its_field(controls, session):
    controls._sliders["beta"].value = -2
    assert publisher.flush()
    assert session.settings.beta == 0.01
    assert controls._fields["beta"].value == 0.01


def test_the_left_end_is_zero(controls, session):
    session.change(alpha=2.0)
    controls._sliders["alpha"].value = controls._sliders["alpha"].min
    assert session.settings.alpha == 0


def test_a_field_is_exact_and_moves_the_slider(controls, session):
    controls._fields["learning_rate"].value = 0.00314159
    assert publisher.flush()
    assert session.settings.learning_rate == 0.00314159
    assert controls._sliders["learning_rate"].value == pytest.approx(-2.5)
    assert controls._fields["learning_rate"].value == 0.00314159


def test_a_value_off_the_slider_stays_exact(controls, session):
    session.change(alpha=123456.0)
    assert publisher.flush()
    assert session.settings.alpha == controls._fields["alpha"].value == 123456
    assert controls._sliders["alpha"].value == controls._sliders["alpha"].max


def test_a_change_by_method_shows_and_is_not_asked_for_again(controls, session, monkeypatch):
    session.change(beta=0.0123, complexity="l2", batch_size=32)
    asked = []
    monkeypatch.setattr(session, "change", lambda **values: asked.append(values))
    assert publisher.flush()
    assert controls._fields["beta"].value == 0.0123
    assert controls._fields["complexity"].value == "l2"
    assert controls._fields["batch_size"].value == 32
    assert asked == []


@pytest.mark.parametrize(
    ("name", "bad", "message"),
    [
        ("alpha", -1.0, "alpha must be a number from 0 to 1e+12, got -1.0."),
        ("batch_size", 0, "batch_size must be an integer of at least 1, got 0."),
        ("learning_rate", 0.0, "learning_rate must be a number from 1e-12 to 1000, got 0.0."),
    ],
)
def test_a_bad_value_is_told_and_taken_back(controls, session, name, bad, message):
    before = session.settings.value(name)
    controls._fields[name].value = bad
    assert publisher.flush()
    assert controls._message.value == message
    assert controls._fields[name].value == session.settings.value(name) == before
    session.change(beta=0.5)
    controls._fields[name].value = before * 2
    assert publisher.flush()
    assert controls._message.value == ""


@pytest.mark.parametrize("number", [1e-3, 0.0123, 1.0, 250.0, 1000.0])
def test_slider_and_number_are_inverse(number):
    slider = LogSlider(-3, 3, zero=True)
    slider.value = slider.position(number)
    assert slider.number == pytest.approx(number, rel=0.06)
    slider.value = slider.position(0)
    assert slider.number == 0
    slider.layout.close()
    slider.style.close()
    slider.close()


def test_every_kind_of_error_and_complexity_has_a_name_to_read(controls):
    labels, values = zip(*controls._fields["reconstruction"].options, strict=True)
    assert values == RECONSTRUCTIONS
    labels += tuple(label for label, _ in controls._fields["complexity"].options)
    assert not any("_" in label for label in labels)


def test_the_complexity_of_every_kind_can_be_shown(controls, session):
    for kind in KINDS:
        session.change(kind=kind)
        assert publisher.flush()
        assert controls._fields["complexity"].value == KINDS[kind].complexities[0]
        assert controls._message.value == ""
