"""The trainer's end of the conversation: commands in, events out.

`serve` runs in the training process (``python -m ae_widgets.engine.worker``) or
in a thread of the caller's; both ends only ever see `ae_widgets.engine.protocol`.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ae_widgets.engine.frames import FramePacer
from ae_widgets.engine.memory import memory_errors, training_advice
from ae_widgets.engine.pipe import FeatureFile, SparseFiles, StreamWriter, read_message
from ae_widgets.engine.protocol import (
    Begin,
    Change,
    Changed,
    Command,
    Event,
    Failed,
    Label,
    Labelled,
    Latent,
    Pause,
    Progress,
    Reconstruct,
    Reconstructed,
    Replay,
    RequestLatent,
    RequestState,
    Resume,
    Resumed,
    Shutdown,
    StateChanged,
    Step,
    Stop,
    TrainerState,
    Watch,
    Weights,
)
from ae_widgets.engine.schedule import Schedule
from ae_widgets.engine.settings import Settings
from ae_widgets.engine.threads import choose_threads
from ae_widgets.engine.trainer import Trainer
from ae_widgets.exceptions import NonFiniteLossError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from numpy.typing import NDArray

    from ae_widgets.engine.protocol import LossRecord, RunState, StepUnit

__all__ = ["Worker", "main"]

PROGRESS_SECONDS = 0.05
"""Shortest time between two `Progress` events."""

RECORD_SECONDS = 0.5
"""An epoch longer than this is also recorded on the way."""

CALL_SECONDS = 0.025
"""Training time between two looks at the commands."""

FIRST_WEIGHTS_SECONDS, WEIGHTS_SECONDS = 1.0, 10.0
"""Longest training time that is lost if the training process is killed, at first and later."""

FEW_WEIGHTS = 2**21
"""More (8 MB) are first sent as late as later on: at the next time they lie in memory twice."""

END_SECONDS = 3.0
"""Longest time that the training process takes to end once it was told to."""


class Worker:
    """Obeys commands between two batches and tells what happened.

    Parameters
    ----------
    features : ndarray or CSR matrix of shape (n_samples, n_features), float32
        All items.
    commands : queue of Command
        Where commands come from.
    emit : callable
        Takes each event; must not block.
    prepare : callable, optional
        Called with the settings and the number of features before a run's network is
        built.
    """

    def __init__(
        self,
        features: NDArray[np.float32] | Any,
        commands: queue.SimpleQueue[Command],
        emit: Callable[[Event], None],
        prepare: Callable[[Settings, int], None] | None = None,
    ) -> None:
        self._features = features
        self._commands = commands
        self._emit = emit
        self._prepare = prepare
        self._trainer: Trainer | None = None
        self._run = 0
        self._running = False
        self._failed = False
        self._unbegun: Failed | None = None  # why there is no trainer
        self._until: StepUnit | None = None
        self._ending: str | None = None  # why a run has finished
        self._schedule: Schedule | None = None
        self._changes: dict[str, object] = {}
        self._labels: list[Label] = []
        self._records: list[LossRecord] = []
        self._frames = FramePacer()
        self._watched = False
        self._said_at = self._recorded_at = self._weights_at = 0.0

    def serve(self) -> None:
        """Obey until `Shutdown`."""
        while True:
            while not (self._running and self._commands.empty()):
                if self._commands.empty():
                    self._guarded(self._apply_changes)
                command = self._commands.get()
                if isinstance(command, Shutdown):
                    return
                self._guarded(partial(self._obey, command))
            self._guarded(self._advance)

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            settings = self._trainer.settings if self._trainer else Settings()
            with memory_errors(training_advice(settings)):
                action()
        except Exception as error:  # noqa: BLE001  # whatever it is, the user must see it
            self._running, self._failed, self._schedule, self._ending = False, True, None, None
            if self._trainer is not None:
                self._show_halted()
                if isinstance(error, NonFiniteLossError):  # other weights are in place now
                    self._send_weights()
                self._say_progress()
            elif self._unbegun is not None:  # says more than that there is no trainer
                self._emit(self._unbegun)
                return
            text = "".join(traceback.format_exception(error))
            failed = Failed(self._run, type(error).__name__, str(error), text)
            self._unbegun = failed if self._trainer is None else None
            self._emit(failed)

    # Commands ---------------------------------------------------------------

    def _obey(self, command: Command) -> None:  # noqa: C901, PLR0912  # one line a command
        match command:
            case Begin():
                self._begin(command)
            case Resume():
                self._resume(None)
            case Step(unit=unit):
                self._resume(unit)
            case Pause():
                if self._running:
                    self._halt("paused", "asked")
            case Stop():
                self._halt("finished", "stopped")
            case Change() | Label() if self._trainer is None:
                pass  # the next `Begin` has them
            case Change(name=name, value=value):
                self._changes[name] = value
            case Label():
                self._labels.append(command)
            case Replay():
                self._schedule = Schedule(command)
                self._tell_state("running", "")
                self._train()
            case Watch(on=on):
                self._watched = on
                if not self._running and self._trainer is not None:
                    self._show_halted()
            case RequestLatent():
                self._frames.requested = True
                if not self._running:
                    self._show_exact()
            case Reconstruct(request=request, indices=indices):
                self._reconstruct(request, indices)
            case RequestState(request=request):
                self._send_state(request)
            case Shutdown():
                pass

    def _begin(self, command: Begin) -> None:
        self._run = command.run
        self._running = self._failed = False
        self._trainer = self._schedule = self._unbegun = None
        self._ending = command.halted[1] if command.halted[0] == "finished" else None
        self._changes, self._labels = {}, []
        self._records = []
        self._frames = FramePacer()
        if isinstance(command.features, FeatureFile | SparseFiles):
            self._features = command.features.open()
        elif command.features is not None:
            self._features = command.features
        if self._prepare is not None:
            self._prepare(command.settings, self._features.shape[1])
        with memory_errors(training_advice(command.settings)):
            trainer = Trainer(
                self._features,
                command.settings,
                command.weights,
                command.sample_weight,
                labels=command.labels,
            )
        trainer.best.keeps = True
        if command.state is not None:
            trainer.load_state(command.state)
        self._trainer = trainer
        self._show_halted()
        if trainer.step:
            self._say_progress()
        self._tell_state(*command.halted)

    def _resume(self, unit: StepUnit | None) -> None:
        self._apply_changes()
        trainer = self._require()
        self._until = unit
        self._tell_state("running", unit or "")
        if trainer.epoch >= trainer.settings.max_iter:
            self._halt("finished", "max_iter")
            return
        if self._failed or trainer.stopping.converged:  # asked to go on all the same
            self._go_on()
        self._train()

    def _train(self) -> None:
        self._rest(None)
        self._running, self._failed = True, False
        self._recorded_at = now = time.perf_counter()
        self._weights_at = now
        if sum(p.numel() for p in self._require().network.parameters()) <= FEW_WEIGHTS:
            # Soon for the first time: from then on there is something to lose.
            self._weights_at += FIRST_WEIGHTS_SECONDS - WEIGHTS_SECONDS

    def _go_on(self) -> None:
        trainer = self._require()
        if trainer.stopping.converged:
            trainer.stopping.forget()
        self._emit(Resumed(self._run, trainer.step, trainer.progress))

    def _apply_changes(self) -> None:
        """Put in force what was changed since the last batch: per setting, the latest."""
        if self._schedule is not None:
            self._follow(self._schedule)
            return
        changes, self._changes = self._changes, {}
        if changes:
            for name in self._require().settings.change(**changes).in_turn(changes):
                self._change(name, changes[name])
        labels, self._labels = self._labels, []
        for command in labels:
            self._label(command)
        if changes and not self._running:
            self._say_progress()  # nothing else would tell what they changed of it
            if self._ending is not None and self._rest(self._ending):
                self._send_weights()
                self._tell_state("finished", self._ending)

    def _change(self, name: str, value: object) -> None:
        trainer = self._require()
        trainer.change(name, value)
        self._emit(Changed(self._run, name, value, trainer.step, trainer.progress))

    def _label(self, command: Label) -> None:
        trainer = self._require()
        trainer.label(np.array(command.indices, np.int64), command.label)
        self._emit(
            Labelled(
                self._run,
                command.indices,
                command.label,
                command.name,
                trainer.step,
                trainer.progress,
            )
        )

    def _follow(self, schedule: Schedule) -> None:
        """Obey what is due at this step, and halt if it is the last."""
        self._obey_due(schedule)
        if schedule.ended(self._require().step):
            self._halt(*schedule.ending)

    def _obey_due(self, schedule: Schedule) -> None:
        for command in schedule.due(self._require().step):
            if isinstance(command, Change):
                self._change(command.name, command.value)
            elif isinstance(command, Label):
                self._label(command)
            else:
                with suppress(NonFiniteLossError):  # as it was found at the time, by a halt
                    self._require().require_finite_weights()
                self._go_on()

    def _reconstruct(self, request: int, indices: NDArray[np.int64]) -> None:
        values, errors = self._require().reconstruct(torch.from_numpy(indices))
        self._emit(Reconstructed(self._run, request, indices, values.numpy(), errors.numpy()))

    # Training ---------------------------------------------------------------

    def _advance(self) -> None:
        self._apply_changes()
        if not self._running:
            return
        epoch_done = self._train_some()
        if epoch_done is None:
            return
        trainer = self._require()
        now = time.perf_counter()
        if epoch_done:
            self._recorded_at = now
        elif now - self._recorded_at > RECORD_SECONDS and trainer.unrecorded:
            self._records.append(trainer.record())
            self._recorded_at = now
        if now - self._said_at > PROGRESS_SECONDS:
            self._say_progress()
        if now - self._weights_at > WEIGHTS_SECONDS:
            self._send_weights()
        self._show_frame(epoch_done=epoch_done)
        if self._schedule is None:
            self._halt_if_done(epoch_done=epoch_done)

    def _train_some(self) -> bool | None:
        """Train a little; return whether an epoch is done, None if a replay must begin it anew."""
        trainer = self._require()
        try:
            epoch_done = trainer.run(self._batches_at_once())
            if epoch_done:
                self._records.append(trainer.finish_epoch())
        except NonFiniteLossError:
            if self._schedule is None:
                raise
            if self._schedule.goes_on(trainer.step):  # as it was told to at the time
                return None
            self._obey_due(self._schedule)
            raise
        return epoch_done

    def _batches_at_once(self) -> int:
        """Return how many batches may run before the next look at commands and views."""
        if self._until == "batch":
            return 1
        trainer = self._require()
        most = trainer.batches_within(CALL_SECONDS)
        # What is due at a step of its own must not be passed.
        return most if self._schedule is None else min(most, self._schedule.limit(trainer.step))

    def _halt_if_done(self, *, epoch_done: bool) -> None:
        trainer = self._require()
        if epoch_done and trainer.epoch >= trainer.settings.max_iter:
            self._halt("finished", "max_iter")
        elif epoch_done and trainer.stopping.converged:
            self._halt("finished", "converged")
        elif self._until == "batch" or (self._until == "epoch" and epoch_done):
            self._halt("paused", self._until)

    def _halt(self, state: RunState, reason: str) -> None:
        """Stop between two batches; the state is told last, so that it closes the picture."""
        trainer = self._require()
        trainer.require_finite_weights()
        self._running, self._schedule = False, None
        if trainer.unrecorded:
            self._records.append(trainer.record())
        self._rest(reason if state == "finished" else None)
        self._show_halted()
        self._send_weights()
        self._say_progress()
        self._tell_state(state, reason)

    def _rest(self, ending: str | None) -> bool:
        """Have the weights in place of a run that finished so, or did not; tell if others were."""
        trainer, self._ending = self._require(), ending
        moved = trainer.rest(ended=ending is not None)
        if moved and self._frames.shown(trainer.step):  # with other weights
            self._frames.exact_at = None
            self._show_exact()
        return moved

    # Events -----------------------------------------------------------------

    def _tell_state(self, state: RunState, reason: str) -> None:
        trainer = self._require()
        restored = trainer.best.lent if state == "finished" else None
        self._emit(StateChanged(self._run, state, reason, trainer.epoch, trainer.step, restored))

    def _say_progress(self) -> None:
        trainer = self._require()
        self._said_at = time.perf_counter()
        self._emit(
            Progress(
                run=self._run,
                epoch=trainer.epoch,
                step=trainer.step,
                steps_per_epoch=trainer.steps_per_epoch,
                seconds=trainer.seconds,
                best_epoch=trainer.stopping.best_epoch,
                best_loss=trainer.stopping.best_loss,
                records=tuple(self._records),
            )
        )
        self._records = []

    def _send_weights(self) -> None:
        trainer = self._require()
        self._weights_at = time.perf_counter()
        if not trainer.has_finite_weights:
            return  # the next batch tells of it, and goes back to those of before
        self._emit(Weights(self._run, trainer.step, trainer.weights()))

    def _send_state(self, request: int) -> None:
        self._apply_changes()
        # What is written holds weights that can be trained on, or none is.
        self._guarded(self._require().require_finite_weights)
        self._say_progress()  # what was measured up to here belongs to it
        self._emit(TrainerState(self._run, request, self._require().state()))

    def _show_frame(self, *, epoch_done: bool) -> None:
        """Send a frame if one was asked for and looking stays within its budget."""
        trainer = self._require()
        if not self._frames.wanted(trainer.step):
            return
        if epoch_done and self._frames.affordable(trainer.seconds):
            self._show_exact()
        elif trainer.epoch and self._frames.due():
            self._send_latent(*trainer.pass_latent(), exact=False)

    def _show_halted(self) -> None:
        """Send the exact codes where the run rests, to who watches."""
        if self._watched:
            self._show_exact()

    def _show_exact(self) -> None:
        trainer = self._require()
        if self._frames.exact_at == trainer.step:
            return
        with self._frames.timed():
            codes, errors = trainer.encode()
        self._send_latent(codes, errors, exact=True)

    def _send_latent(self, codes: torch.Tensor, errors: torch.Tensor, *, exact: bool) -> None:
        trainer = self._require()
        self._frames.sent(trainer.step, exact=exact)
        classes, clusters = trainer.assign(codes)
        lent = trainer.best.lent
        self._emit(
            Latent(
                run=self._run,
                step=trainer.step,
                epoch=trainer.progress if lent is None else float(lent),
                exact=exact,
                codes=codes.numpy().copy(),
                errors=errors.numpy().copy(),
                classes=classes,
                clusters=clusters,
            )
        )

    def _require(self) -> Trainer:
        if self._trainer is None:
            msg = "A trainer takes no command before Begin."
            raise RuntimeError(msg)
        return self._trainer


def main() -> None:
    """Run a worker whose commands and events cross standard input and output."""
    # An interrupt of the notebook's cell is the session's business, not ours.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Whatever prints must not end up between two messages.
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    source: BinaryIO = sys.stdin.buffer
    files: FeatureFile | SparseFiles = read_message(source)

    commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
    writer = StreamWriter(output)

    def listen() -> None:
        command: Command | None = None
        try:
            while True:
                command = read_message(source)
                commands.put(command)
        except EOFError:
            if isinstance(command, Shutdown):
                time.sleep(END_SECONDS)  # what was told before is obeyed if it takes no longer
            os._exit(0)  # The notebook's process is gone: nobody is left to train for.

    def prepare(settings: Settings, n_features: int) -> None:
        torch.set_num_threads(choose_threads(settings, n_features))

    threading.Thread(target=listen, name="ae_widgets-commands", daemon=True).start()
    Worker(files.open(), commands, writer.put, prepare).serve()
    writer.close(timeout=5.0)
    os._exit(0)  # The listening thread still holds standard input.


if __name__ == "__main__":
    main()
