"""Steps on batches: gradients measured, parameters moved.

Every implementation of `Step` gives the same numbers to float32 accuracy;
`ae_widgets.engine.trainer` takes the fastest that applies.
"""

from __future__ import annotations

import math
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch

from ae_widgets.engine.items import items, take
from ae_widgets.engine.memory import keep_freed_memory
from ae_widgets.engine.noise import Noise
from ae_widgets.engine.optimizers import Optimizer
from ae_widgets.engine.rounding import rounds
from ae_widgets.exceptions import SettingsError, TrainingError, short_of_memory
from ae_widgets.losses.reconstruction import network_input
from ae_widgets.model.kinds import Pass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ae_widgets.engine.settings import Settings
    from ae_widgets.losses.objective import Measured, Objective
    from ae_widgets.model.network import AutoencoderNetwork

__all__ = ["AutogradStep", "EncodingStep", "Noted", "Remembering", "Step", "Trained"]


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


class Step(Protocol):
    """Moves the parameters of a network, one batch after another."""

    learning_rate: float

    def train(self, rows: NDArray[np.int32], batch_size: int, noted: Noted) -> Trained:
        """Train on the items at `rows`, in order, `batch_size` at a time."""

    def forget(self) -> None:
        """Drop the optimiser's memory of past gradients."""

    def memory(self, *, copy: bool = True) -> Any:
        """Return the optimiser's memory, for `load_memory`.

        It is made of numpy arrays and plain values, so that it can be saved. Without
        a copy, it is for the end: the step must not train any more.
        """

    def load_memory(self, memory: Any) -> None:
        """Go on with the memory of a step of the same kind and network."""


@runtime_checkable
class EncodingStep(Protocol):
    """A step that also passes items faster than torch does where nothing is trained."""

    def encode(
        self, rows: NDArray[np.int32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """Return codes (n, code_dim) and errors (n,); None if they are not all finite."""


class Remembering:
    """What the steps by automatic gradients remember: past gradients, and where the noise is."""

    _optimizer: Optimizer
    _noise: Noise

    def forget(self) -> None:
        """Drop the optimiser's memory of past gradients."""
        self._optimizer.forget()

    def memory(self, *, copy: bool = True) -> Any:
        """Return the optimiser's memory, for `load_memory`."""
        return {"optimizer": self._optimizer.memory(copy=copy), "noise": self._noise.memory()}

    def load_memory(self, memory: Any) -> None:
        """Go on with the memory of a step of the same network.

        That of a compiled step is taken over as well; that of another optimiser is not.
        """
        if isinstance(memory, tuple):
            self._optimizer.load_memory(memory)
        else:
            self._optimizer.load_memory(memory["optimizer"])
            self._noise.load_memory(memory["noise"])


class AutogradStep(Remembering):
    """Torch's automatic gradients and its optimisers: works for any network and setting.

    Parameters
    ----------
    network : AutoencoderNetwork
        The network whose parameters are moved.
    features : ndarray or CSR matrix of shape (n_samples, n_features), float32
        All items; of a CSR matrix one batch at a time is made dense.
    objective : Objective
        What to minimise; its settings may change between batches.
    settings : Settings
        The learning rate to begin with, the precision, and the seed of the noise. The
        optimiser's name and its other settings are among those of the objective.
    """

    def __init__(  # what to train, on what, and how
        self,
        network: AutoencoderNetwork,
        features: Any,
        objective: Objective,
        settings: Settings,
    ) -> None:
        keep_freed_memory()
        self.learning_rate = settings.learning_rate
        self._rounded = rounds(settings)
        self._network = network
        for parameter in network.parameters():  # another step may have laid them out its way
            parameter.data = parameter.data.contiguous()
        self._features = items(features)
        self._objective = objective
        self._measured: Measured | None = None
        self._noise = Noise(network, settings.random_state)
        self._optimizer = Optimizer(network.named_parameters(), objective.settings)

    def train(self, rows: NDArray[np.int32], batch_size: int, noted: Noted) -> Trained:
        """Train on the items at `rows`, in order, `batch_size` at a time."""
        with self._noise.lent():
            return self._train(rows, batch_size, noted)

    def _train(self, rows: NDArray[np.int32], batch_size: int, noted: Noted) -> Trained:
        for start in range(0, len(rows), batch_size):
            batch = slice(start, min(start + batch_size, len(rows)))
            values, weights = self.measure(rows[batch], noted, batch)
            total = sum(weights[name] * value for name, value in values.items())
            if not math.isfinite(total):
                return Trained(start, total)
            self.update()
            noted.sums[:] += np.array(list(values.values())) * (batch.stop - batch.start)
        return Trained(len(rows), None)

    def measure(
        self, rows: NDArray[np.int32], noted: Noted, batch: slice
    ) -> tuple[dict[str, float], dict[str, float]]:
        """Pass one batch through the network and return its loss parts and their weights."""
        self._measured = measured = self._pass(rows, noted, batch)
        return {name: part.item() for name, part in measured.parts.items()}, measured.weights

    def update(self) -> None:
        """Move the parameters by the gradients of the batch last measured."""
        self._optimizer.settings = self._objective.settings
        self._optimizer.clear()
        if self._measured is None:
            return
        if self._measured.backward():
            self._optimizer.step(self.learning_rate)
        elif self._network.guard and any(self._measured.weights.values()):
            msg = (
                "The loss depends on no parameter that can be trained. Do your encoder and decoder "
                "detach what they return, or is what has a weight in the loss frozen?"
            )
            raise TrainingError(msg)

    def _pass(self, rows: NDArray[np.int32], noted: Noted, place: slice) -> Measured:
        """Return the objective of some items; note their codes and errors.

        Raises
        ------
        TrainingError
            If modules of the user's, or the loss of what they return, fail.
        """
        kind = self._objective.settings.reconstruction
        x = take(self._features, torch.from_numpy(rows), kind)  # (n, n_features)
        rounded = torch.autocast("cpu", torch.bfloat16) if self._rounded else nullcontext()
        failed = f"Your encoder or decoder failed on a batch of {len(x)} items"
        with self._blamed(failed), rounded:
            passed = self._noise.train_on(network_input(kind, x), self._objective.settings)
        if self._rounded:
            passed = Pass(*(values.float() for values in passed))
        code, output, penalised = passed
        within = ", which must lie from 0 to 1" if kind == "binary_cross_entropy" else ""
        with self._blamed(f"{kind} failed on what your decoder returned{within}"):
            measured = self._objective(x, code, output, penalised, torch.from_numpy(rows))
        noted.errors[place] = measured.errors.detach().numpy()
        if len(noted.codes):
            noted.codes[place] = code.detach().numpy()
        return measured

    @contextmanager
    def _blamed(self, what: str) -> Iterator[None]:
        """Put what fails down to modules of the user's, if there are any."""
        try:
            yield
        except Exception as error:
            if not self._network.guard or short_of_memory(error):
                raise
            named = isinstance(error, SettingsError)  # of the guard, which says what failed
            msg = str(error) if named else f"{what}: {str(error) or type(error).__name__}"
            raise TrainingError(msg) from error
