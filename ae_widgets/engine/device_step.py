"""The step on an accelerator: nothing is read back before the last batch of a call."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from scipy.sparse import issparse

from ae_widgets.engine.device import fits_on
from ae_widgets.engine.items import items, take
from ae_widgets.engine.noise import Noise
from ae_widgets.engine.optimizers import Optimizer
from ae_widgets.engine.step import Remembering, Trained
from ae_widgets.losses.reconstruction import network_input
from ae_widgets.model.kinds import Pass

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ae_widgets.engine.settings import Settings
    from ae_widgets.engine.step import Noted
    from ae_widgets.losses.objective import Measured, Objective
    from ae_widgets.model.network import AutoencoderNetwork

__all__ = ["DeviceStep", "Results"]


class Results(NamedTuple):
    """What some batches gave, on the device.

    Attributes
    ----------
    names : tuple of str
        The loss parts.
    parts : Tensor of shape (n_batches, n_parts)
        Each batch's loss parts before their weights.
    codes : Tensor of shape (n, code_dim)
    errors : Tensor of shape (n,)
        Each item's reconstruction error.
    """

    names: tuple[str, ...]
    parts: Tensor
    codes: Tensor
    errors: Tensor


class DeviceStep(Remembering):
    """Automatic gradients and Adam on any device, without waiting for a batch.

    A device works through a queue of operations; reading one number back empties
    it. Here many batches are queued, and their losses, codes and errors are read
    at once when the call ends. The items lie on the device as a whole when they
    fit, else each batch is copied.

    Parameters
    ----------
    network : AutoencoderNetwork
        The network whose parameters are moved; it is brought to the device.
    features : ndarray or CSR matrix of shape (n_samples, n_features), float32
        All items; of a CSR matrix one batch at a time is made dense.
    objective : Objective
        What to minimise; its settings may change between calls.
    settings : Settings
        The precision, and the learning rate to begin with.
    device : torch.device
        Where to train.
    resident : bool, optional
        Whether all items lie on the device; default, if they fit.
    """

    def __init__(  # noqa: PLR0913  # as the other steps, and where
        self,
        network: AutoencoderNetwork,
        features: Any,
        objective: Objective,
        settings: Settings,
        device: torch.device,
        *,
        resident: bool | None = None,
    ) -> None:
        self.learning_rate = settings.learning_rate
        self._rounded = settings.precision == "bf16"
        self._network = network.to(device)
        self._objective = objective
        self._device = device
        self._features = items(features)
        if resident is None:
            resident = not issparse(features) and fits_on(device, features.nbytes)
        self.resident = resident
        if resident:
            self._features = self._features.to(device)
        self._measured: Measured | None = None
        self._optimizer = Optimizer(network.named_parameters(), settings)
        self._noise = Noise(network, settings.random_state, device)

    def train(self, rows: NDArray[np.int32], batch_size: int, noted: Noted) -> Trained:
        """Train on the items at `rows`, in order, `batch_size` at a time.

        The parameters may have been moved by batches after one whose loss is NaN
        or infinite.
        """
        if not len(rows):
            return Trained(0, None)
        with self._noise.lent():
            results = self._queue(rows, batch_size)
        parts = results.parts.cpu().double().numpy()  # (n_batches, n_parts); waits for the device
        weights = [self._objective.weights[name] for name in results.names]
        with np.errstate(all="ignore"):
            totals = parts @ np.array(weights)
        bad = np.flatnonzero(~np.isfinite(totals))
        n_batches = int(bad[0]) if bad.size else len(parts)
        n_items = min(n_batches * batch_size, len(rows))
        sizes = np.diff(np.minimum(np.arange(n_batches + 1) * batch_size, len(rows)))
        noted.sums[:] += sizes @ parts[:n_batches]
        noted.errors[:n_items] = results.errors[:n_items].cpu().numpy()
        if len(noted.codes):
            noted.codes[:n_items] = results.codes[:n_items].cpu().numpy()
        return Trained(n_items, float(totals[n_batches]) if bad.size else None)

    def update(self) -> None:
        """Move the parameters by the gradients of the batch last measured."""
        self._optimizer.clear()
        if self._measured is not None and self._measured.backward():
            self._optimizer.settings = self._objective.settings
            self._optimizer.step(self.learning_rate)

    def _queue(self, rows: NDArray[np.int32], batch_size: int) -> Results:
        """Queue the batches of `rows` one after another."""
        results = []
        on_host = torch.from_numpy(rows)
        batches = (torch.split(part, batch_size) for part in (self._indices(rows), on_host))
        for batch, numbers in zip(*batches, strict=True):
            results.append(self._differentiate(self._items(batch), numbers))
            self.update()
        return Results(
            results[0].names,
            torch.cat([result.parts for result in results]),
            torch.cat([result.codes for result in results]),
            torch.cat([result.errors for result in results]),
        )

    def _differentiate(self, x: Tensor, rows: Tensor) -> Results:
        kind = self._objective.settings.reconstruction
        rounding = (
            torch.autocast(self._device.type, torch.bfloat16) if self._rounded else nullcontext()
        )
        with rounding:
            passed = self._noise.train_on(network_input(kind, x), self._objective.settings)
        if self._rounded:
            passed = Pass(*(values.float() for values in passed))
        code, output, penalised = passed
        self._measured = measured = self._objective(x, code, output, penalised, rows)
        values = torch.stack([part.detach() for part in measured.parts.values()])
        return Results(tuple(measured.parts), values[None], code.detach(), measured.errors.detach())

    def _indices(self, rows: NDArray[np.int32]) -> Tensor:
        indices = torch.from_numpy(rows)
        return indices.to(self._device) if self.resident else indices

    def _items(self, indices: Tensor) -> Tensor:
        """Return the items at `indices` on the device, shape (n, n_features)."""
        x = take(self._features, indices, self._objective.settings.reconstruction)
        if self.resident:
            return x
        if self._device.type == "cuda":  # a copy from pinned memory is queued like the rest
            return x.pin_memory().to(self._device, non_blocking=True)
        return x.to(self._device)
