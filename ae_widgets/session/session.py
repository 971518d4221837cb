"""One run as a screen needs it: commands in, snapshots out."""

from __future__ import annotations

import itertools
import threading
import time
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.data.fingerprint import weight_digest
from ae_widgets.engine.checks import (
    check_clusters,
    check_settings,
    idle_kind,
    nothing_weighs,
    roomy_code,
)
from ae_widgets.engine.kinds import KINDS
from ae_widgets.engine.launch import TRAINERS
from ae_widgets.engine.missing import settings_in_force
from ae_widgets.engine.protocol import (
    Begin,
    Change,
    Failed,
    Latent,
    Pause,
    Replay,
    Resume,
    StateChanged,
    Step,
    Stop,
    Watch,
)
from ae_widgets.engine.sampling import check_sample_weight
from ae_widgets.engine.settings import PRESETS, Settings
from ae_widgets.exceptions import DataError, SettingsError, TrainingError
from ae_widgets.session import registry
from ae_widgets.session.background import Background
from ae_widgets.session.groups import Grouping
from ae_widgets.session.imputation import Imputation
from ae_widgets.session.inputs import Inputs
from ae_widgets.session.items import read_items
from ae_widgets.session.keeping import Keeping
from ae_widgets.session.labelling import Labelling
from ae_widgets.session.link import Link
from ae_widgets.session.observers import Observers
from ae_widgets.session.questions import Questions
from ae_widgets.session.readings import Readings
from ae_widgets.session.run import Run
from ae_widgets.session.similarity import Similarity
from ae_widgets.session.start import Start, read_start
from ae_widgets.session.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from ae_widgets.engine.protocol import Event, StepUnit
    from ae_widgets.session.journal import Journal
    from ae_widgets.session.status import Status

__all__ = ["PastRun", "Session"]

_numbers = itertools.count(1)
_PATIENCE_SECONDS = 4.0
_CLOSE_SECONDS = 0.5
"""Longest time that `Session.close` waits for the last weights."""

_OF_A_RUN = ("baseline", "status", "losses", "journal", "settings")
"""What another run makes other, first what is no longer true: the line of another code's size."""

_COMPILING = "Compiling the training loop for this machine: only once, up to a minute."


@dataclass(frozen=True, eq=False)
class PastRun:
    """What is kept of a run that was reset.

    Attributes
    ----------
    settings : Settings
    status : Status
    history : DataFrame
        One row per completed epoch.
    weights : dict of str to ndarray, or None
        The parameters that the trainer sent last.
    journal : Journal
        What `Session.replay` trains it again from.
    """

    settings: Settings
    status: Status
    history: pd.DataFrame
    weights: dict[str, NDArray[np.float32]] | None
    journal: Journal

    def __repr__(self) -> str:
        return f"PastRun({self.status.message!r})"


class Session(Imputation, Grouping, Similarity, Keeping, Watching, Questions, Readings):
    """An autoencoder in training, without a screen.

    All methods may be called from any thread and return at once; only `wait`,
    `reconstruct`, `save`, `load` and `replay` block.

    Parameters
    ----------
    X : array-like, sparse matrix, DataFrame, Bunch, Dataset or path of a folder of pictures
        The items; see `ae_widgets.data.read_dataset`. Values may be missing (NaN) with
        ``missing='mask'``. A sparse matrix stays in CSR form; with ``missing='mask'`` the
        values that it does not store are missing, otherwise they are 0.
    y : array-like of shape (n_samples,), optional
        Labels; they are trained on as well where `Settings.delta` is above 0. An item
        has none where it is NaN, None or -1, which is a label only where others are
        negative too or where 1 is the only other one.
    labels : array-like, optional
        The labels in ``Session(estimator, X, y)``: the run has the settings of an
        `Autoencoder` and, if that is fitted and of the same architecture and kind, goes
        on from its weights, with a new memory of the optimiser. Kinds that have the same
        parameters are as good as the same; what the items are drawn as does not matter.
    item_shape : tuple of int, optional
        ``(height, width)`` or ``(height, width, channels)`` of an item, ``(length,)`` of
        a series.
    categorical : None, 'auto' or sequence of str, optional
        Which columns of a DataFrame hold categories, beside those of such a type: all of
        text, or those of these names; see `ae_widgets.data.read_dataset`.
    settings : Settings, optional
        Settings to begin with.
    preset : {'deep', 'simple'}, optional
        A named set of settings, applied on top of `settings`.
    sample_weight : array-like of shape (n_samples,), optional
        How often each item is drawn, in relation to the others. An epoch is then
        as many draws, with replacement, as there are items to train on.
    missing : {'error', 'mask'}, default='error'
        Whether values that are missing (NaN) are refused, or left out of the error as in
        `Autoencoder`; `imputed` then has them filled in.
    copy : bool, default=False
        Whether to keep a copy of the items and weights, so that nothing that is written
        into them later matters. Without one, a C-contiguous float32 array, a CSR matrix of
        float32 and a `numpy.memmap` are kept in place; `ae_widgets.data.read_dataset` says
        which. What is written into them while it trains is shown at once; it is trained on
        from the next batch with ``trainer='thread'`` and where a file is mapped, and
        otherwise never, since the training process has a copy. NaN then ends the run as any
        loss does that is not finite. A journal or checkpoint of such a run is of no use.
    trainer : {'process', 'thread'}, default='process'
        Where to train. A process keeps its speed while a cell runs Python code.
    **changes
        Single settings, applied last, such as ``beta=0.1``, ``code_dim=3`` or
        ``preprocess='standard'``; see `Settings`. What `preprocess` asks for is fitted on
        the items that are trained on; codes, losses and errors are then about what it
        makes of the items, while items and reconstructions are shown as they came. It is
        fitted before this returns, within seconds; 'quantile', the slowest scaling, takes
        about ten for 60,000 items of 784 features.

    Raises
    ------
    DataError
        If the data cannot be trained on.
    SettingsError
        If a setting is unknown or out of its range.
    """

    def __init__(  # noqa: PLR0913  # data, and how it is trained on
        self,
        X: Any,
        y: Any = None,
        labels: ArrayLike | None = None,
        *,
        item_shape: tuple[int, ...] | None = None,
        categorical: Any = None,
        settings: Settings | None = None,
        preset: str | None = None,
        sample_weight: ArrayLike | None = None,
        missing: str = "error",
        copy: bool = False,
        trainer: str = "process",
        **changes: Any,
    ) -> None:
        if trainer not in TRAINERS:
            msg = f"trainer must be one of {', '.join(TRAINERS)}, got {trainer!r}."
            raise SettingsError(msg)
        if preset is not None and preset not in PRESETS:
            msg = f"preset must be one of {', '.join(PRESETS)}, got {preset!r}."
            raise SettingsError(msg)
        start = read_start(X, y, labels)
        X, y = start.X, start.y
        if categorical is None and hasattr(X, "columns"):
            categorical = start.parameters.get("categorical")
        self.parameters = {**start.parameters, "categorical": categorical}
        chosen = settings or start.settings or Settings()
        preset_changes = PRESETS[preset] if preset else {}
        asked = {"reconstruction": chosen.reconstruction, "kind": chosen.kind}
        asked |= {**preset_changes, **changes}
        in_force = settings_in_force(asked["reconstruction"], missing, asked["kind"])
        scaled = bool(changes.get("preprocess", chosen.preprocess))
        self.dataset = read_items(
            X,
            y,
            start.item_shape if item_shape is None else item_shape,
            in_force["reconstruction"],
            scaled=scaled,
            categorical=categorical,
            copy=copy,
        )
        self._inputs = Inputs(self.dataset)
        # The network of a convolutional trunk needs to know what the items look like.
        shape = {"item_shape": self.dataset.item_shape} if self.dataset.is_image else {}
        chosen = chosen.change(**{**shape, **preset_changes}).change(**changes | in_force)
        if settings is None and start.settings is None:
            chosen = chosen.change(**self._unsaid(chosen, changes))
        chosen = self._take_over(chosen, start)
        self._check_settings(chosen)
        weight = check_sample_weight(sample_weight, self.dataset.n_samples)
        self._sample_weight = weight.copy() if copy and weight is not None else weight
        self._weight_digest = weight_digest(weight)
        self._prepared = self._inputs.of(chosen)
        self.number = next(_numbers)
        self.closed = self._ended = False
        self.past_runs: list[PastRun] = []
        self._lock = threading.RLock()
        self._settled = threading.Condition(self._lock)
        self._link = Link(trainer, self._prepared.inputs.features, self._handle)
        self._observers = Observers()
        self._notify = self._observers.notify
        self._pending: dict[str, Any] = {}
        self._selection: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._focus, self._hovering = None, False
        self._background = Background(self.dataset, self._notify)
        self._labelling = Labelling(self.dataset)
        self._asked_while_busy = set()
        self._run = self._new_run(0, chosen)
        self._run.weights = self._start.weights_for(chosen, self.dataset)
        self._say_notices()
        registry.register(self)

    # Commands ---------------------------------------------------------------

    def prepare(self) -> None:
        """Start the trainer and have it encode all items, but not train yet."""
        with self._lock:
            self._require_open()
            if self._link.trainer is None:
                self._launch(self._begin())
                self._tell_labels()
                self._explain_waiting()

    def start(self) -> None:
        """Train. After a run that finished or failed, begin a new one.

        While it trains this does nothing but say so.
        """
        with self._lock:
            self._require_open()
            anew = self.status.state in ("finished", "failed")
            if self._run.busy:
                self._run.say(f"Training is already running (step {self.status.step:,}).")
            else:
                if anew:
                    self._renew(keep=self._unbegun)
                self._go(Resume())
        self._notify(*(_OF_A_RUN if anew else ("status",)))

    def resume(self) -> None:
        """Go on with a run that was paused, has finished or failed.

        If its training process ended, a new run begins from the weights that it sent last.
        After all its epochs this only says that `Settings.max_iter` must be raised.
        """
        self._go_on(Resume())

    def pause(self) -> None:
        """Stop between two batches; `resume` goes on."""
        self._halt(Pause())

    def step(self, unit: StepUnit = "epoch") -> None:
        """Train one batch, or to the end of the epoch, then pause."""
        if unit not in ("batch", "epoch"):
            msg = f"unit must be 'batch' or 'epoch', got {unit!r}."
            raise SettingsError(msg)
        self._go_on(Step(unit))

    def stop(self) -> None:
        """End the run between two batches; the model and the history are kept."""
        self._halt(Stop())

    def reset(self) -> None:
        """Begin a new, untrained run with the pending settings; see `past_runs`."""
        with self._lock:
            self._require_open()
            self._start = Start(None, None)
            self._renew()
        self._notify(*_OF_A_RUN)

    def change(self, **values: Any) -> None:
        """Change settings: live ones from the next batch, others with the next run.

        Another kind brings a weight of its complexity to begin with, unless one was chosen.

        Raises
        ------
        SettingsError
            If a name is unknown or a value out of its range; nothing is changed.
        """
        if not values.keys().isdisjoint(("preprocess", "validation_fraction", "random_state")):
            # Fitted and kept before the lock is taken, which the trainer's events wait for.
            self._inputs.of(self.settings.change(**{**self.pending, **values}))
        with self._lock:
            self._require_open()
            waiting = dict(self._pending)
            brought = self._brought_by(values)
            if "kind" in values:
                waiting.pop("complexity", None)  # it was chosen for another kind
            if {"kind", "beta"} & values.keys():
                waiting.pop("beta", None)  # so was this
            waiting |= brought
            planned = self.settings.change(**{**waiting, **values})
            self._check_settings(planned)
            if planned.n_clusters != self.settings.n_clusters:  # also where none are trained yet
                check_clusters(planned.n_clusters, self.dataset.n_samples)
            live = {n: v for n, v in values.items() if self.settings.is_live(n, planned)}
            later = {n: v for n, v in values.items() if n not in live}
            current = self.settings.change(**live)
            self._check_settings(current if self.status.step else planned)
            self._run.follow_settings(current)
            for name in current.in_turn(live):
                self._link.send(Change(name, current.value(name)))
            self._pending = {
                n: v for n, v in (waiting | later).items() if planned.value(n) != current.value(n)
            }
            if self._pending and self.status.state == "idle":
                self._renew()
            else:
                self._say_what_holds()
        self._background.request_baseline(self.settings, self.features)
        self._notify("settings", "status", "baseline", "journal")
        if "n_clusters" in live:
            self._find_anew()

    def say(self, note: str, *, error: bool = False) -> None:
        """Put a note into the status line."""
        with self._lock:
            self._run.say(note, error=error)
        self._notify("status")

    def select(self, indices: ArrayLike) -> None:
        """Select items.

        Raises
        ------
        DataError
            If an index is not one of an item.
        """
        self._selection = np.unique(self._items_at(indices))
        self._notify("selection")

    def label(self, indices: ArrayLike, name: str | None) -> None:
        """Give items a label, or none; a classifier learns it from the next batch on.

        Parameters
        ----------
        indices : array-like of int
            The items, such as ``session.selection``.
        name : str or None
            One of `label_names` or a new one; None takes the label away.

        Raises
        ------
        DataError
            If an index is not one of an item, there is none, or the name is empty.
        """
        rows = np.unique(self._items_at(indices))
        with self._lock:
            self._require_open()
            self._link.send(self._labelling.give(rows, name))
            self._tell_hindrance()
        self._notify("labels", "status")

    def point(self, index: int | None, *, hovering: bool = False) -> None:
        """Point at an item, or at none; `hovering` if only until something else is."""
        if index is not None and not 0 <= index < self.dataset.n_samples:
            msg = f"There is no item {index}: indices go from 0 to {self.dataset.n_samples - 1}."
            raise DataError(msg)
        self._focus = None if index is None else int(index)
        self._hovering = hovering
        self._notify("focus")

    def do_aside(self, topic: str, job: Callable[[], None]) -> None:
        """Have `job` done soon on another thread, in place of one of the topic that waits.

        For what takes too long where a person waits, such as a change of what has to be
        fitted on many items.
        """
        self._background.do(topic, job)

    def wait(self, timeout: float | None = None) -> Status:
        """Wait until the run pauses or ends.

        The first interrupt of the waiting cell stops the run and keeps the model;
        a second one raises `KeyboardInterrupt`.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most.

        Raises
        ------
        TimeoutError
            If it still trains then; it goes on.
        TrainingError
            If the run ended with an error.
        """
        try:
            self._wait_until_settled(timeout)
        except KeyboardInterrupt:
            self.stop()
            self._wait_until_settled(timeout)
            self.say(f"Stopped at step {self.status.step:,}; model kept.")
        if self.status.state == "failed" and self.error is not None:
            raise self.error
        return self.status

    def close(self) -> None:
        """End the training and free the trainer; what was measured stays readable.

        So do the last weights, for which this waits half a second at most.
        """
        with self._lock:
            if self.closed:
                return
            self.stop()
            awaited = self._run.stopping and self.status.state != "starting"
            self.closed = True
            self._link.close()
            self._run.stopped()
            self._settled.notify_all()
        registry.release(self)
        self._background.close()
        try:
            if awaited and threading.get_ident() != self._events_thread:
                with self._settled:
                    self._settled.wait_for(lambda: self._ended, _CLOSE_SECONDS)
        finally:
            self._notify("status", "closed")

    # The trainer ------------------------------------------------------------

    def _new_run(self, number: int, settings: Settings) -> Run:
        self._prepared = self._inputs.of(settings)
        self._background.request_baseline(settings, self._prepared.inputs.features)
        return Run(number, settings, self.dataset.n_samples)

    def _unsaid(self, settings: Settings, said: Mapping[str, Any]) -> dict[str, Any]:
        """Return what follows from data and kind where it was not said."""
        n_labels, follows = len(self.dataset.label_names), {}
        if "kind" in said and "beta" not in said:
            follows["beta"] = KINDS[settings.kind].beta
        most = max(settings.n_clusters, self.dataset.n_samples // 2)  # more are no classes but ids
        if "n_clusters" not in said and 1 < n_labels <= most:
            follows["n_clusters"] = n_labels
        return follows

    def _take_over(self, settings: Settings, start: Start) -> Settings:
        """Return settings that prepare items as the estimator does that they begin from."""
        if start.weights_for(settings, self.dataset) is not None:
            settings = self._inputs.take_over(settings, start.preprocessor)
            start = start.prepared_by(settings.preprocess)
        self._start = start._replace(X=None, y=None)  # not to keep what was read twice
        return settings

    def _check_settings(self, settings: Settings) -> None:
        inputs = self._inputs.of(settings).inputs
        check_settings(
            settings,
            lambda: inputs.value_range,
            n_features=inputs.n_features,
            n_samples=inputs.n_samples,
            missing=inputs.has_missing,
            of_session=True,
        )

    def _begin(self) -> Begin:
        run = self._run
        run.begins()
        return Begin(
            run.number,
            self.settings,
            run.weights,
            sample_weight=self._sample_weight,
            labels=self._labelling.to_train_on,
        )

    def _brought_by(self, values: Mapping[str, Any]) -> dict[str, float]:
        """Return the weight of its complexity that another kind begins with, if none was chosen."""
        now, kind = self.settings, values.get("kind")
        if kind not in KINDS or kind == now.kind or "beta" in values:
            return {}
        return {"beta": KINDS[kind].beta} if now.beta in {0.0, KINDS[now.kind].beta} else {}

    def _say_what_holds(self) -> None:
        """Say what there is to say once settings have changed; a failure stays as it is."""
        match self.status.state:
            case "idle":
                self._say_notices()
            case "failed":
                self._tell_hindrance()
            case _:
                self._run.say(self._hindrance())
                self._tell_hindrance()

    def _say_notices(self) -> None:
        """Say what is worth saying of the items, and of the run that begins."""
        code_dim, n = self.settings.architecture.code_dim, self._prepared.inputs.n_features
        notices = (
            *self._prepared.notices,
            roomy_code(code_dim, n),
            self._start.told(self.settings, taken=self._run.weights is not None),
            idle_kind(self.settings),
            self._hindrance(),
        )
        self._run.say(" ".join(filter(None, notices)))
        self._tell_hindrance()

    def _hindrance(self) -> str:
        """Return what keeps the loss, or its classes, from being trained; '' if nothing does."""
        notice = self._labelling.notice if self.settings.delta else ""
        return nothing_weighs(self.settings) or notice

    def _tell_hindrance(self) -> None:
        self._run.hinder(self._hindrance())

    def _launch(self, begin: Begin) -> None:
        self._link.launch(begin)
        if self._watched:
            self._link.send(Watch(on=True))

    def _tell_labels(self) -> None:
        for command in self._labelling.given_since():
            self._link.send(command)

    def _go(self, command: Resume | Step | Replay) -> None:
        self.prepare()
        registry.hold(self)
        self._run.starting(self._hindrance())
        self._link.send(command)

    def _go_on(self, command: Resume | Step) -> None:
        with self._lock:
            self._require_open()
            lost = self.status.state == "failed" and self._link.trainer is None
            anew = lost or self._unbegun
            if not self._run.busy and not self._all_done():
                if anew:
                    self._renew(keep=True, changed=self._unbegun)
                self._go(command)
        self._notify(*(_OF_A_RUN if anew else ("status",)))

    @property
    def _unbegun(self) -> bool:
        """Whether the run failed before its first batch, as where it could not begin."""
        return self.status.state == "failed" and not self.status.step

    def _all_done(self) -> bool:
        """Whether the run has finished all its epochs; if so, say how to go on."""
        status = self.status
        if status.state != "finished" or not status.all_done:
            return False
        self._run.say(f"To go on, raise the epochs (max_iter) above {status.epoch} first.")
        return True

    def _halt(self, command: Pause | Stop) -> None:
        with self._lock:
            if self.status.live:
                self._run.halting = self.status.state != "paused"
                sent = self._link.send(command)
                self._run.stopping |= sent and isinstance(command, Stop)

    def _renew(self, *, keep: bool = False, changed: bool = True) -> None:
        """Begin the next run, keeping the past one (the lock is held).

        With `keep`, and after a trainer that died, it has the weights of the past one
        unless other settings waited for it, which wait on if it is not to be `changed`.
        Until a run has trained, it has those of the estimator that fit its settings.
        """
        past = self._run
        if past.status.step:
            self._start = Start(None, None)
            self.past_runs.append(
                PastRun(
                    past.settings, past.status, past.history.frame(), past.weights, self.journal
                )
            )
        settings = past.settings
        if changed:
            settings = settings.change(**self._pending)
            self._pending = {}
        self._run = self._new_run(past.number + 1, settings)
        same = settings.change(device=past.settings.device) == past.settings
        died = self._link.trainer is None and past.status.state == "failed"
        if same and (keep or died):
            self._run.weights = past.weights  # what it was given, or its trainer sent last
        else:
            self._run.weights = self._start.weights_for(settings, self.dataset)
        self._link.begin(self._begin(), self.features)
        self._tell_labels()
        self._say_notices()
        self._settled.notify_all()

    def _handle(self, event: Event) -> None:
        """Take in what the trainer says (on its thread)."""
        self._events_thread = threading.get_ident()
        with self._lock:
            died = isinstance(event, Failed) and event.run < 0
            if event.run != self._run.number and (self.closed or not died):
                return
            if self.closed:
                self._take_last(event)
                return
            if died:
                self._link.lost()
            was_busy = self.status.busy
            topics = self._run.apply(event)
            if isinstance(event, Latent) and self.status.note.endswith(_COMPILING):
                self._run.say(self.status.note.removesuffix(_COMPILING).strip())
                topics = topics | {"status"}
            if not self.status.busy:
                if self.status.state == "finished" and not self.status.note:
                    self._run.say(" ".join(self._prepared.notices))  # they hold still
                registry.release(self)
                self._settled.notify_all()
        self._notify(*topics)
        if was_busy and self._rests():
            self._ask_again()

    def _take_last(self, event: Event) -> None:
        """Take in what comes until the trainer has obeyed `close`; nobody is told of it."""
        self._run.apply(event)
        self._run.stopped()  # it stays so, whatever was on its way
        stopped = isinstance(event, StateChanged) and event.reason == "stopped"
        self._ended |= stopped or isinstance(event, Failed)
        self._settled.notify_all()

    def _explain_waiting(self) -> None:
        """Say what takes so long if the first picture does not come soon to who watches."""
        own = weakref.ref(self)

        def explain() -> None:
            session = own()
            if session is None or session.closed or session.error or not session._watched:  # noqa: SLF001
                return
            if session._run.latent is not None:  # noqa: SLF001
                return
            if session.status.state == "idle":  # else the status line says so by itself
                session.say(f"{session.status.note} {_COMPILING}".strip())

        timer = threading.Timer(_PATIENCE_SECONDS, explain)
        timer.daemon = True
        timer.start()

    def _wait_until_settled(self, timeout: float | None) -> None:
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._settled:
            while not self._run.settled:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    msg = (
                        f"Still training after {timeout:g} s (epoch {self.status.epoch} of "
                        f"{self.status.max_iter}); it goes on in the background."
                    )
                    raise TimeoutError(msg)
                self._settled.wait(left)

    def _require_open(self) -> None:
        if self.closed:
            msg = "This session is closed. Make a new one to train again."
            raise TrainingError(msg)
