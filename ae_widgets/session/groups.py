"""How well the clusters and classes of a run agree with its labels."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.analysis.clusters import CLUSTER_METHODS
from ae_widgets.analysis.groups import ClassScores, ClusterScores, class_scores, cluster_scores
from ae_widgets.engine.split import split_rows
from ae_widgets.exceptions import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ae_widgets.engine.settings import Settings
    from ae_widgets.session.background import Background
    from ae_widgets.session.labelling import Labelling
    from ae_widgets.session.latent import LatentFrame
    from ae_widgets.session.run import Run

__all__ = ["TRAINED", "GroupScores", "Grouping"]

_ANSWER_SECONDS = 120.0  # clusters of many items may wait for other slow looks

TRAINED = "trained"
"""The method that takes the trained clusters, and k-means while there are none."""


@dataclass(frozen=True, eq=False)
class GroupScores:
    """What is said of the clusters and classes of one picture of the latent space.

    Attributes
    ----------
    frame : int
        Number of the `LatentFrame`.
    epoch : float
        Epochs completed then.
    names : tuple of str
        The labels.
    method : str
        How the clusters were found: 'trained', 'kmeans', 'gaussian_mixture' or 'hdbscan'.
    clusters : ClusterScores
    training, held_out : ClassScores or None
        Of the labelled items that are trained on, and of those that are not; None while
        there is no classifier.
    """

    frame: int
    epoch: float
    names: tuple[str, ...]
    method: str
    clusters: ClusterScores
    training: ClassScores | None
    held_out: ClassScores | None


@dataclass(frozen=True, eq=False)
class _Question:
    """What scores of clusters and classes are about."""

    frame: LatentFrame
    labels: NDArray[np.int32]
    method: str
    n_clusters: int
    afresh: bool

    def same_as(self, other: _Question | None) -> bool:
        return (
            other is not None
            and self.frame is other.frame
            and self.labels is other.labels
            and (self.method, self.n_clusters, self.afresh)
            == (other.method, other.n_clusters, other.afresh)
        )


class Grouping:
    """What a session says of its clusters and classes."""

    latent: LatentFrame | None
    closed: bool
    _settled: threading.Condition
    _events_thread: int | None
    _run: Run
    _background: Background
    _labelling: Labelling
    _notify: Callable[..., None]
    _cluster_method: str = TRAINED
    _groups: tuple[int, GroupScores] | None = None  # with the number of the run
    _answered: _Question | None = None
    _asked_while_busy: set[str]  # topics

    @property
    def groups(self) -> GroupScores | None:
        """How well clusters and classes agree with the labels; None before the first codes.

        While the run is not training they are those of the present weights and labels, and
        reading it waits until they are found. While it trains it is `last_groups`.
        """
        if threading.get_ident() != self._events_thread and not self._background.here:
            self._await_groups()
        return self.last_groups

    @property
    def last_groups(self) -> GroupScores | None:
        """What was found last in this run of what `groups` tells, without waiting; or None."""
        found = self._groups
        return found[1] if found and found[0] == self._run.number else None

    def choose_clusters(self, method: str) -> None:
        """Choose how clusters are found on the codes.

        Training is not touched; scatter and scores show the clusters that are chosen.

        Parameters
        ----------
        method : {'trained', 'kmeans', 'gaussian_mixture', 'hdbscan'}
            'trained' takes the clusters that are trained with `Settings.gamma`, and
            k-means while there are none. k-means and the mixture of Gaussians look for
            `Settings.n_clusters`; HDBSCAN finds their number, and leaves items out.

        Raises
        ------
        SettingsError
            If there is no such method.
        """
        methods = (TRAINED, *CLUSTER_METHODS)
        if method not in methods:
            msg = f"Clusters are found by one of {', '.join(methods)}, got {method!r}."
            raise SettingsError(msg)
        if method == self._cluster_method:
            return
        self._cluster_method = method
        self._background.clusters = None
        self._notify("clusters")
        self.request_clusters()
        self.request_groups()

    def _method_for(self, frame: LatentFrame) -> str:
        """Return how the clusters of `frame` are found."""
        if self._cluster_method == TRAINED and frame.clusters is None:
            return "kmeans"
        return self._cluster_method

    def request_clusters(self) -> None:
        """Ask for the clusters of the last codes; topic 'clusters' tells of them.

        While the run trains they go on from those of before, which is quick and calm.
        Where it rests they depend on the codes alone.
        """
        if (frame := self.latent) is None:
            return
        if (method := self._method_for(frame)) == TRAINED:
            self._notify("clusters")
            return
        self._note_asking("clusters")
        codes, n_clusters = frame.codes, self._run.settings.n_clusters
        self._background.request_clusters(codes, method, n_clusters, self._rests)

    def request_groups(self) -> None:
        """Ask how well clusters and classes agree with the labels; topic 'groups' tells of it.

        It is found from the last picture whose codes all come from the weights of that
        moment, on another thread; nothing is while there is none.
        """
        run, question = self._run, self._question()
        if question is None:
            return
        names = self._labelling.names

        def job() -> None:
            found = replace(question, afresh=self._rests())
            try:
                scores = group_scores(found, self._clusters_for(found), names, run.settings)
                self._groups = run.number, scores
            finally:
                with self._settled:
                    self._answered = found
                    self._settled.notify_all()
            self._notify("groups")

        self._note_asking("groups")
        self._background.do("groups", job)

    def _question(self) -> _Question | None:
        """Return what `groups` is about now; None while there is no exact picture."""
        frame = self.latent
        if frame is None or not frame.exact or not np.isfinite(frame.codes).all():
            return None
        labels, n_clusters = self._labelling.labels, self._run.settings.n_clusters
        return _Question(frame, labels, self._method_for(frame), n_clusters, self._rests())

    def _clusters_for(self, question: _Question) -> NDArray[np.int32]:
        frame, method = question.frame, question.method
        if method == TRAINED and frame.clusters is not None:
            return frame.clusters
        return self._background.find_clusters(
            frame.codes, method, question.n_clusters, afresh=question.afresh
        )

    def _await_groups(self) -> None:
        """Have `last_groups` be those of the present, if the run rests."""
        before: _Question | None = None

        def answered() -> bool:
            return self.closed or self._answered is not before

        with self._settled:
            while not self._groups_known():  # what is answered may be an earlier question
                before = self._answered
                self.request_groups()
                if not self._settled.wait_for(answered, _ANSWER_SECONDS):
                    return

    def _groups_known(self) -> bool:
        """Whether there is nothing to wait for."""
        if self.closed or not self._rests():
            return True
        wanted = self._question()
        return wanted is None or wanted.same_as(self._answered)

    def _rests(self) -> bool:
        return not self._run.status.busy

    def _note_asking(self, topic: str) -> None:
        """Remember that `topic` was asked for, before it is begun, if the run trains."""
        if not self._rests():
            self._asked_while_busy.add(topic)

    def _find_anew(self) -> None:
        """Ask, where the run rests, for what was found before the settings changed.

        While it trains, whoever looks asks with the next picture.
        """
        if self._rests():
            if self._background.clusters is not None:
                self.request_clusters()
            if self.last_groups is not None:
                self.request_groups()

    def _ask_again(self) -> None:
        """Ask, where a run has come to rest, for what was found while it trained."""
        asked = self._asked_while_busy.copy()
        self._asked_while_busy -= asked
        if "clusters" in asked:
            self.request_clusters()
        if "groups" in asked:
            self.request_groups()


def group_scores(
    question: _Question,
    clusters: NDArray[np.int32],
    names: tuple[str, ...],
    settings: Settings,
) -> GroupScores:
    """Return what is said of the clusters that were found, and of the classes."""
    frame, labels = question.frame, question.labels
    rows = split_rows(len(labels), settings.validation_fraction, settings.random_state)
    training = held_out = None
    if (classes := frame.classes) is not None:
        training, held_out = (class_scores(labels[r], classes[r], len(names)) for r in rows)
    return GroupScores(
        frame=frame.number,
        epoch=frame.epoch,
        names=names,
        method=question.method,
        clusters=cluster_scores(frame.codes, clusters, labels),
        training=training,
        held_out=held_out,
    )
