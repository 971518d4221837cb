"""What is known of one run: the trainer's events, put together."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from ae_widgets import exceptions
from ae_widgets.engine.divergence import Divergence
from ae_widgets.engine.protocol import (
    Changed,
    Event,
    Failed,
    Labelled,
    Latent,
    Progress,
    Resumed,
    StateChanged,
    Weights,
)
from ae_widgets.engine.split import count_held_out
from ae_widgets.exceptions import TrainingError
from ae_widgets.session.entries import LABELLED, RESUMED, JournalEntry
from ae_widgets.session.history import History
from ae_widgets.session.latent import LatentFrame, LatentView
from ae_widgets.session.status import Status

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from ae_widgets.engine.protocol import LossParts
    from ae_widgets.engine.settings import Settings
    from ae_widgets.session.checkpoint import Checkpoint

__all__ = ["Run"]

# Rising over all runs, so that no view mistakes a frame for one that it has.
_frame_numbers = itertools.count(1)


class Run:
    """One run from its first batch to its end.

    Not thread-safe: the session calls it under its lock.

    Parameters
    ----------
    number : int
        Tells its events from those of the runs before.
    settings : Settings
        With which it begins.
    n_samples : int
        Items that are trained on or held out.

    Attributes
    ----------
    began, applied : Settings
        With which the trainer began, and has now.
    seeded : bool
        Whether the seed drew the first weights.
    entries : list of JournalEntry
        The changes so far.
    halting : bool
        Whether a pause or a stop is on its way to the trainer.
    stopping : bool
        Whether a stop is, also of a paused run: with `restore_best` it changes the weights.
    """

    def __init__(self, number: int, settings: Settings, n_samples: int) -> None:
        self.number = number
        self.settings = settings
        self.history = History()
        self.began = settings
        self.seeded = True
        self.entries: list[JournalEntry] = []
        self.latent: LatentFrame | None = None
        self.weights: dict[str, NDArray[np.float32]] | None = None
        self.error: TrainingError | None = None
        held_out = count_held_out(n_samples, settings.validation_fraction)
        self._n_train = n_samples - held_out
        self.applied = settings
        self._view = LatentView()
        self._divergence = Divergence()
        self._divergence.follow(settings)
        self._warning = ""
        self._awaited = 0  # commands to train that the trainer has not taken up yet
        self._hindrance = ""
        self.halting = self.stopping = False
        self.status = Status(watched="validation" if held_out else "training")
        self.follow_settings(settings)

    def follow_settings(self, settings: Settings) -> None:
        """Take over settings that are on their way to the trainer."""
        self.settings = settings
        self.status = replace(
            self.status,
            max_iter=settings.max_iter,
            # What it was when the run converged, in the line that tells of it.
            patience=self.status.patience
            if self.status.reason == "converged"
            else settings.n_iter_no_change,
            steps_per_epoch=-(-self._n_train // settings.batch_size),
        )

    def begins(self) -> None:
        """Note that a trainer is told to begin with the settings and weights of now."""
        self.began = self.applied = self.settings
        self.seeded = self.weights is None
        self.entries = []

    def take_up(self, saved: Checkpoint) -> None:
        """Be the run that was saved, until its trainer has taken it up too."""
        self.began, self.seeded = saved.journal.settings, saved.journal.seeded
        self.entries = list(saved.journal.entries)
        self.history.records = list(saved.records)
        losses = [(r.validation or r.train).total for r in saved.records if r.complete]
        self.status = replace(self.status, state="starting", loss=losses[-1] if losses else None)

    def watch_divergence(self, losses: LossParts) -> None:
        """Say so if the losses of the epochs run away, until they come back.

        Behind another note that stands there, and again once that has taken its place.
        """
        note, error = self.status.note, self.status.error
        said = bool(self._warning) and self._warning in note
        if self._divergence.update(losses):
            if not said:
                self._warning = Divergence.advice(losses.total, self.settings.learning_rate)
                self.say(f"{note} {self._warning}".strip(), error=error)
        elif said:
            self.say(note.replace(self._warning, "").strip(), error=error)

    def say(self, note: str, *, error: bool = False) -> None:
        """Put a note into the status line."""
        self.status = replace(self.status, note=note, error=error)

    def hinder(self, hindrance: str) -> None:
        """Note what keeps the loss from being trained, in place of what was noted before.

        '' if nothing does. What stands in the status line stays unless it is another now.
        """
        before, self._hindrance = self._hindrance, hindrance
        note = self.status.note
        if hindrance == before or self.status.error:
            return
        if before:
            note = note.replace(before, "").strip()
        if hindrance not in note:
            note = f"{hindrance} {note}".strip()
        self.say(note)

    @property
    def busy(self) -> bool:
        """Whether it trains and was not told to halt."""
        return self.status.busy and not self.halting

    @property
    def settled(self) -> bool:
        """Whether it rests, and no stop on its way will change how."""
        return not (self.status.busy or self.stopping)

    def starting(self, hindrance: str = "") -> None:
        """Note that training was asked for and the trainer has not answered yet.

        `hindrance` is as for `hinder`.
        """
        self.error = None
        self._hindrance = hindrance
        self.halting = self.stopping = False
        self._awaited += 1
        self.status = replace(self.status, state="starting", reason="", note=hindrance, error=False)

    def stopped(self) -> None:
        """Note that the trainer was closed, perhaps in the middle of training."""
        self.stopping = False
        if self.status.busy:
            self.status = replace(self.status, state="finished", reason="stopped")

    def apply(self, event: Event) -> set[str]:  # noqa: PLR0911  # one line an event
        """Take in an event; return the topics it touched."""
        match event:
            case Progress():
                return self._progress(event)
            case Latent():
                self.latent = self._view.frame(next(_frame_numbers), event)
                return {"latent"}
            case StateChanged():
                return self._state(event)
            case Changed():
                before = self.applied.value(event.name)
                self.applied = self.applied.change(**{event.name: event.value})
                self._divergence.follow(self.applied)
                return self._note(event, event.name, event.value, before)
            case Labelled():
                if self.applied.delta:  # what is learnt is another from here
                    self._divergence.forget()
                value = event.label, event.name, event.indices
                return self._note(event, LABELLED, value) | {"labels"}
            case Resumed():
                return self._note(event, RESUMED)
            case Failed():
                return self._failed(event)
            case Weights():
                self.weights = event.parameters
            case _:
                pass
        return set()

    def _progress(self, event: Progress) -> set[str]:
        self.history.records.extend(event.records)
        loss = self.status.loss
        for record in event.records:
            if record.complete:
                loss = (record.validation or record.train).total
                self.watch_divergence(record.train)
        self.status = replace(
            self.status,
            epoch=event.epoch,
            step=event.step,
            steps_per_epoch=event.steps_per_epoch,
            seconds=event.seconds,
            best_epoch=event.best_epoch,
            best_loss=event.best_loss,
            loss=loss,
        )
        return {"status", "losses"} if event.records else {"status"}

    def _state(self, event: StateChanged) -> set[str]:
        note, error, state = self.status.note, self.status.error, event.state
        if state == "running":
            note, error, self.error = self._hindrance, False, None
            self._awaited = max(0, self._awaited - 1)
        elif self._awaited:
            state = "starting"  # it answers an earlier command
        else:
            self.halting = False
            self.stopping &= event.reason != "stopped"  # a pause may be answered before
        self.status = replace(
            self.status,
            state=state,
            reason=event.reason,
            patience=self.applied.n_iter_no_change,
            epoch=event.epoch,
            step=event.step,
            restored=event.restored,
            note=note,
            error=error,
        )
        return {"status"}

    def _note(
        self, event: Changed | Labelled | Resumed, name: str, value: Any = None, before: Any = None
    ) -> set[str]:
        self.entries.append(JournalEntry(event.step, event.epoch, name, value, before))
        return {"journal"}

    def _failed(self, event: Failed) -> set[str]:
        kind = getattr(exceptions, event.kind, None)
        ours = isinstance(kind, type) and issubclass(kind, TrainingError)
        text = event.message if ours else f"{event.kind}: {event.message}"
        self.error = kind(text) if ours and kind is not None else TrainingError(text)
        self._awaited = 0
        self.halting = self.stopping = False
        if event.traceback:
            self.error.add_note(f"In the trainer:\n{event.traceback}")
        self.status = replace(self.status, state="failed", reason="", note=text, error=True)
        return {"status"}
