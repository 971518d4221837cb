"""Classes and clusters of a fitted autoencoder."""

from __future__ import annotations

import copy
from numbers import Real
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
import torch
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted, column_or_1d

from ae_widgets.data import NO_LABEL
from ae_widgets.data.columns import is_missing
from ae_widgets.data.frames import as_series
from ae_widgets.data.labels import check_one_a_row, is_measurement, means_none
from ae_widgets.data.table import listing
from ae_widgets.estimator.available import absent, available_unless, lacking
from ae_widgets.estimator.prediction import Predictions
from ae_widgets.estimator.runs import at_rest
from ae_widgets.estimator.use import FittedAutoencoder
from ae_widgets.exceptions import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["GroupingAutoencoder", "class_numbers", "require_one_a_row"]


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
            return None
        before = self.classes_ if warm and hasattr(self, "classes_") else None
        known = before if told is None else _all_classes(told, before)
        complete = told is not None or (before is not None and self._complete)
        labels, classes = class_numbers(y, n_samples, known, least=least)
        if complete and known is not None:
            _refuse_others(classes, known)
        if before is not None and not np.array_equal(classes, before):
            self._move_classes(np.searchsorted(classes, before), len(classes))
        self.classes_, self._complete = classes, complete
        return labels

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


def require_one_a_row(y: Any, n_samples: int) -> None:
    """Refuse `y` that is not one class an item, also where no class is asked for.

    Raises
    ------
    DataError
        If it has no length, or another one.
    """
    if y is None:
        return
    given = y if hasattr(y, "shape") or hasattr(y, "__len__") else np.asarray(y)
    if getattr(given, "shape", None) == ():
        msg = f"y, of type {type(y).__name__}, is not one class an item. Pass a list or an array."
        raise DataError(msg)
    check_one_a_row(n_samples, given.shape[0] if hasattr(given, "shape") else len(given))


def class_numbers(
    y: ArrayLike | None, n_samples: int, known: NDArray[Any] | None = None, *, least: int = 1
) -> tuple[NDArray[np.int32], NDArray[Any]]:
    """Return each item's class as a number, -1 for none, and the sorted classes.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Numbers, bools or texts, of which the classes have the type. NaN and None are no
        class; neither is -1, unless other classes are negative or they are -1 and 1. With
        known classes it is one only if it is among them.
    n_samples : int
    known : ndarray, optional
        Classes that there are, whether `y` has them or not.
    least : int, default=1
        How many classes there must be.

    Raises
    ------
    DataError
        If there is no `y`, it is of another length, holds too few classes, classes of
        another kind than the known ones, infinite values, or a measurement, as
        `ae_widgets.data.labels.read_labels` tells one.
    """
    if y is None:
        msg = (
            "Autoencoder with delta above 0 requires y to be passed, but the target y is None: "
            "pass y, the class of each item, or delta=0."
        )
        raise DataError(msg)
    try:
        values = column_or_1d(_with_gaps(y), dtype=None, warn=True)
    except ValueError as error:
        msg = f"{str(error).rstrip('.')}. If y is one-hot, pass y.argmax(axis=1)."
        raise DataError(msg) from error
    check_one_a_row(n_samples, len(values))
    missing = _are_missing(values, known)
    present = values[~missing]
    if not len(present) and known is None:
        msg = "y holds no class: every value is missing. Pass a class for some items, or delta=0."
        raise DataError(msg)
    if present.dtype == object:
        present = _typed(present)
    _check_discrete(present)
    classes = np.unique(present)
    if known is not None:
        classes = _joined(known, classes)
    if len(classes) < least:
        msg = (
            f"y holds a single class, {classes.tolist()[0]!r}: there is nothing to tell it from. "
            "Pass items of two at least, or delta=0."
        )
        raise DataError(msg)
    labels = np.full(n_samples, NO_LABEL, np.int32)
    labels[~missing] = np.searchsorted(classes, present.astype(classes.dtype))
    return labels, classes


def _are_missing(values: NDArray[Any], known: NDArray[Any] | None) -> NDArray[np.bool_]:
    """Return which values are no class, shape (n,)."""
    items = values.tolist()
    missing = np.array([is_missing(value) for value in items], bool)
    numbers = [isinstance(v, (int, float)) and not m for v, m in zip(items, missing, strict=True)]
    if known is None:
        none = means_none(v for v, is_number in zip(items, numbers, strict=True) if is_number)
    else:  # a part of a stream does not show what -1 means in the whole
        none = NO_LABEL not in known.tolist()
    if none:
        missing |= np.array(
            [n and v == NO_LABEL for v, n in zip(items, numbers, strict=True)], bool
        )
    return missing


def _check_discrete(values: NDArray[Any]) -> None:
    if values.dtype.kind != "f" or not len(values):
        return
    distinct = np.unique(values)
    if not np.isfinite(distinct[[0, -1]]).all():
        msg = "y has infinite values, which are no classes. Pass NaN or -1 where there is none."
        raise DataError(msg)
    if is_measurement(distinct, len(values)):
        msg = (
            f"Unknown label type: y has {distinct.size:,} distinct numbers, as a measurement has "
            "and not classes. Cut it into ranges, e.g. pandas.qcut(y, 5, labels=False), pass "
            "integers if these are classes, or delta=0."
        )
        raise DataError(msg)


def _all_classes(told: ArrayLike, known: NDArray[Any] | None) -> NDArray[Any]:
    """Return the classes that are told to be all, sorted, if the known ones are among them."""
    try:
        values = column_or_1d(_with_gaps(told), dtype=None)
    except ValueError as error:
        msg = f"classes must be a list or an array of all classes, got {told!r}."
        raise DataError(msg) from error
    present = values[[not is_missing(value) for value in values.tolist()]]
    given = np.unique(_typed(present) if present.dtype == object else present)
    if len(present) < len(values) or len(given) < 2:  # noqa: PLR2004  # else nothing to tell apart
        msg = f"classes must be two classes or more, none of them missing, got {told!r}."
        raise DataError(msg)
    every = given if known is None else _joined(known, given, "classes")
    if len(every) > len(given):
        lacking = listing([repr(one) for one in every[~np.isin(every, given)].tolist()])
        msg = (
            f"classes lacks {lacking}, which came before. Pass all classes, in the first call "
            "alone or in each."
        )
        raise DataError(msg)
    return every


def _refuse_others(classes: NDArray[Any], known: NDArray[Any]) -> None:
    """Refuse classes beside those that were told to be all."""
    if len(classes) == len(known):
        return
    others = listing([repr(one) for one in classes[~np.isin(classes, known)].tolist()])
    msg = (
        f"y holds {others}, but partial_fit was told that the classes are "
        f"{listing([repr(one) for one in known.tolist()])}. Correct y, or pass to partial_fit "
        "classes that have all of them."
    )
    raise DataError(msg)


def _joined(known: NDArray[Any], classes: NDArray[Any], name: str = "y") -> NDArray[Any]:
    """Return the known classes and those that are new, sorted, if they are of one kind."""
    if not len(classes):
        return np.unique(known)
    kind, before = _kind(classes), _kind(known)
    if kind != before:  # numpy would make texts of all
        msg = (
            f"{name} holds {kind}, such as {classes.tolist()[0]!r}, but the classes so far are "
            f"{before}: {listing([repr(one) for one in known.tolist()])}. Pass classes of that "
            "kind, or fit a new estimator."
        )
        raise DataError(msg)
    new = classes[~np.isin(classes, known)]
    return np.unique(np.concatenate([known, new]) if len(new) else known)


def _kind(classes: NDArray[Any]) -> str:
    if classes.dtype.kind in "biuf":
        return "numbers"
    texts = classes.dtype.kind == "U" or all(isinstance(one, str) for one in classes)
    return "texts" if texts else f"objects of type {type(classes[0]).__name__}"


def _with_gaps(y: Any) -> Any:
    """Return a series of integers or bools with gaps as objects: numpy would have floats."""
    series = as_series(y)
    if series is None or not series.null_count():
        return y
    whole = series.dtype.is_integer() or series.dtype == nw.Boolean
    return np.array(series.to_list(), object) if whole else y


def _typed(values: NDArray[Any]) -> NDArray[Any]:
    """Return objects as an array of their type, as a gap beside them hides; texts if some are."""
    if any(isinstance(value, str) for value in values):
        return values.astype(str)
    if all(isinstance(value, (Real, np.bool_)) for value in values):
        return np.array(values.tolist())
    return values
