"""The weights of the best epoch, in place while a run rests and never trained on."""

import numpy as np
import pytest

from ae_widgets.engine.protocol import Change, Latent, Resume, Shutdown, StateChanged, Step, Weights
from ae_widgets.engine.trainer import Trainer
from tests.engine.data import blobs, small
from tests.engine.test_state import same
from tests.engine.test_worker import Script, ended

# The loss is lowest long before the end: the learning rate is far too large.
WILD = {"learning_rate": 0.5, "max_iter": 16, "n_iter_no_change": 100}
LABELS = np.arange(120, dtype=np.int32) % 3


def keeping(**settings):
    trainer = Trainer(blobs(), small(**{**WILD, **settings}), labels=LABELS)
    trainer.best.keeps = True
    return trainer


def epochs(trainer, count):
    """Train, and return the weights at the end of each epoch."""
    weights = []
    for _ in range(count):
        while not trainer.run_batch():
            pass
        trainer.finish_epoch()
        weights.append(trainer.weights())
    return weights


def test_a_run_that_ends_has_the_weights_of_its_best_epoch():
    trainer = keeping(restore_best=True)
    weights = epochs(trainer, 16)
    best = trainer.stopping.best_epoch
    assert 1 <= best < 16
    assert trainer.rest(ended=True)
    assert trainer.best.lent == best
    assert same(trainer.weights(), weights[best - 1])
    assert trainer.evaluate(trainer.validation_rows).total == trainer.stopping.best_loss
    assert not trainer.rest(ended=True)
    assert trainer.rest(ended=False)
    assert same(trainer.weights(), weights[-1])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimizer": "sgd", "learning_rate": 0.9},
        {"kind": "variational", "beta": 0.1, "normalization": "batch"},
        {"delta": 1.0},
        {"precision": "bf16"},
    ],
    ids=["adam", "sgd", "running statistics", "a classifier", "bf16"],
)
def test_what_is_trained_after_a_rest_does_not_depend_on_it(settings):
    plain, restoring = keeping(**settings), keeping(restore_best=True, **settings)
    for batches in (7 * 16, 3):  # at the end of an epoch, and within one
        for trainer in (plain, restoring):
            for _ in range(batches):
                if trainer.run_batch():
                    trainer.finish_epoch()
        assert restoring.rest(ended=True)
        assert not same(plain.weights(), restoring.weights())
        assert restoring.rest(ended=False)
    assert same(*(
        {n: v for n, v in trainer.state().items() if n != "seconds"}
        for trainer in (plain, restoring)
    ))  # fmt: skip


def test_nothing_is_restored_unless_it_is_asked_for():
    trainer = keeping()
    last = epochs(trainer, 16)[-1]
    assert not trainer.rest(ended=True)
    assert same(trainer.weights(), last)
    trainer.change("restore_best", value=True)  # afterwards is not too late
    assert trainer.rest(ended=True)
    assert not same(trainer.weights(), last)
    trainer.change("restore_best", value=False)
    assert trainer.rest(ended=True)
    assert same(trainer.weights(), last)


def test_what_was_best_under_another_objective_is_not_once_it_is_trained_on():
    trainer = keeping(restore_best=True)
    epochs(trainer, 16)
    trainer.change("beta", 0.1)
    assert trainer.rest(ended=True)  # nothing was trained under it
    trainer.rest(ended=False)
    trainer.run_batch()
    assert not trainer.rest(ended=True)


def test_a_trainer_that_is_to_end_keeps_no_copies():
    trainer = Trainer(blobs(), small(**WILD, restore_best=True))
    epochs(trainer, 16)
    assert not trainer.rest(ended=True)
    assert trainer.state()["best"]["weights"] == {}


def test_a_state_taken_at_rest_goes_on_as_the_trainer_does():
    trainer = keeping(restore_best=True)
    epochs(trainer, 16)
    trainer.rest(ended=True)
    other = keeping(restore_best=True)
    other.load_state(trainer.state())
    assert other.best.lent == trainer.best.lent
    for one in (trainer, other):
        assert one.rest(ended=False)
        epochs(one, 1)
    assert same(trainer.weights(), other.weights())


def test_a_state_of_before_there_was_a_best_is_read():
    trainer = keeping()
    epochs(trainer, 2)
    state = trainer.state()
    del state["best"]
    other = keeping()
    other.load_state(state)
    assert same(other.weights(), trainer.weights())
    assert other.best.epoch is None


def test_the_worker_shows_and_sends_what_it_ends_with():
    script = Script(Resume(), settings=small(**WILD, restore_best=True))
    script.on(ended, Change("max_iter", 20), Step("batch")).on(is_paused, Shutdown()).play()
    finished = next(e for e in script.events if getattr(e, "state", "") == "finished")
    at = script.events.index(finished)
    losses = {r.epoch: r.validation.total for r in script.records if r.complete}
    assert finished.restored == min(losses, key=losses.__getitem__)
    before = script.events[:at]
    sent = [e for e in before if isinstance(e, Weights)][-1].parameters
    shown = [e for e in before if isinstance(e, Latent)][-1]
    reference = Trainer(blobs(), small(**WILD), sent)
    np.testing.assert_array_equal(reference.encode()[0].numpy(), shown.codes)
    assert (shown.epoch, shown.step) == (finished.restored, 16 * 7)
    assert script.of(StateChanged)[-1].restored is None


def is_paused(event):
    return isinstance(event, StateChanged) and event.state == "paused"


def test_the_worker_follows_a_change_of_mind_after_the_end():
    script = Script(Resume(), settings=small(**WILD))
    script.on(ended, Change("restore_best", value=True))
    script.on(lambda e: getattr(e, "restored", None), Change("restore_best", value=False))
    script.on(lambda _: len(script.of(StateChanged)) == 5, Shutdown()).play()
    told = [e.restored for e in script.of(StateChanged)][2:]
    assert told[0] is None
    assert told[1] is not None
    assert told[2] is None
    codes = [e.codes for e in script.of(Latent) if e.step == 16 * 7]
    assert len(codes) == 3
    np.testing.assert_array_equal(codes[0], codes[2])
    assert not np.array_equal(codes[0], codes[1])
