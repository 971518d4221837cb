"""One run, batch by batch: the network, its optimiser and its data order.

A `Trainer` knows nothing of threads, processes or screens. Whoever drives it
calls `run_batch` and reads the rest between two batches.
"""

from __future__ import annotations

import copy
import math
import time
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import torch
from torch import Tensor

from ae_widgets.engine.best import Best
from ae_widgets.engine.choice import Stepper
from ae_widgets.engine.device import find_device
from ae_widgets.engine.finite import LastFinite, are_finite, are_moderate, weights_of
from ae_widgets.engine.guidance import Guidance
from ae_widgets.engine.items import items
from ae_widgets.engine.kinds import KINDS
from ae_widgets.engine.learning_rate import Schedule
from ae_widgets.engine.means import Mark, mark, since
from ae_widgets.engine.order import Order
from ae_widgets.engine.passing import Passing
from ae_widgets.engine.protocol import LossParts, LossRecord
from ae_widgets.engine.sampling import balance_labels
from ae_widgets.engine.seen import Seen
from ae_widgets.engine.settings import OBJECTIVE_SETTINGS
from ae_widgets.engine.split import split_rows
from ae_widgets.engine.step import EncodingStep, Noted
from ae_widgets.engine.stopping import Stopping
from ae_widgets.exceptions import SettingsError
from ae_widgets.losses.objective import Objective, PartMeans
from ae_widgets.model.network import build_network

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from ae_widgets.engine.settings import Settings
    from ae_widgets.model.network import AutoencoderNetwork

__all__ = ["Trainer"]

TRIAL_ITEMS = 16
"""Items that show at the end of an epoch, where none are held out, that the loss is finite."""


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
    sample_weight : ndarray of shape (n_samples,), float64, optional
        Finite and not negative. With them an epoch is as many draws, with
        replacement, as there are items to train on, each in proportion to its
        weight; and the error of the held-out items is their weighted mean. Their
        complexity, which is one of all codes together, is not weighted.
    labels : ndarray of shape (n_samples,), int, optional
        Each item's class, for `Settings.delta`; -1 where it has none.
    network : AutoencoderNetwork, optional
        A network of the user's modules to train in place of one that is built,
        with codes of ``settings.architecture.code_dim`` values.

    Raises
    ------
    DataError
        If no item to train on has a weight above 0.
    SettingsError
        If `weights` are those of another network, or they or the parameters of `network`
        are not finite.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # the data, and how to begin
        self,
        features: NDArray[np.float32] | Any,
        settings: Settings,
        weights: dict[str, NDArray[np.float32]] | None = None,
        sample_weight: NDArray[np.float64] | None = None,
        network: AutoencoderNetwork | None = None,
        labels: NDArray[np.int32] | None = None,
    ) -> None:
        self.settings = settings
        self.device = find_device(settings.device)
        self.schedule = Schedule(settings)
        self.features = items(features)  # (n_samples, n_features)
        train, held_out = split_rows(
            features.shape[0], settings.validation_fraction, settings.random_state
        )
        self.train_rows = train
        self.validation_rows = torch.from_numpy(held_out)
        self.network = network or self._draw()
        if weights is not None:
            self.load_weights(weights)
        self.guidance = Guidance(self.network.heads, settings, labels, train, features.shape[0])
        warms_up = "warm_up" in KINDS[settings.kind].settings
        self.objective = Objective(
            settings, (lambda: self.progress) if warms_up else None, self.guidance
        )
        self._stepper = Stepper(
            self.network, self.features, self.objective, self.guidance, self.device
        )
        self._sample_weight = sample_weight
        self.order = Order(train, self._item_weight(), settings.random_state)
        self.step = 0
        self.epoch = 0
        self.seconds = 0.0
        self.means = PartMeans()  # of the epoch so far
        self._recorded = mark(self.means)
        self.stopping = Stopping(settings.tol, settings.n_iter_no_change)
        self.best = Best(self.network)
        self._batch_seconds = math.inf
        self._passing = Passing(self.network, self.features, self.device)
        self._seen: Seen | None = None  # once it is asked for
        self._last_finite = LastFinite(self.network, weights, self._draw)

    @property
    def progress(self) -> float:
        """Epochs completed, with the present one's fraction."""
        return self.epoch + self.order.cursor / len(self.order)

    def pass_latent(self) -> tuple[Tensor, Tensor]:
        """Return codes (n, code_dim) and errors (n,) as the training pass left them.

        They cost nothing to show, but each is as old as its item's last batch; or,
        where items are drawn by weight, as the last time that all were encoded. The
        first call computes them, and has the training pass keep them from then on.
        """
        if self._seen is None:
            codes, errors = (values.numpy() for values in self.encode())
            self._seen = Seen(codes, errors, self.order)
        self._seen.scatter(self.order)
        return torch.from_numpy(self._seen.codes), torch.from_numpy(self._seen.errors)

    @property
    def steps_per_epoch(self) -> int:
        """Batches an epoch at the present batch size."""
        return math.ceil(len(self.order) / self.settings.batch_size)

    def change(self, name: str, value: Any) -> None:
        """Put a live setting in force from the next batch on.

        What is drawn follows `class_weight` from the next epoch on.
        """
        balances = self._balances
        self.settings = self.settings.change(**{name: value})
        self.objective.settings = self.schedule.settings = self.settings
        self.guidance.settings = self.settings
        if name in {"gamma", "n_clusters", "clustering"}:
            self.guidance.unsettle()
        self._stepper.take_fastest()
        self._stepper.step.learning_rate = self.schedule.learning_rate
        self.stopping.tol = self.settings.tol
        self.stopping.n_iter_no_change = self.settings.n_iter_no_change
        if name in OBJECTIVE_SETTINGS:
            self._forget_losses()
        if balances != self._balances and not self.order.cursor:
            self.order.begin(self._item_weight())

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
        if self.stopping.best_epoch is None:
            self.best.forget()
        self._keep_finite_weights()
        self._guide()
        size = self.settings.batch_size
        if self.objective.warming_up(self.progress):
            max_batches = 1  # each has its own weight
        rows = self.order.next(max_batches * size)
        trained = self._stepper.step.train(rows, size, self._noted(len(rows)))
        steps = -(-trained.n_items // size)
        self.order.cursor += trained.n_items
        self.step += steps
        self.means.items += trained.n_items
        seconds = time.perf_counter() - started
        self.seconds += seconds
        self._batch_seconds = seconds / max(1, steps)
        if trained.bad_total is not None:
            self._skip(min(size, len(rows) - trained.n_items))
            self.step += 1  # it was taken and is undone: what follows is at another step
            self._restore(trained.bad_total, moved=self.step > 1)
        return self.order.completed

    def finish_epoch(self) -> LossRecord:
        """Measure the held-out items, begin the next epoch, and return the whole epoch's losses.

        Raises
        ------
        NonFiniteLossError
            If the last update left weights, or gives a loss, that are NaN or infinite: no
            loss of a batch has shown that. As for `run`, and the epoch begins again.
        """
        started = time.perf_counter()
        if self._seen is not None:
            self._seen.scatter(self.order)
        validation = self.evaluate(self.validation_rows) if len(self.validation_rows) else None
        self._require_finite_loss(validation)
        self.epoch += 1
        self._begin_order()
        self.guidance.unsettle()
        self.seconds += time.perf_counter() - started
        train = LossParts(*self.means.summary())
        self._forget_means()
        if self.objective.warming_up(self.epoch - 1):
            self._forget_losses()
        watched = validation or train
        self.stopping.update(self.epoch, watched.total)
        need_not_wait = self.stopping.converged and self.guidance.awaits_clusters
        if self.guidance.awaits_codes or need_not_wait:
            self._settle()
        record = self._record(train, validation)
        self.schedule.finish_epoch(watched.total)
        self._stepper.step.learning_rate = self.schedule.learning_rate
        if self.epoch < self.settings.max_iter and not self.stopping.converged:
            self._keep_finite_weights()  # at the end, they are not needed unless it goes on
        if self.best.keeps and self.stopping.best_epoch == self.epoch:
            kept = self._last_finite.weights if self._last_finite.epoch == self.epoch else None
            self.best.note(self.epoch, kept or self.weights())
        return record

    def rest(self, *, ended: bool) -> bool:
        """Have the weights in place with which a run rests; return whether others were.

        They are those of the best epoch where a run has `ended` that is to restore them,
        and the last ones where it may go on.
        """
        if not (ended and self.settings.restore_best):
            return self.best.give_back()
        if self.best.lent is not None or (self.best.epoch == self.epoch and not self.order.cursor):
            return False  # they are in place
        self._keep_finite_weights()
        return self.best.lend(self.weights())

    @property
    def unrecorded(self) -> bool:
        """Whether batches of this epoch are in no record yet."""
        return self.means.items > self._recorded.items

    def record(self) -> LossRecord:
        """Return the training losses since the last record of this epoch."""
        before, self._recorded = self._recorded, mark(self.means)
        return self._record(since(before, self._recorded, self.objective.weights), None)

    def _record(self, train: LossParts, validation: LossParts | None) -> LossRecord:
        return LossRecord(
            epoch=self.progress,
            step=self.step,
            train=train,
            validation=validation,
            seconds=self.seconds,
            settings={
                "learning_rate": self.schedule.learning_rate,
                "batch_size": self.settings.batch_size,
            },
            active_dimensions=self.network.active_dimensions(),
        )

    def _forget_means(self) -> None:
        self.means = PartMeans()
        self._recorded = mark(self.means)

    @torch.no_grad()
    def evaluate(self, rows: Tensor) -> LossParts:
        """Return the loss parts of the items at `rows` with the present weights."""
        codes, errors = self.encode(rows)
        if self._seen is not None:
            self._seen.put(rows.numpy(), codes.numpy(), errors.numpy())
        penalised = self._passing.penalised(self.settings.reconstruction, rows, codes)
        values = {
            "reconstruction": self._mean_error(rows, errors),
            "complexity": self.objective.complexity(penalised).item(),
            **self.guidance.measure(codes.to(self.device), rows),
        }
        weights = self.objective.weights
        return LossParts(sum(values[n] * weights[n] for n in values), values, weights)

    @torch.no_grad()
    def encode(self, rows: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return codes (n, code_dim) and errors (n,) of `rows`, default all."""
        passed = None
        if isinstance(step := self._stepper.step, EncodingStep):
            every = torch.arange(self.features.shape[0]) if rows is None else rows
            passed = step.encode(every.numpy().astype(np.int32))
        kind = self.settings.reconstruction
        codes, errors = (
            map(torch.from_numpy, passed) if passed else self._passing.encode(kind, rows)
        )
        if rows is None and self.order.weighted and self._seen is not None:
            self._seen.put(slice(None), codes.numpy(), errors.numpy())
        return codes, errors

    def assign(self, codes: Tensor) -> tuple[NDArray[np.int32] | None, NDArray[np.int32] | None]:
        """Return class and cluster of codes (n, code_dim), shapes (n,); None where unknown."""
        return self.guidance.assign(codes.to(self.device))

    def reconstruct(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return reconstructions (n, n_features) and errors (n,) of `rows`."""
        return self._passing.reconstruct(self.settings.reconstruction, rows)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Return a copy of the parameters by name."""
        return weights_of(self.network)

    @property
    def has_finite_weights(self) -> bool:
        """Whether no parameter is NaN or infinite."""
        return are_finite(self.network)

    def require_finite_weights(self) -> None:
        """Go back to the end of the last epoch if the last update broke the parameters.

        Raises
        ------
        NonFiniteLossError
            If it did; as for `run`.
        """
        if not self.has_finite_weights:
            self._restore(math.nan)

    def load_weights(self, weights: dict[str, NDArray[np.float32]]) -> None:
        """Put parameters from `weights` in place.

        Raises
        ------
        SettingsError
            If they are those of another network.
        """
        tensors = {name: torch.from_numpy(array) for name, array in weights.items()}
        self.network.fit_heads(tensors)
        self.network.heads.to(self.device)
        own = {name: tuple(values.shape) for name, values in self.network.state_dict().items()}
        if own != {name: np.shape(values) for name, values in weights.items()}:
            msg = (
                "The weights are those of another architecture or kind of model, and training "
                "cannot go on from them. Keep these settings as they were, or begin anew: "
                "warm_start=False and fit in place of partial_fit."
            )
            raise SettingsError(msg)
        self.network.load_state_dict(tensors)

    def memory(self, *, copy: bool = True) -> Any:
        """Return the optimiser's and the schedule's memory, for `load_memory`.

        Without a copy, it is for the end: the trainer must not train any more.
        """
        return {"step": self._stepper.step.memory(copy=copy), "schedule": self.schedule.memory()}

    def load_memory(self, memory: Any, *, schedule: bool = True) -> None:
        """Go on with the memory of a trainer of the same architecture.

        The optimiser begins afresh if it was another one, or another step's and not
        understood by this one's. Without `schedule` that begins afresh as well.
        """
        self._stepper.load_memory(memory["step"])
        if schedule:
            self.schedule.load_memory(memory["schedule"])
            self._stepper.step.learning_rate = self.schedule.learning_rate

    def state(self) -> dict[str, Any]:
        """Return all that the batches to come depend on, for `load_state`.

        Numpy arrays and plain values only, in dicts, lists and tuples. Whatever
        else comes to matter to the next batch is added here and in `load_state`: a
        generator of noise as its state, a schedule as its position.
        """
        self._keep_finite_weights()
        return {
            "step": self.step,
            "epoch": self.epoch,
            "seconds": self.seconds,
            **self.order.state(),
            "weights": self.weights(),
            "finite_weights": self._last_finite.weights,
            "optimizer": self.memory(),
            "means": copy.deepcopy(vars(self.means)),
            "recorded": tuple(self._recorded),
            "stopping": dict(vars(self.stopping)),
            "best": self.best.state(),
            "guidance": self.guidance.state(),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on exactly where a trainer of the same data and settings was.

        Raises
        ------
        KeyError, RuntimeError, TypeError, ValueError
            If `state` is not that of such a trainer; this one is then of no use.
        """
        self.order.check(state)
        self.load_weights(state["weights"])
        self.guidance.load_state(state["guidance"])
        self._stepper.take_up(state["optimizer"]["step"])
        self._last_finite.put(state["finite_weights"], state["epoch"])
        self.load_memory(state["optimizer"])
        self.order.load_state(state)
        self.step, self.epoch, self.seconds = state["step"], state["epoch"], state["seconds"]
        vars(self.means).update(copy.deepcopy(state["means"]))
        self._recorded = Mark(*state["recorded"])
        vars(self.stopping).update(state["stopping"])
        if "best" in state:
            self.best.load_state(state["best"])
        self._seen = None

    def _noted(self, n_items: int) -> Noted:
        """Return where the pass over the next items leaves what it computes anyway."""
        sums = self.means.under(self.objective.weights)
        if self._seen is not None:
            return Noted(*self._seen.of_next(self.order, n_items), sums)
        no_codes = np.empty((0, self.settings.architecture.code_dim), np.float32)
        return Noted(no_codes, np.empty(n_items, np.float32), sums)

    def _skip(self, n_items: int) -> None:
        """Pass over items whose codes and errors are not finite."""
        if self._seen is not None:
            self._seen.keep(self.order, n_items)
        self.order.cursor += n_items

    def _begin_order(self) -> None:
        """Draw the order of the next epoch."""
        self.order.begin(self._item_weight())
        if self._seen is not None:
            self._seen.begin()

    def _mean_error(self, rows: Tensor, errors: Tensor) -> float:
        errors = errors.double()
        if (of_items := self._item_weight()) is not None:
            weight = torch.from_numpy(of_items)[rows]
            if (largest := weight.max()) > 0:
                weight /= largest  # their sum may be beyond float64
                return ((weight * errors).sum() / weight.sum()).item()
        return errors.mean().item()

    @property
    def _balances(self) -> bool:
        """Whether items are drawn by their labels, as `Autoencoder` does without `delta`."""
        return self.settings.class_weight is not None and not self.settings.delta

    def _item_weight(self) -> NDArray[np.float64] | None:
        """Return how often each item is drawn, in relation to the others; None for once each."""
        if not self._balances:
            return self._sample_weight
        return balance_labels(self.guidance.labels.numpy(), self._sample_weight)

    def _guide(self) -> None:
        """Have what the labels and clusters that are asked for need before the next batch."""
        guidance, settings = self.guidance, self.settings
        if not (guidance.wants_classes or guidance.wants_clusters):
            return
        if guidance.wants_classes:
            guidance.begin_classes(settings.architecture.code_dim)
        # What follows takes fewer epochs, each dearer, than what comes before.
        latest = min(settings.clustering_start, settings.max_iter * 3 // 4)
        if guidance.awaits_codes or (guidance.awaits_clusters and self.epoch >= latest):
            self._settle()
        self._stepper.follow_heads()

    def _settle(self) -> None:
        codes, _ = self.encode(torch.from_numpy(self.train_rows))
        if self.guidance.settle(codes.to(self.device)):
            self._forget_losses()

    def _forget_losses(self) -> None:
        """Compare no losses to come with those so far: what they measure is another thing."""
        self.stopping.forget()
        self.schedule.forget_losses()

    def label(self, rows: NDArray[np.int64], label: int) -> None:
        """Give items a class from the next batch on, or none by -1."""
        self.guidance.label(rows, label)
        if self.guidance.in_force:
            self._forget_losses()

    def _draw(self) -> AutoencoderNetwork:
        settings = self.settings
        return build_network(
            settings.architecture,
            self.features.shape[1],
            random_state=settings.random_state,
            kind=settings.kind,
        )

    def _keep_finite_weights(self) -> None:
        """Copy the parameters at the end of an epoch, to go back to them."""
        if not self.order.cursor:
            self._last_finite.keep(self.epoch)

    def _require_finite_loss(self, validation: LossParts | None) -> None:
        """Go back if the last update left weights, or gives a loss, that are not finite."""
        total = 0.0 if validation is None else validation.total
        if not are_moderate(self.network):
            self.require_finite_weights()
            if validation is None:
                codes, errors = self.encode(torch.from_numpy(self.order.rows[:TRIAL_ITEMS]))
                total = errors.mean().item() if codes.isfinite().all() else math.nan
        if not math.isfinite(total):
            self._restore(total)

    def _restore(self, loss: float, *, moved: bool = True) -> NoReturn:
        """Go back to the last weights whose loss was finite, and say what to do."""
        rate = self.schedule.learning_rate
        self._keep_finite_weights()
        self.load_weights(self._last_finite.weights)
        self._stepper.step.forget()
        self._forget_means()
        if self.order.completed:  # the epoch's last batch: begin the epoch again
            if self._seen is not None:
                self._seen.scatter(self.order)
            self._begin_order()
        raise self._last_finite.error(loss, self.step, rate, moved=moved)
