"""How many threads a job is worth, by the clock."""

import pytest

from ae_widgets.engine.compiled.team import LOOK_BATCHES, Team


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("ae_widgets.engine.compiled.team.time.perf_counter", lambda: now[0])
    return now


def work(team, clock, n_batches, seconds):
    """Let batches take the seconds of their number of threads; return which were used."""
    used = []
    for _ in range(n_batches):
        threads, _ = team.stint()
        clock[0] += seconds[threads]
        team.learn(threads, seconds[threads], 1)
        used.append(threads)
    return used


def test_both_numbers_are_tried_and_the_faster_is_taken(clock):
    team = Team(2)
    used = work(team, clock, 100, {1: 2.0, 2: 1.0})
    looks = [2] * 2 * LOOK_BATCHES + [1] * LOOK_BATCHES
    assert used[: len(looks)] == looks
    assert used.count(2) > 75


def test_slow_first_batches_of_all_threads_say_nothing(clock):
    team = Team(2)
    work(team, clock, LOOK_BATCHES, {1: 9.0, 2: 9.0})
    assert work(team, clock, 50, {1: 2.0, 2: 1.0}).count(2) > 30


def test_a_wrong_choice_is_soon_looked_at_again(clock):
    team = Team(2)
    work(team, clock, LOOK_BATCHES, {1: 2.0, 2: 1.0})
    work(team, clock, 2 * LOOK_BATCHES, {1: 2.0, 2: 4.0})
    assert team.stint()[0] == 1
    assert work(team, clock, 100, {1: 2.0, 2: 1.0})[-30:].count(2) > 20


def test_a_busy_neighbour_makes_it_one_thread_until_it_leaves(clock):
    team = Team(2)
    work(team, clock, 100, {1: 2.0, 2: 1.0})
    beside = work(team, clock, 400, {1: 2.2, 2: 8.0})
    assert beside[-40:].count(1) > 30
    assert beside.count(1) > 300
    after = work(team, clock, 1500, {1: 2.0, 2: 1.0})
    assert after[-100:].count(2) > 85


def test_threads_that_bring_nothing_are_left_to_others(clock):
    team = Team(2)
    assert work(team, clock, 200, {1: 2.0, 2: 2.0})[-100:].count(1) > 80


def test_one_slow_batch_changes_nothing(clock):
    team = Team(2)
    work(team, clock, 100, {1: 2.0, 2: 1.0})
    work(team, clock, 1, {1: 4.0, 2: 4.0})
    assert work(team, clock, 20, {1: 2.0, 2: 1.0}).count(2) >= 16


def test_a_single_thread_has_no_choice(clock):
    assert set(work(Team(1), clock, 10, {1: 1.0})) == {1}
