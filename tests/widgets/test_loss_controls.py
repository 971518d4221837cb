"""Controls move settings, and settings move controls, without echo."""

import time

import pytest

from ae_widgets.engine import KINDS
from ae_widgets.losses import COMPLEXITIES, RECONSTRUCTIONS
from ae_widgets.session import publisher
from ae_widgets.widgets import LossControls
from ae_widgets.widgets._controls import LogSlider


def wait_for(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.002)


@pytest.fixture
def controls(session):
    made = LossControls(session)
    yield made
    made.close()


def test_begins_with_the_settings(controls, session):
    shown = {name: field.value for name, field in controls._fields.items()}
    wanted = {name: session.settings.value(name) for name in shown}
    assert shown == wanted | {"gradient_clip": 0.0, "class_weight": ""}
    assert set(shown) == {
        "alpha", "beta", "reconstruction", "complexity", "corruption", "noise", "warm_up",
        "sparsity_target", "learning_rate", "batch_size", "max_iter", "optimizer", "momentum",
        "weight_decay", "gradient_clip", "schedule", "schedule_factor", "schedule_epochs",
        "schedule_patience", "gamma", "delta", "clustering", "n_clusters", "clustering_start",
        "class_weight", "n_iter_no_change", "tol", "restore_best", "validation_fraction",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["gamma", "delta"])
def test_a_slider_sets_the_weight_of_clusters_and_of_classes(controls, session, name):
    controls._sliders[name].value = -1
    assert publisher.flush()
    assert session.settings.value(name) == controls._fields[name].value == 0.1
    controls._sliders[name].value = controls._sliders[name].min
    assert session.settings.value(name) == 0


def test_the_kind_of_clusters_and_the_weight_of_classes_are_live(controls, session, trainer):
    trainer.state("running", step=1)
    for name, value in {
        "clustering": "dcn", "n_clusters": 4, "clustering_start": 7, "class_weight": "balanced",
    }.items():  # fmt: skip
        controls._fields[name].value = value
        assert session.settings.value(name) == value
    controls._fields["class_weight"].value = ""
    assert session.settings.class_weight is None
    assert publisher.flush()
    controls._fields["n_clusters"].value = 0
    assert publisher.flush()
    assert controls._message.value == "Clusters must be an integer of at least 1, got 0."


def away(controls):
    return {name for name, row in controls._rows.items() if "ae-away" in row._dom_classes}


def test_every_field_has_a_label_and_a_tooltip(controls):
    for name, field in controls._fields.items():
        assert field.tooltip
        assert controls._sliders.get(name, field).description


KIND_FIELDS = {"corruption", "noise", "warm_up", "sparsity_target"}


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("plain", set()),
        ("denoising", {"corruption", "noise"}),
        ("sparse", {"sparsity_target"}),
        ("contractive", set()),
        ("variational", {"warm_up"}),
        ("gated", {"warm_up"}),
    ],
)
def test_a_kind_brings_its_fields_and_its_complexities(controls, session, kind, shown):
    session.change(kind=kind)
    assert publisher.flush()
    assert KIND_FIELDS - away(controls) == shown
    field = controls._fields["complexity"]
    assert [value for _, value in field.options] == list(KINDS[kind].complexities)
    assert field.value == session.settings.complexity
    for name in shown - {"corruption"}:
        controls._fields[name].value = 0.5
        assert session.settings.value(name) == 0.5
    session.change(kind="plain")
    assert publisher.flush()
    assert away(controls) >= KIND_FIELDS


def test_the_kind_of_the_next_run_brings_its_complexity_marked(controls, session, trainer):
    trainer.state("running", step=1)
    session.change(kind="variational")
    assert publisher.flush()
    assert session.settings.complexity == "l1"
    assert controls._fields["complexity"].value == "kl_gaussian"
    assert "ae-pending" in controls._rows["complexity"]._dom_classes
    session.reset()
    assert publisher.flush()
    assert "ae-pending" not in controls._rows["complexity"]._dom_classes


def test_the_dimensions_in_use_are_told_live(controls, session, trainer, monkeypatch):
    assert controls._active.value == ""
    session.change(kind="gated", code_dim=16)
    assert publisher.flush()
    assert controls._active.value == "16 of 16 dimensions active"
    monkeypatch.setattr(type(session), "active_dimensions", property(lambda _: 5))
    trainer.state("running")
    trainer.epochs(1, 1)
    assert controls._active.value == "5 of 16 dimensions active"


def test_the_optimiser_waits_and_brings_its_fields(controls, session, trainer):
    assert away(controls) - KIND_FIELDS == {
        "momentum", "schedule_factor", "schedule_epochs", "schedule_patience",
    }  # fmt: skip
    trainer.state("running", step=1)
    controls._fields["optimizer"].value = "sgd"
    controls._fields["schedule"].value = "step"
    assert publisher.flush()
    assert session.settings.optimizer == "adam"
    assert session.settings.schedule == "step"
    marked = {n for n, row in controls._rows.items() if "ae-pending" in row._dom_classes}
    assert marked == {"optimizer"}
    assert away(controls) - KIND_FIELDS == {"schedule_patience"}
    session.reset()
    session.change(complexity="kl_sparsity", schedule="reduce_on_plateau")
    assert publisher.flush()
    assert session.settings.optimizer == "sgd"
    assert "ae-pending" not in controls._rows["optimizer"]._dom_classes
    assert away(controls) & {"sparsity_target", "schedule_epochs"} == {"schedule_epochs"}


def test_when_a_run_stops_early_is_live_and_what_is_held_out_waits(controls, session, trainer):
    trainer.state("running", step=1)
    for name, value in {"n_iter_no_change": 25, "tol": 0.0, "restore_best": True}.items():
        controls._fields[name].value = value
        assert session.settings.value(name) == value
    controls._fields["validation_fraction"].value = 0.25
    wait_for(lambda: not controls._asked)
    assert publisher.flush()
    assert session.settings.validation_fraction == 0.1
    assert session.pending == {"validation_fraction": 0.25}
    assert controls._fields["validation_fraction"].value == 0.25
    marked = {n for n, row in controls._rows.items() if "ae-pending" in row._dom_classes}
    assert marked == {"validation_fraction"}
    session.reset()
    assert publisher.flush()
    assert session.settings.validation_fraction == 0.25
    assert "ae-pending" not in controls._rows["validation_fraction"]._dom_classes


def test_a_share_that_cannot_be_held_out_is_told_and_taken_back(controls, session):
    controls._fields["validation_fraction"].value = 1.5
    wait_for(lambda: not controls._asked)
    assert publisher.flush()
    told = "Held out must be a number from 0 to 0.99, got 1.5."
    assert controls._message.value == told
    assert controls._fields["validation_fraction"].value == 0.1
    assert session.pending == {}


def test_no_limit_of_the_gradient_is_0(controls, session):
    assert controls._fields["gradient_clip"].value == 0
    controls._fields["gradient_clip"].value = 2.5
    assert session.settings.gradient_clip == 2.5
    controls._fields["gradient_clip"].value = 0
    assert session.settings.gradient_clip is None


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


def test_what_the_page_says_of_a_handle_that_has_not_moved_changes_nothing(controls, session):
    session.change(alpha=0.7)
    assert publisher.flush()
    slider = controls._sliders["alpha"]
    slider.set_state({"value": slider.value + 1e-15})
    assert session.settings.alpha == 0.7
    slider.set_state({"value": slider.value + slider.step})
    assert session.settings.alpha == pytest.approx(0.79)


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
        ("alpha", -1.0, "α must be a number from 0 to 1e+12, got -1.0."),
        ("batch_size", 0, "Batch size must be an integer of at least 1, got 0."),
        ("learning_rate", 0.0, "Learning rate must be a number from 1e-12 to 1000, got 0.0."),
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
    for name, kinds in (("reconstruction", RECONSTRUCTIONS), ("complexity", COMPLEXITIES)):
        labels, values = zip(*controls._fields[name].options, strict=True)
        assert values == kinds
        assert not any("_" in label for label in labels)


def test_the_complexity_of_every_kind_can_be_shown(controls, session):
    for kind in KINDS:
        session.change(kind=kind)
        assert publisher.flush()
        assert controls._fields["complexity"].value == KINDS[kind].complexities[0]
        assert controls._message.value == ""


def test_a_gradient_limit_below_0_is_refused_in_the_words_of_the_page(controls, session):
    limit = controls._fields["gradient_clip"]
    limit.value = -1.0
    assert publisher.flush()
    assert controls._message.value == "Gradient limit must be 0, for none, or above, got -1."
    assert session.settings.gradient_clip is None
    assert limit.value == 0
