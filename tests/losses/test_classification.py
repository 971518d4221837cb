"""The cross-entropy of labelled items, against scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_class_weight

from ae_widgets.losses.classification import balanced_weights, classification_error

LOGITS = torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
LABELS = torch.tensor([0, 1, 2, -1] * 5)


def test_it_is_the_log_loss_of_the_items_with_a_label():
    known = LABELS >= 0
    expected = log_loss(LABELS[known], torch.softmax(LOGITS[known], 1), labels=[0, 1, 2])
    assert classification_error(LOGITS, LABELS).item() == pytest.approx(expected, rel=1e-12)


def test_classes_are_weighted():
    weights = torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64)
    known = LABELS >= 0
    expected = (
        log_loss(
            LABELS[known],
            torch.softmax(LOGITS[known], 1),
            sample_weight=weights[LABELS[known]],
            labels=[0, 1, 2],
        )
        * weights[LABELS[known]].mean()
    )
    found = classification_error(LOGITS, LABELS, weights)
    assert found.item() == pytest.approx(expected.item(), rel=1e-12)


def test_without_a_label_it_is_0_and_pulls_at_nothing():
    logits = LOGITS.clone().requires_grad_()
    error = classification_error(logits, torch.full((20,), -1))
    error.backward()
    assert error.item() == 0
    assert not logits.grad.any()


def test_balanced_weights_are_scikit_learns():
    labels = torch.tensor([0] * 7 + [1] * 2 + [2] + [-1] * 5)
    known = labels[labels >= 0].numpy()
    expected = compute_class_weight("balanced", classes=np.arange(3), y=known)
    np.testing.assert_allclose(balanced_weights(labels, 3), expected, rtol=1e-6)
    # A class without items has no weight, and takes none from the others.
    np.testing.assert_allclose(balanced_weights(labels, 4)[:3], expected, rtol=1e-6)
