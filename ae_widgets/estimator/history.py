"""What an estimator notes of its epochs, or of those of a session's run."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ae_widgets.engine.divergence import Divergence

if TYPE_CHECKING:
    from ae_widgets.engine.protocol import LossRecord
    from ae_widgets.engine.settings import Settings
    from ae_widgets.estimator.runs import Run

__all__ = ["TrainingHistory", "history_attributes"]


class TrainingHistory:
    """The losses of the epochs that an estimator was trained for."""

    n_iter_: int
    loss_: float
    loss_curve_: list[float]
    loss_parts_: dict[str, list[float]]
    validation_scores_: list[float] | None
    best_loss_: float
    learning_rate_init: float

    def _begin_history(self, *, validates: bool) -> None:
        """Note that nothing is trained; `validates` tells whether items are held out."""
        self.n_iter_, self.loss_ = 0, math.nan
        self.loss_curve_, self.loss_parts_ = [], {}
        self.validation_scores_ = [] if validates else None

    def _note(self, record: LossRecord, best_loss: float | None) -> None:
        """Note an epoch, and the lowest loss so far that was watched."""
        self.n_iter_ += 1
        self.loss_ = record.train.total
        self._divergence.update(record.train)
        self.loss_curve_.append(record.train.total)
        for part, value in record.train.values.items():
            before = [math.nan] * (self.n_iter_ - 1)  # of a part that joins in later
            self.loss_parts_.setdefault(part, before).append(value)
        if record.validation is not None and self.validation_scores_ is None:
            self.validation_scores_ = [math.nan] * (self.n_iter_ - 1)
        if self.validation_scores_ is not None:
            held_out = math.nan if record.validation is None else record.validation.total
            self.validation_scores_.append(-held_out)
        if best_loss is not None:
            self.best_loss_ = best_loss

    def _watch_losses(self, settings: Settings, *, go_on: bool) -> None:
        """Compare the losses to come with the first of their objective, anew unless it goes on."""
        if not go_on or not hasattr(self, "_divergence"):
            self._divergence = Divergence()
        self._divergence.follow(settings)

    def _warn_of_divergence(self) -> None:
        """Say so if the losses have diverged."""
        if self._divergence.diverged:
            message = Divergence.advice(self.loss_, self.learning_rate_init)
            warnings.warn(message, ConvergenceWarning, stacklevel=3)


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
