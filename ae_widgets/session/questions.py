"""What a session answers about its items: pictures, scores, reconstructions."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.analysis.anomalies import SCORES
from ae_widgets.engine.protocol import Reconstruct, Reconstructed, RequestLatent
from ae_widgets.exceptions import DataError, SettingsError, TrainingError
from ae_widgets.session.latent import Reconstructions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from numpy.typing import ArrayLike, NDArray

    from ae_widgets.data import Dataset
    from ae_widgets.engine.settings import Settings
    from ae_widgets.session.background import Background
    from ae_widgets.session.inputs import Prepared
    from ae_widgets.session.latent import LatentFrame
    from ae_widgets.session.link import Link
    from ae_widgets.session.run import Run

__all__ = ["Questions"]

_ANSWER_SECONDS = 30


class Questions:
    """What `Session` is asked about items: the trainer answers, or a thread beside it."""

    if TYPE_CHECKING:
        dataset: Dataset
        latent: LatentFrame | None
        prepare: Callable[[], None]
        say: Callable[..., None]
        _background: Background
        _link: Link
        _lock: threading.RLock
        _prepared: Prepared
        _run: Run

        @property
        def settings(self) -> Settings: ...  # noqa: D102
        @property
        def pending(self) -> Mapping[str, Any]: ...  # noqa: D102
        @property
        def _unbegun(self) -> bool: ...
        @property
        def error(self) -> Exception | None: ...  # noqa: D102

    def request_latent(self) -> None:
        """Ask for the next picture of the latent space; topic 'latent' tells of it."""
        self._link.send(RequestLatent())

    def request_explained_variance(self) -> None:
        """Ask what share of the variance components keep; topic 'variance' tells of it.

        It is that of the items as the first PCA of the next run is given them.
        """
        self._background.request_variance(self.settings.change(**self.pending))

    def request_scores(self, kind: str = "reconstruction") -> None:
        """Ask for the anomaly scores of the last frame; topic 'scores' tells of them.

        Parameters
        ----------
        kind : str, default='reconstruction'
            As `anomaly_score` of `Autoencoder`.
        """
        if kind not in SCORES:
            msg = f"kind must be one of {', '.join(SCORES)}, got {kind!r}."
            raise SettingsError(msg)
        if (frame := self.latent) is not None:
            masked = self.settings.takes_missing
            self._background.request_scores(kind, frame, masked=masked)

    def request_reconstructions(
        self,
        indices: ArrayLike,
        callback: Callable[[Reconstructions], None],
        failed: Callable[[DataError], None] | None = None,
    ) -> None:
        """Have `callback` called with the reconstructions of `indices`, on another thread.

        If they cannot be brought back into the space of the items, the status line says so
        and `failed` is called with the error.

        Raises
        ------
        DataError
            If an index is not one of an item.
        """
        rows = self._items_at(indices)
        with self._lock:
            self.prepare()
            prepared = self._prepared  # of the run that is asked
            missing = self.settings.takes_missing
            unstored = np.nan if missing else 0.0  # of a sparse matrix

            def answer(event: Reconstructed) -> None:
                inputs = prepared.drawn.rows(rows, unstored)
                seen = prepared.inputs.rows(rows, unstored), event.reconstructions
                try:
                    outputs = prepared.originals(event.reconstructions)
                except DataError as error:
                    self.say(str(error), error=True)
                    if failed is not None:
                        failed(error)
                    return
                epoch = self._run.latent.epoch if self._run.latent else 0.0
                callback(Reconstructions(rows, inputs, outputs, event.errors, epoch, seen))

            self._link.ask(lambda request: Reconstruct(request, rows), answer)

    def reconstruct(self, indices: ArrayLike) -> Reconstructions:
        """Return the reconstructions of the items at `indices` with the present weights.

        Raises
        ------
        DataError
            If an index is not one of an item, or a step of `Settings.preprocess` cannot be
            undone for what the network gave.
        TrainingError
            If the trainer does not answer.
        """
        answers: list[Reconstructions | DataError] = []
        answered = threading.Event()

        def take(answer: Reconstructions | DataError) -> None:
            answers.append(answer)
            answered.set()

        self.request_reconstructions(indices, take, take)
        seconds = 0
        while not answered.wait(1):
            seconds += 1
            deaf = self._unbegun or (self.error is not None and self._link.trainer is None)
            if deaf or seconds >= _ANSWER_SECONDS:
                msg = f"The trainer did not answer within {seconds} s. See session.error."
                raise self.error or TrainingError(msg)
        if isinstance(answer := answers[0], DataError):
            raise answer
        return answer

    def _items_at(self, indices: ArrayLike) -> NDArray[np.int64]:
        """Return indices of items, or raise DataError."""
        given = np.asarray(indices).ravel()
        if given.size and given.dtype.kind not in "iu":
            msg = (
                f"Items are chosen by whole numbers, got {given.dtype} values. For a mask, pass "
                "numpy.flatnonzero(mask)."
            )
            raise DataError(msg)
        n_samples = self.dataset.n_samples
        for index in given[(given < 0) | (given >= n_samples)]:
            msg = f"There is no item {index}: indices go from 0 to {n_samples - 1}."
            raise DataError(msg)
        return given.astype(np.int64)
