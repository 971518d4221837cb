"""Telling data from other data."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Fingerprint"]

CHUNK_BYTES = 2**24
"""Bytes hashed at once: bounds the memory where the features are mapped from a file."""


class Fingerprint:
    """The shape of a feature matrix and the SHA-256 of its values.

    Two are equal if the features are, bit for bit. The hash is computed when it is
    first asked for, and once.

    Parameters
    ----------
    features : ndarray of shape (n_samples, n_features), optional
        Hashed as little-endian float32 in C order, after the shape.
    shape, sha256
        A fingerprint that was written down, in place of features.
    """

    def __init__(
        self,
        features: NDArray[np.float32] | None = None,
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
        features = self._features
        if features is None:  # then it was given
            raise AttributeError
        digest = hashlib.sha256(repr(self.shape).encode())
        rows = max(1, CHUNK_BYTES // max(1, 4 * features.shape[1]))
        for start in range(0, len(features), rows):
            digest.update(np.ascontiguousarray(features[start : start + rows], "<f4").data)
        return digest.hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Fingerprint):
            return NotImplemented
        return self.shape == other.shape and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.shape)

    def __repr__(self) -> str:
        return f"Fingerprint({' x '.join(f'{n:,}' for n in self.shape)}, {self.sha256[:8]}…)"
