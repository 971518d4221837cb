"""What can be read of a session at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ae_widgets.session.groups import TRAINED
from ae_widgets.session.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from ae_widgets.data import Dataset
    from ae_widgets.data.preprocess import Preprocessor
    from ae_widgets.engine.protocol import LossRecord
    from ae_widgets.engine.settings import Settings
    from ae_widgets.session.anomalies import AnomalyScores
    from ae_widgets.session.background import Background
    from ae_widgets.session.history import LossCurve
    from ae_widgets.session.inputs import Inputs, Prepared
    from ae_widgets.session.labelling import Labelling
    from ae_widgets.session.latent import LatentFrame
    from ae_widgets.session.link import Link
    from ae_widgets.session.run import Run
    from ae_widgets.session.status import Status

__all__ = ["Readings"]


class Readings:
    """The reading half of `Session`: nothing here changes anything."""

    dataset: Dataset
    latent: LatentFrame | None
    parameters: Mapping[str, Any]
    """What the estimator of the run has for parameters beside `settings`, by name."""
    _inputs: Inputs
    _prepared: Prepared
    _link: Link
    _run: Run
    _background: Background
    _labelling: Labelling
    _weight_digest: str
    _cluster_method: str
    _pending: dict[str, Any]
    _selection: NDArray[np.int64]
    _focus: int | None
    _hovering: bool

    @property
    def settings(self) -> Settings:
        """The settings in force from the next batch on."""
        return self._run.settings

    @property
    def inputs(self) -> Dataset:
        """The items as the network is given them: what codes, losses and errors are about."""
        return self._prepared.inputs

    @property
    def features(self) -> NDArray[np.float32]:
        """What the network is given of the items, shape (n_samples, n_inputs)."""
        return self._prepared.inputs.features

    @property
    def drawn(self) -> Dataset:
        """The items as they are drawn and reconstructed: `dataset`, or what the network has.

        The latter if a step of `Settings.preprocess` cannot be undone.
        """
        return self._prepared.drawn

    @property
    def preprocessor(self) -> Preprocessor | None:
        """What makes `features` of the items; None if they are the same."""
        return self._prepared.preprocessor

    def n_inputs(self, settings: Settings) -> int:
        """Return how many values of an item a network of `settings` is given."""
        return self._inputs.of(settings).inputs.n_features

    @property
    def pending(self) -> Mapping[str, Any]:
        """Settings that were changed and wait for the next run."""
        return dict(self._pending)

    @property
    def status(self) -> Status:
        """Where the run is."""
        return self._run.status

    @property
    def records(self) -> tuple[LossRecord, ...]:
        """Every measurement of the loss, also those within long epochs."""
        return tuple(self._run.history.records)

    @property
    def history(self) -> pd.DataFrame:
        """Every loss part per epoch, for training and validation."""
        return self._run.history.frame()

    def curve(self, max_points: int = 512) -> LossCurve:
        """Return the weighted loss parts, thinned to `max_points` points."""
        return self._run.history.curve(max_points)

    @property
    def journal(self) -> Journal:
        """All that the weights depend on: seed, data, and each change with its step."""
        # The status first: all changes before its step have been told by then.
        run, status = self._run, self._run.status
        entries = tuple(run.entries)
        last = entries[-1].step if entries else 0
        return Journal(
            settings=run.began,
            data=self.dataset.fingerprint,
            labels=self.dataset.label_digest,
            sample_weight=self._weight_digest,
            steps=max(status.step, last),
            entries=entries,
            state=(status.state, status.reason),
            trainer=self._link.kind,
            seeded=run.seeded,
        )

    @property
    def active_dimensions(self) -> int | None:
        """Dimensions of the code that a gated model uses; None for every other kind.

        Known from the first measurement of the loss on.
        """
        records = self._run.history.records
        return records[-1].active_dimensions if records else None

    @property
    def weights(self) -> dict[str, NDArray[np.float32]] | None:
        """The network's parameters as the trainer sent them last, by name."""
        return self._run.weights

    @property
    def baseline(self) -> float | None:
        """The loss that PCA with as many components reaches, or None if not known yet."""
        error = self._background.baseline
        return None if error is None else self.settings.alpha * error

    @property
    def clusters(self) -> NDArray[np.int32] | None:
        """The cluster of each item as `cluster_method` has it, -1 for none.

        None before `request_clusters`.
        """
        frame = self.latent
        if frame is not None and self._cluster_method == TRAINED and frame.clusters is not None:
            return frame.clusters
        return self._background.clusters

    @property
    def cluster_method(self) -> str:
        """How clusters are found on the codes; see `choose_clusters`."""
        return self._cluster_method

    @property
    def labels(self) -> NDArray[np.int32]:
        """Each item's label as an index into `label_names`, shape (n_samples,); -1 for none."""
        return self._labelling.labels

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of the labels."""
        return self._labelling.names

    @property
    def explained_variance(self) -> NDArray[np.float64] | None:
        """Share of the variance that 1, 2, … components keep; see `request_explained_variance`."""
        return self._background.variance

    @property
    def scores(self) -> Mapping[str, AnomalyScores]:
        """How unusual each item is, by what `request_scores` asked for last."""
        return dict(self._background.scores)

    @property
    def error(self) -> Exception | None:
        """What ended the run with an error, or None."""
        return self._run.error

    @property
    def selection(self) -> NDArray[np.int64]:
        """Indices of the selected items."""
        return self._selection

    @property
    def focus(self) -> int | None:
        """Index of the item that is pointed at, or None."""
        return self._focus

    @property
    def hovering(self) -> bool:
        """Whether it is pointed at only until something else is."""
        return self._hovering

    def __repr__(self) -> str:
        return (
            f"Session({self.dataset.n_samples:,} items x {self.dataset.n_features:,} features, "
            f"epoch {self.status.epoch:,} of {self.status.max_iter:,}, {self.status.state})"
        )
