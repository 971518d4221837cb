"""Pictures of the codes that move only as far as the codes themselves do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Limits = tuple[float, float, float, float]

__all__ = ["LatentAligner", "Picture"]

MAX_ROWS = 50_000
"""Rows from which rotation and plane are estimated."""

BLOCK = 1 << 16  # rows projected in one go, which bounds the memory for float64

LARGEST = 1e35  # beyond it a rotated code may leave float32: treated like NaN

NOISE = 1e-9
"""Extent, as a share of the mean code's size, up to which codes are all the same."""

SMALLEST = 1e-25  # size of codes up to which they are all the same too

KEPT_SHARE = 0.9
"""The plane is replaced once it shows less than this share of what the best one would."""

MARGIN = 0.1
"""Room left at each side of new limits, as a share of the data's extent."""

MIN_FILL = 0.6
"""Limits shrink once the data fills less than this share of them."""

PLANE = 2  # dimensions of a picture


@dataclass(frozen=True, eq=False)
class Picture:
    """Codes as they are drawn.

    Attributes
    ----------
    positions : ndarray of shape (n_samples, 2), float32
        Where each item is drawn.
    limits : tuple of float
        ``(x0, x1, y0, y1)`` of a square that holds all positions.
    axis_labels : tuple of str
        What the axes are.
    explained : float
        Share of the codes' variance that the picture shows; 1 for up to two
        values a code.
    """

    positions: NDArray[np.float32]
    limits: Limits
    axis_labels: tuple[str, str]
    explained: float = 1.0


class LatentAligner:
    """Turns each frame of codes so that it lies as close as possible on the last.

    An autoencoder is as good with its codes turned or mirrored, and training
    drifts between such solutions. Each frame is centred and turned by the
    orthogonal matrix R that minimises ``||C R - P||`` in the Frobenius norm, P
    being the last frame: R = U V^T of the singular value decomposition
    ``C^T P = U S V^T`` (Schönemann 1966, *Psychometrika* 31, 1-10). What is drawn
    therefore does not depend on how the codes are turned, mirrored or shifted;
    the axes are relative to the mean code.

    Codes of two values are drawn as they are, those of one value on a line.
    Longer ones are projected to the plane of their first two principal
    components. That plane is kept from frame to frame, and replaced only when it
    shows less than 90 % of the variance that the best plane would; the new
    picture is then turned within its plane to match the last.

    A new number of items or values a code starts afresh.
    """

    def __init__(self) -> None:
        self._reset(())

    def _reset(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        self._rows: NDArray[np.intp] | slice = slice(None)
        self._reference: NDArray[np.float64] | None = None
        self._basis: NDArray[np.float64] | None = None
        self._picture: Picture | None = None
        if shape and shape[0] > MAX_ROWS:
            chosen = np.random.default_rng(0).choice(shape[0], MAX_ROWS, replace=False)
            self._rows = np.sort(chosen)

    def align(self, codes: NDArray[np.floating]) -> Picture:
        """Return where to draw the codes.

        Parameters
        ----------
        codes : ndarray of shape (n_samples, code_dim)
            The codes of all items. If one is not finite, the last picture is
            returned again.
        """
        if codes.shape != self._shape:
            self._reset(codes.shape)
        if not _drawable(codes):
            return self._picture or _blank(codes.shape)
        mean = codes.mean(axis=0, dtype=np.float64)
        sample = codes[self._rows].astype(np.float64) - mean
        rotation = _rotation(sample, self._reference)
        sample = sample @ rotation
        basis, explained = self._plane(sample)
        positions = _project(codes, mean, rotation @ basis)
        noise = NOISE * max(float(np.abs(mean).max()), SMALLEST)
        limits = _limits(positions, self._picture.limits if self._picture else None, noise)
        self._reference, self._basis = sample, basis
        self._picture = Picture(positions, limits, _axis_labels(codes.shape[1]), explained)
        return self._picture

    def _plane(self, sample: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
        """Return the basis to project on and the share of the variance it shows."""
        code_dim = sample.shape[1]
        if code_dim <= PLANE:
            return np.eye(code_dim, PLANE), 1.0
        scatter = sample.T @ sample
        total = float(np.trace(scatter))
        values, vectors = np.linalg.eigh(scatter)  # ascending
        best = float(values[-PLANE:].sum())
        kept = self._basis
        if kept is not None and _shown(scatter, kept) >= KEPT_SHARE * best:
            return kept, _shown(scatter, kept) / total if total else 1.0
        basis = vectors[:, : -PLANE - 1 : -1]
        if kept is None or self._reference is None:
            largest = basis[np.abs(basis).argmax(axis=0), np.arange(PLANE)]
            basis = basis * np.where(largest < 0, -1.0, 1.0)  # eigh leaves the signs open
        else:
            basis = basis @ _rotation(sample @ basis, self._reference @ kept)
        return basis, best / total if total else 1.0


def _drawable(codes: NDArray[np.floating]) -> bool:
    return bool((np.abs(codes) < LARGEST).all())


def _rotation(moved: NDArray[np.float64], fixed: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """Return the orthogonal matrix that takes `moved` closest to `fixed`."""
    if fixed is None:
        return np.eye(moved.shape[1])
    left, _, right = np.linalg.svd(moved.T @ fixed)
    rotation: NDArray[np.float64] = left @ right
    return rotation


def _shown(scatter: NDArray[np.float64], basis: NDArray[np.float64]) -> float:
    return float(np.trace(basis.T @ scatter @ basis))


def _project(
    codes: NDArray[np.floating], mean: NDArray[np.float64], matrix: NDArray[np.float64]
) -> NDArray[np.float32]:
    positions = np.empty((len(codes), PLANE), np.float32)
    for start in range(0, len(codes), BLOCK):
        rows = slice(start, start + BLOCK)
        positions[rows] = (codes[rows] - mean) @ matrix
    return positions


def _limits(positions: NDArray[np.float32], last: Limits | None, noise: float) -> Limits:
    """Keep the last limits while the data stays within and fills them."""
    low, high = positions.min(axis=0).tolist(), positions.max(axis=0).tolist()
    extent = max(high[0] - low[0], high[1] - low[1])
    constant = extent <= noise
    if last is not None:
        x0, x1, y0, y1 = last
        inside = x0 <= low[0] and high[0] <= x1 and y0 <= low[1] and high[1] <= y1
        if inside and (constant or extent >= MIN_FILL * (x1 - x0)):
            return last
    half = 1.0 if constant else extent * (0.5 + MARGIN)
    x, y = (low[0] + high[0]) / 2, (low[1] + high[1]) / 2
    return x - half, x + half, y - half, y + half


def _axis_labels(code_dim: int) -> tuple[str, str]:
    if code_dim == 1:
        return "code", ""
    if code_dim == PLANE:
        return "code 1", "code 2"
    return f"component 1 of {code_dim} code values", f"component 2 of {code_dim} code values"


def _blank(shape: tuple[int, ...]) -> Picture:
    """Return a picture for codes none of which could be drawn yet."""
    positions = np.zeros((shape[0], PLANE), np.float32)
    return Picture(positions, (-1.0, 1.0, -1.0, 1.0), _axis_labels(shape[1]))
