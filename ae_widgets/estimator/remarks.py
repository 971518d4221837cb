"""What an estimator warns of when it is fitted: data that can be trained on all the same."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ae_widgets.data.labels import class_notices
from ae_widgets.data.remarks import remarks
from ae_widgets.engine.checks import nothing_weighs, roomy_code
from ae_widgets.engine.items import items
from ae_widgets.exceptions import DataWarning

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ae_widgets.engine.settings import Settings

__all__ = ["warn_of_classes", "warn_of_code", "warn_of_columns", "warn_of_weights"]


def warn_of_columns(model: Any, features: Any, settings: Settings) -> None:
    """Name columns that tell nothing or are of another scale, in the words of a session.

    Of images, whose `item_shape` is told, not those that are constant: pixels at the
    border are the same in all.

    Parameters
    ----------
    model : Autoencoder
        Whose `fit` calls this.
    features : ndarray or CSR matrix of shape (n_samples, n_features), float32
    settings : Settings
        Nothing is said of scales if they are preprocessed.
    """
    shape = settings.architecture.item_shape
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        names = [f"x{i}" for i in range(features.shape[1])]
    known = items(features) if hasattr(features, "tocsr") else features
    scales, images = not settings.preprocess, len(shape or ()) > 1
    for said in remarks(known, names, scales=scales, shape=shape, constant=not images):
        warnings.warn(said, DataWarning, stacklevel=3)


def warn_of_classes(labels: NDArray[np.int32], classes: NDArray[Any]) -> None:
    """Say so if the classes of items, -1 for none, look like a measurement or an id."""
    counts = np.bincount(labels[labels >= 0], minlength=len(classes))
    for said in class_notices(classes, counts, ranges=False):
        warnings.warn(said, DataWarning, stacklevel=3)


def warn_of_code(settings: Settings, n_features: int) -> None:
    """Say so if the code is larger than what the network is given."""
    if said := roomy_code(settings.architecture.code_dim, n_features):
        warnings.warn(said, DataWarning, stacklevel=4)


def warn_of_weights(settings: Settings) -> None:
    """Say so if no part of the loss has a weight."""
    if said := nothing_weighs(settings):
        warnings.warn(said, ConvergenceWarning, stacklevel=3)
