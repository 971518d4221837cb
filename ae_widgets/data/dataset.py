"""The one form in which data reaches the engine and the views."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.data.fingerprint import Fingerprint
from ae_widgets.data.sparse import is_sparse, to_dense, value_range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["NO_LABEL", "Dataset"]

NO_LABEL = -1
"""Value in `Dataset.labels` of an item that has no label."""


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
        image; None if it is drawn as a profile of its features.
    notices : tuple of str
        What was changed or noticed on the way in, one sentence each.
    texts : sequence of str
        What each item is, in words: a document, or a name. Empty if there are none;
        verbatim like the names.
    """

    features: NDArray[np.float32] | Any
    labels: NDArray[np.int32] | None = None
    label_names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    item_shape: tuple[int, ...] | None = None
    notices: tuple[str, ...] = ()
    texts: Sequence[str] = ()

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

    @cached_property
    def value_range(self) -> tuple[float, float]:
        """Smallest and largest feature value that is not missing, computed once."""
        if self.sparse:
            return value_range(self.features)
        values = self.features.ravel()
        return float(np.fmin.reduce(values)), float(np.fmax.reduce(values))

    @cached_property
    def has_missing(self) -> bool:
        """Whether some values are missing (NaN), found once."""
        values = self.features.data if self.sparse else self.features
        return math.isnan(float(np.min(values)))

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """What tells these features from others."""
        return Fingerprint(self.features)
