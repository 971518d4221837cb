"""When a network is said to overfit, on curves made by hand."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from ae_widgets.analysis.groups import ClassScores
from ae_widgets.analysis.overfitting import advice, classes_overfit, stale_epochs

EPOCHS = np.arange(60.0)
FALLING = 0.1 + np.exp(-EPOCHS / 15)
V_SHAPED = 1.3 * (0.1 + np.exp(-EPOCHS / 15)) + 0.01 * np.maximum(0, EPOCHS - 30)


def noise(seed, size=0.01):
    return size * np.random.default_rng(seed).normal(size=len(EPOCHS))


def test_a_gap_is_no_overfitting_while_the_validation_loss_falls():
    for n in range(1, 61):  # at no moment
        said = advice(list(FALLING[:n]), list(2 * FALLING[:n]), ["dropout"])
        assert said.startswith("No overfitting yet: held-out items fare worse")


def test_validation_that_rises_while_training_falls_is_overfitting():
    lowest = int(V_SHAPED.argmin())
    said = advice(list(FALLING), list(V_SHAPED), ["dropout", "noise"])
    ago = 59 - lowest
    assert (
        said == f"Overfitting: the held-out loss was lowest {ago} epochs ago; try dropout or noise."
    )
    # It is told a few epochs after the lowest, and not before.
    told = [n for n in range(1, 61) if stale_epochs(FALLING[:n], V_SHAPED[:n])]
    assert lowest + 3 < told[0] < lowest + 15
    assert told == list(range(told[0], 61))


@pytest.mark.parametrize("seed", range(10))
def test_it_is_told_in_spite_of_noise(seed):
    stale = stale_epochs(FALLING + noise(seed), V_SHAPED + noise(seed + 100))
    assert 15 < stale < 45


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_no_overfitting(seed):
    training, validation = 0.5 + noise(seed, 0.05), 1.0 + noise(seed + 100, 0.05)
    assert "No overfitting yet" in advice(list(training), list(validation))
    falling = FALLING + noise(seed), 2 * FALLING + noise(seed + 100)
    assert "No overfitting yet" in advice(*map(list, falling))


def test_validation_that_stands_still_while_training_falls_is_overfitting():
    flat = np.maximum(2 * FALLING, 2 * FALLING[25])
    said = advice(list(FALLING), list(flat + noise(0, 0.002)))
    assert said.startswith("Overfitting: ")
    assert said.endswith(" epochs ago.")


def test_validation_that_rises_with_training_is_no_overfitting():
    jumping = 0.5 + 0.01 * EPOCHS
    assert stale_epochs(jumping, 2 * jumping) == 0


@pytest.mark.parametrize("share", [0.8, 1.0, 1.09])
def test_held_out_items_that_fare_about_as_well_are_no_overfitting(share):
    assert advice(list(FALLING), list(share * FALLING)).startswith("No overfitting: held-out")


def test_losses_below_0_have_a_gap_as_well():
    training, validation = list(-1 - EPOCHS), list(-1 - np.minimum(EPOCHS, 30))
    assert advice(training, validation).startswith("Overfitting: the held-out loss was lowest")


def test_what_cannot_be_said_is_told():
    assert advice([1.0], []).startswith("No items are held out")
    assert "no finite number" in advice([1.0, float("nan")], [1.0, 1.0])
    assert "no finite number" in advice([1.0, 1.0], [1.0, float("inf")])
    assert stale_epochs([float("nan"), *FALLING], [1.0, *V_SHAPED]) == 0


def classes(accuracy, n_items):
    return ClassScores(n_items, accuracy, accuracy, csr_array((2, 2), dtype=np.int64))


def test_classes_overfit_where_the_loss_does_not():
    both = classes(0.601, 1617), classes(0.176, 180)
    said = advice(list(FALLING), list(1.02 * FALLING), ["dropout"], both)
    assert said == (
        "Overfitting of the classes: accuracy 0.601 in training, 0.176 on held-out items; "
        "try dropout."
    )
    gap = advice(list(FALLING), list(2 * FALLING), [], both)
    assert gap.startswith("Overfitting of the classes: ")
    alike = classes(0.601, 1617), classes(0.58, 180)
    assert advice(list(FALLING), list(FALLING), [], alike).startswith("No overfitting: ")


@pytest.mark.parametrize(
    ("trained", "held_out", "overfit"),
    [
        ((0.95, 1000), (0.75, 200), True),
        ((0.95, 100_000), (0.88, 100_000), False),  # certain, but little
        ((0.9, 40), (0.0, 1), False),  # a single item says nothing
        ((0.9, 40), (0.7, 10), False),
        ((1.0, 40), (0.7, 10), True),
        ((1.0, 400), (0.7, 100), True),
        ((0.7, 100), (0.9, 100), False),
        ((1.0, 10), (float("nan"), 0), False),
        ((float("nan"), 0), (0.0, 10), False),
    ],
)
def test_classes_overfit_by_more_than_few_items_explain(trained, held_out, overfit):
    assert classes_overfit(classes(*trained), classes(*held_out)) is overfit


@pytest.mark.parametrize(("n_trained", "n_held_out"), [(90, 10), (900, 100), (9000, 1000)])
def test_equal_chances_are_rarely_called_overfitting(n_trained, n_held_out):
    rng = np.random.default_rng(0)
    found = [
        classes_overfit(
            classes(rng.binomial(n_trained, 0.8) / n_trained, n_trained),
            classes(rng.binomial(n_held_out, 0.8) / n_held_out, n_held_out),
        )
        for _ in range(1000)
    ]
    assert np.mean(found) < 0.04
