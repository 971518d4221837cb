"""The objective: the weighted sum of the loss parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import torch

from ae_widgets.losses.complexity import complexity
from ae_widgets.losses.names import WEIGHTS
from ae_widgets.losses.reconstruction import item_errors, squared_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["Measured", "Objective", "ObjectiveSettings", "PartMeans"]


class ObjectiveSettings(Protocol):
    """What the objective, and a step that minimises it, read of a run's settings."""

    @property
    def alpha(self) -> float:
        """Weight of the reconstruction error."""

    @property
    def beta(self) -> float:
        """Weight of the complexity."""

    @property
    def reconstruction(self) -> str:
        """Kind of reconstruction error."""

    @property
    def penalty(self) -> str:
        """Kind of complexity, as `ae_widgets.losses.complexity` has it."""

    @property
    def sparsity_target(self) -> float:
        """Mean activation that 'kl_sparsity' aims at."""

    @property
    def warm_up(self) -> float:
        """Epochs over which beta grows to its full value."""

    @property
    def kind(self) -> str:
        """Kind of model."""

    @property
    def corruption(self) -> str:
        """How a denoising model's inputs are corrupted."""

    @property
    def noise(self) -> float:
        """How much they are."""

    @property
    def gamma(self) -> float:
        """Weight of the clustering."""

    @property
    def delta(self) -> float:
        """Weight of the classification."""

    # How its gradient is followed; the objective itself does not look at it.

    @property
    def optimizer(self) -> str:
        """Name of the optimiser."""

    @property
    def momentum(self) -> float:
        """Share of its last step that 'sgd' repeats."""

    @property
    def weight_decay(self) -> float:
        """How strongly parameters are pulled to 0."""

    @property
    def gradient_clip(self) -> float | None:
        """Largest norm of the gradient, None for any."""


class Beside(Protocol):
    """Loss parts of the code beside its complexity."""

    def weights(self) -> dict[str, float]:
        """Return the weight of each part, nothing if there is none."""

    def parts(self, code: Tensor, rows: Tensor) -> dict[str, Tensor]:
        """Return the parts of the codes (n, code_dim) of the items at `rows`."""


class Measured(NamedTuple):
    """What the objective makes of a batch.

    Attributes
    ----------
    parts : dict of str to Tensor
        Each part of the loss before its weight, a scalar.
    weights : dict of str to float
        The weight of each: the total, which is minimised, is the sum of parts times weights.
    errors : Tensor of shape (n,)
        The items' reconstruction errors.
    roots : list of tuple
        What the total is differentiated from, each with the total's gradient by it; None
        beside a scalar that is added to the total.
    """

    parts: dict[str, Tensor]
    weights: dict[str, float]
    errors: Tensor
    roots: list[tuple[Tensor, Tensor | None]]

    def backward(self) -> bool:
        """Add the total's gradients to those of the parameters; return whether there are any."""
        roots = [(tensor, slope) for tensor, slope in self.roots if tensor.requires_grad]
        if roots:
            tensors, slopes = zip(*roots, strict=True)
            torch.autograd.backward(tensors, slopes)
        return bool(roots)


class Objective:
    """alpha * reconstruction error + beta * complexity of the code, and what is beside.

    Parameters
    ----------
    settings : ObjectiveSettings
        Weights and kinds; replace the attribute to change them between batches.
    progress : callable, optional
        Tells the epochs completed, with the present one's fraction. With it beta
        grows linearly from 0 over the first `warm_up` epochs, as C. K. Sønderby et
        al., "Ladder variational autoencoders", NeurIPS 2016, section 2.3, have it.
    beside : Beside, optional
        gamma * clustering + delta * classification.
    """

    def __init__(
        self,
        settings: ObjectiveSettings,
        progress: Callable[[], float] | None = None,
        beside: Beside | None = None,
    ) -> None:
        self.settings = settings
        self._progress = progress
        self._beside = beside

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each loss part in the next batch, by the part's name."""
        weights = {"reconstruction": self.settings.alpha, "complexity": self.settings.beta}
        if self._progress is not None and self.warming_up(epoch := self._progress()):
            weights["complexity"] *= epoch / self.settings.warm_up
        return weights if self._beside is None else weights | self._beside.weights()

    def warming_up(self, epoch: float) -> bool:
        """Whether the weight of the complexity still grows after `epoch` epochs."""
        return self._progress is not None and epoch < self.settings.warm_up

    def __call__(
        self,
        x: Tensor,
        code: Tensor,
        output: Tensor,
        penalised: Tensor | None = None,
        rows: Tensor | None = None,
    ) -> Measured:
        """Measure a batch.

        Parameters
        ----------
        x, output : Tensor of shape (n, n_features)
            Items and their reconstructions.
        code : Tensor of shape (n, code_dim)
            The items' codes.
        penalised : Tensor of shape (n, …), optional
            What the complexity is measured on, default the codes.
        rows : Tensor of shape (n,), optional
            Which items they are, for what is beside.
        """
        settings, weights = self.settings, self.weights
        penalised = code if penalised is None else penalised
        roots: list[tuple[Tensor, Tensor | None]] = []
        # A part of weight 0 is measured but not differentiated: 0 * NaN is NaN.
        if (alpha := weights["reconstruction"]) and settings.reconstruction == "mse":
            errors, slope = squared_errors(output, x)
            roots.append((output, slope if alpha == 1 else slope.mul_(alpha)))
        else:
            errors = item_errors(settings.reconstruction, output if alpha else output.detach(), x)
        parts = {
            "reconstruction": errors.mean(),
            "complexity": self.complexity(
                penalised if weights["complexity"] else penalised.detach()
            ),
        }
        if self._beside is not None and rows is not None:
            parts |= self._beside.parts(code, rows)
        for name, part in parts.items():
            if weights[name] and part.requires_grad:
                roots.append((weights[name] * part, None))
        return Measured(parts, weights, errors, roots)

    def complexity(self, penalised: Tensor) -> Tensor:
        """Return the complexity before its weight, of codes or of what its kind asks for."""
        settings = self.settings
        return complexity(settings.penalty, penalised, sparsity_target=settings.sparsity_target)


class PartMeans:
    """Means of loss parts over batches, weighted by their items.

    The effective weight of a part is the mean of weighted part over the mean of
    part, so that parts times weights add up to the total also when a weight was
    moved between two of the batches.
    """

    def __init__(self) -> None:
        self.items = 0
        self._weights: dict[str, float] = dict.fromkeys(list(WEIGHTS)[:2], 0.0)
        self._sums = np.zeros(len(WEIGHTS))
        # What was added under earlier weights: parts, and weighted parts.
        self._earlier, self._earlier_weighted = np.zeros((2, len(WEIGHTS)))

    def under(self, weights: dict[str, float]) -> NDArray[np.float64]:
        """Return where to add each part times its items while `weights` are in force.

        Parameters
        ----------
        weights : dict of str to float
            In the order of `ae_widgets.losses.names.WEIGHTS`: the first two, or all.
        """
        if weights != self._weights:
            self._fold()
            self._weights = weights
        return self._sums[: len(weights)]

    def summary(self) -> tuple[float, dict[str, float], dict[str, float]]:
        """Return the mean total, the mean parts and their effective weights."""
        self._fold()
        values = dict(zip(self._weights, (self._earlier / self.items).tolist(), strict=False))
        weights = {
            name: float(weighted / total) if total else self._weights[name]
            for name, weighted, total in zip(
                values, self._earlier_weighted, self._earlier, strict=False
            )
        }
        return sum(values[name] * weights[name] for name in values), values, weights

    def _fold(self) -> None:
        self._earlier += self._sums
        n = len(self._weights)
        self._earlier_weighted[:n] += self._sums[:n] * list(self._weights.values())
        self._sums[:] = 0
