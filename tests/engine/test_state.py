"""A trainer's state: going on from it equals never having stopped."""

import numpy as np
import pytest
import torch

from ae_widgets.engine.compiled.dense_step import DenseStep
from ae_widgets.engine.trainer import Trainer
from tests.engine.data import blobs, small

LAST = 40

SETTINGS = [
    # Whatever gives a run a memory of its own gets a row here.
    pytest.param({}, id="defaults"),
    pytest.param({"alpha": 0.5, "beta": 0.3, "complexity": "kl_sparsity"}, id="penalised"),
    pytest.param({"validation_fraction": 0, "hidden_layer_sizes": ()}, id="nothing held out"),
    pytest.param({"tol": 0.5, "n_iter_no_change": 2}, id="about to converge"),
    pytest.param({"precision": "bf16"}, id="bf16"),
    pytest.param({"kind": "denoising", "dropout": 0.2}, id="noise"),
    pytest.param(
        {"kind": "variational", "beta": 0.1, "warm_up": 4.0, "normalization": "batch"},
        id="warm-up and running statistics",
    ),
    pytest.param({"kind": "gated", "beta": 0.1}, id="gated"),
    pytest.param(
        {"trunk": "convolutional", "item_shape": (2, 3), "channels": (3,)}, id="convolutional"
    ),
]


def train(trainer, until):
    while trainer.step < until:
        if trainer.step == 10:
            trainer.change("batch_size", 11)  # cuts the rest of the epoch anew
        if trainer.run_batch():
            trainer.finish_epoch()
    return trainer


def same(one, two):
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(map(same, one, two))
    return np.array_equal(one, two) if isinstance(one, np.ndarray) else one == two


def without_clock(state):
    return {name: value for name, value in state.items() if name != "seconds"}


@pytest.fixture(params=["dense", "autograd"])
def step(request, monkeypatch):
    if request.param == "autograd":
        monkeypatch.setattr(DenseStep, "applies", staticmethod(lambda *_, **__: False))
    return request.param


@pytest.mark.parametrize("cut", [0, 1, 9, 10, 17, 20], ids=lambda cut: f"step {cut}")
@pytest.mark.parametrize("changes", SETTINGS)
def test_going_on_from_a_state_equals_never_having_stopped(step, changes, cut):
    straight = train(Trainer(blobs(), small(**changes)), LAST)
    first = train(Trainer(blobs(), small(**changes)), cut)
    second = Trainer(blobs(), first.settings)
    second.load_state(first.state())
    assert same(second.state(), first.state())
    train(second, LAST)
    for name, value in straight.weights().items():
        assert np.array_equal(second.weights()[name], value)
    assert same(without_clock(second.state()), without_clock(straight.state()))


def test_the_cuts_are_within_an_epoch_and_at_its_end():
    ends = []
    trainer = Trainer(blobs(), small())
    for _ in range(20):
        if trainer.step == 10:
            trainer.change("batch_size", 11)
        if trainer.run_batch():
            trainer.finish_epoch()
            ends.append(trainer.step)
    assert ends == [7, 16]
    boundary = train(Trainer(blobs(), small()), 7)
    second = Trainer(blobs(), boundary.settings)
    second.load_state(boundary.state())
    train(boundary, LAST)
    train(second, LAST)
    assert same(without_clock(second.state()), without_clock(boundary.state()))


def test_a_state_holds_plain_values_and_does_not_train_on(step):
    def kinds(value):
        if isinstance(value, dict):
            return set().union(*map(kinds, value), *map(kinds, value.values()))
        if isinstance(value, (list, tuple)):
            return set().union(*map(kinds, value))
        return {type(value)}

    trainer = train(Trainer(blobs(), small()), 12)
    state = trainer.state()
    assert kinds(state) <= {np.ndarray, bool, int, float, str, type(None)}
    first = Trainer(blobs(), trainer.settings)
    first.load_state(state)
    train(first, LAST)
    train(trainer, LAST)
    second = Trainer(blobs(), trainer.settings)
    second.load_state(state)
    assert second.step == 12
    train(second, LAST)
    assert same(without_clock(second.state()), without_clock(trainer.state()))


def test_views_start_from_exact_codes_after_a_state_is_loaded():
    first = train(Trainer(blobs(), small()), 12)
    second = Trainer(blobs(), first.settings)
    second.load_state(first.state())
    torch.testing.assert_close(second.pass_latent(), first.encode())


@pytest.mark.parametrize("other", [blobs(100), blobs(120, 5)], ids=["fewer items", "features"])
def test_a_state_of_other_data_is_refused(other):
    state = train(Trainer(blobs(), small()), 3).state()
    with pytest.raises((ValueError, RuntimeError)):
        Trainer(other, small()).load_state(state)
