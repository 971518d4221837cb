"""What is trained on the code beside the decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

__all__ = ["Heads"]


class Heads(nn.Module):
    """A linear classifier and the centres of clusters, each absent until it is needed.

    Attributes
    ----------
    classifier : torch.nn.Linear or None
        ``(n, code_dim) -> (n, n_classes)``, logits.
    centers : torch.nn.Parameter of shape (n_clusters, code_dim) or None
    """

    classifier: nn.Linear | None
    centers: nn.Parameter | None

    def __init__(self) -> None:
        super().__init__()
        self.classifier = None
        self.register_parameter("centers", None)

    def set_classes(
        self, n_classes: int, code_dim: int, places: Sequence[int] | None = None
    ) -> None:
        """Have a classifier of so many classes; classes that it knows keep their weights.

        A new class begins with weights of 0, which favour none.

        Parameters
        ----------
        n_classes, code_dim : int
        places : sequence of int, optional
            The new number of each class that it knows; by default the one that it has.
        """
        # skip_init would draw nothing, but imports sympy: a second in which nothing trains.
        with torch.random.fork_rng(devices=[]):
            linear = nn.Linear(code_dim, n_classes)
        with torch.no_grad():
            for parameter in linear.parameters():
                parameter.zero_()
            if self.classifier is not None:
                known = min(n_classes, self.classifier.out_features)
                rows = list(range(known) if places is None else places[:known])
                linear.weight[rows] = self.classifier.weight[:known]
                linear.bias[rows] = self.classifier.bias[:known]
        self.classifier = linear

    def set_centers(self, centers: Tensor | None) -> None:
        """Take cluster centres of shape (n_clusters, code_dim), or have none.

        As many as there were stay the same parameter, so that an optimiser goes on with it.
        """
        if centers is not None and self.centers is not None and self.centers.shape == centers.shape:
            with torch.no_grad():
                self.centers.copy_(centers)
        else:
            self.centers = None if centers is None else nn.Parameter(centers.clone())

    def fit_to(self, weights: Mapping[str, Tensor]) -> None:
        """Have the heads whose weights stand in a state dict of this module, and no others."""
        self.classifier = None
        if "classifier.weight" in weights:
            self.set_classes(*weights["classifier.weight"].shape)
        self.set_centers(weights.get("centers"))
