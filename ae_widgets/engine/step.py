"""One step on one batch: gradients measured, then parameters moved.

Every implementation of `Step` gives the same numbers to float32 accuracy;
`ae_widgets.engine.trainer` takes the fastest that applies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import torch

from ae_widgets.engine.optimizers import Optimizer
from ae_widgets.losses.reconstruction import item_errors, network_input

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ae_widgets.losses.objective import Objective
    from ae_widgets.model.network import AutoencoderNetwork

__all__ = ["AutogradStep", "Measured", "Step"]


class Measured(NamedTuple):
    """What a batch gave, before the parameters moved; valid until the next batch.

    Attributes
    ----------
    parts : dict of str to float
        Each loss part before its weight.
    codes : ndarray of shape (n, code_dim), float32
    errors : ndarray of shape (n,), float32
        Each item's reconstruction error.
    """

    parts: dict[str, float]
    codes: NDArray[np.float32]
    errors: NDArray[np.float32]


class Step(Protocol):
    """Moves the parameters of a network by one batch at a time."""

    learning_rate: float

    def measure(self, rows: NDArray[np.int64]) -> Measured:
        """Compute loss parts and gradients of the items at `rows`."""

    def update(self) -> None:
        """Move the parameters by the gradients last measured."""

    def forget(self) -> None:
        """Drop the optimiser's memory of past gradients."""

    def memory(self) -> Any:
        """Return a copy of the optimiser's memory, for `load_memory`."""

    def load_memory(self, memory: Any) -> None:
        """Go on with the memory of a step of the same kind and network."""


class AutogradStep:
    """Torch's automatic gradients and its optimisers: works for any network and setting.

    Parameters
    ----------
    network : AutoencoderNetwork
        The network whose parameters are moved.
    features : ndarray of shape (n_samples, n_features), float32
        All items.
    objective : Objective
        What to minimise; its settings may change between batches.
    learning_rate : float
        Step size of the optimiser, whose name and other settings are among those of
        the objective.
    """

    def __init__(
        self,
        network: AutoencoderNetwork,
        features: NDArray[np.float32],
        objective: Objective,
        learning_rate: float,
    ) -> None:
        self.learning_rate = learning_rate
        self._network = network
        self._features = torch.from_numpy(features)
        self._objective = objective
        self._total = torch.zeros(())
        self._optimizer = Optimizer(network.parameters(), objective.settings)

    def measure(self, rows: NDArray[np.int64]) -> Measured:
        """Compute loss parts and gradients of the items at `rows`."""
        x = self._features[torch.from_numpy(rows)]  # (n, n_features)
        kind = self._objective.settings.reconstruction
        code, output = self._network(network_input(kind, x))
        self._total, parts = self._objective(x, code, output)
        with torch.no_grad():
            errors = item_errors(kind, output, x)
        values = {name: part.item() for name, part in parts.items()}
        return Measured(values, code.detach().numpy(), errors.numpy())

    def update(self) -> None:
        """Move the parameters by the gradients of the batch last measured."""
        self._optimizer.settings = self._objective.settings
        self._optimizer.clear()
        if self._total.requires_grad:
            self._total.backward()  # type: ignore[no-untyped-call]  # torch has no type here
            self._optimizer.step(self.learning_rate)

    def forget(self) -> None:
        """Drop the optimiser's memory of past gradients."""
        self._optimizer.forget()

    def memory(self) -> Any:
        """Return a copy of the optimiser's memory, for `load_memory`."""
        return self._optimizer.memory()

    def load_memory(self, memory: Any) -> None:
        """Go on with the memory of a step of the same network.

        That of a `DenseStep` is taken over as well; that of another optimiser is not.
        """
        self._optimizer.load_memory(memory)
