"""Pictures of the latent space, made from what the trainer sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ae_widgets.analysis.alignment import LatentAligner

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ae_widgets.engine.protocol import Latent

__all__ = ["LatentFrame", "LatentView", "Reconstructions"]


@dataclass(frozen=True, eq=False)
class LatentFrame:
    """All items in the latent space at one moment.

    Attributes
    ----------
    number : int
        Rises from frame to frame, over all runs.
    step, epoch
        Batches and epochs completed.
    exact : bool
        Whether all codes come from the present weights; else each comes from the
        last training batch that held the item.
    codes : ndarray of shape (n_samples, code_dim), float32
    errors : ndarray of shape (n_samples,), float32
        Reconstruction error of each item.
    positions : ndarray of shape (n_samples, 2), float32
        The codes in the plane, aligned to the frame before.
    limits : tuple of float
        Axis limits (x0, x1, y0, y1).
    axis_labels : tuple of str
        What the two axes show.
    classes, clusters : ndarray of shape (n_samples,), int32, or None
        As the classifier has them and as the trained clusters do, where there are some.
    """

    number: int
    step: int
    epoch: float
    exact: bool
    codes: NDArray[np.float32]
    errors: NDArray[np.float32]
    positions: NDArray[np.float32]
    limits: tuple[float, float, float, float]
    axis_labels: tuple[str, str]
    classes: NDArray[np.int32] | None = None
    clusters: NDArray[np.int32] | None = None


@dataclass(frozen=True, eq=False)
class Reconstructions:
    """Some items and what the network makes of them.

    Attributes
    ----------
    indices : ndarray of shape (n,), int64
    inputs, outputs : ndarray of shape (n, n_features), float32
    errors : ndarray of shape (n,), float32
    epoch : float
        Epochs completed when they were made.
    seen : tuple of two ndarrays or None
        Inputs and outputs as the network has them, where that is not the same: what the
        errors are about.
    """

    indices: NDArray[np.int64]
    inputs: NDArray[np.float32]
    outputs: NDArray[np.float32]
    errors: NDArray[np.float32]
    epoch: float
    seen: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None

    @property
    def as_seen(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Inputs and outputs as the network has them."""
        return self.seen or (self.inputs, self.outputs)


class LatentView:
    """Turns the codes of one run into frames that do not jump."""

    def __init__(self) -> None:
        self._aligner = LatentAligner()

    def frame(self, number: int, latent: Latent) -> LatentFrame:
        """Return `latent` as a frame aligned to the last one."""
        picture = self._aligner.align(latent.codes)
        return LatentFrame(
            number=number,
            step=latent.step,
            epoch=latent.epoch,
            exact=latent.exact,
            codes=latent.codes,
            errors=latent.errors,
            positions=picture.positions,
            limits=picture.limits,
            axis_labels=picture.axis_labels,
            classes=latent.classes,
            clusters=latent.clusters,
        )
