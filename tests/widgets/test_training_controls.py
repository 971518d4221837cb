"""The buttons drive the session and show what it does."""

import pytest

from ae_widgets.engine.protocol import Failed
from ae_widgets.exceptions import TrainingError
from ae_widgets.session import publisher
from ae_widgets.widgets import TrainingControls
from ae_widgets.widgets.training_controls import counter_text, duration_text


@pytest.fixture
def controls(session):
    made = TrainingControls(session)
    yield made
    made.close()


def buttons(controls):
    made = (controls._primary, controls._batch, controls._epoch, controls._stop, controls._reset)
    return {button.description: not button.disabled for button in made}


def test_before_the_first_start(controls):
    assert buttons(controls) == {
        "Start": True, "Step batch": True, "Step epoch": True, "Stop": False, "Reset": False,
    }  # fmt: skip
    assert controls._status.value == "Ready: press Start."


@pytest.mark.parametrize(
    ("state", "primary", "enabled"),
    [
        ("starting", "Start", {"Stop", "Reset"}),
        ("running", "Pause", {"Pause", "Stop", "Reset"}),
        ("paused", "Resume", {"Resume", "Step batch", "Step epoch", "Stop", "Reset"}),
        ("finished", "Resume", {"Resume", "Step batch", "Step epoch", "Reset"}),
    ],
)
def test_buttons_that_make_sense(controls, trainer, state, primary, enabled):
    trainer.state(state, step=3)
    shown = buttons(controls)
    assert primary in shown
    assert {name for name, on in shown.items() if on} == enabled


@pytest.mark.parametrize(
    ("press", "command"),
    [
        (("idle", "_primary"), ("start",)),
        (("running", "_primary"), ("pause",)),
        (("paused", "_primary"), ("resume",)),
        (("paused", "_batch"), ("step", "batch")),
        (("paused", "_epoch"), ("step", "epoch")),
        (("running", "_stop"), ("stop",)),
        (("paused", "_reset"), ("reset",)),
    ],
)
def test_what_a_button_asks_for(controls, trainer, monkeypatch, press, command):
    state, button = press
    trainer.state(state)
    asked = []
    for name in ("start", "pause", "resume", "step", "stop", "reset"):
        monkeypatch.setattr(
            controls.session, name, lambda *unit, name=name: asked.append((name, *unit))
        )
    getattr(controls, button).click()
    assert asked == [command]


def test_a_run_whose_epochs_are_raised_goes_on(controls, session, trainer, monkeypatch):
    resumed = []
    monkeypatch.setattr(session, "resume", lambda: resumed.append(True))
    trainer.state("finished", "max_iter", epoch=50, step=100)
    assert controls._primary.description == "Start"
    assert controls._primary.tooltip.startswith("Begin a new run; to go on with this one, raise")
    assert "Resume goes on" not in controls._status.value
    session.change(max_iter=80)
    assert publisher.flush()
    assert controls._primary.description == "Resume"
    assert controls._status.value == "Finished all 50 epochs. Resume goes on to epoch 80."
    controls._primary.click()
    assert resumed == [True]


@pytest.mark.parametrize(
    ("kind", "primary"), [("NonFiniteLossError", "Resume"), ("TrainerDiedError", "Start")]
)
def test_a_run_with_its_weights_restored_goes_on(controls, session, kind, primary):
    session._handle(Failed(session._run.number, kind, "Try this, then go on.", ""))
    assert publisher.flush()
    assert controls._primary.description == primary
    session.change(learning_rate=1e-4)
    assert publisher.flush()
    assert controls._status.value == "Try this, then go on."


def test_stop_shows_at_once_that_it_was_pressed(controls, session, trainer, monkeypatch):
    monkeypatch.setattr(session, "stop", lambda: None)
    trainer.state("running")
    controls._stop.click()
    assert publisher.flush()
    assert buttons(controls)["Stopping…"] is False
    trainer.state("finished", "stopped", epoch=1, step=5)
    assert buttons(controls)["Stop"] is False


def test_progress_and_counter(controls, trainer):
    trainer.state("running")
    trainer.epochs(1, 10)
    assert controls._progress.value == pytest.approx(10 / 50)
    assert controls._progress.description == "epoch 10 of 50 · step 10 · 0:40 left"
    assert "validation loss 0.2" in controls._status.value


def test_the_counter_keeps_room_for_the_longest_text(controls, session):
    def room():
        return int(controls._progress.style.description_width.removesuffix("ch"))

    short = room()
    session.change(max_iter=100_000)
    assert publisher.flush()
    longest = len(counter_text(100_000, 100_000, 100_000, 40_000))
    assert room() > short
    assert room() >= 0.86 * longest


def test_an_error_stands_out(controls, session):
    session.say("beta must be a number", error=True)
    assert publisher.flush()
    assert controls._status.value == "beta must be a number"
    assert "ae-error" in controls._status._dom_classes
    session.say("")
    assert publisher.flush()
    assert "ae-error" not in controls._status._dom_classes


def test_a_refused_press_is_told_in_the_status_line(controls, session, monkeypatch):
    def refuse():
        msg = "This session is closed."
        raise TrainingError(msg)

    monkeypatch.setattr(session, "start", refuse)
    controls._primary.click()
    assert publisher.flush()
    assert controls._status.value == "This session is closed."


def test_a_refresh_is_at_most_three_messages(controls, trainer, monkeypatch):
    trainer.state("running")
    sent = []
    for widget in (controls._progress, controls._status, controls._primary, controls._stop):
        monkeypatch.setattr(widget, "_send", lambda msg, **_buffers: sent.append(msg))
    trainer.epochs(1, 10)
    assert 1 <= len(sent) <= 3


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (12.4, "0:12"), (75, "1:15"), (3725, "1:02:05"), (-3, "0:00")],
)
def test_durations(seconds, text):
    assert duration_text(seconds) == text


def test_counter_without_a_guess():
    assert counter_text(37, 200, 1036, None) == "epoch 37 of 200 · step 1,036"
