"""Slow looks at a run that must not hold up its events: PCA, clusters and anomaly scores."""

from __future__ import annotations

import logging
import threading
from functools import partial
from typing import TYPE_CHECKING

from ae_widgets.data.steps import KMeansFeatures, PCAFeatures
from ae_widgets.engine.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from ae_widgets.analysis.clusters import StableClusters
    from ae_widgets.data import Dataset
    from ae_widgets.session.anomalies import AnomalyScores
    from ae_widgets.session.latent import LatentFrame

__all__ = ["Background"]

_log = logging.getLogger("ae_widgets")


class _Jobs:
    """The latest job of each owner and topic, one after the other on one thread.

    One thread for all sessions, not only for the sake of the cores: imports that
    two threads begin at once can fail in Python 3.11 (cpython#106176).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[tuple[int, str], Callable[[], None]] = {}
        self._working = False
        self._thread: int | None = None

    @property
    def here(self) -> bool:
        """Whether this is the thread on which jobs are done."""
        return threading.get_ident() == self._thread

    def post(self, owner: object, topic: str, job: Callable[[], None]) -> None:
        """Have `job` done soon, in place of one that waits for the same."""
        with self._lock:
            self._waiting[id(owner), topic] = job
            if not self._working:
                self._working = True
                threading.Thread(
                    target=self._work, name="ae_widgets-background", daemon=True
                ).start()

    def forget(self, owner: object) -> None:
        """Drop what waits for `owner`."""
        with self._lock:
            for key in [key for key in self._waiting if key[0] == id(owner)]:
                del self._waiting[key]

    def _work(self) -> None:
        self._thread = threading.get_ident()
        while True:
            with self._lock:
                if not self._waiting:
                    self._working, self._thread = False, None
                    return
                key = next(iter(self._waiting))
                job = self._waiting.pop(key)
            try:
                job()
            except Exception:  # noqa: BLE001  # logged, see below
                # A look aside must never end a run; the plot just lacks the line.
                _log.exception("ae_widgets: the %s could not be computed", key[1])


_jobs = _Jobs()


class Background:
    """Computes the latest of what was asked for, on a thread that ends when idle.

    Parameters
    ----------
    dataset : Dataset
        The items.
    notify : callable
        Takes the topic that changed: 'baseline', 'clusters', 'scores' or 'variance'.
    """

    def __init__(self, dataset: Dataset, notify: Callable[[str], None]) -> None:
        self.baseline: float | None = None
        self.clusters: NDArray[np.int32] | None = None
        self.variance: NDArray[np.float64] | None = None
        self.scores: dict[str, AnomalyScores] = {}
        self._dataset = dataset
        self._notify = notify
        self._asked: tuple[object, ...] = ()
        self._variance_of: Settings | None = None
        self._stable: tuple[tuple[str, int], StableClusters] | None = None
        self._clustered: NDArray[np.float32] | None = None  # the codes of `clusters`
        self._afresh = False  # whether these depend on nothing else

    @property
    def here(self) -> bool:
        """Whether this is the thread on which jobs are done: it must not wait for one."""
        return _jobs.here

    def request_baseline(self, settings: Settings, features: NDArray[np.float32]) -> None:
        """Ask for the error of PCA with as many components as the code has values.

        It is that of `features`: what the network is given of the items.
        """
        wanted = (
            settings.architecture.code_dim,
            settings.reconstruction,
            settings.validation_fraction,
            settings.random_state,
        )
        if (*wanted, settings.preprocess) != self._asked:
            self._asked = (*wanted, settings.preprocess)
            self.baseline = None
            self._request("baseline", lambda: self._find_baseline(features, *wanted))

    def request_clusters(
        self,
        codes: NDArray[np.float32],
        method: str,
        n_clusters: int,
        afresh: Callable[[], bool],
    ) -> None:
        """Ask for the clusters of `codes`; see `StableClusters`.

        `afresh` is asked at the moment at which they are found.
        """
        find = partial(self.find_clusters, codes, method, n_clusters)
        self._request("clusters", lambda: find(afresh=afresh()))

    def request_variance(self, settings: Settings) -> None:
        """Ask for the variance that the components of the first PCA of `settings` may keep."""
        steps = settings.preprocess
        ends = [i for i, step in enumerate(steps) if isinstance(step, PCAFeatures)]
        before = [s for s in steps[: (*ends, len(steps))[0]] if not isinstance(s, KMeansFeatures)]
        wanted = Settings().change(
            preprocess=before,
            validation_fraction=settings.validation_fraction,
            random_state=settings.random_state,
        )
        if wanted != self._variance_of:
            self._variance_of = wanted
            self.variance = None
            self._request("variance", lambda: self._find_variance(wanted))

    def do(self, topic: str, job: Callable[[], None]) -> None:
        """Have `job` done, in place of one of the same topic that waits."""
        _jobs.post(self, topic, job)

    def request_scores(self, kind: str, frame: LatentFrame, *, masked: bool = False) -> None:
        """Ask for the anomaly scores of the items of `frame`; see `anomaly_scores`."""
        find = partial(self._find_scores, kind, frame, masked=masked)
        self._request("scores", find, key=f"scores by {kind}")

    def close(self) -> None:
        """Drop what was asked for and not begun."""
        _jobs.forget(self)

    def _request(self, topic: str, find: Callable[[], object], key: str = "") -> None:
        def job() -> None:
            find()
            self._notify(topic)

        self.do(key or topic, job)

    def _find_baseline(
        self,
        features: NDArray[np.float32],
        code_dim: int,
        kind: str,
        validation_fraction: float,
        random_state: int,
    ) -> None:
        from ae_widgets.analysis.baselines import pca_error
        from ae_widgets.engine.split import split_rows

        _, held_out = split_rows(self._dataset.n_samples, validation_fraction, random_state)
        asked = self._asked
        error = pca_error(features, code_dim, kind, validation_rows=held_out)
        if self._asked == asked:
            self.baseline = error

    def _find_variance(self, settings: Settings) -> None:
        from ae_widgets.analysis.variance import kept_variance
        from ae_widgets.engine.preprocess import fit_preprocessor
        from ae_widgets.engine.split import split_rows

        if self._dataset.sparse:
            return  # a PCA needs dense items
        features = self._dataset.features
        made = fit_preprocessor(features, settings)
        rows, _ = split_rows(
            self._dataset.n_samples, settings.validation_fraction, settings.random_state
        )
        chosen = features[rows]
        kept = kept_variance(chosen if made is None else made.transform(chosen))
        if self._variance_of == settings:
            self.variance = kept

    def find_clusters(
        self, codes: NDArray[np.float32], method: str, n_clusters: int, *, afresh: bool
    ) -> NDArray[np.int32]:
        """Return the clusters of `codes`; for a job, see `do`."""
        from ae_widgets.analysis.clusters import StableClusters

        wanted = method, n_clusters
        if self._stable is None or self._stable[0] != wanted:
            self._stable = wanted, StableClusters(n_clusters, method=method)
            self._clustered = None
        found = self.clusters
        known = self._clustered is codes and (self._afresh or not afresh)
        if found is None or not known:  # several views ask for the same
            found = self._stable[1].assign(codes, afresh=afresh)
            self.clusters, self._clustered, self._afresh = found, codes, afresh
        return found

    def _find_scores(self, kind: str, frame: LatentFrame, *, masked: bool) -> None:
        from ae_widgets.session.anomalies import anomaly_scores

        found = anomaly_scores(kind, frame, self._dataset, masked=masked)
        if found is not None:
            self.scores[kind] = found
