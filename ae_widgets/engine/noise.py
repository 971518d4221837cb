"""All that is random in a training step, from generators that the step owns.

The order of the items and torch's global random state are left alone.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from ae_widgets.engine.corruption import corrupted
from ae_widgets.model.layers import BATCH_NORMS, Dropout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from ae_widgets.losses.objective import ObjectiveSettings
    from ae_widgets.model.kinds import AutoencoderNetwork, Pass

__all__ = ["Noise"]

STREAM = 0x5EED
"""Added to the seed, so that noise and order of the items do not run in step."""


class Noise:
    """Passes batches through a network as its kind asks for in training.

    Parameters
    ----------
    network : AutoencoderNetwork
        What is trained. Modules of the user's may draw from the global random state; it is
        lent to them and then restored; the CPU's only.
    random_state : int
        Seed.
    device : torch.device, optional
        Where the network is, default the CPU.
    """

    def __init__(
        self,
        network: AutoencoderNetwork,
        random_state: int,
        device: torch.device | None = None,
    ) -> None:
        self._network = network
        seed = (random_state + STREAM) % 2**63
        # Tensors of the device 'meta' have no values to draw.
        drawn = device is not None and device.type != "meta"
        self._generator = torch.Generator(device if drawn else "cpu").manual_seed(seed)
        lends = network.guard is not None
        self._lent = torch.Generator().manual_seed(seed + 1).get_state() if lends else None
        self._batch_norms = [m for m in network.modules() if isinstance(m, BATCH_NORMS)]
        for module in network.modules():
            if isinstance(module, Dropout):
                module.generator = self._generator

    def memory(self) -> tuple[Any, Any]:
        """Return the states of the generators as numpy arrays, for `load_memory`."""
        lent = None if self._lent is None else self._lent.numpy().copy()
        return self._generator.get_state().numpy().copy(), lent

    def load_memory(self, memory: Sequence[Any]) -> None:
        """Draw on from where another one of the same network was.

        One that drew on another type of device has a state that means nothing here: draws
        then begin by the seed.
        """
        own, lent = memory
        if own.size == self._generator.get_state().numel():  # 16 bytes on CUDA, 5056 on the CPU
            self._generator.set_state(torch.from_numpy(own))
        self._lent = None if lent is None else torch.from_numpy(lent)

    def train_on(self, x: Tensor, settings: ObjectiveSettings) -> Pass:
        """Pass the items `x`, shape (n, n_features), through the network."""
        if settings.kind == "denoising":
            x = corrupted(x, settings.corruption, settings.noise, self._generator)
        if len(x) > 1 or not self._batch_norms:
            return self._network.train_on(x, self._generator)
        # A single item has no statistics of its own: it is normalised by the running ones.
        for module in self._batch_norms:
            module.eval()
        try:
            return self._network.train_on(x, self._generator)
        finally:
            for module in self._batch_norms:
                module.train()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let the user's modules draw from the global random state without moving it."""
        if self._lent is None:
            yield
            return
        outside = torch.get_rng_state()
        torch.set_rng_state(self._lent)
        try:
            yield
        finally:
            self._lent = torch.get_rng_state()
            torch.set_rng_state(outside)
