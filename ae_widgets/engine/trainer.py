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
from torch import Tensor

from ae_widgets.engine.items import chunk_rows, items, take
from ae_widgets.engine.protocol import LossParts, LossRecord
from ae_widgets.engine.split import split_rows
from ae_widgets.engine.step import AutogradStep, Noted
from ae_widgets.engine.stopping import Stopping
from ae_widgets.exceptions import NonFiniteLossError
from ae_widgets.losses.objective import Objective, PartMeans
from ae_widgets.losses.reconstruction import item_errors
from ae_widgets.model.network import build_network

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from ae_widgets.engine.settings import Settings
    from ae_widgets.engine.step import Memory, Step
    from ae_widgets.model.network import AutoencoderNetwork

__all__ = ["Trainer"]


class Trainer:
    """A network in training.

    Parameters
    ----------
    features : ndarray or scipy CSR matrix of shape (n_samples, n_features), float32
        All items; read, never written. A CSR matrix is never made dense as a whole.
    settings : Settings
        The run's settings. Live ones may be changed by `change`.
    weights : dict of str to ndarray, optional
        Parameters to start from in place of freshly drawn ones.
    """

    def __init__(
        self,
        features: NDArray[np.float32] | Any,
        settings: Settings,
        weights: dict[str, NDArray[np.float32]] | None = None,
    ) -> None:
        self.settings = settings
        self.objective = Objective(settings)
        self.features = items(features)  # (n_samples, n_features)
        train, held_out = split_rows(
            features.shape[0], settings.validation_fraction, settings.random_state
        )
        self.train_rows = train
        self.validation_rows = torch.from_numpy(held_out)
        self.network = self._draw()
        if weights is not None:
            self.load_weights(weights)
        self._stepper = self._new_step()
        self._order_generator = torch.Generator().manual_seed(settings.random_state)
        self._order = self._new_order()
        self._cursor = 0
        self.step = 0
        self.epoch = 0
        self.seconds = 0.0
        self.means = PartMeans()
        self.stopping = Stopping(settings.tol, settings.n_iter_no_change)
        self._batch_seconds = math.inf
        # Codes (n_samples, code_dim) and errors (n_samples,) as the training pass left
        # them, once they are asked for; and those of this epoch, in its order, of which
        # `_scatter` has brought the first into the order of the items.
        self._seen: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
        self._epoch_seen = _nothing(settings)
        self._scattered = 0
        # Where to go back to: the parameters given to begin with, and those at the end of
        # an epoch. The ones drawn can be drawn again.
        self._given_weights = weights
        self._finite_weights: dict[str, NDArray[np.float32]] = {}
        self._finite_epoch = 0

    @property
    def progress(self) -> float:
        """Epochs completed, with the present one's fraction."""
        return self.epoch + self._cursor / len(self._order)

    def pass_latent(self) -> tuple[Tensor, Tensor]:
        """Return codes (n, code_dim) and errors (n,) as the training pass left them.

        They cost nothing to show, but each is as old as its item's last batch. The
        first call computes them, and has the training pass keep them from then on.
        """
        if self._seen is None:
            codes, errors = (values.numpy() for values in self.encode())
            self._seen = codes, errors
            self._epoch_seen = codes[self._order], errors[self._order]
            self._scattered = self._cursor
        self._scatter()
        codes, errors = self._seen
        return torch.from_numpy(codes), torch.from_numpy(errors)

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
        if name in {"alpha", "beta", "reconstruction", "complexity", "sparsity_target"}:
            # Losses under another objective do not compare with the best so far.
            self.stopping.forget()
            if not isinstance(self._stepper, self._step_class()):
                memory = self._stepper.memory()
                self._stepper = self._new_step()
                self._stepper.load_memory(memory)

    def batches_within(self, seconds: float) -> int:
        """Return about how many batches take as long as that, at least one."""
        return max(1, int(seconds / self._batch_seconds))

    def run_batch(self) -> bool:
        """Train on the next batch; return whether it completed an epoch."""
        return self.run(1)

    def run(self, max_batches: int) -> bool:
        """Train on at most so many batches of this epoch; return whether it is completed.

        Parameters
        ----------
        max_batches : int
            Batches at most. How many it is at a time changes no result.

        Raises
        ------
        NonFiniteLossError
            If the loss is NaN or infinite. The weights of the last completed
            epoch are in place again, and training may go on from them.
        """
        started = time.perf_counter()
        self._keep_finite_weights()
        size = self.settings.batch_size
        rows = self._next_rows(max_batches)
        trained = self._stepper.train(rows, size, self._noted(len(rows)))
        steps = -(-trained.n_items // size)
        self._cursor += trained.n_items
        self.step += steps
        self.means.items += trained.n_items
        seconds = time.perf_counter() - started
        self.seconds += seconds
        self._batch_seconds = seconds / max(1, steps)
        if trained.bad_total is not None:
            self._skip(min(size, len(rows) - trained.n_items))
            self._restore(trained.bad_total)
        return self._cursor >= len(self._order)

    def finish_epoch(self) -> LossRecord:
        """Measure the held-out items and begin the next epoch."""
        started = time.perf_counter()
        self.epoch += 1
        self._scatter()
        self._cursor = self._scattered = 0
        self._order = self._new_order()
        validation = self.evaluate(self.validation_rows) if len(self.validation_rows) else None
        self.seconds += time.perf_counter() - started
        record = self.record(validation)
        watched = validation or record.train
        self.stopping.update(self.epoch, watched.total)
        if self.epoch < self.settings.max_iter and not self.stopping.converged:
            self._keep_finite_weights()  # at the end, they are not needed unless it goes on
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
        )

    @torch.no_grad()
    def evaluate(self, rows: Tensor) -> LossParts:
        """Return the loss parts of the items at `rows` with the present weights."""
        codes, errors = self.encode(rows)
        if self._seen is not None:
            self._seen[0][rows.numpy()] = codes.numpy()
            self._seen[1][rows.numpy()] = errors.numpy()
        values = {
            "reconstruction": errors.double().mean().item(),
            "complexity": self.objective.complexity(codes).item(),
        }
        weights = self.objective.weights
        return LossParts(sum(values[n] * weights[n] for n in values), values, weights)

    @torch.no_grad()
    def encode(self, rows: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return codes (n, code_dim) and errors (n,) of `rows`, default all."""
        codes, errors = [], []
        for chunk in self._chunks(rows):
            x = take(self.features, chunk)
            code, output = self.network(x)
            codes.append(code)
            errors.append(item_errors(self.settings.reconstruction, output, x))
        return torch.cat(codes), torch.cat(errors)

    @torch.no_grad()
    def reconstruct(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return reconstructions (n, n_features) and errors (n,) of `rows`."""
        x = take(self.features, rows)
        output = self.network(x)[1]
        return output, item_errors(self.settings.reconstruction, output, x)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Return a copy of the parameters by name."""
        return _weights(self.network)

    def load_weights(self, weights: dict[str, NDArray[np.float32]]) -> None:
        """Put parameters from `weights` in place."""
        self.network.load_state_dict({n: torch.from_numpy(a) for n, a in weights.items()})

    def memory(self, *, copy: bool = True) -> Memory:
        """Return the optimiser's memory, for `load_memory`.

        Without a copy, it is for the end: the trainer must not train any more.
        """
        return self._stepper.memory(copy=copy)

    def load_memory(self, memory: Memory) -> None:
        """Go on with the optimiser's memory of a trainer of the same architecture."""
        self._stepper.load_memory(memory)

    def _next_rows(self, max_batches: int) -> NDArray[np.int32]:
        return self._order[self._cursor : self._cursor + max_batches * self.settings.batch_size]

    def _noted(self, n_items: int) -> Noted:
        """Return where the pass over the next items leaves what it computes anyway."""
        sums = self.means.under(self.objective.weights)
        codes, errors = self._epoch_seen
        if self._seen is None:
            return Noted(codes, np.empty(n_items, np.float32), sums)
        part = slice(self._cursor, self._cursor + n_items)
        return Noted(codes[part], errors[part], sums)

    def _skip(self, n_items: int) -> None:
        """Pass over items whose codes and errors are not finite."""
        part = slice(self._cursor, self._cursor + n_items)
        if self._seen is not None:
            for new, old in zip(self._epoch_seen, self._seen, strict=True):
                new[part] = old[self._order[part]]
        self._cursor += n_items

    def _scatter(self) -> None:
        if self._seen is not None:
            part = slice(self._scattered, self._cursor)
            for new, old in zip(self._epoch_seen, self._seen, strict=True):
                old[self._order[part]] = new[part]
        self._scattered = self._cursor

    def _new_order(self) -> NDArray[np.int32]:
        n = len(self.train_rows)
        shuffle = torch.randperm(n, generator=self._order_generator, dtype=torch.int32)
        order: NDArray[np.int32] = self.train_rows[shuffle.numpy()]
        return order

    def _new_step(self) -> Step:
        step = self._step_class()
        features = self.features.numpy() if isinstance(self.features, Tensor) else self.features
        if step is AutogradStep:
            return AutogradStep(self.network, features, self.objective, self.settings.learning_rate)
        made: Step = step(self.network, features, self.objective, self.settings)
        return made

    def _step_class(self) -> Any:
        """Return the fastest kind of step that applies."""
        # They bring the compiler, which importing the estimator must not.
        from ae_widgets.engine.dense_step import DenseStep
        from ae_widgets.engine.sparse_step import SparseStep

        step = DenseStep if isinstance(self.features, Tensor) else SparseStep
        return step if step.applies(self.settings) else AutogradStep

    def _chunks(self, rows: Tensor | None) -> tuple[Tensor | slice, ...]:
        n_samples, n_features = self.features.shape
        size = chunk_rows(n_features)
        if rows is not None:
            return torch.split(rows, size)
        return tuple(slice(start, start + size) for start in range(0, n_samples, size))

    def _keep_finite_weights(self) -> None:
        """Copy the parameters of the last completed epoch, unless that is done."""
        if self._cursor or self._finite_epoch == self.epoch:
            return
        if not self._finite_weights:
            self._finite_weights = self.weights()
        else:  # into the arrays that are there
            for name, value in self.network.state_dict().items():
                self._finite_weights[name][:] = value.numpy()
        self._finite_epoch = self.epoch

    def _restore(self, loss: float) -> None:
        step, settings = self.step + 1, self.settings
        self.load_weights(self._finite_weights or self._given_weights or _weights(self._draw()))
        self._stepper.forget()
        self.means = PartMeans()
        what = "NaN" if math.isnan(loss) else "infinite"
        msg = (
            f"Loss became {what} at step {step:,} (learning_rate={settings.learning_rate:g}). "
            f"Weights restored to the end of epoch {self.epoch}. "
            "Try a lower learning rate or scaled data, then go on."
        )
        raise NonFiniteLossError(msg)

    def _draw(self) -> AutoencoderNetwork:
        settings = self.settings
        return build_network(
            settings.architecture, self.features.shape[1], random_state=settings.random_state
        )


def _nothing(settings: Settings) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return np.empty((0, settings.architecture.code_dim), np.float32), np.empty(0, np.float32)


def _weights(network: AutoencoderNetwork) -> dict[str, NDArray[np.float32]]:
    return {name: value.numpy().copy("K") for name, value in network.state_dict().items()}
