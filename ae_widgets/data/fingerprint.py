"""Telling data from other data."""

from __future__ import annotations

import hashlib
import json
import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.data.sparse import is_sparse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

__all__ = ["Fingerprint", "label_digest", "weight_digest"]

CHUNK_BYTES = 2**24
"""Bytes hashed at once: bounds the memory where the features are mapped from a file."""


class Fingerprint:
    """The shape of a feature matrix and the SHA-256 of its values.

    Two are equal if the features are, bit for bit. The hash is computed when it is
    first asked for, and once.

    Parameters
    ----------
    features : ndarray or CSR matrix of shape (n_samples, n_features), optional
        Hashed as little-endian float32 in C order, after the shape. Of a CSR matrix,
        where a stored 0 is not the same as none, the three arrays are hashed, the
        indices as 64-bit integers.
    shape, sha256
        A fingerprint that was written down, in place of features.
    """

    def __init__(
        self,
        features: NDArray[np.float32] | Any = None,
        *,
        shape: tuple[int, ...] = (),
        sha256: str = "",
    ) -> None:
        self._features = features
        self.shape = shape if features is None else tuple(map(int, features.shape))
        if features is None:
            self.sha256 = sha256

    @cached_property
    def sha256(self) -> str:
        """The hash, 64 hexadecimal digits."""
        features: Any = self._features
        if features is None:  # then it was given
            raise AttributeError
        digest = hashlib.sha256(repr(self.shape).encode())
        if is_sparse(features):
            digest.update(b"csr")
            for array, dtype in (
                (features.indptr, "<i8"), (features.indices, "<i8"), (features.data, "<f4"),
            ):  # fmt: skip
                for part in _parts(array):
                    digest.update(np.ascontiguousarray(part, dtype).data)
            return digest.hexdigest()
        for part in _parts(features):
            digest.update(np.ascontiguousarray(part, "<f4").data)
        return digest.hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Fingerprint):
            return NotImplemented
        return self.shape == other.shape and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.shape)

    def __repr__(self) -> str:
        return f"Fingerprint({' x '.join(f'{n:,}' for n in self.shape)}, {self.sha256[:8]}…)"


def label_digest(labels: NDArray[np.int32] | None, names: Iterable[object]) -> str:
    """Return the SHA-256 of labels, 64 hexadecimal digits; '' if no item has one.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,) or None
        Index into `names`, negative for none.
    names : iterable
        What they are called.
    """
    if labels is None or not (labels >= 0).any():
        return ""
    digest = hashlib.sha256(json.dumps([str(name) for name in names]).encode())
    digest.update(np.ascontiguousarray(labels, "<i4").data)
    return digest.hexdigest()


def weight_digest(weights: NDArray[np.float64] | None) -> str:
    """Return the SHA-256 of the weights of items, 64 hexadecimal digits; '' if there are none."""
    if weights is None:
        return ""
    return hashlib.sha256(np.ascontiguousarray(weights, "<f8").data).hexdigest()


def _parts(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield some rows at a time."""
    rows = max(1, CHUNK_BYTES // max(1, 4 * math.prod(values.shape[1:])))
    for start in range(0, len(values), rows):
        yield values[start : start + rows]
