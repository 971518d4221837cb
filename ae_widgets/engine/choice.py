"""Which step trains a run: the fastest that applies, as long as it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from ae_widgets.engine.device_step import DeviceStep
from ae_widgets.engine.interrupts import held_back
from ae_widgets.engine.step import AutogradStep

if TYPE_CHECKING:
    import torch

    from ae_widgets.engine.guidance import Guidance
    from ae_widgets.engine.step import Step
    from ae_widgets.losses.objective import Objective
    from ae_widgets.model.network import AutoencoderNetwork

__all__ = ["Stepper"]


class Stepper:
    """Has the fastest step that applies train a network, and another once it no longer does.

    Parameters
    ----------
    network, objective, device
        What is trained, to minimise what, and where.
    features : Tensor or CSR matrix of shape (n_samples, n_features)
        From `ae_widgets.engine.items.items`.
    guidance : Guidance
        Its settings are those of the run.

    Attributes
    ----------
    step : Step
        The one that trains now.
    """

    def __init__(
        self,
        network: AutoencoderNetwork,
        features: Any,
        objective: Objective,
        guidance: Guidance,
        device: torch.device,
    ) -> None:
        self._network, self._features, self._objective = network, features, objective
        self._guidance, self._device = guidance, device
        self.step = self._made(self._fastest())

    def take_fastest(self) -> None:
        """Go on with autograd from where a written-out step no longer applies."""
        by_autograd = isinstance(self.step, AutogradStep)
        if not by_autograd and not isinstance(self.step, self._fastest()):
            self._renew()

    def follow_heads(self) -> None:
        """Go on with the parameters of the network's heads, which may be others than before."""
        known, heads = self._heads, tuple(self._network.heads.parameters())
        if len(known) != len(heads) or any(a is not b for a, b in zip(known, heads, strict=True)):
            self._renew()

    def take_up(self, memory: Any) -> None:
        """Have a step of the network as it is now, of the kind that left `memory`."""
        # A run that once had to go on with autograd does so.
        by_autograd = isinstance(memory, dict) and self._device.type == "cpu"
        other = by_autograd and not isinstance(self.step, AutogradStep)
        if self._guidance.active or other:
            self.step = self._made(AutogradStep if other else self._fastest())

    def load_memory(self, memory: Any) -> None:
        """Go on with the memory of a step, if the one that trains now understands it."""
        if isinstance(self.step, (AutogradStep, DeviceStep)) or isinstance(memory, tuple):
            self.step.load_memory(memory)

    def _renew(self) -> None:
        memory, learning_rate = self.step.memory(), self.step.learning_rate
        # A written-out step could not go on from autograd's memory.
        by_autograd = isinstance(self.step, AutogradStep)
        self.step = self._made(AutogradStep if by_autograd else self._fastest())
        self.step.load_memory(memory)
        self.step.learning_rate = learning_rate  # as scheduled

    def _fastest(self) -> Any:
        """Return the class of the fastest step that applies."""
        # They bring the compiler, which importing the estimator must not.
        with held_back():
            from ae_widgets import jit
            from ae_widgets.engine.compiled.convolutional_step import ConvolutionalStep
            from ae_widgets.engine.compiled.dense_step import DenseStep
            from ae_widgets.engine.compiled.product_step import ProductStep
            from ae_widgets.engine.compiled.sparse_step import SparseStep

            jit.get_ready()

        settings, features = self._guidance.settings, self._features
        if self._device.type != "cpu":
            return DeviceStep
        # No written-out step knows modules of the user's, nor clusters and classes.
        if self._network.guard or self._guidance.in_force:
            return AutogradStep
        if not isinstance(features, Tensor):
            kind: Any = SparseStep
        elif settings.architecture.convolutional:
            kind = ConvolutionalStep
        else:
            large = ProductStep.is_worth_it(settings, features.shape[1])
            kind = ProductStep if large else DenseStep
        return kind if kind.applies(settings) else AutogradStep

    def _made(self, kind: Any) -> Step:
        self._heads = tuple(self._network.heads.parameters())
        features = self._features.numpy() if isinstance(self._features, Tensor) else self._features
        what = self._network, features, self._objective, self._guidance.settings
        step: Step = DeviceStep(*what, self._device) if kind is DeviceStep else kind(*what)
        return step
