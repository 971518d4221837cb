"""The one form in which data reaches the engine and the views."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.data.fingerprint import Fingerprint, label_digest
from ae_widgets.data.sparse import is_sparse, to_dense, value_range

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["NO_LABEL", "Dataset", "Origin"]

NO_LABEL = -1
"""Value in `Dataset.labels` of an item that has no label."""


FAR_APART = 30.0
"""Columns whose ranges differ by this much are drawn each over its own."""


@dataclass(frozen=True, eq=False)
class Origin:
    """In what form items came, so that others of that form can be read alike.

    Parameters
    ----------
    columns : bool
        Whether the names of the features are those of a frame's columns.
    categories : dict of str to tuple of str
        Of each column of categories.
    divided : bool
        Whether they were uint8 and were divided by 255.
    classes : ndarray of shape (n_labels,), optional
        The numbers that the labels were, if the names are but those in print.
    target : str, optional
        The name of the frame's column that held the labels.
    """

    columns: bool = False
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    divided: bool = False
    classes: NDArray[Any] | None = None
    target: str | None = None


@dataclass(frozen=True, eq=False)
class Dataset:
    """Features, labels and how to draw one item.

    Parameters
    ----------
    features : ndarray or scipy.sparse.csr_array of shape (n_samples, n_features), float32
        One item a row, C-contiguous, finite; with NaN where a value is missing if
        that was allowed. A sparse matrix is in CSR form, each place named once. May
        share its memory with what was passed in (`read_dataset` says when); it is
        never written to.
    labels : ndarray of shape (n_samples,), int32, optional
        Index into `label_names`; `NO_LABEL` (-1) where an item has no label.
    label_names : tuple of str
        The names of the labels, in the order of their indices. Kept verbatim:
        a view that puts them into HTML escapes them.
    feature_names : tuple of str
        One name a feature, verbatim too.
    item_shape : tuple of int, optional
        ``(height, width)`` or ``(height, width, channels)`` if an item is an
        image, ``(length,)`` if it is a series, drawn as a line; None if it is drawn as
        a profile of its features.
    notices : tuple of str
        What was changed or noticed on the way in, one sentence each.
    groups : tuple of (start, stop)
        Features that stand for the categories of one column, one-hot.
    texts : tuple of str
        The documents that the items were made from, verbatim; empty if they are none.
    origin : Origin
        In what form the items came.
    """

    features: NDArray[np.float32] | Any
    labels: NDArray[np.int32] | None = None
    label_names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    item_shape: tuple[int, ...] | None = None
    notices: tuple[str, ...] = ()
    groups: tuple[tuple[int, int], ...] = ()
    texts: tuple[str, ...] = ()
    origin: Origin = Origin()

    @property
    def n_samples(self) -> int:
        """Number of items."""
        return int(self.features.shape[0])

    @property
    def n_features(self) -> int:
        """Number of features of one item."""
        return int(self.features.shape[1])

    @property
    def sparse(self) -> bool:
        """Whether the features are a sparse matrix."""
        return is_sparse(self.features)

    def rows(self, indices: Any, unstored: float = 0.0) -> NDArray[np.float32]:
        """Return some items, dense, shape (n_indices, n_features).

        Parameters
        ----------
        indices : ndarray of int or slice
            Which.
        unstored : float, default=0
            What stands where a sparse matrix has no value.
        """
        part = self.features[indices]
        return to_dense(part, unstored) if self.sparse else np.asarray(part)

    @property
    def is_image(self) -> bool:
        """Whether an item is drawn as an image."""
        return self.item_shape is not None and len(self.item_shape) > 1

    @cached_property
    def value_range(self) -> tuple[float, float]:
        """Smallest and largest feature value that is not missing, computed once."""
        if self.sparse:
            return value_range(self.features)
        values = self.features.ravel()
        return float(np.fmin.reduce(values)), float(np.fmax.reduce(values))

    @cached_property
    def feature_ranges(self) -> NDArray[np.float32]:
        """Smallest and largest value of each feature, shape (2, n_features), computed once.

        Where all are missing (NaN), so are these.
        """
        if self.sparse:
            matrix: Any = self.features
            ranges = matrix.nanmin(axis=0), matrix.nanmax(axis=0)
            return np.stack([bound.toarray().ravel() for bound in ranges])
        return np.stack([np.fmin.reduce(self.features), np.fmax.reduce(self.features)])

    @cached_property
    def drawn_ranges(self) -> tuple[Any, Any]:
        """The smallest and the largest value over which an item is drawn.

        Those of all features together; of a table with categories, or whose columns are
        far apart, those of each, shape (n_features,).
        """
        if self.sparse:
            return self.value_range
        low, high = np.nan_to_num(self.feature_ranges)
        widths = (high - low)[high > low]
        far_apart = bool(widths.size) and bool(widths.max() > FAR_APART * widths.min())
        own = not self.item_shape and (far_apart or bool(self.groups))
        return (low, high) if own else self.value_range

    @cached_property
    def has_missing(self) -> bool:
        """Whether some values are missing (NaN), found once."""
        values = self.features.data if self.sparse else self.features
        return math.isnan(float(np.min(values)))

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """What tells these features from others."""
        return Fingerprint(self.features)

    @cached_property
    def label_digest(self) -> str:
        """What tells these labels from others; '' if no item has one."""
        return label_digest(self.labels, self.label_names)
