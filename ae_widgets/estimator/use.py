"""What a fitted autoencoder does with items."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ae_widgets.data.frames import as_frame
from ae_widgets.data.sparse import check_stored
from ae_widgets.engine.items import chunk_rows, dense, encode_rows, items
from ae_widgets.engine.memory import memory_errors
from ae_widgets.engine.views import tensor_view
from ae_widgets.estimator.faults import fault_of, readable
from ae_widgets.estimator.preprocessing import Preprocessing
from ae_widgets.exceptions import DataError
from ae_widgets.losses import TAKES_MISSING
from ae_widgets.losses.reconstruction import item_errors, network_input

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor

    from ae_widgets.model.network import AutoencoderNetwork

    Floats = NDArray[np.float32]
    Features = Floats | Any  # or a CSR matrix

__all__ = ["FittedAutoencoder"]


# The errors that mypy is told to ignore: scikit-learn has no types.
class FittedAutoencoder(
    Preprocessing,
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """Codes, reconstructions and scores of items, by the trained network."""

    network_: AutoencoderNetwork
    n_features_in_: int
    reconstruction: str
    _n_features_out: int

    def transform(self, X: ArrayLike) -> Floats:
        """Return the codes of `X`, shape (n_samples, code_dim), float32."""
        check_is_fitted(self, "network_")
        codes: Floats = self._codes(self._check(X))
        return codes

    def inverse_transform(self, X: ArrayLike) -> Floats:
        """Return the reconstructions of codes, shape (n_samples, n_features), float32.

        They are in the space that `reconstruct` answers in.

        Parameters
        ----------
        X : array-like of shape (n_samples, code_dim)
            Codes.

        Raises
        ------
        DataError
            If they are none, or not numbers, or not finite.
        """
        network = self._fitted()
        return self._originals(self._through(network.decode, _codes(X, self._n_features_out)))

    def reconstruct(self, X: ArrayLike) -> Floats:
        """Return the reconstructions of `X`, shape (n_samples, n_features), float32.

        They are in the space of `X` if every step of `preprocess` can be undone, else
        as the network gives them. With 'multinomial' they are logits: the counts that are
        expected of an item are its total times their softmax.
        """
        check_is_fitted(self, "network_")
        return self._reconstruct(self._check(X))

    def score(self, X: ArrayLike, y: object = None) -> float:  # noqa: ARG002  # scikit-learn's interface
        """Return minus the mean reconstruction error of `X`: higher is better.

        It is the error of the training, of what `preprocess` makes of the items: to
        compare other preprocessings, compare `reconstruct` with the items. Items without
        any observed value are left out.

        It is this with `delta`, `gamma` and `contamination` as well, unlike the accuracy
        of scikit-learn's classifiers; `predict` says how to have that.
        """
        check_is_fitted(self, "network_")
        checked = self._check(X)
        errors = self._errors(checked)
        if self._takes_missing:
            errors = errors[~self._unknown(checked)]
        return -float(errors.mean(dtype=np.float64)) if errors.size else float("nan")

    # Of items that have been checked -------------------------------------------

    def _codes(self, features: Features, *, double: bool = False) -> Any:
        network, kind = self._network(double=double), self._error_kind
        inputs = self._inputs(features)
        return self._through(
            lambda x: encode_rows(network, x, kind), inputs, made_dense=False, double=double
        )

    def _outputs(self, inputs: Features) -> Floats:
        """Return what the network gives back of what it is given."""
        network, kind = self._fitted(), self._error_kind
        return self._through(lambda x: network(network_input(kind, x))[1], inputs)

    def _reconstruct(self, features: Features) -> Floats:
        return self._originals(self._outputs(self._inputs(features)))

    def _errors(self, features: Features, *, double: bool = False) -> Any:
        """Return each item's reconstruction error, shape (n_samples,)."""
        network, kind = self._network(double=double), self._error_kind
        inputs = self._inputs(features)
        return self._through(
            lambda x: item_errors(kind, network(network_input(kind, x))[1], x),
            inputs,
            double=double,
        )

    def _network(self, *, double: bool) -> AutoencoderNetwork:
        """Return the network, or a copy of it in float64."""
        network = self._fitted()
        return copy.deepcopy(network).double() if double else network

    def _unknown(self, features: Features) -> NDArray[np.bool_]:
        """Return which items have no observed value."""
        unknown = self._through(lambda x: x.isnan().all(dim=1), features)
        return unknown.astype(bool)

    @property
    def _error_kind(self) -> str:
        """The reconstruction error that is in force."""
        return self.reconstruction

    @property
    def _takes_missing(self) -> bool:
        return isinstance(self._error_kind, str) and self._error_kind in TAKES_MISSING

    def _fitted(self) -> AutoencoderNetwork:
        check_is_fitted(self, "network_")
        return self.network_

    def _check(self, X: ArrayLike, *, reset: bool = False, ensure_min_samples: int = 1) -> Features:
        if not reset:
            check_is_fitted(self, "network_")
        given = readable(self._without_target(X))
        taken = self._encoded(given, reset=reset)
        allow_nan = self._takes_missing
        try:
            # What is beyond float32 is infinite, and told; infinities of both signs add up to NaN.
            with np.errstate(over="ignore", invalid="ignore"):
                checked: Features = validate_data(
                    self,
                    taken,
                    reset=reset,
                    accept_sparse="csr",
                    dtype=np.float32,
                    order="C",
                    ensure_all_finite="allow-nan" if allow_nan else True,
                    ensure_min_samples=ensure_min_samples,
                )
        except (TypeError, ValueError) as error:
            of_names = "eature names" in str(error)
            if of_names or (fault := self._fault_of(given, taken)) is None:
                raise
            raise fault from error
        if reset and issparse(checked):
            check_stored(checked)
        return checked

    def _fault_of(self, given: Any, taken: Any) -> DataError | None:
        """Return the error of what was taken of items; of categories by their own column."""
        categorical = [*getattr(self, "categories_", ())] if as_frame(given) is not None else []
        X = given if categorical else taken
        return fault_of(X, allow_nan=self._takes_missing, categorical=categorical or None)

    def _through(
        self,
        function: Callable[[Any], Tensor],
        values: Features,
        *,
        made_dense: bool = True,
        double: bool = False,
    ) -> Floats:
        """Return a function of the items, some at a time.

        Parameters
        ----------
        function : callable
            Takes a tensor; or, without `made_dense`, a CSR matrix if `values` is one.
        values : ndarray or CSR matrix
        made_dense : bool, default=True
        double : bool, default=False
            Whether `function` takes and returns float64.
        """
        values = items(values) if issparse(values) else values
        (n, width), result = values.shape, None
        size = chunk_rows(width, self.network_)
        with torch.no_grad(), memory_errors("pass fewer items at a time"):
            for start in range(0, n, size):
                part: Any = values[start : start + size]
                if not issparse(part):
                    part = tensor_view(part).clone()
                elif made_dense:
                    part = dense(part, self._error_kind)
                if double:
                    part = part.astype(np.float64) if issparse(part) else part.double()
                chunk = function(part).numpy()
                if result is None:
                    result = np.empty((n, *chunk.shape[1:]), np.float64 if double else np.float32)
                result[start : start + size] = chunk
        return cast("Floats", result)


def _codes(X: ArrayLike, code_dim: int) -> Floats:
    """Return codes as they are passed through a decoder."""
    try:
        codes = np.ascontiguousarray(X, dtype=np.float32)
    except (TypeError, ValueError) as error:
        msg = f"Codes must be numbers: {error}."
        raise DataError(msg) from error
    if codes.ndim != 2 or codes.shape[1] != code_dim or not len(codes):  # noqa: PLR2004  # a matrix
        msg = f"Codes must have the shape (n_samples, {code_dim}), got {np.shape(X)}."
        raise DataError(msg)
    bad = np.argwhere(~np.isfinite(codes))
    if bad.size:
        row, column = bad[0]
        msg = (
            f"Codes must be finite, got {codes[row, column]} in row {row}, column {column}. "
            "Leave that row out."
        )
        raise DataError(msg)
    return codes
