"""Saving a run, taking it up again, and training it anew from its journal."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from ae_widgets.engine.protocol import Begin, RequestState
from ae_widgets.engine.sampling import check_sample_weight
from ae_widgets.exceptions import CheckpointError, NonFiniteLossError, TrainingError
from ae_widgets.session.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from ae_widgets.session.inputs import with_steps
from ae_widgets.session.items import read_items
from ae_widgets.session.journal import Journal, versions

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from ae_widgets.data import Dataset
    from ae_widgets.engine.protocol import Replay, Resume, Step, TrainerState
    from ae_widgets.engine.settings import Settings
    from ae_widgets.session.labelling import Labelling
    from ae_widgets.session.link import Link
    from ae_widgets.session.run import Run

__all__ = ["Keeping"]

_POLL_SECONDS = 0.1


class Keeping:
    """The part of `Session` that has to do with files."""

    if TYPE_CHECKING:  # what it needs of the session
        _lock: threading.RLock
        _link: Link
        _run: Run
        _pending: dict[str, Any]
        _labelling: Labelling
        prepare: Callable[[], None]
        close: Callable[[], None]
        say: Callable[[str], None]
        _launch: Callable[[Begin], None]
        _go: Callable[[Resume | Step | Replay], None]
        _tell_hindrance: Callable[[], None]
        _require_open: Callable[[], None]
        _wait_until_settled: Callable[[float | None], None]

        _sample_weight: NDArray[np.float64] | None

        def __init__(
            self,
            X: Dataset,
            *,
            sample_weight: ArrayLike | None,
            settings: Settings,
            trainer: str,
        ) -> None: ...

        @property
        def journal(self) -> Journal: ...  # noqa: D102
        @property
        def error(self) -> Exception | None: ...  # noqa: D102

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the run to a file, from which `load` goes on as if nothing had been.

        It may be training: the trainer answers between two batches and trains on. The
        file, an uncompressed zip that `numpy.load` opens too, holds the weights, the
        optimiser's memory, the order of the items and the state of all that is random,
        the history, the journal and the settings; neither the items nor past runs.

        Parameters
        ----------
        path : path-like
            The file; one that is there is replaced, once the new one is complete.

        Raises
        ------
        CheckpointError
            If it cannot be written; a file that was there is untouched.
        TrainingError
            If the session is closed or its trainer has died.
        """
        with self._lock:
            self._require_open()
            if self._link.trainer is None and self.error is not None:
                raise self.error
        self.prepare()
        write_checkpoint(path, self._checkpoint())

    @classmethod
    def load(  # noqa: PLR0913  # the data as for `Session`, and where
        cls,
        path: str | os.PathLike[str],
        X: Any,
        y: ArrayLike | None = None,
        *,
        item_shape: tuple[int, ...] | None = None,
        categorical: Any = None,
        sample_weight: ArrayLike | None = None,
        preprocess: Any = None,
        trainer: str | None = None,
    ) -> Self:
        """Return the session that was saved, to go on with `resume`.

        What it trains from here equals, bit for bit on the same machine and versions,
        what it would have trained without the interruption. A run that was saved while
        it trained is paused.

        Parameters
        ----------
        path : path-like
            What `save` wrote. No code in it is ever run.
        X, y, item_shape, categorical, sample_weight
            The same items, labels and weights, as for `Session`.
        preprocess : object, optional
            The same as for `Session`, if a transformer of your own is in it: no file holds
            code. Named steps are kept in the file and fitted again.
        trainer : {'process', 'thread'}, optional
            Where to train; default where it was trained before.

        Raises
        ------
        CheckpointError
            If the file is damaged or no checkpoint; no session is left behind.
        DataError
            If the items, labels, weights or the preprocessing are not those of the run.
        """
        saved = read_checkpoint(path)
        settings = with_steps(saved.settings, preprocess)
        scaled = bool(settings.preprocess)
        dataset = read_items(
            X, y, item_shape, settings.reconstruction, scaled=scaled, categorical=categorical
        )
        weight = check_sample_weight(sample_weight, dataset.n_samples)
        saved.journal.require_data(dataset, weight)
        session = cls(
            dataset,
            sample_weight=weight,
            settings=settings,
            trainer=trainer or saved.journal.trainer,
        )
        try:
            session._take_up(saved)
        except TrainingError as error:
            session.close()
            msg = f"Could not go on from {str(path)!r}: it does not fit its settings. {error}"
            raise CheckpointError(msg) from error
        except BaseException:
            session.close()
            raise
        session._tell_versions(saved.journal)
        return session

    @classmethod
    def replay(  # noqa: PLR0913  # as `load`
        cls,
        journal: Journal | str | os.PathLike[str],
        X: Any,
        y: ArrayLike | None = None,
        *,
        item_shape: tuple[int, ...] | None = None,
        categorical: Any = None,
        sample_weight: ArrayLike | None = None,
        preprocess: Any = None,
        trainer: str | None = None,
    ) -> Self:
        """Train a run again from its journal and return its session.

        Every change comes into force at the step at which it did, and training ends at
        the same step; on the same machine and versions the weights are the same bit for
        bit. Blocks, at full speed, until it is done: what was paused is not paused again.

        Parameters
        ----------
        journal : Journal or path-like
            `Session.journal`, also of a run that still trains, or a file of `Journal.save`.
        X, y, item_shape, categorical, sample_weight
            The same items, labels and weights, as for `Session`.
        preprocess : object, optional
            The same as for `Session`, if a transformer of your own is in it: no file holds
            code. Named steps are kept in the file and fitted again.
        trainer : {'process', 'thread'}, optional
            Where to train; default where it was trained before.

        Returns
        -------
        Session
            In the state in which the run was, or paused if that was training. If the
            run had failed, so has this.

        Raises
        ------
        JournalError
            If the journal is damaged, or the run did not begin from its seed.
        DataError
            If the items, labels or weights are not those of the run; tells both shapes.
        TrainingError
            If it ends with an error that the run had not.
        """
        if not isinstance(journal, Journal):
            journal = Journal.load(journal)
        command = journal.replay()
        settings = with_steps(journal.settings, preprocess)
        scaled = bool(settings.preprocess)
        dataset = read_items(
            X, y, item_shape, settings.reconstruction, scaled=scaled, categorical=categorical
        )
        weight = check_sample_weight(sample_weight, dataset.n_samples)
        journal.require_data(dataset, weight)
        session = cls(
            dataset,
            sample_weight=weight,
            settings=settings,
            trainer=trainer or journal.trainer,
        )
        try:
            with session._lock:
                session._go(command)
                session._run.follow_settings(
                    journal.last_settings.change(preprocess=settings.preprocess)
                )
                session._labelling.take_up(journal)
                session._tell_hindrance()
            session._wait_until_settled(None)
            session._require_no_error(unless=journal.state[0] == "failed")
        except BaseException:
            session.close()
            raise
        session._tell_versions(journal)
        return session

    def _checkpoint(self) -> Checkpoint:
        """Have the trainer tell its state, and put the run's beside it."""
        answers: list[Checkpoint] = []
        answered = threading.Event()

        def take(event: TrainerState) -> None:
            # On the thread that takes in the events, so that all before it are in.
            with self._lock:
                if event.run == self._run.number:
                    answers.append(self._put_together(event.values))
            answered.set()

        with self._lock:
            trainer, error = self._link.trainer, self.error
            self._link.ask(RequestState, take)
        while not answered.wait(_POLL_SECONDS):
            failed = self.error is not error and not isinstance(self.error, NonFiniteLossError)
            if failed or self._link.trainer is None or self._link.trainer is not trainer:
                break
        if answers:
            return answers[0]
        msg = "The run was reset or closed while it was being saved."
        raise self.error or TrainingError(msg)

    def _put_together(self, trainer: dict[str, Any]) -> Checkpoint:
        return Checkpoint(
            journal=self.journal,
            settings=self._run.applied,
            pending=dict(self._pending),
            records=tuple(self._run.history.records),
            trainer=trainer,
        )

    def _take_up(self, saved: Checkpoint) -> None:
        with self._lock:
            self._run.take_up(saved)
            self._labelling.take_up(saved.journal)
            self._tell_hindrance()
            self._pending = saved.pending
            self._launch(
                Begin(
                    self._run.number,
                    saved.settings,
                    state=saved.trainer,
                    halted=saved.journal.halted,
                    sample_weight=self._sample_weight,
                    labels=self._labelling.to_train_on,
                )
            )
        self._wait_until_settled(None)
        self._require_no_error()
        self._run.weights = saved.trainer["weights"]

    def _require_no_error(self, *, unless: bool = False) -> None:
        if self.error is not None and not unless:
            raise self.error

    def _tell_versions(self, journal: Journal) -> None:
        """Say so if another version may give other bits."""
        now = versions()
        other = [
            f"{n} {v} then, {now.get(n)} now"
            for n, v in journal.versions.items()
            if now.get(n) != v
        ]
        if other:
            self.say(f"Other versions than at the time may give other numbers: {'; '.join(other)}.")
