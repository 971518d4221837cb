"""Items on their way into the network, and what it gives back on its way out."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.decomposition import PCA
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from ae_widgets.data.simplex import project_groups
from ae_widgets.data.steps import SCALINGS, KMeansFeatures, Own, PCAFeatures, Step, read_steps
from ae_widgets.data.transformers import AppendClusters, OnColumns, scaler
from ae_widgets.exceptions import DataError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Features = Floats | Any  # or a CSR matrix

__all__ = ["Preprocessor"]

FEW = 100
"""Items that tell of what a step makes, where it is known to be in range."""


# The errors that mypy is told to ignore: scikit-learn has no types.
class Preprocessor(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Scales items, replaces them by components, appends what k-means knows of them.

    A transformer of scikit-learn, made of scikit-learn's: the steps are fitted one after
    the other, and undone from the last to the first. The same items, seed and versions
    give the same bits, since each step is fitted on one thread.

    Parameters
    ----------
    preprocess : None, str, PCAFeatures, KMeansFeatures, transformer or a list of these
        The steps in their order; see `ae_widgets.data.steps.read_steps`. A transformer is
        cloned, and never fitted itself.
    groups : sequence of (start, stop), default=()
        Features that stand for the categories of one column, one-hot: they are not
        scaled, and what comes back is shares that add up to 1.
    random_state : int, default=0
        Seed of k-means, of PCA where it draws, and of the sample behind 'quantile'.

    Attributes
    ----------
    n_features_in_, n_features_out_ : int
        Values of an item before and after.
    invertible_ : bool
        Whether every step can be undone, exactly or, as PCA with few components, nearly.
    mixes_ : bool
        Whether a step makes a value of several features, as PCA and k-means do.
    explained_variance_ratio_ : ndarray of shape (n_components,) or None
        Of the first PCA among the steps.

    Examples
    --------
    >>> X = np.random.default_rng(0).random((100, 6))
    >>> made = Preprocessor(["standard", PCAFeatures(3), KMeansFeatures(4)]).fit(X)
    >>> made.transform(X).shape, made.inverse_transform(made.transform(X)).shape
    ((100, 7), (100, 6))
    """

    n_features_in_: int
    n_features_out_: int
    invertible_: bool
    mixes_: bool
    explained_variance_ratio_: NDArray[np.floating] | None

    def __init__(
        self,
        preprocess: Any = None,
        *,
        groups: Sequence[tuple[int, int]] = (),
        random_state: int = 0,
    ) -> None:
        self.preprocess = preprocess
        self.groups = groups
        self.random_state = random_state

    def fit(self, X: Features, y: object = None) -> Self:
        """Fit every step on what those before it make of the items.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The items; a transformer of your own may take a sparse matrix, the named
            steps do not. NaN is let through by the scalings alone.
        y : array-like of shape (n_samples,), optional
            Handed to transformers of your own.

        Raises
        ------
        SettingsError
            If a step is unknown or cannot be fitted; the message names it.
        """
        Z = X = _matrix(X)
        self._steps: list[tuple[str, Any]] = []
        self._ranges: list[tuple[Floats, Floats]] = []  # of what a step made, by feature
        self.explained_variance_ratio_ = None
        self.invertible_, self.mixes_ = True, False
        self._apart = 0  # steps before the first that mixes features
        scaled = _kept_out(self.groups, X.shape[1])
        steps = read_steps(self.preprocess)
        for place, step in enumerate(steps, start=1):
            if step in SCALINGS:
                _require_values(step, Z)
            name, fresh = _name(step), self._transformer(step, Z.shape, scaled)
            # Ranks lie within 0 and 1, so that a few tell enough where no step looks at them.
            few = step == "quantile" and place == len(steps)
            transformer, Z = _fitted(name, fresh, Z, y, own=isinstance(step, Own), few=few)
            self._steps.append((name, transformer))
            self._ranges.append(_range(Z, ranks=few))
            if step in SCALINGS or isinstance(transformer, OneToOneFeatureMixin):
                self._apart += not self.mixes_
            else:
                self.mixes_ = True
            self.invertible_ &= _is_invertible(transformer, Z)
            if isinstance(step, PCAFeatures) and self.explained_variance_ratio_ is None:
                self.explained_variance_ratio_ = transformer.explained_variance_ratio_
            if step not in SCALINGS:
                scaled = None  # the features are others now
        self.n_features_in_, self.n_features_out_ = X.shape[1], Z.shape[1]
        return self

    def transform(self, X: Features) -> Features:
        """Return the items as the network is given them, float32.

        Raises
        ------
        DataError
            If there are not as many features as before, or a step fails.
        """
        check_is_fitted(self, "n_features_in_")
        Z = _matrix(X)
        if Z.shape[1] != self.n_features_in_:
            msg = f"X has {Z.shape[1]:,} features, but {self.n_features_in_:,} were fitted on."
            raise DataError(msg)
        for name, transformer in self._steps:
            Z = _passed(name, transformer.transform, Z, DataError)
        return Z

    def inverse_transform(self, X: Features) -> Floats:
        """Return the items in their own features again, shape (n_samples, n_features), float32.

        Where a step cannot be undone for a value that it made of no item that it was fitted
        on, as a logarithm of more than any item has, the nearest that it made is undone.

        Raises
        ------
        DataError
            If a step cannot be undone.
        """
        check_is_fitted(self, "n_features_in_")
        return project_groups(self._undo(X), self.groups)

    def unmix(self, X: Features) -> Floats:
        """Return the items as they were before features were mixed: each scaled at most.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features_out_)
            Items as the network is given them, or gives them back.

        Returns
        -------
        ndarray of shape (n_samples, n_features_in_), float32

        Raises
        ------
        DataError
            If a step cannot be undone.
        """
        check_is_fitted(self, "n_features_in_")
        return self._undo(X, self._apart)

    def _undo(self, X: Features, first: int = 0) -> Floats:
        """Return the items as they were before the step `first`."""
        Z: Any = X
        for (name, transformer), span in zip(
            reversed(self._steps[first:]), reversed(self._ranges[first:]), strict=True
        ):
            if not hasattr(transformer, "inverse_transform"):
                msg = f"{name} cannot be undone: it has no inverse_transform."
                raise DataError(msg)
            Z = _undone(name, transformer.inverse_transform, Z, span)
        dense: Floats = Z.toarray() if issparse(Z) else np.asarray(Z, np.float32)
        return dense

    def _transformer(self, step: Step, shape: tuple[int, int], scaled: Any) -> Any:
        """Return a transformer of scikit-learn, not fitted, for a step on items of `shape`."""
        seed = self.random_state
        match step:
            case PCAFeatures(n_components=n, whiten=whiten):
                return PCA(None if n == 1.0 and isinstance(n, float) else n, whiten=whiten,
                           random_state=seed)  # fmt: skip
            case KMeansFeatures():
                return AppendClusters(step.n_clusters, step.assignment, seed)
            case Own(transformer=None):
                msg = f"The step {step.text} was made in another process. Pass preprocess= again."
                raise SettingsError(msg)
            case Own(transformer=transformer):
                return clone(transformer, safe=False)
            case _:
                made = scaler(str(step), shape[0], seed)
                return made if scaled is None else OnColumns(made, scaled)


def _fitted(  # noqa: PLR0913  # what tells one step from another
    name: str, transformer: Any, Z: Features, y: Any, *, own: bool, few: bool
) -> tuple[Any, Features]:
    """Return the transformer, fitted on `Z`, and what it makes of that, or of a `few` items."""
    if issparse(Z) and not own:
        msg = (
            f"preprocess: {name} needs dense items, and X is sparse. Pass a transformer that takes "
            "sparse ones, such as sklearn.decomposition.TruncatedSVD(100) or "
            "sklearn.preprocessing.MaxAbsScaler()."
        )
        raise SettingsError(msg)

    def fit(items: Features) -> Features:
        # Of items that are all alike PCA's shares of the variance are 0 / 0.
        with np.errstate() if own else np.errstate(invalid="ignore"):
            transformer.fit(*((items, y) if own else (items,)))
        return items if few else transformer.transform(items)

    made = _passed(name, fit, Z, SettingsError)
    return transformer, _passed(
        name, transformer.transform, made[:FEW], SettingsError
    ) if few else made


def _undone(
    name: str, inverse: Callable[[Features], Any], Z: Features, span: tuple[Floats, Floats]
) -> Features:
    """Return the items of which a step made `Z`, or what is nearest to it."""
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        # What is not finite is mended or told.
        items = _passed(name, inverse, Z, DataError, finite=False)
        if issparse(items):
            return items
        beyond = ~np.isfinite(items).all(axis=1)
        if beyond.any():
            items[beyond] = _passed(name, inverse, np.clip(Z[beyond], *span), DataError)
    return items


def _range(Z: Features, *, ranks: bool) -> tuple[Floats, Floats]:
    """Return the least and the largest value of each feature."""
    if ranks:
        return np.zeros(Z.shape[1], np.float32), np.ones(Z.shape[1], np.float32)
    if issparse(Z):
        least, largest = Z.min(axis=0).toarray(), Z.max(axis=0).toarray()  # (1, n_features)
        return least.ravel(), largest.ravel()
    return np.fmin.reduce(Z, axis=0), np.fmax.reduce(Z, axis=0)  # of those that are not NaN


def _passed(
    name: str,
    function: Callable[[Features], Any],
    Z: Features,
    error: type[ValueError],
    *,
    finite: bool = True,
) -> Features:
    """Return what a step makes of items, as a matrix, or raise `error` naming the step."""
    try:
        with threadpool_limits(limits=1):  # sums of several threads come in any order
            result = _matrix(function(Z))
    except (KeyboardInterrupt, MemoryError):
        raise
    except Exception as failure:  # whatever a foreign transformer raises
        why = str(failure).strip().partition("\n")[0] or type(failure).__name__
        if why == "Input X contains NaN.":
            why += (
                " Put what fills values in before it, such as sklearn.impute.SimpleImputer(), or "
                "leave it out."
            )
        msg = f"preprocess: {name} failed on items of shape {Z.shape}: {why}"
        raise error(msg) from failure
    values = result.data if issparse(result) else result
    if result.shape[0] != Z.shape[0] or not result.shape[1]:
        msg = f"preprocess: {name} made shape {result.shape} of items of shape {Z.shape}."
        raise error(msg)
    if not finite:
        return result
    if np.isinf(values).any() or (np.isnan(values).any() and not _has_nan(Z)):
        msg = f"preprocess: {name} made values that are not finite (NaN or infinite in float32)."
        raise error(msg)
    return result


def _require_values(name: Step, Z: Features) -> None:
    """Raise DataError if a feature has no value that could be scaled."""
    empty = [] if issparse(Z) else np.flatnonzero(np.isnan(Z).all(axis=0)).tolist()
    if empty:
        msg = (
            f"preprocess: {name!r} has nothing to go by in column {empty[0]} of the items that are "
            "trained on: all its values are missing. Drop the column."
        )
        raise DataError(msg)


def _has_nan(Z: Features) -> bool:
    return bool(np.isnan(Z.data if issparse(Z) else np.asarray(Z, np.float64)).any())


def _matrix(X: Any) -> Features:
    """Return items as C-contiguous float32, CSR if they are sparse."""
    if issparse(X):
        return X.tocsr().astype(np.float32)
    with np.errstate(over="ignore"):  # what is beyond float32 is infinite, and told
        matrix = np.ascontiguousarray(X, np.float32)
    if matrix.ndim != 2:  # noqa: PLR2004  # items by features
        msg = f"Expected 2D array, got {matrix.ndim}D array instead, shape {matrix.shape}."
        raise DataError(msg)
    return matrix


def _is_invertible(transformer: Any, Z: Features) -> bool:
    """Whether a fitted step can be undone, tried on the first items."""
    if isinstance(transformer, FunctionTransformer) and transformer.inverse_func is None:
        return transformer.func is None  # its inverse would be the identity
    try:
        back = _matrix(transformer.inverse_transform(Z[:2]))
        return not np.isinf(back.data if issparse(back) else back).any()  # NaN is missing
    except Exception:  # noqa: BLE001  # whatever it raises: then it cannot
        return False


def _kept_out(groups: Sequence[tuple[int, int]], n_features: int) -> NDArray[np.intp] | None:
    """Return the features outside all groups, None if that is all of them."""
    if not groups:
        return None
    inside = np.zeros(n_features, bool)
    for start, stop in groups:
        inside[start:stop] = True
    return np.flatnonzero(~inside)


def _name(step: Step) -> str:
    return step.text if isinstance(step, Own) else repr(step)
