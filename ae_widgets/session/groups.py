"""How well the clusters and classes of a run agree with its labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.analysis.clusters import CLUSTER_METHODS
from ae_widgets.analysis.groups import ClassScores, ClusterScores, class_scores, cluster_scores
from ae_widgets.engine.split import split_rows
from ae_widgets.exceptions import SettingsError
from ae_widgets.session.status import BUSY

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ae_widgets.engine.settings import Settings
    from ae_widgets.session.background import Background
    from ae_widgets.session.labelling import Labelling
    from ae_widgets.session.latent import LatentFrame
    from ae_widgets.session.run import Run

__all__ = ["TRAINED", "GroupScores", "Grouping"]

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


class Grouping:
    """What a session says of its clusters and classes."""

    latent: LatentFrame | None
    _run: Run
    _background: Background
    _labelling: Labelling
    _notify: Callable[..., None]
    _cluster_method: str = TRAINED
    _groups: tuple[int, GroupScores] | None = None  # with the number of the run
    _asked_while_busy: set[str]  # topics

    @property
    def groups(self) -> GroupScores | None:
        """What `request_groups` found last in this run, or None."""
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
        run, labelling = self._run, self._labelling
        frame, settings = self.latent, run.settings
        if frame is None or not frame.exact or not np.isfinite(frame.codes).all():
            return
        labels, names = labelling.labels, labelling.names

        method, trained = self._method_for(frame), frame.clusters

        def job() -> None:
            if method == TRAINED and trained is not None:
                clusters = trained
            else:
                clusters = self._background.find_clusters(
                    frame.codes, method, settings.n_clusters, afresh=self._rests()
                )
            scores = group_scores(frame, (method, clusters), labels, names, settings)
            self._groups = run.number, scores
            self._notify("groups")

        self._note_asking("groups")
        self._background.do("groups", job)

    def _rests(self) -> bool:
        return self._run.status.state not in BUSY

    def _note_asking(self, topic: str) -> None:
        """Remember that `topic` was asked for, before it is begun, if the run trains."""
        if not self._rests():
            self._asked_while_busy.add(topic)

    def _ask_again(self) -> None:
        """Ask, where a run has come to rest, for what was found while it trained."""
        asked = self._asked_while_busy.copy()
        self._asked_while_busy -= asked
        if "clusters" in asked:
            self.request_clusters()
        if "groups" in asked:
            self.request_groups()


def group_scores(
    frame: LatentFrame,
    found: tuple[str, NDArray[np.int32]],
    labels: NDArray[np.int32],
    names: tuple[str, ...],
    settings: Settings,
) -> GroupScores:
    """Return what is said of the clusters, with the method that found them, and classes."""
    method, clusters = found
    rows = split_rows(len(labels), settings.validation_fraction, settings.random_state)
    training = held_out = None
    if (classes := frame.classes) is not None:
        training, held_out = (class_scores(labels[r], classes[r], len(names)) for r in rows)
    return GroupScores(
        frame=frame.number,
        epoch=frame.epoch,
        names=names,
        method=method,
        clusters=cluster_scores(frame.codes, clusters, labels),
        training=training,
        held_out=held_out,
    )
