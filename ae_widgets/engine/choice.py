"""Which step trains a run: the fastest that applies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from ae_widgets.engine.step import AutogradStep

if TYPE_CHECKING:
    import torch

    from ae_widgets.engine.settings import Settings
    from ae_widgets.engine.step import Step
    from ae_widgets.losses.objective import Objective
    from ae_widgets.model.network import AutoencoderNetwork

__all__ = ["fastest_step", "make_step"]


def fastest_step(
    settings: Settings, features: Any, device: torch.device, *, own_modules: bool, guided: bool
) -> Any:
    """Return the class of the fastest step that applies.

    Parameters
    ----------
    settings : Settings
        What is to be trained.
    features : Tensor or CSR matrix of shape (n_samples, n_features)
        From `ae_widgets.engine.items.items`.
    device : torch.device
        Where it is trained.
    own_modules : bool
        Whether the network holds modules of the user's, which no written-out step knows.
    guided : bool
        Whether clusters or classes are trained on too.
    """
    # They bring the compiler, which importing the estimator must not.
    from ae_widgets.engine.compiled.convolutional_step import ConvolutionalStep
    from ae_widgets.engine.compiled.dense_step import DenseStep
    from ae_widgets.engine.compiled.product_step import ProductStep
    from ae_widgets.engine.compiled.sparse_step import SparseStep
    from ae_widgets.engine.device_step import DeviceStep

    if device.type != "cpu":
        return DeviceStep
    if guided or own_modules:
        return AutogradStep
    if not isinstance(features, Tensor):
        kind: Any = SparseStep
    elif settings.architecture.convolutional:
        kind = ConvolutionalStep
    else:
        large = ProductStep.is_worth_it(settings, features.shape[1])
        kind = ProductStep if large else DenseStep
    return kind if kind.applies(settings) else AutogradStep


def make_step(  # noqa: PLR0913  # what a step trains, on what, and how
    kind: Any,
    network: AutoencoderNetwork,
    features: Any,
    objective: Objective,
    settings: Settings,
    *,
    device: torch.device,
) -> Step:
    """Make a step of the class `kind`, for what `fastest_step` was told of."""
    from ae_widgets.engine.device_step import DeviceStep

    values = features.numpy() if isinstance(features, Tensor) else features
    what = network, values, objective, settings
    if kind is DeviceStep:
        return DeviceStep(*what, device)
    step: Step = kind(*what)
    return step
