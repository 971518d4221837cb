"""What labels ask of the codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn.functional import cross_entropy

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["balanced_weights", "classification_error"]

NO_LABEL = -1


def classification_error(logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
    r"""Return the mean cross-entropy of the items that have a label.

    :math:`-\frac1n \sum_i w_{y_i} \log \mathrm{softmax}(l_i)_{y_i}` over the n items
    with a label; 0 if there is none.

    Parameters
    ----------
    logits : Tensor of shape (n, n_classes)
    labels : Tensor of shape (n,), int64
        Classes; -1 where an item has none.
    weights : Tensor of shape (n_classes,), optional
        Weight of each class, default 1.

    References
    ----------
    C. M. Bishop, "Pattern recognition and machine learning", 2006, equation 4.108.
    """
    count = (labels != NO_LABEL).sum().clamp(min=1)
    total = cross_entropy(logits, labels, weights, ignore_index=NO_LABEL, reduction="sum")
    return total / count


def balanced_weights(labels: Tensor, n_classes: int) -> Tensor:
    r"""Return weights under which all classes count alike, shape (n_classes,).

    :math:`n / (K n_k)` over the K classes that have items, as scikit-learn's
    ``class_weight='balanced'``; their mean over the labelled items is 1.

    Parameters
    ----------
    labels : Tensor of shape (n,), int64
        Classes; -1 where an item has none.
    n_classes : int

    References
    ----------
    G. King and L. Zeng, "Logistic regression in rare events data", Political
    Analysis 9 (2), 2001.
    """
    counts = torch.bincount(labels[labels != NO_LABEL], minlength=n_classes).float()
    present = counts > 0
    return torch.where(present, counts.sum() / (present.sum() * counts.clamp(min=1)), 0.0)
