"""Classes and clusters of a fitted autoencoder."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from ae_widgets.data.table import listing
from ae_widgets.estimator.available import absent, available_unless, lacking
from ae_widgets.estimator.classes import (
    all_classes,
    class_numbers,
    refuse_others,
    weights_of_classes,
)
from ae_widgets.estimator.prediction import Predictions
from ae_widgets.estimator.runs import at_rest
from ae_widgets.estimator.use import FittedAutoencoder
from ae_widgets.exceptions import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from ae_widgets.engine.guidance import Guidance

__all__ = ["GroupingAutoencoder"]


def _no_class_asked(model: Any) -> str:
    return "" if model.delta else "There are no classes: set delta above 0, and fit with y."


def _no_clusters(model: Any, name: str) -> AttributeError:
    """Return the error of an attribute that tells of clusters where there are none."""
    if not model.gamma:
        reason = "There are no clusters: fit with gamma above 0."
        return AttributeError(lacking(model, name, reason))
    if not hasattr(model, "network_"):
        unfitted: AttributeError = NotFittedError(
            f"This {type(model).__name__} instance is not fitted yet. Call fit before {name}."
        )
        return unfitted
    trained = model.n_iter_
    epochs = f"{trained} epoch was" if trained == 1 else f"{trained} epochs were"
    late: AttributeError = NotFittedError(
        f"There are no clusters yet: {epochs} trained, and they begin after clustering_start="
        f"{model.clustering_start}, or once training has converged. Train on, or lower it."
    )
    return late


class GroupingAutoencoder(Predictions, FittedAutoencoder):
    """What an autoencoder with `delta` or `gamma` above 0 says of items."""

    classes_: NDArray[Any]
    _complete: bool = False  # whether all classes that will come are known
    labels_: NDArray[np.int32] = absent(_no_clusters)
    gamma: float
    clustering_start: int
    n_iter_: int
    delta: float
    class_weight: str | Mapping[Any, float] | None

    @available_unless(_no_class_asked)
    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of each class, shape (n_samples, n_classes)."""
        network = self._fitted()
        codes = self._codes(self._check(X))
        classifier = network.heads.classifier
        if classifier is None:
            raise self._no_classes()
        with torch.no_grad():
            logits = classifier(torch.from_numpy(codes)).double()
        probabilities: NDArray[np.float64] = torch.softmax(logits, dim=1).numpy()
        return probabilities

    def _predict_classes(self, X: ArrayLike) -> NDArray[Any]:
        best = self.predict_proba(X).argmax(axis=1)
        classes: NDArray[Any] = self.classes_[best]
        return classes

    def _class_numbers(
        self,
        y: ArrayLike | None,
        n_samples: int,
        *,
        warm: bool,
        least: int = 1,
        told: ArrayLike | None = None,
    ) -> NDArray[np.int32] | None:
        """Return each item's class as a number, -1 for none; None where none are asked for.

        Where all classes are `told`, none may come later, unless all are told again.
        """
        if not self.delta:
            if not warm:
                self.__dict__.pop("classes_", None)  # of another network
            return None
        before = getattr(self, "classes_", None) if warm else None
        known = before if told is None else all_classes(told, before)
        complete = told is not None or (before is not None and self._complete)
        labels, classes = class_numbers(y, n_samples, known, least=least)
        if complete and known is not None:
            refuse_others(classes, known)
        if before is not None and not np.array_equal(classes, before):
            self._move_classes(np.searchsorted(classes, before), len(classes))
        self.classes_, self._complete = classes, complete
        return labels

    def _tell_of_classes(self, guidance: Guidance) -> None:
        """Have a classifier of all classes, weighed as they are to be."""
        if not self.delta:
            return
        guidance.expect(len(self.classes_))
        if isinstance(self.class_weight, Mapping):
            guidance.weigh(weights_of_classes(self.class_weight, self.classes_))

    def _move_classes(self, places: NDArray[np.intp], n_classes: int) -> None:
        """Have a classifier in which the known classes have these numbers.

        The optimiser's memory of it is not taken over: to Adam the weights of a new class would
        look as if they had rested for long, and its first steps would be several times too large.
        """
        if self.network_.heads.classifier is None:
            return
        self.network_ = copy.deepcopy(self.network_)  # others may have it
        self.network_.heads.set_classes(n_classes, self._n_features_out, places.tolist())
        at_rest(self.network_)

    def _sort_classes(self) -> None:
        """Have the classes in their order, as scikit-learn's scorers take them to be."""
        classes, places = np.unique(getattr(self, "classes_", ()), return_inverse=True)
        if len(classes) and not np.array_equal(classes, self.classes_):
            self._move_classes(places, len(classes))
            self.classes_ = classes

    def _no_classes(self) -> DataError:
        known = [repr(name) for name in getattr(self, "classes_", np.empty(0)).tolist()]
        if len(known) > 1:  # they were told to a session after it had trained
            return DataError(
                f"The classes {listing(known)} are not learnt yet. Train with them, by start() "
                "or the Lab's Start, and take the estimator again."
            )
        return DataError(
            f"No class was learnt: there were {len(known)} to learn, and two are needed. Fit with "
            "y that has a label for some items of each class, and delta above 0."
        )

    def _predict_clusters(self, X: ArrayLike) -> NDArray[np.int32]:
        check_is_fitted(self, "network_")
        return self._clusters_of(self._codes(self._check(X)))

    @property
    def cluster_centers_(self) -> NDArray[np.float32]:
        """The clusters' centres, shape (n_clusters, code_dim); absent without clusters."""
        network = getattr(self, "network_", None)
        centers = None if network is None else network.heads.centers
        if centers is None:
            raise _no_clusters(self, "cluster_centers_")
        array: NDArray[np.float32] = centers.detach().numpy()
        return array

    def _note_clusters(self, features: Any) -> None:
        """Keep the cluster of each item that was trained on, once there are clusters."""
        self.__dict__.pop("labels_", None)
        if self.network_.heads.centers is not None:
            self.labels_ = self._clusters_of(self._codes(features))

    def _clusters_of(self, codes: NDArray[np.float32]) -> NDArray[np.int32]:
        from ae_widgets.losses.clustering import nearest_distance

        centers = torch.from_numpy(self.cluster_centers_)
        _, nearest = nearest_distance(torch.from_numpy(codes), centers)
        clusters: NDArray[np.int32] = nearest.int().numpy()
        return clusters
