"""Steps on batches: gradients measured, parameters moved.

Every implementation of `Step` gives the same numbers to float32 accuracy;
`ae_widgets.engine.trainer` takes the fastest that applies.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import torch

from ae_widgets.engine.items import items, take
from ae_widgets.losses.reconstruction import item_errors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ae_widgets.losses.objective import Objective
    from ae_widgets.model.network import AutoencoderNetwork

__all__ = ["AutogradStep", "Memory", "Noted", "Step", "Trained"]


class Noted(NamedTuple):
    """Where the training pass leaves what it computes anyway.

    Attributes
    ----------
    codes : ndarray of shape (n, code_dim) or (0, code_dim), float32
        Receives the items' codes, unless it is empty.
    errors : ndarray of shape (n,), float32
        Receives each item's reconstruction error.
    sums : ndarray of shape (n_parts,), float64
        Each loss part times its items is added.
    """

    codes: NDArray[np.float32]
    errors: NDArray[np.float32]
    sums: NDArray[np.float64]


class Trained(NamedTuple):
    """How far it came.

    Attributes
    ----------
    n_items : int
        Items trained on.
    bad_total : float or None
        The loss of the batch after them, if that was NaN or infinite; the
        parameters were not moved by it.
    """

    n_items: int
    bad_total: float | None


class Memory(NamedTuple):
    """Adam's memory of past gradients, parameter by parameter as the network has them.

    Attributes
    ----------
    first, second : list of ndarray
        The running means of each parameter's gradients and of their squares.
    steps : list of int
        Steps that each parameter has made.
    scales : tuple of float
        What the means are multiplied by.
    """

    first: list[NDArray[np.float32]]
    second: list[NDArray[np.float32]]
    steps: list[int]
    scales: tuple[float, float]

    def scaled(
        self, first: float, second: float
    ) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
        """Return the means multiplied by these instead."""
        if self.scales == (first, second):
            return self.first, self.second
        ratios = np.float32(first / self.scales[0]), np.float32(second / self.scales[1])
        return [m * ratios[0] for m in self.first], [m * ratios[1] for m in self.second]


class Step(Protocol):
    """Moves the parameters of a network, one batch after another."""

    learning_rate: float

    def train(self, rows: NDArray[np.int32], batch_size: int, noted: Noted) -> Trained:
        """Train on the items at `rows`, in order, `batch_size` at a time."""

    def forget(self) -> None:
        """Drop the optimiser's memory of past gradients."""

    def memory(self, *, copy: bool = True) -> Memory:
        """Return the optimiser's memory, for `load_memory`.

        Without a copy, it is for the end: the step must not train any more.
        """

    def load_memory(self, memory: Memory) -> None:
        """Go on with the memory of a step on a network of the same layers."""


class AutogradStep:
    """Torch's automatic gradients and its fused Adam: works for any network.

    Parameters
    ----------
    network : AutoencoderNetwork
        The network whose parameters are moved.
    features : ndarray or CSR matrix of shape (n_samples, n_features), float32
        All items; of a CSR matrix one batch at a time is made dense.
    objective : Objective
        What to minimise; its settings may change between batches.
    learning_rate : float
        Step size of Adam.
    """

    def __init__(
        self,
        network: AutoencoderNetwork,
        features: Any,
        objective: Objective,
        learning_rate: float,
    ) -> None:
        self.learning_rate = learning_rate
        self._network = network
        for parameter in network.parameters():  # another step may have laid them out its way
            parameter.data = parameter.data.contiguous()
        self._features = items(features)
        self._objective = objective
        self._total = torch.zeros(())
        self.forget()

    def train(self, rows: NDArray[np.int32], batch_size: int, noted: Noted) -> Trained:
        """Train on the items at `rows`, in order, `batch_size` at a time."""
        weights = self._objective.weights
        for start in range(0, len(rows), batch_size):
            batch = slice(start, min(start + batch_size, len(rows)))
            values = self.measure(rows[batch], noted, batch)
            total = sum(weights[name] * value for name, value in values.items())
            if not math.isfinite(total):
                return Trained(start, total)
            self.update()
            noted.sums[:] += np.array(list(values.values())) * (batch.stop - batch.start)
        return Trained(len(rows), None)

    def measure(self, rows: NDArray[np.int32], noted: Noted, batch: slice) -> dict[str, float]:
        """Compute the gradients of one batch and return its loss parts."""
        x = take(self._features, torch.from_numpy(rows))  # (n, n_features)
        code, output = self._network(x)
        self._total, parts = self._objective(x, code, output)
        with torch.no_grad():
            errors = item_errors(self._objective.settings.reconstruction, output, x)
        noted.errors[batch] = errors.numpy()
        if len(noted.codes):
            noted.codes[batch] = code.detach().numpy()
        return {name: part.item() for name, part in parts.items()}

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

    def memory(self, *, copy: bool = True) -> Memory:
        """Return the optimiser's memory, for `load_memory`."""
        first: list[NDArray[np.float32]] = []
        second: list[NDArray[np.float32]] = []
        steps = []
        for parameter in self._network.parameters():
            state = self._optimizer.state.get(parameter)
            steps.append(int(state["step"]) if state else 0)
            for means, name in ((first, "exp_avg"), (second, "exp_avg_sq")):
                mean = state[name] if state else torch.zeros_like(parameter)
                means.append(mean.numpy().copy() if copy else mean.numpy())
        return Memory(first, second, steps, (1.0, 1.0))

    def load_memory(self, memory: Memory) -> None:
        """Go on with the memory of a step on a network of the same layers."""
        state = self._optimizer.state_dict()
        state["state"] = {
            i: {
                "step": torch.tensor(float(step)),
                "exp_avg": _contiguous(mean),
                "exp_avg_sq": _contiguous(square),
            }
            for i, (mean, square, step) in enumerate(
                zip(*memory.scaled(1.0, 1.0), memory.steps, strict=True)
            )
            if step
        }
        self._optimizer.load_state_dict(state)


def _contiguous(values: NDArray[np.float32]) -> torch.Tensor:
    """Return a copy in C order, as the fused Adam takes it."""
    return torch.from_numpy(values).clone(memory_format=torch.contiguous_format)
