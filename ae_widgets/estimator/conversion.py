"""From a session's run to a fitted estimator."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ae_widgets.exceptions import TrainingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ae_widgets.engine.protocol import LossRecord
    from ae_widgets.engine.settings import Settings

__all__ = ["Run", "history_attributes", "trained_weights"]


class Run(Protocol):
    """What is read of a session; `ae_widgets.Session` is one."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""

    @property
    def weights(self) -> dict[str, NDArray[np.float32]] | None:
        """The parameters that the trainer sent last."""

    @property
    def records(self) -> Sequence[LossRecord]:
        """Every measurement of the loss."""

    @property
    def status(self) -> Any:
        """Why the run ended and what its best loss is."""

    @property
    def dataset(self) -> Any:
        """The items."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Parameters of an estimator beside the settings."""

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of the classes."""

    @property
    def latent(self) -> Any:
        """The last picture of the latent space."""

    @property
    def features(self) -> NDArray[np.float32]:
        """What the network is given of them."""

    @property
    def preprocessor(self) -> Any:
        """What makes the one of the other, None if they are the same."""


def trained_weights(run: Run) -> dict[str, NDArray[np.float32]]:
    """Return the run's parameters.

    Raises
    ------
    TrainingError
        If it has none yet.
    """
    if run.weights is None:
        msg = "The run has not trained yet. Call start() or step(), then wait()."
        raise TrainingError(msg)
    return run.weights


def history_attributes(run: Run) -> dict[str, Any]:
    """Return what `fit` would have noted of the run's completed epochs."""
    epochs = [record for record in run.records if record.complete]
    curve = [record.train.total for record in epochs]
    parts = {
        part: [record.train.values.get(part, math.nan) for record in epochs]
        for part in (epochs[-1].train.values if epochs else ())
    }
    scores = [-r.validation.total for r in epochs if r.validation is not None]
    attributes = {
        "n_iter_": len(epochs),
        "loss_curve_": curve,
        "loss_parts_": parts,
        "validation_scores_": scores if run.settings.validation_fraction else None,
        "converged_": run.status.reason == "converged",
    }
    if run.records:
        attributes["loss_"] = (epochs or run.records)[-1].train.total
    if run.status.best_loss is not None:
        attributes["best_loss_"] = run.status.best_loss
    if run.settings.delta and run.label_names:
        numbers = run.dataset.origin.classes
        named = numbers is None or len(numbers) < len(run.label_names)  # some given by hand
        attributes["classes_"] = np.array(run.label_names) if named else numbers
    if run.latent is not None and run.latent.clusters is not None:
        attributes["labels_"] = run.latent.clusters
    return attributes
