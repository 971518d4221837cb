"""The trainer obeys between two batches and says what happened."""

import queue

import numpy as np
import pytest
import torch
from torch import nn

from ae_widgets.engine import worker
from ae_widgets.engine.protocol import (
    Begin,
    Change,
    Changed,
    Failed,
    Label,
    Latent,
    Pause,
    Progress,
    Reconstruct,
    Reconstructed,
    Replay,
    RequestLatent,
    RequestState,
    Resume,
    Resumed,
    Shutdown,
    StateChanged,
    Step,
    Stop,
    TrainerState,
    Watch,
    Weights,
)
from ae_widgets.engine.threads import choose_threads
from ae_widgets.engine.trainer import Trainer
from ae_widgets.engine.worker import Worker
from tests.engine.data import blobs, small


class Script:
    """A worker whose commands can also be given when a certain event is emitted."""

    def __init__(self, *commands, settings=None, features=None):
        self.commands = queue.SimpleQueue()
        self.events = []
        self.when = []
        self.features = blobs() if features is None else features
        for command in (Begin(1, settings or small()), Watch(on=True), *commands):
            self.commands.put(command)

    def on(self, matches, *commands):
        self.when.append((matches, commands))
        return self

    def play(self):
        def emit(event):
            self.events.append(event)
            for item in [w for w in self.when if w[0](event)]:
                self.when.remove(item)
                for command in item[1]:
                    self.commands.put(command)

        Worker(self.features, self.commands, emit).serve()
        return self

    def of(self, kind):
        return [e for e in self.events if isinstance(e, kind)]

    @property
    def states(self):
        return [(e.state, e.reason) for e in self.of(StateChanged)]

    @property
    def records(self):
        return [r for p in self.of(Progress) for r in p.records]


def ended(event):
    return isinstance(event, (StateChanged, Failed)) and (
        isinstance(event, Failed) or event.state in ("paused", "finished")
    )


def test_begin_shows_the_untrained_codes_and_waits():
    script = Script(Shutdown()).play()
    assert script.states == [("idle", "")]
    latent = script.of(Latent)[0]
    assert latent.exact
    assert latent.codes.shape == (120, 2)
    assert latent.step == 0


def test_nobody_watches_and_no_picture_is_made():
    script = Script(Watch(on=False), Resume()).on(ended, Shutdown()).play()
    assert [latent.step for latent in script.of(Latent)] == [0]  # while it was watched
    script = Script(Watch(on=False), Resume()).on(ended, RequestLatent(), Shutdown()).play()
    assert [latent.step for latent in script.of(Latent)] == [0, 5 * 7]


def test_resume_trains_to_max_iter_and_says_so():
    script = Script(Resume()).on(ended, Shutdown()).play()
    assert script.states == [("idle", ""), ("running", ""), ("finished", "max_iter")]
    assert [r.epoch for r in script.records] == [1, 2, 3, 4, 5]
    last = script.of(Latent)[-1]
    assert last.exact
    assert last.step == script.of(StateChanged)[-1].step == 5 * 7
    assert script.of(Weights)


@pytest.mark.parametrize("few", [10**6, 10])
def test_a_few_weights_are_sent_soon_and_many_as_late_as_later_on(few, monkeypatch):
    monkeypatch.setattr(worker, "FIRST_WEIGHTS_SECONDS", 0.0)
    monkeypatch.setattr(worker, "FEW_WEIGHTS", few)
    steps = [e.step for e in Script(Resume()).on(ended, Shutdown()).play().of(Weights)]
    assert steps[-1] == 5 * 7
    assert (len(steps) > 1) == (few > 10)


def test_convergence_ends_the_run_and_says_so():
    settings = small(max_iter=1000, n_iter_no_change=2, learning_rate=1e-12)
    script = Script(Resume(), settings=settings).on(ended, Shutdown()).play()
    assert script.states[-1] == ("finished", "converged")
    assert script.records[-1].epoch == 3


def test_stop_ends_the_run_between_two_batches():
    def some_epochs(event):
        return isinstance(event, Progress) and event.epoch >= 2

    settings = small(max_iter=10**6, n_iter_no_change=10**6)
    script = Script(Resume(), settings=settings)
    script.on(some_epochs, Stop()).on(ended, Shutdown()).play()
    assert script.states[-1] == ("finished", "stopped")


@pytest.mark.parametrize(("unit", "steps"), [("batch", 1), ("epoch", 7)])
def test_step_trains_as_much_as_asked_and_pauses(unit, steps):
    script = Script(Step(unit)).on(ended, Shutdown()).play()
    assert script.states[1:] == [("running", unit), ("paused", unit)]
    assert script.of(StateChanged)[-1].step == steps
    assert script.of(Latent)[-1].step == steps


def test_pause_and_resume_do_not_change_the_result():
    def weights(script):
        script.on(lambda e: isinstance(e, StateChanged) and e.state == "finished", Shutdown())
        return script.play().of(Weights)[-1].parameters

    straight = weights(Script(Resume()))
    broken = Script(Step("batch"))
    broken.on(ended, Step("epoch"), Pause(), RequestLatent(), Resume())
    for name, value in weights(broken).items():
        assert np.array_equal(value, straight[name])


def test_of_many_changes_between_two_batches_the_latest_wins():
    changes = [Change("beta", b) for b in (0.1, 0.2, 0.3)]
    script = Script(Step("epoch")).on(ended, *changes, Change("alpha", 2.0), Resume())
    script.on(lambda e: isinstance(e, StateChanged) and e.state == "finished", Shutdown()).play()
    changed = script.of(Changed)
    assert [(c.name, c.value, c.step) for c in changed] == [("beta", 0.3, 7), ("alpha", 2.0, 7)]
    after = [r for r in script.records if r.epoch > 1]
    assert all(
        r.train.weights == pytest.approx({"reconstruction": 2.0, "complexity": 0.3}) for r in after
    )


def test_changes_that_need_each_other_come_into_force_in_an_order_that_allows_them():
    gaussian, masking = (
        [Change("corruption", kind), Change("noise", noise)]
        for kind, noise in (("gaussian", 2.0), ("masking", 0.3))
    )
    settings = small(kind="denoising", noise=2.0)
    for first, then in ((gaussian, masking), (masking, gaussian)):
        for commands in ([*first, Step("batch"), *then], [*first, Step("batch"), *then[::-1]]):
            play = Script(*commands, Step("batch"), Shutdown(), settings=settings).play()
            assert not play.of(Failed)
            last = {e.name: e.value for e in play.of(Changed)}
            assert [last[c.name] for c in then] == [c.value for c in then]


def test_a_frame_is_sent_for_each_request_and_not_without_one():
    settings = small(max_iter=40, n_iter_no_change=1000)
    quiet = Script(Resume(), settings=settings).on(ended, Shutdown()).play()
    assert [e.step for e in quiet.of(Latent)] == [0, 40 * 7]
    asked = Script(RequestLatent(), Resume(), settings=settings).on(ended, Shutdown()).play()
    steps = [e.step for e in asked.of(Latent)]
    assert len(steps) == len(set(steps)) <= 3


def test_reconstruct_answers_with_the_present_weights():
    rows = np.array([3, 1])
    script = Script(Reconstruct(9, rows), Shutdown()).play()
    (answer,) = script.of(Reconstructed)
    assert answer.request == 9
    assert answer.reconstructions.shape == (2, 6)
    errors = ((answer.reconstructions - blobs()[rows]) ** 2).mean(axis=1)
    np.testing.assert_allclose(answer.errors, errors, rtol=1e-5)


def test_an_error_is_told_with_its_traceback_and_the_worker_goes_on():
    script = Script(Resume(), features=blobs())
    settings = small(learning_rate=1e3, reconstruction="mse", max_iter=10**6, tol=0)
    script = Script(Resume(), settings=settings, features=blobs() * 1e30)
    script.on(lambda e: isinstance(e, Failed), Reconstruct(1, np.array([0])), Shutdown()).play()
    (failed,) = script.of(Failed)
    assert failed.kind == "NonFiniteLossError"
    assert "Weights restored to the end of epoch 0." in failed.message
    assert "Traceback" in failed.traceback
    assert len(script.of(Reconstructed)) == 1


def test_what_follows_a_beginning_that_failed_is_told_why():
    absent = small(device="cuda:99")
    script = Script(Resume(), Change("beta", 0.5), Label((0,), 1), RequestLatent(), settings=absent)
    for command in (Begin(2, small()), Resume()):
        script.commands.put(command)
    script.on(lambda e: isinstance(e, StateChanged) and e.state == "finished", Shutdown()).play()
    told = script.of(Failed)
    assert {failed.message for failed in told} == {told[0].message}
    assert "device='cuda:99' is not present" in told[0].message
    assert [failed.run for failed in told] == [1] * 3
    assert script.states[-1] == ("finished", "max_iter")
    assert not script.of(Changed)


def test_all_steps_are_recorded_once():
    script = Script(Step("batch")).on(ended, Step("batch"), Pause(), Resume())
    script.on(lambda e: isinstance(e, StateChanged) and e.state == "finished", Shutdown()).play()
    steps = [r.step for r in script.records]
    assert steps == sorted(set(steps))
    assert steps[-1] == 35


@pytest.mark.parametrize(
    ("own", "threads"),
    [(nn.Linear(4, 4), 1), (nn.Linear(784, 784), None), (nn.Conv2d(1, 4, 3), None)],
)
def test_modules_of_ones_own_get_threads_by_what_they_multiply(own, threads):
    expected = threads or torch.get_num_threads()
    assert choose_threads(small(hidden_layer_sizes=(16,), batch_size=256), 784, own) == expected


@pytest.mark.parametrize(("hidden", "batch", "threads"), [((16,), 64, 1), ((512, 512), 1024, None)])
def test_small_products_get_one_thread(hidden, batch, threads):
    expected = threads or torch.get_num_threads()
    assert choose_threads(small(hidden_layer_sizes=hidden, batch_size=batch), 784) == expected


@pytest.mark.parametrize(("side", "threads"), [(8, 1), (28, None)])
def test_convolutions_multiply_at_every_place(side, threads):
    images = {"trunk": "convolutional", "channels": (16, 32), "item_shape": (side, side)}
    settings = small(**images, hidden_layer_sizes=(), batch_size=256)
    assert choose_threads(settings, side**2) == (threads or torch.get_num_threads())


def final_weights(script):
    return script.on(ended, Shutdown()).play().of(Weights)[-1].parameters


def assert_same_weights(one, two):
    assert one.keys() == two.keys()
    assert all(np.array_equal(one[name], two[name]) for name in one)


def halted(reason, step=None):
    def matches(event):
        paused = isinstance(event, StateChanged) and event.state in ("paused", "finished")
        return paused and event.reason == reason and step in (None, event.step)

    return matches


def test_a_replay_obeys_each_command_at_exactly_its_step():
    live = Script(Step("batch"))
    live.on(halted("batch"), Change("batch_size", 5), Step("epoch"))
    live.on(halted("epoch"), Change("beta", 0.5), Change("learning_rate", 0.01), Step("batch"))
    live.on(halted("batch", 21), Shutdown()).play()
    changed = live.of(Changed)
    assert [(c.name, c.step) for c in changed] == [
        ("batch_size", 1), ("beta", 20), ("learning_rate", 20),
    ]  # fmt: skip
    commands = tuple((c.step, Change(c.name, c.value)) for c in changed)
    replay = Script(Replay(commands, 21, ("paused", "batch"))).on(ended, Shutdown()).play()
    assert replay.of(Changed) == changed
    assert replay.states == [("idle", ""), ("running", ""), ("paused", "batch")]
    assert_same_weights(replay.of(Weights)[-1].parameters, live.of(Weights)[-1].parameters)


def test_a_replay_goes_past_convergence_and_the_last_epoch_as_it_was_told_to():
    settings = small(max_iter=4, n_iter_no_change=2, learning_rate=1e-12)
    live = Script(Resume(), settings=settings).on(halted("converged"), Resume())
    live.on(halted("max_iter"), Change("max_iter", 9), Resume())
    live.on(halted("converged", 42), Shutdown()).play()
    assert [s for s in live.states if s[0] == "finished"] == [
        ("finished", "converged"), ("finished", "max_iter"), ("finished", "converged"),
    ]  # fmt: skip
    assert [e.step for e in live.of(Resumed)] == [21]
    commands = ((21, Resume()), (28, Change("max_iter", 9)))
    replay = Script(Replay(commands, 42, ("finished", "converged")), settings=settings)
    replay.on(ended, RequestState(1), Shutdown()).play()
    assert replay.of(Resumed) == live.of(Resumed)
    stopping = replay.of(TrainerState)[0].values["stopping"]
    assert (stopping["best_epoch"], stopping["_stale_epochs"]) == (4, 2)
    assert live.of(Progress)[-1].best_epoch == 4
    assert_same_weights(replay.of(Weights)[-1].parameters, live.of(Weights)[-1].parameters)


def test_a_replay_fails_where_the_run_failed_and_goes_on_where_it_went_on():
    settings = small(hidden_layer_sizes=(64, 64, 64), learning_rate=1e3, tol=0)
    live = Script(Resume(), settings=settings)
    live.on(lambda e: isinstance(e, Failed), Change("learning_rate", 1e-3), Step("epoch"))
    live.on(halted("epoch"), Change("learning_rate", 1e3), Resume())

    def second(event):
        return isinstance(event, Failed) and len(live.of(Failed)) == 2

    live.on(second, Change("alpha", 0.5), RequestState(1), Shutdown()).play()
    first, last = live.of(Resumed)[0].step, live.of(TrainerState)[-1].values
    commands = [(c.step, Change(c.name, c.value)) for c in live.of(Changed)]
    commands.insert(1, (first, Resume()))
    replay = Script(Replay(tuple(commands), last["step"]), settings=settings)
    replay.on(lambda e: isinstance(e, Failed), RequestState(1), Shutdown()).play()
    (failed,) = replay.of(Failed)
    assert failed.message == live.of(Failed)[1].message
    assert replay.of(Changed)[-1].name == "alpha"
    assert_same_weights(replay.of(TrainerState)[0].values["weights"], last["weights"])


def test_the_state_is_told_between_two_batches_and_training_goes_on():
    settings = small(max_iter=3000, n_iter_no_change=10_000)
    script = Script(Resume(), settings=settings).on(
        lambda e: isinstance(e, Progress) and e.epoch >= 1, Change("beta", 0.5), RequestState(7)
    )
    weights = final_weights(script)
    (answer,) = script.of(TrainerState)
    assert answer.request == 7
    (changed,) = script.of(Changed)
    assert changed.step == answer.values["step"] < 3000 * 7
    assert script.states[-1] == ("finished", "max_iter")

    resumed = Script(Resume())
    resumed.commands = queue.SimpleQueue()
    resumed.commands.put(Begin(2, settings.change(beta=0.5), state=answer.values))
    resumed.commands.put(Resume())
    assert_same_weights(final_weights(resumed), weights)


def test_no_more_batches_run_at_once_than_up_to_what_is_due(monkeypatch):
    limits = []
    monkeypatch.setattr(Trainer, "batches_within", lambda *_: 100)

    class Asked(Worker):
        def _batches_at_once(self):
            limits.append(super()._batches_at_once())
            return limits[-1]

    def play(*commands):
        limits.clear()
        queued = Script(*commands).commands
        Asked(blobs(), queued, lambda event: ended(event) and queued.put(Shutdown())).serve()
        return limits

    assert play(Step("batch")) == [1]
    assert play(Replay(((2, Change("beta", 0.5)),), 6)) == [2, 4]
    assert set(play(Resume())) == {100}
