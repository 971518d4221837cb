"""What `predict` says: whatever the model has been asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn.base import BaseEstimator
from sklearn.utils import ClassifierTags, Tags

from ae_widgets.estimator.available import available_unless

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

__all__ = ["PREDICTIONS", "Prediction", "Predictions", "prediction_of"]


class Prediction(NamedTuple):
    """One thing that `predict` can say.

    Attributes
    ----------
    asked : callable
        Takes the estimator; whether its parameters ask for it.
    method : str
        Name of the method that says it of checked or unchecked items.
    estimator_type : str
        scikit-learn's word for an estimator that predicts this.
    """

    asked: Callable[[Any], bool]
    method: str
    estimator_type: str


PREDICTIONS = (
    Prediction(lambda model: bool(model.delta), "_predict_classes", "classifier"),
    Prediction(lambda model: bool(model.gamma), "_predict_clusters", "clusterer"),
    Prediction(
        lambda model: model.contamination is not None, "_predict_outliers", "outlier_detector"
    ),
)
"""The first that is asked for is predicted: classes, before clusters, before outliers."""


def prediction_of(model: Any) -> Prediction | None:
    """Return what `predict` says of items, None if there is nothing to say."""
    return next((entry for entry in PREDICTIONS if entry.asked(model)), None)


def _nothing_asked(model: Any) -> str:
    if prediction_of(model) is not None:
        return ""
    return (
        "There is nothing to predict: set delta (for classes), gamma (for clusters) or "
        "contamination (for anomalies) above 0, and fit."
    )


class Predictions(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """`predict` and `fit_predict`, there only if a parameter asks for something to predict."""

    @available_unless(_nothing_asked)
    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return what the model has been asked for, of each item.

        With `delta` that is its class, one of `classes_`; with `gamma` its cluster, the
        number of a row of `cluster_centers_`; with `contamination` 1 for a usual item
        and -1 for an anomaly. So far it is as with scikit-learn's classifiers, clusterers
        and outlier detectors, whose tag it then has. `score` stays minus the
        reconstruction error, also where scikit-learn's `ClassifierMixin` has the accuracy:
        for that, pass ``scoring='accuracy'`` to `cross_validate` or `GridSearchCV`, or call
        ``accuracy_score(y, model.predict(X))``. scikit-learn's scorers take a missing class
        for a class, or refuse it: where `y` has some, as -1, score the other items alone.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.metrics import accuracy_score
        >>> from sklearn.model_selection import cross_val_score
        >>> from ae_widgets import Autoencoder
        >>> def accuracy(model, X, y):
        ...     return accuracy_score(y[y != -1], model.predict(X[y != -1]))
        >>> X, y = load_iris(return_X_y=True)
        >>> y = np.where(np.arange(150) % 2, y, -1)
        >>> model = Autoencoder(delta=1.0, max_iter=5, random_state=0)
        >>> cross_val_score(model, X, y, scoring=accuracy).shape
        (5,)
        """
        entry = prediction_of(self)
        assert entry is not None  # noqa: S101  # else the method is not there
        predicted: NDArray[Any] = getattr(self, entry.method)(X)
        return predicted

    @available_unless(_nothing_asked)
    def fit_predict(
        self, X: ArrayLike, y: ArrayLike | None = None, **fit_params: Any
    ) -> NDArray[Any]:
        """Train on `X` and return what is predicted of it; arguments as for `fit`."""
        predicted: NDArray[Any] = self.fit(X, y, **fit_params).predict(X)
        return predicted

    def __sklearn_tags__(self) -> Tags:
        """Describe the estimator to scikit-learn."""
        tags = super().__sklearn_tags__()
        if (entry := prediction_of(self)) is not None:
            tags.estimator_type = entry.estimator_type
            if entry.estimator_type == "classifier":
                tags.classifier_tags = ClassifierTags()
                tags.target_tags.required = True
        return tags
