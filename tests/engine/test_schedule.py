"""Commands that are due at a step of their own."""

import pytest

from ae_widgets.engine.protocol import Change, Replay, Resume
from ae_widgets.engine.schedule import Schedule

BETA, ALPHA = Change("beta", 0.5), Change("alpha", 2.0)


@pytest.fixture
def schedule():
    return Schedule(Replay(((0, BETA), (5, ALPHA), (5, Resume()), (9, BETA)), steps=12))


def test_commands_are_taken_out_once_at_their_step(schedule):
    assert schedule.due(0) == [BETA]
    assert schedule.due(0) == schedule.due(4) == []
    assert schedule.due(5) == [ALPHA, Resume()]
    assert schedule.due(9) == [BETA]


def test_no_more_batches_at_once_than_up_to_what_is_due_next(schedule):
    assert schedule.limit(0) == 0
    schedule.due(0)
    assert [schedule.limit(step) for step in (0, 3, 5)] == [5, 2, 0]
    schedule.due(9)
    assert [schedule.limit(step) for step in (9, 12)] == [3, 0]


def test_it_ends_at_its_last_step(schedule):
    assert not schedule.ended(11)
    assert schedule.ended(12)


def test_a_failure_is_passed_over_where_the_run_was_told_to_go_on(schedule):
    schedule.due(0)
    assert not schedule.goes_on(4)
    assert schedule.goes_on(5)
    schedule.due(5)
    assert not schedule.goes_on(9)
