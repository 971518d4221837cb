"""The transport: start, pause, step, stop, reset, and how far the run is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from ae_widgets.exceptions import AEWidgetsError, NonFiniteLossError
from ae_widgets.widgets._controls import PlainLabel, row
from ae_widgets.widgets._style import style_sheet
from ae_widgets.widgets._view import SessionView

if TYPE_CHECKING:
    from collections.abc import Callable

    from ae_widgets.session import Session

__all__ = ["TrainingControls", "counter_text", "duration_text"]

REFRESH = 0.33  # seconds between two refreshes of counter and status line

LONG_SECONDS = 36_000  # of the time left, as long in characters as it gets with most runs

# what it is for -> label, icon, tooltip of the button that starts, pauses and resumes
PRIMARY = {
    "running": ("Pause", "pause", "Stop between two batches; Resume goes on from there"),
    "resting": ("Resume", "play", "Go on from the weights of now; Reset begins anew"),
    "finished": ("Start", "play", "Begin a new run; to go on with this one, raise Epochs first"),
}
START = ("Start", "play", "Train in the background; the notebook stays usable")


class TrainingControls(SessionView, ipywidgets.VBox):
    """Buttons that drive a run, its progress, and a line that says how it is.

    Parameters
    ----------
    session : Session
        The run to drive.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._stopping = False
        label, icon, tooltip = START
        self._primary = self._button(label, icon, tooltip, self._press_primary)
        self._primary.button_style = "primary"
        self._batch = self._button(
            "Step batch", "step-forward", "Train one batch, then pause", self._press_batch
        )
        self._epoch = self._button(
            "Step epoch", "fast-forward", "Train to the end of the epoch, then pause",
            self._press_epoch,
        )  # fmt: skip
        self._stop = self._button(
            "Stop", "stop", "End the run at the next batch; the model is kept", self._press_stop
        )
        self._reset = self._button(
            "Reset", "undo", "Begin anew with fresh weights and the settings shown",
            self._press_reset,
        )  # fmt: skip
        self._progress = ipywidgets.FloatProgress(min=0, max=1)
        self._progress.add_class("ae-progress")
        self._status = PlainLabel()
        self._status.add_class("ae-status")
        buttons = row(
            self._primary, self._batch, self._epoch, self._stop, self._reset, css_class="ae-buttons"
        )
        top = row(buttons, self._progress, css_class="ae-transport-top")
        super().__init__(children=[style_sheet(), top, self._status])
        self.add_class("ae-transport")
        self._follow("status", self._show_buttons, messages=5, key=self._state)
        self._follow("status", self._show_status, messages=2, interval=REFRESH)
        self._follow("status", self._reserve_room, key=self._longest)

    def _button(
        self, label: str, icon: str, tooltip: str, press: Callable[[], None]
    ) -> ipywidgets.Button:
        button = ipywidgets.Button(description=label, icon=icon, tooltip=tooltip)

        def pressed(_button: ipywidgets.Button) -> None:
            try:
                press()
            except AEWidgetsError as error:
                self.session.say(str(error), error=True)

        button.on_click(pressed)
        return button

    # What the buttons do: only session methods, which enqueue and return -----

    def _press_primary(self) -> None:
        act = {"running": self.session.pause, "resting": self.session.resume}
        act.get(self._offered(), self.session.start)()

    def _offered(self) -> str:
        """Return what the first button is for, a key of `PRIMARY` or another word."""
        status = self.session.status
        restored = isinstance(self.session.error, NonFiniteLossError)
        return "resting" if status.goes_on or restored else status.state

    def _press_batch(self) -> None:
        self.session.step("batch")

    def _press_epoch(self) -> None:
        self.session.step("epoch")

    def _press_stop(self) -> None:
        self._stopping = True
        self._post("stop", self._show_buttons, messages=5, interval=0)
        self.session.stop()

    def _press_reset(self) -> None:
        self.session.reset()

    # What is shown -----------------------------------------------------------

    def _state(self) -> tuple[str, str, bool]:
        return self.session.status.state, self._offered(), bool(self.session.pending)

    def _show_buttons(self) -> None:
        status = self.session.status
        state = status.state
        self._stopping = self._stopping and status.live
        label, icon, tooltip = PRIMARY.get(self._offered(), START)
        with self._primary.hold_sync():
            self._primary.description, self._primary.icon = label, icon
            self._primary.tooltip = tooltip
            self._primary.disabled = state == "starting" or self._stopping
        for button in (self._batch, self._epoch):
            button.disabled = status.busy or self._stopping
        with self._stop.hold_sync():
            self._stop.description = "Stopping…" if self._stopping else "Stop"
            self._stop.disabled = not status.live or self._stopping
        self._reset.disabled = state == "idle" or self._stopping

    def _longest(self) -> int:
        """Return the characters of the longest text that the counter will show."""
        status = self.session.status
        steps = status.steps_per_epoch * status.max_iter
        return len(counter_text(status.max_iter, status.max_iter, steps, LONG_SECONDS))

    def _reserve_room(self) -> None:
        # Letters, spaces and commas are narrower than the digits that 'ch' counts in.
        self._progress.style.description_width = f"{0.87 * self._longest():.0f}ch"

    def _show_status(self) -> None:
        status = self.session.status
        total = max(1, status.steps_per_epoch * status.max_iter)
        with self._progress.hold_sync():
            self._progress.value = min(1.0, status.step / total)
            self._progress.description = counter_text(
                status.epoch, status.max_iter, status.step, status.seconds_left
            )
        with self._status.hold_sync():
            self._status.value = self._status.tooltip = status.message
            (self._status.add_class if status.error else self._status.remove_class)("ae-error")


def counter_text(epoch: int, max_iter: int, step: int, seconds_left: float | None) -> str:
    """Say where a run is, as in 'epoch 37 of 200 · step 1,036 · 0:12 left'."""
    text = f"epoch {epoch:,} of {max_iter:,} · step {step:,}"
    return text if seconds_left is None else f"{text} · {duration_text(seconds_left)} left"


def duration_text(seconds: float) -> str:
    """Write a duration as minutes and seconds, or with hours if there are any."""
    minutes, rest = divmod(round(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
