"""What the network is given of the items, as the settings of a run have it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.data.dataset import NO_LABEL, Dataset
from ae_widgets.data.scales import mended_by_scaling
from ae_widgets.data.sources import read_array
from ae_widgets.data.sparse import is_sparse
from ae_widgets.data.steps import Own, describe_steps, read_steps
from ae_widgets.engine.preprocess import fit_preprocessor
from ae_widgets.exceptions import DataError, SettingsError

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from ae_widgets.data.preprocess import Preprocessor
    from ae_widgets.engine.settings import Settings

__all__ = ["Inputs", "Prepared", "with_steps"]

MAX_KEPT = 2
"""The features of the run and those of the next one."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """The items on both sides of what is done to them.

    Attributes
    ----------
    items : Dataset
        As they were passed in.
    inputs : Dataset
        As the network is given them; the same where nothing is done.
    preprocessor : Preprocessor or None
        What makes the one of the other.
    """

    items: Dataset
    inputs: Dataset
    preprocessor: Preprocessor | None = None

    @property
    def drawn(self) -> Dataset:
        """The items as they are drawn: as the network has them if that cannot be undone."""
        undone = self.preprocessor is None or self.preprocessor.invertible_
        return self.items if undone else self.inputs

    def originals(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what the network gives back in the space in which items are drawn."""
        made = self.preprocessor
        return outputs if made is None or not made.invertible_ else made.inverse_transform(outputs)

    @property
    def notices(self) -> tuple[str, ...]:
        """What there is to know about both, one sentence each."""
        said = self.items.notices
        if self.preprocessor is not None and self.inputs is not self.items:
            said = tuple(notice for notice in said if not mended_by_scaling(notice))
        if self.drawn is self.items:
            return said
        return (
            *said,
            "A preprocessing step cannot be undone: items are drawn as the network has them.",
        )


class Inputs:
    """The items of a session, prepared as settings have it; the latest are kept.

    Parameters
    ----------
    dataset : Dataset
        The items.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._lock = threading.Lock()
        self._kept: dict[object, Prepared] = {}

    def of(self, settings: Settings) -> Prepared:
        """Return the items as a run of `settings` has them.

        Raises
        ------
        SettingsError
            If a step of `settings.preprocess` cannot be fitted on them.
        """
        if not settings.preprocess and not self._dataset.groups:
            return Prepared(self._dataset, self._dataset)
        key = (settings.preprocess, settings.validation_fraction, settings.random_state)
        with self._lock:
            prepared = self._kept.pop(key, None) or self._prepare(settings)
            self._kept[key] = prepared  # now the latest
            while len(self._kept) > MAX_KEPT:
                del self._kept[next(iter(self._kept))]
            return prepared

    def take_over(self, settings: Settings, made: Preprocessor | None) -> Settings:
        """Return settings with which the items are prepared as `made` prepares them.

        They name the same steps if these, fitted anew, come to the same; else `made`
        itself, frozen.
        """
        if made is None or not settings.preprocess:
            return settings
        from sklearn.frozen import FrozenEstimator

        try:
            ours = self.of(settings).inputs.features
        except SettingsError:  # too few items for it, say
            ours = None
        if ours is not None and _same(ours, made.transform(self._dataset.features)):
            return settings
        return settings.change(preprocess=FrozenEstimator(made))

    def _prepare(self, settings: Settings) -> Prepared:
        items = self._dataset
        labels = items.labels  # for a transformer that needs them, if there are all
        y = None if labels is None or (labels == NO_LABEL).any() else labels
        made = fit_preprocessor(items.features, settings, y, items.groups)
        if made is None or not settings.preprocess:
            return Prepared(items, items, made)
        features: Any = made.transform(items.features)
        if is_sparse(features) and not items.sparse:  # by a transformer of the user's
            features = np.ascontiguousarray(read_array(features, "What preprocess makes of X"))
        elif is_sparse(features):
            features.sum_duplicates()
        same = features.shape[1] == items.n_features
        names = items.feature_names if same else ()
        inputs = Dataset(
            features,
            items.labels,
            items.label_names,
            names or tuple(f"input {i}" for i in range(features.shape[1])),
            items.item_shape if same and made.invertible_ else None,
        )
        return Prepared(items, inputs, made)


def _same(ours: Any, theirs: Any) -> bool:
    """Whether two matrices, dense or sparse, hold the same values."""
    if is_sparse(ours) and is_sparse(theirs):
        return ours.shape == theirs.shape and not (ours != theirs).nnz
    return np.array_equal(ours, theirs)


def with_steps(settings: Settings, preprocess: Any) -> Settings:
    """Return settings from a file with the transformers that a file cannot hold.

    Parameters
    ----------
    settings : Settings
        As they were read.
    preprocess : object
        What the run was given as `preprocess=`; None if it has no transformer of the user's.

    Raises
    ------
    DataError
        If one is missing, or these are other steps.
    """
    steps = settings.preprocess
    if preprocess is None:
        for step in steps:
            if isinstance(step, Own) and step.transformer is None:
                msg = (
                    f"The run has a preprocessing step of your own, {step.text}, which the file "
                    "does not hold. Pass preprocess= as it was passed to the run."
                )
                raise DataError(msg)
        return settings
    given = read_steps(preprocess)
    theirs, ours = describe_steps(steps), describe_steps(given)
    if theirs != ours:
        msg = f"This is not the preprocess of the run: that was {theirs}, this is {ours}."
        raise DataError(msg)
    return settings.change(preprocess=given)
