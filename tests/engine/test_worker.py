"""The trainer obeys between two batches and says what happened."""

import queue

import numpy as np
import pytest

from ae_widgets.engine.protocol import (
    Begin,
    Change,
    Changed,
    Failed,
    Latent,
    Pause,
    Progress,
    Reconstruct,
    Reconstructed,
    RequestLatent,
    Resume,
    Shutdown,
    StateChanged,
    Step,
    Stop,
    Weights,
)
from ae_widgets.engine.threads import choose_threads
from ae_widgets.engine.worker import Worker
from tests.engine.data import blobs, small


class Script:
    """A worker whose commands can also be given when a certain event is emitted."""

    def __init__(self, *commands, settings=None, features=None):
        self.commands = queue.SimpleQueue()
        self.events = []
        self.when = []
        self.features = blobs() if features is None else features
        for command in (Begin(1, settings or small()), *commands):
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


def test_resume_trains_to_max_iter_and_says_so():
    script = Script(Resume()).on(ended, Shutdown()).play()
    assert script.states == [("idle", ""), ("running", ""), ("finished", "max_iter")]
    assert [r.epoch for r in script.records] == [1, 2, 3, 4, 5]
    last = script.of(Latent)[-1]
    assert last.exact
    assert last.step == script.of(StateChanged)[-1].step == 5 * 7
    assert script.of(Weights)


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


def test_all_steps_are_recorded_once():
    script = Script(Step("batch")).on(ended, Step("batch"), Pause(), Resume())
    script.on(lambda e: isinstance(e, StateChanged) and e.state == "finished", Shutdown()).play()
    steps = [r.step for r in script.records]
    assert steps == sorted(set(steps))
    assert steps[-1] == 35


@pytest.mark.parametrize(("hidden", "batch", "threads"), [((16,), 64, 1), ((512, 512), 1024, None)])
def test_small_products_get_one_thread(hidden, batch, threads):
    import torch

    expected = threads or torch.get_num_threads()
    assert choose_threads(small(hidden_layer_sizes=hidden, batch_size=batch), 784) == expected
