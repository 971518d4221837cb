"""What a session begins from: items alone, or an estimator and items."""

from __future__ import annotations

import math
from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from ae_widgets.data.columns import value_name
from ae_widgets.exceptions import DataError
from ae_widgets.model.architecture import Architecture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ae_widgets.data import Dataset
    from ae_widgets.data.preprocess import Preprocessor
    from ae_widgets.engine.settings import Settings

    Parameters = dict[str, NDArray[np.float32]]

__all__ = ["Estimator", "Start", "read_start"]


OWN_PARAMETERS = ("variational", "gated")
"""The kinds of model whose parameters are others than those of the plain kind."""

CLASSIFIER = ("heads.classifier.weight", "heads.classifier.bias")
"""The parameters that have a row a class."""


@runtime_checkable
class Estimator(Protocol):
    """An estimator that a run can go on from; `ae_widgets.Autoencoder` is one."""

    def start_of_run(self) -> tuple[Settings, Parameters | None]:
        """Return its settings, and its weights if it is fitted."""


class Start(NamedTuple):
    """What was passed in, sorted.

    Attributes
    ----------
    X, y
        Items and labels.
    settings : Settings or None
        Those of the estimator.
    weights : dict of str to ndarray, or None
        The parameters of a fitted estimator.
    n_features : int or None
        Values of an item that it was fitted on.
    preprocessor : Preprocessor or None
        What it does to items before its network.
    parameters : dict
        All its parameters, by name.
    classes : tuple of str
        The names of the classes that it knows, in the order of its classifier.
    fitted : Settings or None
        Those that its weights were trained with, if they may be others by now.
    """

    X: Any
    y: Any
    settings: Settings | None = None
    weights: Parameters | None = None
    n_features: int | None = None
    preprocessor: Preprocessor | None = None
    parameters: Mapping[str, Any] = MappingProxyType({})
    classes: tuple[str, ...] = ()
    fitted: Settings | None = None

    @property
    def item_shape(self) -> tuple[int, ...] | None:
        """The shape that the estimator was told, if the items are flat and of that size."""
        shape = self.settings.architecture.item_shape if self.settings else None
        flat = getattr(self.X, "shape", ())[1:]
        return shape if shape and flat == (math.prod(shape),) else None

    def weights_for(self, settings: Settings, dataset: Dataset) -> Parameters | None:
        """Return the weights if a run of these settings can begin from them.

        Raises
        ------
        DataError
            If the estimator was fitted on items of another number of features.
        """
        if self.settings is None or self.weights is None:
            return None
        if self.n_features != dataset.n_features:
            msg = (
                f"The estimator was fitted on items of {self.n_features} features, these have "
                f"{dataset.n_features:,}. Pass items like those, or sklearn.base.clone(estimator)."
            )
            raise DataError(msg)
        if self._differing(settings):
            return None
        return self._by_name(self.weights, dataset.label_names)

    def prepared_by(self, steps: Any) -> Start:
        """Return the same, with steps that prepare items as those do that it was fitted with."""
        if self.settings is None:
            return self
        settings = self.settings.change(preprocess=steps)
        fitted = self.fitted and self.fitted.change(preprocess=steps)
        return self._replace(settings=settings, fitted=fitted)

    def told(self, settings: Settings, *, taken: bool) -> str:
        """Return whether a run of these settings begins from the weights, and if not why.

        '' if there are none, or they were left behind. `taken` is whether it has them.
        """
        differing = self._differing(settings) if self.weights is not None else []
        if not differing:
            began = self.weights is not None and taken
            return "It begins from the weights of the fitted estimator." if began else ""
        return (
            f"The estimator was fitted with another {', '.join(differing)}: its weights are not "
            "taken, and training begins anew."
        )

    def _differing(self, settings: Settings) -> list[str]:
        """Return the names of the settings by which the weights are those of another network."""
        theirs = self.fitted or self.settings
        if theirs is None:
            return []
        names = ["preprocess", *(field.name for field in fields(Architecture))]
        if not (settings.architecture.convolutional or theirs.architecture.convolutional):
            names.remove("item_shape")  # how items are drawn is nothing to a dense network
        differing = [name for name in names if settings.value(name) != theirs.value(name)]
        if {settings.kind, theirs.kind} & {*OWN_PARAMETERS} and settings.kind != theirs.kind:
            differing.append("kind")
        return differing

    def _by_name(self, weights: Parameters, names: tuple[str, ...]) -> Parameters:
        """Return the weights with the classifier's rows where the labels of these names are.

        A label that the estimator does not know begins with weights of 0, which favour none.
        """
        if not names or self.classes == names:
            return weights
        known = [(names.index(name), i) for i, name in enumerate(self.classes) if name in names]
        moved = dict(weights)
        for key in set(CLASSIFIER) & weights.keys():
            moved[key] = np.zeros((len(names), *weights[key].shape[1:]), np.float32)
            for place, row in known:
                moved[key][place] = weights[key][row]
        return moved


def read_start(X: Any, y: Any, labels: Any) -> Start:
    """Sort the arguments of ``Session(X, y)`` and ``Session(estimator, X, y)``.

    Raises
    ------
    DataError
        If there are labels beside labels, an estimator without items, or only its class.
    """
    if isinstance(X, type) and issubclass(X, Estimator):
        name = X.__name__
        msg = f"{name} is the class of an estimator. Make one of it: ({name}(), X)."
        raise DataError(msg)
    if isinstance(X, Estimator):
        if y is None:
            msg = "An estimator alone cannot be shown. Pass the items too: (estimator, X)."
            raise DataError(msg)
        settings, weights = X.start_of_run()
        n_features, made = (getattr(X, n, None) for n in ("n_features_in_", "preprocessor_"))
        parameters: dict[str, Any] = getattr(X, "get_params", dict)()
        classes = tuple(value_name(value) for value in getattr(X, "classes_", ()))
        fitted = getattr(X, "fitted_settings_", None)
        return Start(y, labels, settings, weights, n_features, made, parameters, classes, fitted)
    if labels is not None:
        msg = "A third argument goes with an estimator: (estimator, X, y). Else pass (X, y)."
        raise DataError(msg)
    return Start(X, y)
