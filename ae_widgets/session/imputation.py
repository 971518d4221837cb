"""The items of a run with their missing values filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.exceptions import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from ae_widgets.data import Dataset
    from ae_widgets.session.latent import Reconstructions

__all__ = ["Imputation"]

CHUNK_VALUES = 2**22
"""Values that are asked for at once."""


class Imputation:
    """What a session fills in."""

    dataset: Dataset
    reconstruct: Callable[[ArrayLike], Reconstructions]

    @property
    def imputed(self) -> NDArray[np.float32]:
        """The features with every missing value filled in by its reconstruction.

        A copy, shape (n_samples, n_features), in which what was observed is the same
        bit for bit. Waits for the trainer, which reconstructs the items concerned.

        Raises
        ------
        TrainingError
            If the trainer does not answer.
        DataError
            If the items are sparse: filled in they would be dense.
        """
        if self.dataset.sparse:
            msg = (
                f"The items are a sparse matrix of shape {self.dataset.features.shape}; filled in "
                "they would be dense. Of some items, session.reconstruct(indices) has what comes "
                "back as outputs, for where its inputs are NaN."
            )
            raise DataError(msg)
        features = self.dataset.features.copy()
        if not self.dataset.has_missing:
            return features
        rows = np.flatnonzero(np.isnan(features).any(axis=1))
        size = max(1, CHUNK_VALUES // self.dataset.n_features)
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            outputs = self.reconstruct(some).outputs
            features[some] = np.where(np.isnan(features[some]), outputs, features[some])
        return features
