"""What labels and clusters ask of the codes while a network trains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ae_widgets.engine.centers import settle
from ae_widgets.losses.classification import NO_LABEL, balanced_weights, classification_error
from ae_widgets.losses.clustering import (
    divergence,
    nearest_distance,
    soft_assignments,
    target_distribution,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from ae_widgets.engine.settings import Settings
    from ae_widgets.model.heads import Heads

__all__ = ["Guidance"]


class Guidance:
    """The classifier and the clusters of one run: when they begin and what they aim at.

    Parameters
    ----------
    heads : Heads
        The network's.
    settings : Settings
        Replace the attribute to change it between batches.
    labels : ndarray of shape (n_samples,), int, optional
        Each item's class; -1 where it has none. Copied.
    train_rows : ndarray of shape (n_train,)
        The items trained on: class weights and targets are theirs.
    n_samples : int
        How many items there are.
    """

    def __init__(
        self,
        heads: Heads,
        settings: Settings,
        labels: NDArray[Any] | None,
        train_rows: NDArray[np.int32],
        n_samples: int,
    ) -> None:
        self.settings = settings
        # One number that stands for all, until an item has a label.
        self.labels = torch.tensor(NO_LABEL).expand(n_samples)
        if labels is not None:
            self.labels = torch.from_numpy(np.array(labels, np.int64))
        self.n_classes = int(self.labels.max()) + 1 if n_samples else 0
        self._heads = heads
        self._train = torch.from_numpy(train_rows)
        self._settled = False
        self._target: Tensor | None = None  # of all items (n_samples, n_clusters)
        self._sizes: Tensor | None = None  # items that moved each centre (n_clusters,)
        self._class_weights: Tensor | None = None
        self._told_weights: Tensor | None = None

    # When ---------------------------------------------------------------------------

    @property
    def wants_classes(self) -> bool:
        """Whether there is something to classify, also by a classifier that rests."""
        wanted = self.settings.delta > 0 or self._heads.classifier is not None
        return wanted and self.n_classes > 1

    @property
    def wants_clusters(self) -> bool:
        """Whether clusters are asked for."""
        return self.settings.gamma > 0

    @property
    def awaits_clusters(self) -> bool:
        """Whether clusters are asked for and have not begun."""
        return self.wants_clusters and self._heads.centers is None

    @property
    def active(self) -> bool:
        """Whether there is a classifier or there are clusters, be their weights 0."""
        return self._heads.classifier is not None or self._heads.centers is not None

    @property
    def in_force(self) -> bool:
        """Whether the codes' gradients depend on them."""
        return any(self.weights().values())

    def weights(self) -> dict[str, float]:
        """Return the weight in force of each part, nothing if there never was one."""
        if not self.active:
            return {}
        clusters, classes = self._heads.centers, self._heads.classifier
        return {
            "clustering": 0.0 if clusters is None else self.settings.gamma,
            "classification": 0.0 if classes is None else self.settings.delta,
        }

    # Setting up ---------------------------------------------------------------------

    def expect(self, n_classes: int) -> None:
        """Know of so many classes, be there items of them or not."""
        self.n_classes = max(self.n_classes, n_classes)

    def begin_classes(self, code_dim: int) -> None:
        """Have a classifier for all classes that are known."""
        classifier = self._heads.classifier
        if classifier is None or classifier.out_features < self.n_classes:
            self._heads.set_classes(self.n_classes, code_dim)

    def weigh(self, weights: NDArray[np.floating]) -> None:
        """Weigh the classes by these, shape (n_classes,), in place of `Settings.class_weight`."""
        self._told_weights = torch.tensor(weights, dtype=torch.float32)

    @property
    def awaits_codes(self) -> bool:
        """Whether clusters that have begun must `settle` before the next batch."""
        return self.wants_clusters and self._heads.centers is not None and not self._settled

    @torch.no_grad()
    def settle(self, codes: Tensor) -> bool:
        """Make the clusters ready for an epoch; return whether centres were placed.

        They are where there are none, where as many are not asked for, and where the codes
        have left them. 'dec' takes the sharpened assignments as its target.

        Parameters
        ----------
        codes : Tensor of shape (n_train, code_dim)
            Of the items trained on. Fewer than clusters have as many clusters as there
            are items.
        """
        settings, present = self.settings, self._heads.centers
        before = None if present is None else present.cpu().numpy()
        found = settle(codes.cpu().numpy(), before, settings.n_clusters, settings.random_state)
        if placed := found.centers is not before:
            self._heads.set_centers(torch.from_numpy(found.centers).to(codes.device))
        centers = self._heads.centers
        assert centers is not None  # noqa: S101  # for the type checker
        if placed or self._sizes is None:
            sizes = np.bincount(found.clusters, minlength=len(centers))
            self._sizes = torch.from_numpy(sizes)
        if settings.clustering == "dec":
            target = target_distribution(soft_assignments(codes, centers))
            self._target = torch.zeros(len(self.labels), len(centers))
            self._target[self._train] = target.cpu()
        self._settled = True
        return placed

    def unsettle(self) -> None:
        """Have the clusters `settle` before the next batch: an epoch is over, or they change."""
        self._settled, self._target = False, None

    def label(self, rows: NDArray[np.int64], label: int) -> None:
        """Give items a class, or none by -1; a class without any is not one to train."""
        self.labels = self.labels.contiguous()
        self.labels[torch.from_numpy(rows)] = label
        if len(rows):
            self.expect(label + 1)
        self._class_weights = None

    # Measuring ----------------------------------------------------------------------

    def parts(self, code: Tensor, rows: Tensor) -> dict[str, Tensor]:
        """Return the loss parts of a batch that is trained on.

        Parameters
        ----------
        code : Tensor of shape (n, code_dim)
        rows : Tensor of shape (n,)
            Which items they are.
        """
        if not self.active:
            return {}
        return self._parts(code, rows.long(), train=True)

    @torch.no_grad()
    def measure(self, code: Tensor, rows: Tensor) -> dict[str, float]:
        """Return the loss parts of items that are not trained on, as `parts`.

        Their clusters aim at their own sharpened assignments.
        """
        if not self.active:
            return {}
        return {name: part.item() for name, part in self._parts(code, rows, train=False).items()}

    def _parts(self, code: Tensor, rows: Tensor, *, train: bool) -> dict[str, Tensor]:
        weights, zero = self.weights(), code.new_zeros(())
        parts = {"clustering": zero, "classification": zero}
        if self._heads.centers is not None:
            near = code if weights["clustering"] else code.detach()
            parts["clustering"] = self._clustering(near, rows, train=train)
        if self._heads.classifier is not None:
            near = code if weights["classification"] else code.detach()
            logits = self._heads.classifier(near)
            labels = self.labels[rows].to(code.device, non_blocking=True)
            class_weights = self._weights_of_classes(logits)
            parts["classification"] = classification_error(logits, labels, class_weights)
        return parts

    def _clustering(self, code: Tensor, rows: Tensor, *, train: bool) -> Tensor:
        centers = self._heads.centers
        assert centers is not None  # noqa: S101  # for the type checker
        if self.settings.clustering == "dcn":
            distance, nearest = nearest_distance(code, centers.detach())
            if train and self.settings.gamma:
                self._move_centers(code.detach(), nearest)
            return distance
        assignments = soft_assignments(code, centers)
        if train and self._target is not None:
            target = self._target[rows].to(code.device)
        else:
            target = target_distribution(assignments.detach())
        return divergence(target, assignments)

    @torch.no_grad()
    def _move_centers(self, code: Tensor, nearest: Tensor) -> None:
        """Move each centre towards its items of the batch.

        By the share that they are of all items that it was ever moved by (Yang et al.
        2017, section 3.3, there item by item).
        """
        centers, sizes = self._heads.centers, self._sizes
        assert centers is not None and sizes is not None  # noqa: PT018, S101  # for the type checker
        counts = torch.bincount(nearest.cpu(), minlength=len(centers))
        self._sizes = sizes + counts
        sums = torch.zeros_like(centers).index_add_(0, nearest, code)
        counts = counts.to(code.device)
        share = (1 / self._sizes.clamp(min=1)).to(code.device)
        centers.add_((sums - counts[:, None] * centers) * share[:, None])

    def _weights_of_classes(self, logits: Tensor) -> Tensor | None:
        if self._told_weights is not None:
            return self._told_weights.to(logits.device)
        if self.settings.class_weight is None:
            return None
        n_classes = logits.shape[1]
        if self._class_weights is None or len(self._class_weights) < n_classes:
            weights = balanced_weights(self.labels[self._train], n_classes)
            self._class_weights = weights.to(logits.device)
        return self._class_weights

    @torch.no_grad()
    def assign(self, codes: Tensor) -> tuple[NDArray[np.int32] | None, NDArray[np.int32] | None]:
        """Return the class and the cluster of each item, shapes (n,); None where unknown."""
        classes = clusters = None
        if self._heads.classifier is not None:
            classes = self._heads.classifier(codes).argmax(dim=1).int().cpu().numpy()
        if self._heads.centers is not None:
            clusters = nearest_distance(codes, self._heads.centers)[1].int().cpu().numpy()
        return classes, clusters

    # Keeping ------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Return what the batches to come depend on, beside the heads' weights."""
        return {
            "labels": self.labels.numpy().copy(),
            "settled": self._settled,
            "target": None if self._target is None else self._target.numpy().copy(),
            "sizes": None if self._sizes is None else self._sizes.numpy().copy(),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is not that of such a run.
        """
        labels = np.array(state["labels"], np.int64)
        if labels.shape != tuple(self.labels.shape):
            msg = f"there are {len(self.labels):,} items, its labels are of {labels.shape}"
            raise ValueError(msg)
        self.labels, self._class_weights = torch.from_numpy(labels), None
        self.expect(int(labels.max()) + 1)
        target, sizes = (
            None if state[name] is None else torch.from_numpy(np.array(state[name]))
            for name in ("target", "sizes")
        )
        self._settled, self._target, self._sizes = bool(state.get("settled", False)), target, sizes
