"""Schedules against torch's own, and in training."""

import math

import pytest
import torch
from torch.optim import lr_scheduler

from ae_widgets.engine.learning_rate import Schedule
from ae_widgets.engine.trainer import Trainer
from tests.engine.data import blobs, small

THEIRS = {
    "constant": lambda optimizer: lr_scheduler.ConstantLR(optimizer, factor=1),
    "cosine": lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, T_max=20),
    "step": lambda optimizer: lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.3),
    "exponential": lambda optimizer: lr_scheduler.ExponentialLR(optimizer, gamma=0.3**0.25),
}


def rates(schedule: Schedule, losses) -> list[float]:
    found = []
    for loss in losses:
        found.append(schedule.learning_rate)
        schedule.finish_epoch(loss)
    return found


@pytest.mark.parametrize("name", THEIRS)
def test_rates_are_those_of_torch(name):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.02)
    theirs, expected = THEIRS[name](optimizer), []
    for _ in range(20):
        expected.append(theirs.get_last_lr()[0])
        optimizer.step()
        theirs.step()
    settings = small(
        learning_rate=0.02, schedule=name, max_iter=20, schedule_epochs=4, schedule_factor=0.3
    )
    assert rates(Schedule(settings), [1.0] * 20) == pytest.approx(expected, rel=1e-9)


def test_plateaus_are_those_of_torch():
    losses = [1.0, 0.9, 0.9, 0.91, 0.89999, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.4, 0.4]
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.02)
    # Torch waits one epoch more than its patience.
    theirs = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=2, threshold=1e-4)
    expected = []
    for loss in losses:
        expected.append(optimizer.param_groups[0]["lr"])
        theirs.step(loss)
    settings = small(
        learning_rate=0.02, schedule="reduce_on_plateau", schedule_patience=3, tol=1e-4
    )
    found = rates(Schedule(settings), losses)
    assert found == pytest.approx(expected)
    assert found[0] / found[-1] == 8


def test_after_the_last_epoch_the_cosine_stays():
    settings = small(schedule="cosine", max_iter=3)
    found = rates(Schedule(settings), [1.0] * 6)
    assert found[2] == found[5] == pytest.approx(1e-3 * (1 + math.cos(math.pi * 2 / 3)) / 2)
    assert found[5] > 0


def test_memory_goes_on_where_it_was():
    settings = small(schedule="reduce_on_plateau", schedule_patience=2)
    losses = [1.0, 1.0, 1.0, 0.5, 0.7, 0.7, 0.7, 0.7, 0.7]
    whole = rates(Schedule(settings), losses)
    first, second = Schedule(settings), Schedule(settings)
    begun = rates(first, losses[:5])
    second.load_memory(first.memory())
    assert begun + rates(second, losses[5:]) == whole
    assert len(set(whole)) == 4


def test_the_record_tells_the_rate_in_force_and_it_stays_live():
    trainer = Trainer(blobs(), small(schedule="exponential", schedule_epochs=1))
    told = []
    for epoch in range(4):
        if epoch == 2:
            trainer.change("learning_rate", 0.1)
        while not trainer.run_batch():
            assert trainer._stepper.step.learning_rate == trainer.schedule.learning_rate
        told.append(trainer.finish_epoch().settings["learning_rate"])
    assert told == pytest.approx([1e-3, 1e-3 / 2, 0.1 / 4, 0.1 / 8])


def test_the_rate_in_force_is_what_moves_the_weights():
    def course(**changes):
        trainer = Trainer(blobs(), small(batch_size=1000, **changes))
        for rate in (1e-3, 5e-4, 2.5e-4):
            if not changes:
                trainer.change("learning_rate", rate)
            trainer.run_batch()
            trainer.finish_epoch()
        return trainer.weights()

    by_hand, scheduled = course(), course(schedule="exponential", schedule_epochs=1)
    for name, value in by_hand.items():
        assert value.tobytes() == scheduled[name].tobytes()
