"""One run, batch by batch: the network, its optimiser and its data order.

A `Trainer` knows nothing of threads, processes or screens. Whoever drives it
calls `run_batch` and reads the rest between two batches.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np
import torch

from ae_widgets.engine.dense_step import DenseStep
from ae_widgets.engine.kinds import KINDS
from ae_widgets.engine.protocol import LossParts, LossRecord
from ae_widgets.engine.split import split_rows
from ae_widgets.engine.step import AutogradStep
from ae_widgets.engine.stopping import Stopping
from ae_widgets.exceptions import NonFiniteLossError
from ae_widgets.losses.objective import Objective, PartMeans
from ae_widgets.losses.reconstruction import item_errors
from ae_widgets.model.kinds import GatedNetwork
from ae_widgets.model.network import build_network, evaluating

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray
    from torch import Tensor

    from ae_widgets.engine.settings import Settings
    from ae_widgets.engine.step import Step
    from ae_widgets.model.network import AutoencoderNetwork

__all__ = ["Trainer"]

CHUNK_ROWS = 8192
"""Items encoded at once outside training: bounds the memory of a frame."""


class Trainer:
    """A network in training.

    Parameters
    ----------
    features : ndarray of shape (n_samples, n_features), float32
        All items; read, never written.
    settings : Settings
        The run's settings. Live ones may be changed by `change`.
    weights : dict of str to ndarray, optional
        Parameters to start from in place of freshly drawn ones.
    network : AutoencoderNetwork, optional
        A network of the user's modules to train in place of one that is built,
        with codes of ``settings.architecture.code_dim`` values.
    """

    def __init__(
        self,
        features: NDArray[np.float32],
        settings: Settings,
        weights: dict[str, NDArray[np.float32]] | None = None,
        network: AutoencoderNetwork | None = None,
    ) -> None:
        self.settings = settings
        warms_up = "warm_up" in KINDS[settings.kind].settings
        self.objective = Objective(settings, (lambda: self.progress) if warms_up else None)
        self.features = torch.from_numpy(features)  # (n_samples, n_features)
        n_samples, n_features = features.shape
        train, held_out = split_rows(n_samples, settings.validation_fraction, settings.random_state)
        self.train_rows = train
        self.validation_rows = torch.from_numpy(held_out)
        self._own_modules = network is not None
        self.network = network or build_network(
            settings.architecture,
            n_features,
            random_state=settings.random_state,
            kind=settings.kind,
        )
        if weights is not None:
            self.load_weights(weights)
        self._stepper = self._new_step(features)
        self._order_generator = torch.Generator().manual_seed(settings.random_state)
        self._order = self._new_order()
        self._cursor = 0
        self.step = 0
        self.epoch = 0
        self.seconds = 0.0
        self.means = PartMeans()
        self.stopping = Stopping(settings.tol, settings.n_iter_no_change)
        self._codes = np.zeros((n_samples, settings.architecture.code_dim), np.float32)
        self._errors = np.zeros(n_samples, np.float32)
        # The same of this epoch in its order; `_scatter` brings them into the items' order.
        self._epoch_codes = np.zeros((len(train), settings.architecture.code_dim), np.float32)
        self._epoch_errors = np.zeros(len(train), np.float32)
        self._scattered = 0
        self._finite_weights = self.weights()

    @property
    def progress(self) -> float:
        """Epochs completed, with the present one's fraction."""
        return self.epoch + self._cursor / len(self._order)

    def pass_latent(self) -> tuple[Tensor, Tensor]:
        """Return codes (n, code_dim) and errors (n,) as the training pass left them.

        They cost nothing to show, but each is as old as its item's last batch.
        """
        self._scatter()
        return torch.from_numpy(self._codes), torch.from_numpy(self._errors)

    @property
    def active_dimensions(self) -> int | None:
        """Open gates of a gated network; None for every other kind."""
        network = self.network
        return network.active_dimensions() if isinstance(network, GatedNetwork) else None

    @property
    def steps_per_epoch(self) -> int:
        """Batches an epoch at the present batch size."""
        return math.ceil(len(self._order) / self.settings.batch_size)

    def change(self, name: str, value: Any) -> None:
        """Put a live setting in force from the next batch on."""
        self.settings = self.settings.change(**{name: value})
        self.objective.settings = self.settings
        self._stepper.learning_rate = self.settings.learning_rate
        self.stopping.tol = self.settings.tol
        self.stopping.n_iter_no_change = self.settings.n_iter_no_change
        if name in {
            "alpha", "beta", "reconstruction", "complexity", "sparsity_target",
            "corruption", "noise", "warm_up",
        }:  # fmt: skip
            # Losses under another objective do not compare with the best so far.
            self.stopping.forget()

    def run_batch(self) -> bool:
        """Train on the next batch; return whether it completed an epoch.

        Raises
        ------
        NonFiniteLossError
            If the loss is NaN or infinite. The weights of the last completed
            epoch are in place again, and training may go on from them.
        """
        started = time.perf_counter()
        cursor, rows = self._cursor, self._next_rows()
        weights = self.objective.weights
        with np.errstate(all="ignore"):  # a loss that is not finite is reported as such
            measured = self._stepper.measure(rows)
            total = sum([weights[name] * value for name, value in measured.parts.items()])
            if not math.isfinite(total):
                self._epoch_codes[cursor : self._cursor] = self._codes[rows]
                self._epoch_errors[cursor : self._cursor] = self._errors[rows]
                self._restore(total)
            self._stepper.update()
        self._epoch_codes[cursor : self._cursor] = measured.codes
        self._epoch_errors[cursor : self._cursor] = measured.errors
        self.means.add(measured.parts, weights, len(rows))
        self.step += 1
        self.seconds += time.perf_counter() - started
        return self._cursor >= len(self._order)

    def finish_epoch(self) -> LossRecord:
        """Measure the held-out items and begin the next epoch."""
        started = time.perf_counter()
        self.epoch += 1
        self._scatter()
        self._cursor = self._scattered = 0
        self._order = self._new_order()
        validation = self.evaluate(self.validation_rows) if len(self.validation_rows) else None
        self._finite_weights = self.weights()
        self.seconds += time.perf_counter() - started
        record = self.record(validation)
        watched = validation or record.train
        if self.objective.warming_up(self.epoch - 1):
            self.stopping.forget()
        self.stopping.update(self.epoch, watched.total)
        return record

    def record(self, validation: LossParts | None = None) -> LossRecord:
        """Return the training losses since the last record and start anew."""
        train = LossParts(*self.means.summary())
        self.means = PartMeans()
        return LossRecord(
            epoch=self.progress,
            step=self.step,
            train=train,
            validation=validation,
            seconds=self.seconds,
            settings={
                "learning_rate": self.settings.learning_rate,
                "batch_size": self.settings.batch_size,
            },
            active_dimensions=self.active_dimensions,
        )

    @torch.no_grad()
    def evaluate(self, rows: Tensor) -> LossParts:
        """Return the loss parts of the items at `rows` with the present weights."""
        codes, errors = self.encode(rows)
        self._codes[rows.numpy()] = codes.numpy()
        self._errors[rows.numpy()] = errors.numpy()
        values = {
            "reconstruction": errors.double().mean().item(),
            "complexity": self.objective.complexity(self._penalised(rows, codes)).item(),
        }
        weights = self.objective.weights
        return LossParts(sum(values[n] * weights[n] for n in values), values, weights)

    @torch.no_grad()
    def encode(self, rows: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return codes (n, code_dim) and errors (n,) of `rows`, default all."""
        codes, errors = [], []
        with evaluating(self.network):
            for chunk in self._chunks(rows):
                x = self.features[chunk]
                code, output = self.network(x)
                codes.append(code)
                errors.append(item_errors(self.settings.reconstruction, output, x))
        return torch.cat(codes), torch.cat(errors)

    @torch.no_grad()
    def reconstruct(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return reconstructions (n, n_features) and errors (n,) of `rows`."""
        x = self.features[rows]
        with evaluating(self.network):
            output = self.network(x)[1]
        return output, item_errors(self.settings.reconstruction, output, x)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Return a copy of the parameters by name."""
        return {n: t.detach().numpy().copy() for n, t in self.network.state_dict().items()}

    def load_weights(self, weights: dict[str, NDArray[np.float32]]) -> None:
        """Put parameters from `weights` in place."""
        self.network.load_state_dict({n: torch.from_numpy(a) for n, a in weights.items()})

    def memory(self) -> Any:
        """Return a copy of the optimiser's memory, for `load_memory`."""
        return self._stepper.memory()

    def load_memory(self, memory: Any) -> None:
        """Go on with the optimiser's memory of a trainer of the same architecture."""
        self._stepper.load_memory(memory)

    def _penalised(self, rows: Tensor, codes: Tensor) -> Tensor:
        """Return what the complexity of the items at `rows` is measured on."""
        chunks = zip(self._chunks(rows), torch.split(codes, CHUNK_ROWS), strict=True)
        with evaluating(self.network):
            parts = [self.network.penalised(self.features[rows], code) for rows, code in chunks]
        return torch.cat(parts)

    def _next_rows(self) -> NDArray[np.int64]:
        rows = self._order[self._cursor : self._cursor + self.settings.batch_size]
        self._cursor += len(rows)
        return rows

    def _scatter(self) -> None:
        new = slice(self._scattered, self._cursor)
        self._codes[self._order[new]] = self._epoch_codes[new]
        self._errors[self._order[new]] = self._epoch_errors[new]
        self._scattered = self._cursor

    def _new_order(self) -> NDArray[np.int64]:
        shuffle = torch.randperm(len(self.train_rows), generator=self._order_generator)
        order: NDArray[np.int64] = self.train_rows[shuffle.numpy()]
        return order

    def _new_step(self, features: NDArray[np.float32]) -> Step:
        rate, architecture = self.settings.learning_rate, self.settings.architecture
        if not self._own_modules and DenseStep.applies(architecture, self.settings.kind):
            return DenseStep(self.network, architecture, features, self.objective, rate)
        return AutogradStep(
            self.network,
            features,
            self.objective,
            rate,
            random_state=self.settings.random_state,
            own_modules=self._own_modules,
        )

    def _chunks(self, rows: Tensor | None) -> tuple[Tensor | slice, ...]:
        if rows is not None:
            return torch.split(rows, CHUNK_ROWS)
        starts = range(0, len(self.features), CHUNK_ROWS)
        return tuple(slice(start, start + CHUNK_ROWS) for start in starts)

    def _restore(self, loss: float) -> None:
        step, settings = self.step + 1, self.settings
        self.load_weights(self._finite_weights)
        self._stepper.forget()
        self.means = PartMeans()
        what = "NaN" if math.isnan(loss) else "infinite"
        msg = (
            f"Loss became {what} at step {step:,} (learning_rate={settings.learning_rate:g}). "
            f"Weights restored to the end of epoch {self.epoch}. "
            "Try a lower learning rate or scaled data, then go on."
        )
        raise NonFiniteLossError(msg)
