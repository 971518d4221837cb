"""A session without a screen."""

import gc
import subprocess
import sys
import threading
import time
import weakref

import numpy as np
import pytest

from ae_widgets import (
    Autoencoder,
    DataError,
    NonFiniteLossError,
    Session,
    SettingsError,
    TrainingError,
    runs,
)
from ae_widgets.engine.kinds import KINDS
from ae_widgets.engine.worker import FIRST_WEIGHTS_SECONDS, Worker
from ae_widgets.exceptions import TrainerDiedError
from tests.engine.data import blobs
from tests.session.weights import assert_same_weights

QUICK = {"hidden_layer_sizes": (8,), "batch_size": 16, "max_iter": 4}
ENDLESS = {**QUICK, "max_iter": 10**6, "n_iter_no_change": 10**6}


@pytest.fixture
def session():
    made = []

    def make(x=None, y=None, **changes):
        options = {**QUICK, "trainer": "thread", **changes}
        made.append(Session(blobs() if x is None else x, y, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def wait_for(condition, timeout=30):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.005)


@pytest.mark.parametrize("trainer", ["process", "thread"])
def test_start_and_wait_train_to_the_end(session, trainer):
    one = session(trainer=trainer)
    one.start()
    status = one.wait(timeout=60)
    assert (status.state, status.reason, status.epoch) == ("finished", "max_iter", 4)
    assert status.message.startswith("Finished all 4 epochs: validation loss ")
    assert list(one.history["epoch"]) == [1, 2, 3, 4]
    assert one.codes.shape == (120, 2)
    assert one.latent.exact
    assert one.latent.step == status.step
    assert one.weights is not None


def test_a_code_larger_than_an_item_is_noticed(session):
    assert "6 values and an item only 5" in session(blobs(60, 5), code_dim=6).status.message
    assert "values and an item" not in session(blobs(60, 5), code_dim=5).status.message


def test_a_trainer_that_takes_long_to_begin_is_explained(session, monkeypatch):
    monkeypatch.setattr("ae_widgets.session.session._PATIENCE_SECONDS", 0.0)
    notes = []
    one = session(trainer="process")
    before = one.status.note
    one.observe("status", lambda: notes.append(one.status.note))
    one.observe("latent", lambda: None)
    one.prepare()
    wait_for(lambda: one.latent is not None and "Compiling" not in one.status.note)
    assert any("Compiling the training loop" in note for note in notes)
    assert one.status.note == before


def test_codes_are_those_of_the_final_weights(session):
    one = session()
    one.start()
    one.wait(60)
    import torch

    from ae_widgets.model.network import build_network

    network = build_network(one.settings.architecture, 6, random_state=0)
    network.load_state_dict({n: torch.from_numpy(a) for n, a in one.weights.items()})
    with torch.no_grad():
        expected = network.encode(torch.from_numpy(blobs())).numpy()
    np.testing.assert_allclose(one.codes, expected, rtol=1e-5, atol=1e-6)


def test_pause_keeps_and_resume_goes_on(session):
    one = session(**ENDLESS)
    one.start()
    wait_for(lambda: one.status.epoch >= 2)
    one.pause()
    status = one.wait(30)
    assert (status.state, status.reason) == ("paused", "asked")
    assert one.latent.step == status.step
    one.resume()
    wait_for(lambda: one.status.step > status.step)
    one.stop()
    assert one.wait(30).reason == "stopped"


def test_waiting_after_a_stop_is_for_the_stop(session, monkeypatch):
    halt = Worker._halt

    def late(worker, state, reason):
        time.sleep(0.2 if reason == "stopped" else 0)
        halt(worker, state, reason)

    monkeypatch.setattr(Worker, "_halt", late)
    one = session(trainer="thread", **ENDLESS)
    one.step("batch")
    one.wait(30)
    one.stop()  # of a paused run
    assert one.wait(30).reason == "stopped"
    one.resume()
    wait_for(lambda: one.status.state == "running")
    one.pause()
    one.stop()  # the pause is answered first
    assert one.wait(30).reason == "stopped"
    one.step("batch")
    one.wait(30)
    one.stop()
    one.close()  # waits for it too
    assert one.wait(1).reason == "stopped"


def test_commands_in_quick_succession_are_all_obeyed(session):
    one = session(**ENDLESS)
    one.start()
    for _ in range(5):
        one.pause()
        one.resume()
    wait_for(lambda: one.status.epoch >= 1)
    assert one.status.state == "running"
    one.pause()
    one.step("batch")
    assert one.wait(30).reason == "batch"


def test_a_loss_without_any_weight_is_told_of_until_it_has_one(session):
    one = session()
    one.change(alpha=0)
    assert one.status.message == (
        "Ready: press Start. Every weight of the loss is 0: training changes nothing. "
        "Raise alpha (α)."
    )
    one.start()
    assert "Every weight of the loss is 0" in one.wait(30).message
    one.change(alpha=0.5)
    assert "Every weight" not in one.status.message


def test_what_is_told_of_a_loss_without_any_weight_does_not_come_back(session):
    one = session(alpha=0.0, **ENDLESS)
    one.start()
    one.change(alpha=0.5)  # before the trainer has said that it trains
    wait_for(lambda: one.status.step)
    assert "Every weight" not in one.status.message
    one.change(alpha=0)
    assert "Every weight" in one.status.message
    one.change(delta=1.0)
    assert "Every weight" not in one.status.message
    assert "There is no label" in one.status.message
    one.pause()
    one.wait(30)
    one.change(alpha=1, delta=0)
    one.resume()
    wait_for(lambda: one.status.state == "running")
    assert one.status.note == ""


@pytest.mark.parametrize(("how", "epochs"), [("resume", 6), ("step", 5)])
def test_going_on_after_the_last_epoch_says_what_to_raise(session, how, epochs):
    one = session()
    one.start()
    one.wait(30)
    getattr(one, how)()
    status = one.wait(30)
    assert (status.state, status.reason) == ("finished", "max_iter")
    assert status.message.startswith("Finished all 4 epochs: ")
    assert status.message.endswith(" To go on, raise the epochs (max_iter) above 4 first.")
    one.change(max_iter=6)
    getattr(one, how)()
    assert one.wait(30).epoch == epochs
    assert not one.status.note


@pytest.mark.parametrize(("unit", "steps"), [("batch", 1), ("epoch", 7)])
def test_step(session, unit, steps):
    one = session()
    one.step(unit)
    status = one.wait(30)
    assert (status.state, status.reason, status.step) == ("paused", unit, steps)


def test_a_second_start_says_that_it_is_running(session):
    one = session(**ENDLESS)
    threads = [threading.Thread(target=one.start) for _ in range(50)]
    for thread in threads:
        thread.start()
    wait_for(lambda: one.status.state == "running")
    one.start()
    assert "Training is already running (step" in one.status.message
    one.stop()
    one.wait(30)
    steps = [r.step for r in one.records]
    assert steps == sorted(set(steps))


def test_live_changes_act_and_are_journalled(session):
    one = session(**ENDLESS)
    one.start()
    wait_for(lambda: one.status.epoch >= 1)
    one.change(beta=0.5, learning_rate=0.01)
    wait_for(lambda: len(one.journal) == 2)
    entry = one.journal[0]
    assert (entry.name, entry.value, entry.before) == ("beta", 0.5, 0.0)
    wait_for(lambda: one.records[-1].train.weights["complexity"] == pytest.approx(0.5))
    assert one.settings.beta == 0.5
    assert one.records[-1].settings["learning_rate"] == 0.01


def test_architecture_changes_wait_for_the_next_run(session):
    one = session()
    one.step()
    one.wait(30)
    one.change(code_dim=3)
    assert one.pending == {"code_dim": 3}
    assert one.settings.architecture.code_dim == 2
    one.change(code_dim=2)
    assert one.pending == {}
    one.change(code_dim=3)
    one.reset()
    assert one.pending == {}
    assert one.status.state == "idle"
    assert len(one.past_runs) == 1
    assert len(one.past_runs[0].history) == 1
    assert repr(one.past_runs[0]).startswith("PastRun('Paused after one epoch")
    one.step()
    one.wait(30)
    assert one.codes.shape == (120, 3)


def test_a_run_that_begins_anew_tells_all_that_is_another_now(session):
    one = session()
    one.start()
    one.wait(30)
    told = []
    for topic in ("baseline", "status", "losses", "journal", "settings"):
        one.observe(topic, lambda topic=topic: told.append(topic))
    one.start()
    assert set(told) == {"baseline", "status", "losses", "journal", "settings"}
    one.wait(30)


def test_frame_numbers_rise_over_resets(session):
    one = session()
    one.prepare()
    first = one.latent.number
    one.reset()
    assert one.latent.number > first


def test_before_the_first_batch_architecture_changes_apply_at_once(session):
    one = session()
    one.prepare()
    wait_for(lambda: one.latent is not None)
    one.change(code_dim=5)
    assert one.pending == {}
    assert one.settings.architecture.code_dim == 5
    wait_for(lambda: one.latent is not None and one.latent.codes.shape == (120, 5))
    assert one.past_runs == []


@pytest.mark.parametrize("go_on", [Session.start, Session.resume, Session.step])
def test_a_run_that_could_not_begin_says_why_and_begins_once_it_can(session, go_on):
    X = blobs()
    model = Autoencoder(hidden_layer_sizes=(8,), random_state=0, max_iter=3).fit(X)
    one = session(model, X, device="cuda:99", tol=0.0)
    one.start()
    with pytest.raises(TrainingError, match="device='cuda:99' is not present"):
        one.wait(30)
    asked = time.monotonic()
    with pytest.raises(TrainingError, match="device='cuda:99' is not present"):
        one.reconstruct([0])
    assert time.monotonic() - asked < 10  # in place of waiting for an answer
    one.change(beta=1e-6)
    one.label([0], "a")
    one.request_latent()
    time.sleep(0.2)
    assert "device='cuda:99' is not present" in one.status.note
    one.change(device="cpu")
    go_on(one)
    assert one.wait(30).epoch >= 1
    assert (one.settings.device, one.settings.beta) == ("cpu", 1e-6)
    assert one.journal[0].value == (0, "a", (0,))
    assert not one.journal.seeded  # it went on from the estimator's weights
    assert one.past_runs == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"beta": -1}, "beta must be a number from 0 to 1e+12, got -1."),
        ({"batch_size": 2.5}, "batch_size must be an integer of at least 1, got 2.5."),
        ({"gama": 1}, "Unknown setting 'gama'. Did you mean 'gamma'?"),
        (
            {"reconstruction": "binary_cross_entropy"},
            "binary_cross_entropy needs outputs within [0, 1], but output_activation is 'identity'",
        ),
    ],
)
def test_refused_changes_change_nothing(session, changes, text):
    one = session()
    before = one.settings
    with pytest.raises(SettingsError) as caught:
        one.change(alpha=3.0, **changes)
    assert str(caught.value).startswith(text)
    assert one.settings == before


def test_cross_entropy_names_the_range_of_the_data(session):
    with pytest.raises(SettingsError) as caught:
        session(blobs() * 16, reconstruction="binary_cross_entropy", output_activation="sigmoid")
    assert "needs features within [0, 1], these go from" in str(caught.value)


def test_a_loss_that_is_not_finite_is_shown_and_raised_by_wait(session):
    one = session(blobs() * 1e30)
    one.start()
    with pytest.raises(NonFiniteLossError, match="Loss became infinite at step 1 ") as caught:
        one.wait(30)
    assert "epoch 0. No weight had moved by then. Scale the data." in str(caught.value)
    assert one.status.state == "failed"
    assert one.status.error
    assert one.error.__notes__[0].startswith("In the trainer:\nTraceback")


def test_a_killed_trainer_is_shown_and_start_begins_again_from_its_weights(session):
    one = session(trainer="process", **ENDLESS)
    one.start()
    wait_for(lambda: one.status.epoch >= 2)
    one.pause()
    one.wait(30)
    kept = one.weights
    one.resume()
    wait_for(lambda: one.status.state == "running")
    one._link.trainer._process.kill()
    with pytest.raises(TrainerDiedError, match="ended unexpectedly"):
        one.wait(30)
    one.start()
    wait_for(lambda: one.status.epoch >= 1)
    assert one.status.state == "running"
    assert kept is not None
    assert one.past_runs[-1].weights is not None


@pytest.mark.parametrize("go_on", [Session.resume, Session.step])
def test_going_on_after_a_killed_trainer_is_a_run_of_its_own(session, go_on):
    one = session(trainer="process", **ENDLESS)
    one.start()
    wait_for(lambda: one.status.epoch >= 2)
    one.pause()
    one.wait(30)
    one.change(learning_rate=1e-4, code_dim=5)
    wait_for(lambda: len(one.journal))
    one._link.trainer._process.kill()
    wait_for(lambda: one.status.state == "failed")
    past, kept, told = one.status.epoch, one.weights, []
    one.observe("journal", lambda: told.append(len(one.journal)))
    go_on(one)
    wait_for(lambda: one.status.epoch >= 1 and one.status.state in ("running", "paused"))
    one.pause()
    one.wait(30)
    assert one.history["epoch"].tolist() == [*range(1, one.status.epoch + 1)]
    assert told == [0]
    assert not one.journal.seeded
    assert [run.status.epoch for run in one.past_runs] == [past]
    assert len(one.past_runs[0].journal) == 1
    assert one.past_runs[0].weights is kept
    assert one.settings.learning_rate == 1e-4
    assert one.pending == {"code_dim": 5}


def test_weights_come_soon_after_training_began(session):
    one = session(**ENDLESS)
    one.start()
    wait_for(lambda: one.weights is not None)
    assert one.status.state == "running"
    assert one.status.seconds < FIRST_WEIGHTS_SECONDS + 4


def test_selection_and_focus_are_shared_and_checked(session):
    one = session()
    told = []
    one.observe("selection", lambda: told.append(one.selection.tolist()))
    one.observe("focus", lambda: told.append(one.focus))
    one.select([5, 3, 5])
    one.point(7)
    one.point(None)
    assert told == [[3, 5], 7, None]
    with pytest.raises(DataError, match="There is no item 120: indices go from 0 to 119"):
        one.select([120])
    with pytest.raises(DataError, match="There is no item -1"):
        one.point(-1)


def test_reconstructions_can_be_asked_for_before_and_while_training(session):
    one = session(**ENDLESS)
    before = one.reconstruct([4, 2])
    np.testing.assert_array_equal(before.inputs, blobs()[[4, 2]])
    one.start()
    wait_for(lambda: one.status.epoch >= 3)
    after = one.reconstruct([4, 2])
    assert not np.array_equal(before.outputs, after.outputs)
    np.testing.assert_allclose(
        after.errors, ((after.outputs - after.inputs) ** 2).mean(axis=1), rtol=1e-4
    )


def test_observers_hear_until_they_unsubscribe(session):
    one = session()
    heard = []
    unsubscribe = one.observe("losses", lambda: heard.append(1))
    one.start()
    one.wait(30)
    assert heard
    unsubscribe()
    count = len(heard)
    one.reset()
    assert len(heard) == count


def test_baseline_follows_the_code_dimension(session):
    one = session()
    wait_for(lambda: one.baseline is not None)
    first = one.baseline
    one.change(code_dim=5, alpha=2.0)
    wait_for(lambda: one.baseline is not None and one.baseline != 2 * first)
    assert one.baseline < 2 * first


def test_clusters_come_for_the_last_codes(session):
    one = session(y=np.arange(120) % 3)
    one.step()
    one.wait(30)
    one.request_clusters()
    wait_for(lambda: one.clusters is not None)
    assert one.clusters.shape == (120,)
    assert set(one.clusters) == {0, 1, 2}


@pytest.mark.parametrize(
    ("y", "n_clusters"),
    [(np.arange(120) % 60, 60), (np.arange(120) % 61, 8), (np.arange(120), 8)],
)
def test_there_are_as_many_clusters_as_labels_unless_these_are_ids(session, y, n_clusters):
    one = session(y=y)
    assert one.settings.n_clusters == n_clusters
    assert "each of which is a class" in one.status.note


def test_a_few_items_have_a_cluster_for_each_label(session):
    one = session(blobs()[:5], [0, 1, 2, 3, 3], gamma=0.1)
    assert one.settings.n_clusters == 4


def test_more_clusters_than_items_are_refused_before_they_are_trained(session):
    one = session()
    with pytest.raises(SettingsError, match="n_clusters is 121, but there are 120 items"):
        one.change(n_clusters=121)
    one.change(n_clusters=120)
    assert one.settings.n_clusters == 120
    few = session(blobs()[:5])
    few.change(n_clusters=8, beta=0.1)  # as many as there are by default
    few.change(n_clusters=5, gamma=0.1)
    assert few.settings.n_clusters == 5


def test_close_ends_training_and_keeps_what_was_measured(session):
    one = session(trainer="process", **ENDLESS)
    one.start()
    wait_for(lambda: one.status.epoch >= 2)
    process = one._link.trainer._process
    one.close()
    assert process.wait(timeout=30) == 0
    assert one not in runs()
    assert len(one.history) >= 2
    with pytest.raises(TrainingError, match="This session is closed"):
        one.start()
    one.close()


@pytest.mark.parametrize("trainer", ["process", "thread"])
@pytest.mark.parametrize("paused", [False, True])
def test_close_keeps_the_last_weights_losses_and_changes(session, trainer, paused):
    one = session(trainer=trainer, restore_best=True, **ENDLESS)
    one.start()
    wait_for(lambda: one.status.epoch >= 2)  # before any weights are sent
    one.change(learning_rate=1e-2)
    if paused:
        one.pause()
        one.wait(30)
    one.close()
    assert (one.status.state, one.status.reason) == ("finished", "stopped")
    model = Autoencoder.from_session(one)
    assert model.n_iter_ == one.status.epoch
    again = Session.replay(one.journal, blobs(), trainer="thread")
    assert_same_weights(again, one)
    assert again.records[-1].train == one.records[-1].train
    again.close()


def test_close_waits_for_no_trainer_that_does_not_answer(session, monkeypatch):
    monkeypatch.setattr(Worker, "_halt", lambda *_: time.sleep(3))
    one = session(**ENDLESS)
    one.start()
    wait_for(lambda: one.status.epoch >= 1)
    began = time.monotonic()
    one.close()
    assert time.monotonic() - began < 2


def test_close_on_the_thread_of_the_trainers_events_does_not_wait_for_itself(session):
    one = session(**ENDLESS)
    took = []

    def close():
        if not one.closed:
            began = time.monotonic()
            one.close()
            took.append(time.monotonic() - began)

    one.observe("losses", close)
    one.start()
    wait_for(lambda: took)
    assert took[0] < 0.4
    wait_for(lambda: one.weights is not None)
    assert one.status.state == "finished"


def test_wait_returns_at_once_if_nothing_trains_and_times_out_if_it_does(session):
    one = session(**ENDLESS)
    assert one.wait().state == "idle"
    one.start()
    with pytest.raises(TimeoutError, match="it goes on in the background"):
        one.wait(0.05)
    assert one.status.state in ("starting", "running")


def test_a_dropped_session_that_does_not_train_is_collected():
    one = Session(blobs(), trainer="process", **QUICK)
    one.start()
    one.wait(60)
    process = one._link.trainer._process
    gone = weakref.ref(one)
    del one
    wait_for(lambda: gc.collect() >= 0 and gone() is None)
    assert process.wait(timeout=30) == 0


def test_a_plain_script_without_a_main_guard_trains_to_the_end(tmp_path):
    script = tmp_path / "plain.py"
    script.write_text(
        "import numpy as np\n"
        "from ae_widgets import Session\n"
        "session = Session(np.random.default_rng(0).random((50, 4)), max_iter=3)\n"
        "session.start()\n"
        "print(session.wait(60).message)\n"
        "import sys; print('torch' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=True
    )
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Finished all 3 epochs")
    assert lines[1] == "False"
    assert done.stderr == ""


# Kinds of model --------------------------------------------------------------------


def test_a_gated_run_tells_how_many_dimensions_it_uses(session):
    one = session(kind="gated", code_dim=5, beta=1.0, learning_rate=0.01, max_iter=20)
    assert one.active_dimensions is None
    one.start()
    one.wait(60)
    counts = one.history["active_dimensions"]
    assert counts.iloc[-1] == one.active_dimensions < 5
    assert (one.codes.std(axis=0) > 0).sum() == one.active_dimensions
    assert one.weights["scaled_logits"].shape == (5,)


def test_a_plain_run_has_no_such_count(session):
    one = session()
    one.start()
    one.wait(60)
    assert one.active_dimensions is None
    assert "active_dimensions" not in one.history


def test_a_kind_waits_for_the_next_run_and_brings_its_complexity(session):
    one = session(**ENDLESS)
    one.start()
    wait_for(lambda: one.status.step > 0)
    one.change(kind="variational", noise=0.5)
    assert one.settings.noise == 0.5
    assert (one.settings.kind, one.settings.complexity) == ("plain", "l1")
    with pytest.raises(SettingsError, match="for the kind 'variational', got 'l2'"):
        one.change(complexity="l2")
    one.change(kind="sparse", complexity="l1")
    # l1 is in force already, and a sparse code needs a weight
    assert one.pending == {"kind": "sparse", "beta": KINDS["sparse"].beta}
    one.change(kind="gated", complexity="gates")
    assert one.pending == {"kind": "gated", "complexity": "gates", "beta": KINDS["gated"].beta}
    one.change(beta=0.5)
    assert "beta" not in one.pending
    one.change(beta=0)
    one.change(kind="variational", beta=0)
    assert "beta" not in one.pending
    one.change(kind="plain")
    assert one.pending == {}
    one.change(kind="gated")
    one.reset()
    assert (one.settings.kind, one.settings.complexity) == ("gated", "gates")
    assert one.settings.beta == KINDS["gated"].beta


def test_a_kind_brings_a_weight_unless_one_was_chosen(session):
    assert session(kind="gated").settings.beta == KINDS["gated"].beta
    one = session(kind="gated", beta=0)
    assert one.settings.beta == 0
    assert "beta (β) is 0, so nothing makes the model gated: try 0.003." in one.status.note
    one.change(kind="contractive")
    assert one.settings.beta == KINDS["contractive"].beta
    assert one.status.note == ""


def test_before_the_start_a_kind_applies_at_once(session):
    one = session()
    one.change(kind="variational", complexity="kl_gaussian")
    assert (one.settings.kind, one.settings.complexity) == ("variational", "kl_gaussian")


def test_a_convolutional_trunk_knows_the_shape_of_the_items(session):
    x = blobs(40, 12).reshape(40, 4, 3)
    one = session(x, item_shape=(4, 3), trunk="convolutional", channels=(2,), max_iter=1)
    one.start()
    assert one.wait(60).state == "finished"
    with pytest.raises(SettingsError, match="item_shape must have 12 values"):
        one.change(item_shape=(4, 4))
    with pytest.raises(SettingsError, match="trunk must be 'dense' for items that are no images"):
        session(trunk="convolutional")


@pytest.mark.parametrize("trainer", ["process", "thread"])
def test_noise_gives_the_same_weights_in_a_process_and_a_thread(session, trainer):
    one = session(trainer=trainer, kind="denoising", dropout=0.1)
    one.start()
    one.wait(60)
    other = session(kind="denoising", dropout=0.1)
    other.start()
    other.wait(60)
    for name, value in one.weights.items():
        assert np.array_equal(value, other.weights[name])


def test_a_single_item_is_trained_on_and_none_is_held_out():
    session = Session(np.ones((1, 3)), trainer="thread", max_iter=2, device="cpu")
    session.start()
    assert session.wait(60).message.startswith("Finished all 2 epochs: training loss ")
    assert session.records[-1].validation is None
    assert session.latent.positions.shape == (1, 2)
    session.close()


@pytest.mark.parametrize("trainer", ["process", "thread"])
def test_one_row_trains_and_gives_a_frame(session, trainer):
    one = session(blobs(1), ["a"], trainer=trainer)
    assert "X has a single row: there is nothing to validate on" in one.status.message
    one.start()
    status = one.wait(60)
    assert (status.state, status.epoch) == ("finished", 4)
    assert one.latent.exact
    assert one.codes.shape == (1, 2)
    assert np.isfinite(one.codes).all()
    assert one.history["train_total"].is_monotonic_decreasing
    assert one.reconstruct([0]).outputs.shape == (1, 6)
