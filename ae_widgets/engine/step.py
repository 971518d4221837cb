"""One step on one batch: gradients measured, then parameters moved.

Every implementation of `Step` gives the same numbers to float32 accuracy;
`ae_widgets.engine.trainer` takes the fastest that applies.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import torch

from ae_widgets.engine.noise import Noise
from ae_widgets.exceptions import TrainingError
from ae_widgets.losses.reconstruction import item_errors

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
    """Torch's automatic gradients and its fused Adam: works for any network.

    Parameters
    ----------
    network : AutoencoderNetwork
        The network whose parameters are moved.
    features : ndarray of shape (n_samples, n_features), float32
        All items.
    objective : Objective
        What to minimise; its settings may change between batches.
    learning_rate : float
        Step size of Adam.
    random_state : int, default=0
        Seed of the noise that the kind of model, or dropout, asks for.
    own_modules : bool, default=False
        Whether the network holds modules of the user's, which may draw from
        torch's global random state.
    """

    def __init__(  # noqa: PLR0913  # what to train, on what, and how
        self,
        network: AutoencoderNetwork,
        features: NDArray[np.float32],
        objective: Objective,
        learning_rate: float,
        *,
        random_state: int = 0,
        own_modules: bool = False,
    ) -> None:
        self.learning_rate = learning_rate
        self._network = network
        self._features = torch.from_numpy(features)
        self._objective = objective
        self._own_modules = own_modules
        self._total = torch.zeros(())
        self._noise = Noise(network, random_state, own_modules=own_modules)
        self.forget()

    def measure(self, rows: NDArray[np.int64]) -> Measured:
        """Compute loss parts and gradients of the items at `rows`.

        Raises
        ------
        TrainingError
            If modules of the user's, or the loss of what they return, fail.
        """
        x = self._features[torch.from_numpy(rows)]  # (n, n_features)
        try:
            code, output, penalised = self._noise.train_on(x, self._objective.settings)
            self._total, parts = self._objective(x, code, output, penalised)
        except Exception as error:
            if not self._own_modules:
                raise
            msg = f"Your encoder or decoder failed on a batch of {len(x)} items: {error}"
            raise TrainingError(msg) from error
        with torch.no_grad():
            errors = item_errors(self._objective.settings.reconstruction, output, x)
        values = {name: part.item() for name, part in parts.items()}
        return Measured(values, code.detach().numpy(), errors.numpy())

    def update(self) -> None:
        """Move the parameters by the gradients of the batch last measured."""
        self._optimizer.zero_grad(set_to_none=True)
        if self._total.requires_grad:
            self._optimizer.param_groups[0]["lr"] = self.learning_rate
            self._total.backward()  # type: ignore[no-untyped-call]  # torch has no type here
            self._optimizer.step()

    def forget(self) -> None:
        """Drop the optimiser's memory of past gradients."""
        # Fused: one call for all parameters, a quarter of the step's time less on digits.
        self._optimizer = torch.optim.Adam(
            self._network.parameters(), lr=self.learning_rate, fused=True
        )

    def memory(self) -> Any:
        """Return a copy of the optimiser's memory, for `load_memory`."""
        return {
            "optimizer": copy.deepcopy(self._optimizer.state_dict()),
            "noise": self._noise.state,
        }

    def load_memory(self, memory: Any) -> None:
        """Go on with the memory of a step of the same kind and network."""
        self._optimizer.load_state_dict(memory["optimizer"])
        self._noise.state = memory["noise"]
