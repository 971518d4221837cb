"""The estimator as one that fills in missing values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import check_array, check_is_fitted

from ae_widgets.data.frames import as_frame, filled_frame
from ae_widgets.engine.items import chunk_rows
from ae_widgets.engine.missing import error_in_force
from ae_widgets.estimator.available import available_unless
from ae_widgets.estimator.faults import readable
from ae_widgets.estimator.use import FittedAutoencoder
from ae_widgets.exceptions import DataError
from ae_widgets.losses import TAKES_MISSING

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Imputation"]


def _no_filling(model: Any) -> str:
    fills = model._takes_missing  # noqa: SLF001  # its own
    return "" if fills else "Missing values are not learnt: set missing='mask', and fit."


class Imputation(FittedAutoencoder):
    """`impute`, there only if values may be missing."""

    missing: str

    @property
    def _error_kind(self) -> str:
        kind: str = error_in_force(self.reconstruction, self.missing)
        return kind

    @property
    def _takes_missing(self) -> bool:
        asked = (self.missing, self.reconstruction)
        return any(isinstance(name, str) and name in {"mask", *TAKES_MISSING} for name in asked)

    @available_unless(_no_filling)
    def impute(self, X: ArrayLike) -> Any:
        """Return `X` with its missing values filled in by the reconstruction.

        Parameters
        ----------
        X : array-like, CSR matrix or DataFrame of shape (n_samples, n_features)
            Items; NaN or null where a value is missing.

        Returns
        -------
        ndarray, CSR matrix or DataFrame of shape (n_samples, n_features)
            A copy, of an array float32 or float64 as `X`, in which all that was
            observed is the same bit for bit. A frame of any library comes back as
            one; a missing category is the most probable of the column's. Columns of integers
            or bools with gaps come back as float64, which holds integers up to 2**53: keep
            identifiers out of `X`.
        """
        check_is_fitted(self, "network_")
        X = self._without_target(X)
        checked = self._check(X)
        if self.preprocessor_ is not None and not self.preprocessor_.invertible_:
            msg = (
                "impute needs reconstructions in the space of X, but a step of preprocess cannot "
                "be undone. Give it an inverse_transform, or leave it out."
            )
            raise DataError(msg)
        if (frame := as_frame(X)) is not None:
            return filled_frame(frame, self._filled(checked.copy(), checked), self.categories_)
        filled = check_array(
            readable(X),
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            ensure_all_finite="allow-nan",
            copy=True,
        )
        return self._filled(filled, checked)

    def _filled(self, filled: Any, checked: Any) -> Any:
        """Return `filled`, with the reconstructions of checked items where it is NaN."""
        size = chunk_rows(self.n_features_in_)
        values = filled.data if issparse(filled) else filled
        rows, columns = _missing_cells(filled)
        places = np.flatnonzero(np.isnan(values)) if issparse(filled) else None
        holed, row_of_cell = np.unique(rows, return_inverse=True)
        for start in range(0, len(holed), size):
            cells = (row_of_cell >= start) & (row_of_cell < start + size)
            outputs = self._reconstruct(checked[holed[start : start + size]])
            found = outputs[row_of_cell[cells] - start, columns[cells]]
            if places is None:
                filled[rows[cells], columns[cells]] = found
            else:
                values[places[cells]] = found
        return filled


def _missing_cells(filled: Any) -> tuple[Any, Any]:
    """Return rows and columns of the NaN cells, row by row."""
    if not issparse(filled):
        rows, columns = np.nonzero(np.isnan(filled))
        return rows, columns
    places = np.flatnonzero(np.isnan(filled.data))
    rows = np.searchsorted(filled.indptr, places, side="right") - 1
    return rows, filled.indices[places]
