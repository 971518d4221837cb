"""How well the clusters and classes of a run agree with its labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.analysis.groups import ClassScores, ClusterScores, class_scores, cluster_scores
from ae_widgets.engine.split import split_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ae_widgets.engine.settings import Settings
    from ae_widgets.session.background import Background
    from ae_widgets.session.labelling import Labelling
    from ae_widgets.session.latent import LatentFrame
    from ae_widgets.session.run import Run

__all__ = ["GroupScores", "Grouping"]


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
    trained_clusters : bool
        Whether the clusters are those that are trained, rather than k-means of the codes.
    clusters : ClusterScores
    training, held_out : ClassScores or None
        Of the labelled items that are trained on, and of those that are not; None while
        there is no classifier.
    """

    frame: int
    epoch: float
    names: tuple[str, ...]
    trained_clusters: bool
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
    _groups: tuple[int, GroupScores] | None = None  # with the number of the run

    @property
    def groups(self) -> GroupScores | None:
        """What `request_groups` found last in this run, or None."""
        found = self._groups
        return found[1] if found and found[0] == self._run.number else None

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

        def job() -> None:
            clusters = frame.clusters
            if clusters is None:
                clusters = self._background.find_clusters(frame.codes)
            scores = group_scores(frame, clusters, labels, names, settings)
            self._groups = run.number, scores
            self._notify("groups")

        self._background.do("groups", job)


def group_scores(
    frame: LatentFrame,
    clusters: NDArray[np.int32],
    labels: NDArray[np.int32],
    names: tuple[str, ...],
    settings: Settings,
) -> GroupScores:
    """Return what is said of the clusters and classes of a frame."""
    rows = split_rows(len(labels), settings.validation_fraction, settings.random_state)
    training = held_out = None
    if (classes := frame.classes) is not None:
        training, held_out = (class_scores(labels[r], classes[r], len(names)) for r in rows)
    return GroupScores(
        frame=frame.number,
        epoch=frame.epoch,
        names=names,
        trained_clusters=frame.clusters is not None,
        clusters=cluster_scores(frame.codes, clusters, labels),
        training=training,
        held_out=held_out,
    )
