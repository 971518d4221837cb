"""Whether a network overfits, from its losses epoch by epoch and from its classes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ae_widgets.analysis.groups import ClassScores

__all__ = ["advice", "classes_overfit", "stale_epochs"]

STRIP = 5
"""Epochs that are averaged before they are compared."""

PATIENCE = 4
"""Strips without a better validation loss after which it stands still, if it does not rise."""

SURE = 3.0
"""Standard errors by which two strips have to differ, for noise not to make the difference."""

FAIR = 0.1
"""Share of the training loss up to which the validation loss may be above it."""

FAIR_ACCURACY = 0.1
"""Up to this the accuracy may be lower on held-out items."""

CERTAIN = 2.0
"""Standard errors by which it has to be lower, for few items not to make the difference."""


def advice(
    training: Sequence[float],
    validation: Sequence[float],
    remedies: Sequence[str] = (),
    classes: tuple[ClassScores, ClassScores] | None = None,
) -> str:
    """Say in a sentence whether a network overfits, and what to do.

    Parameters
    ----------
    training, validation : sequence of float
        The losses of each epoch since the objective was changed last, at least one;
        `validation` is empty if no item is held out.
    remedies : sequence of str, default=()
        What helps against it and is not in use yet, the most useful first.
    classes : tuple of two ClassScores, optional
        Of the items that are trained on and of those that are not, if classes are trained:
        their loss may be a small part of the whole.
    """
    if not validation:
        return "No items are held out, so overfitting cannot be seen."
    if not (math.isfinite(training[-1]) and math.isfinite(validation[-1])):
        return "The loss is no finite number: lower the learning rate."
    trained, held_out = (float(np.mean(losses[-STRIP:])) for losses in (training, validation))
    gap = (held_out - trained) / abs(trained) if trained else 0.0
    stale = stale_epochs(training, validation) if gap > FAIR else 0
    helps = f"; try {_either(remedies)}" if remedies else ""
    if stale:
        return f"Overfitting: the held-out loss was lowest {stale:,} epochs ago{helps}."
    if classes and classes_overfit(*classes):
        of_trained, of_held_out = (scores.accuracy for scores in classes)
        return (
            f"Overfitting of the classes: accuracy {of_trained:.3f} in training, "
            f"{of_held_out:.3f} on held-out items{helps}."
        )
    if gap > FAIR:
        return "No overfitting yet: held-out items fare worse, but do not lose by more training."
    return "No overfitting: held-out items fare about as well as those trained on."


def classes_overfit(training: ClassScores, held_out: ClassScores) -> bool:
    """Tell whether the accuracy on held-out items is lower by more than is usual.

    The standard error is that of Agresti & Caffo, "Simple and effective confidence intervals
    for proportions and differences of proportions" (*Amer. Statist.* 54, 2000), which
    holds for few items as well: each share with one more success and one more failure.

    Parameters
    ----------
    training, held_out : ClassScores
    """
    if not (training.n_items and held_out.n_items):
        return False
    counts = np.array([training.n_items, held_out.n_items]) + 2
    shares = (np.array([training.accuracy, held_out.accuracy]) * (counts - 2) + 1) / counts
    error = math.sqrt(float(np.sum(shares * (1 - shares) / counts)))
    lower = training.accuracy - held_out.accuracy > FAIR_ACCURACY
    return lower and float(shares[0] - shares[1]) > CERTAIN * error


def stale_epochs(training: Sequence[float], validation: Sequence[float]) -> int:
    """Return the epochs since training no longer helped held-out items; 0 if it helps.

    Means of strips of five epochs are compared, as in Prechelt, "Early stopping - but
    when?" (*Neural Networks: Tricks of the Trade*, 1998), section 2. Training no longer
    helps if the validation loss has risen since its lowest strip, or not fallen for four,
    while the training loss has fallen; by more than what comes from noise.

    Parameters
    ----------
    training, validation : sequence of float
        The losses of each epoch, of the same length.
    """
    n_strips = len(validation) // STRIP
    start = len(validation) - n_strips * STRIP
    if n_strips < 2 or not np.isfinite([training, validation]).all():  # noqa: PLR2004  # to compare
        return 0
    trained, held_out = (
        np.asarray(losses[start:], np.float64) for losses in (training, validation)
    )
    strips, means = (losses.reshape(n_strips, STRIP) for losses in (held_out, trained))
    best = int(strips.mean(axis=1).argmin())
    rise = strips[-1].mean() - strips[best].mean()
    fall = means[best].mean() - means[-1].mean()
    rises = rise > SURE * _standard_error(held_out)
    stands = n_strips - 1 - best >= PATIENCE
    if not ((rises or stands) and fall > SURE * _standard_error(trained)):
        return 0
    return n_strips * STRIP - 1 - (best * STRIP + int(strips[best].argmin()))


def _standard_error(losses: NDArray[np.float64]) -> float:
    """Return that of the difference of two strips' means, whatever the trend.

    Second differences of independent noise have six times its variance.
    """
    noise = float(np.mean(np.square(np.diff(losses[-PATIENCE * STRIP :], n=2)))) / 6
    return math.sqrt(2 * noise / STRIP)


def _either(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} or {names[-1]}"
