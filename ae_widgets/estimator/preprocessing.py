"""What an estimator does to the items before its network."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from ae_widgets.data.categories import AUTO, categorical_columns, no_columns, read_wanted
from ae_widgets.data.frames import as_frame, read_frame, split_column
from ae_widgets.data.reader import check_size
from ae_widgets.data.sparse import is_sparse
from ae_widgets.data.table import listing
from ae_widgets.engine.preprocess import fit_preprocessor
from ae_widgets.exceptions import DataError, DataWarning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from ae_widgets.data.preprocess import Preprocessor
    from ae_widgets.engine.settings import Settings

    Floats = NDArray[np.float32]
    Features = Floats | Any  # or a CSR matrix

__all__ = ["Preprocessing"]

UNUSUAL = (
    nw.String, nw.Object, nw.Unknown, nw.Categorical, nw.Enum,
    nw.Date, nw.Datetime, nw.Duration, nw.Time,
)  # fmt: skip
"""Types of columns that may hold no numbers."""


class Preprocessing(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Items into what the network is given, and back."""

    categorical: Any
    preprocessor_: Preprocessor | None
    feature_names_in_: NDArray[Any]
    categories_: Mapping[str, tuple[str, ...]]
    _groups: tuple[tuple[int, int], ...]
    _target: str | None = None
    _divided: bool = False

    def _split(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Return items and classes; where `y` names a column of a frame, it is taken out."""
        self._target = y if isinstance(y, str) else None
        return (X, y) if self._target is None else split_column(X, self._target)

    def _without_target(self, X: Any) -> Any:
        """Return a frame without the column of classes that `fit` was told the name of."""
        frame = None if self._target is None else as_frame(X)
        if frame is None or self._target not in frame.columns:
            return X
        return split_column(X, self._target)[0]

    def _encoded(self, X: Any, *, reset: bool) -> Any:
        """Return a frame with its columns of categories one-hot; all else as it is.

        But uint8 values are divided by 255 if those of a session's run were.
        """
        if reset:
            self._divided = False
        if self._divided and getattr(X, "dtype", None) == np.uint8:
            return X.astype(np.float32) / np.float32(255)
        frame = as_frame(X)
        known = None if reset else getattr(self, "categories_", {})
        if reset:
            self.categories_, self._groups = {}, ()
            if read_wanted(self.categorical) not in ([], AUTO) and frame is None:
                raise no_columns()
        if frame is None:
            return X
        names = [str(name) for name in frame.columns]
        new = reset and bool(self._categorical_in(frame, names))
        if not known and not new:
            fitted = None if reset else getattr(self, "feature_names_in_", None)
            strange = fitted is not None and not set(names) <= {*map(str, fitted)}
            return X if strange else _plain(X, frame)
        if known:
            self._check_columns(names)
        table = read_frame(frame, None, self.categorical, known)
        for notice in table.notices:
            warnings.warn(notice, DataWarning, stacklevel=4)
        if reset:
            self.categories_, self._groups = table.categories, table.groups
        return pd.DataFrame(table.values, columns=list(table.names or ()))

    def _categorical_in(self, frame: nw.DataFrame[Any], names: list[str]) -> set[int]:
        series = [frame[:, i] for i in range(frame.shape[1])]
        return categorical_columns(names, series, self.categorical)

    def _check_columns(self, names: list[str]) -> None:
        """Refuse a frame of other columns than that of `fit`, which had categories."""
        fitted = [*map(str, self.feature_names_in_)]
        for (start, stop), name in reversed([*zip(self._groups, self.categories_, strict=True)]):
            fitted[start:stop] = [name]
        for found, these, others in (
            ("has columns that were not there at fit", names, fitted),
            ("lacks columns that were there at fit", fitted, names),
        ):
            if wrong := [repr(name) for name in these if name not in others]:
                msg = f"X {found}: {listing(wrong)}. Pass the columns of fit: {listing(fitted)}."
                raise DataError(msg)

    def _fit_inputs(
        self, features: Features, settings: Settings, y: ArrayLike | None, *, warm: bool
    ) -> Features:
        """Return what the network is trained on, fitting the steps unless it goes on."""
        if settings.architecture.item_shape is not None:
            check_size(settings.architecture.item_shape, features.shape[1])
        if not warm:
            self.preprocessor_ = fit_preprocessor(features, settings, y, self._groups)
        return self._inputs(features)

    def _inputs(self, features: Features) -> Features:
        """Return what the network is given of items."""
        made = getattr(self, "preprocessor_", None)
        return features if made is None else made.transform(features)

    def _originals(self, outputs: Floats) -> Floats:
        """Return the network's outputs as items, or as they are if a step cannot be undone."""
        made = getattr(self, "preprocessor_", None)
        return made.inverse_transform(outputs) if made is not None and made.invertible_ else outputs


def _plain(X: Any, frame: nw.DataFrame[Any]) -> Any:
    """Return a frame of numbers as it came, and one of objects with numbers in their place.

    Raises
    ------
    DataError
        If some are no numbers, or texts or categories, of which scikit-learn would make some.
    """
    if not any(isinstance(dtype, UNUSUAL) for dtype in frame.schema.values()):
        return X
    table = read_frame(frame, known={})
    if is_sparse(table.values):
        return X
    return pd.DataFrame(table.values, columns=list(frame.columns))
