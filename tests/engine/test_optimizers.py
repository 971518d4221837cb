"""Optimisers by name, against the formulas written out and torch's own."""

import numpy as np
import pytest
import torch
from torch import nn

from ae_widgets import Settings
from ae_widgets.engine.compiled.dense_step import DenseStep
from ae_widgets.engine.optimizers import Optimizer
from ae_widgets.engine.settings import OPTIMIZERS
from ae_widgets.engine.step import AutogradStep
from ae_widgets.engine.trainer import Trainer
from tests.engine.data import blobs, small

RATE, DECAY = 0.01, 0.1


class Reference:
    """The update formulas on one numpy array."""

    def __init__(self, name, start, **settings):
        self.name, self.x = name, start.copy()
        self.settings = {"momentum": 0.9, "weight_decay": 0.0, "gradient_clip": None, **settings}
        self.first = self.second = np.zeros_like(start)
        self.steps = 0

    def step(self, gradient, rate):
        decay, clip = self.settings["weight_decay"], self.settings["gradient_clip"]
        if clip is not None:
            gradient = gradient * min(1, clip / np.linalg.norm(gradient))
        if self.name == "adamw":
            self.x = self.x * (1 - rate * decay)
        else:
            gradient = gradient + decay * self.x
        self.steps += 1
        self.x = self.x - rate * self._direction(gradient)

    def _direction(self, gradient):
        if self.name == "sgd":
            share = self.settings["momentum"]
            self.first = share * self.first + gradient
            return self.first
        if self.name == "rmsprop":
            self.second = 0.99 * self.second + 0.01 * gradient**2
            return gradient / (np.sqrt(self.second) + 1e-8)
        self.first = 0.9 * self.first + 0.1 * gradient
        self.second = 0.999 * self.second + 0.001 * gradient**2
        first = self.first / (1 - 0.9**self.steps)
        return first / (np.sqrt(self.second / (1 - 0.999**self.steps)) + 1e-8)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize(
    "changes", [{}, {"weight_decay": DECAY}, {"gradient_clip": 2.0}, {"momentum": 0.5}], ids=str
)
def test_steps_are_those_of_the_formulas(name, changes):
    generator = np.random.default_rng(0)
    start = generator.standard_normal(12)
    parameters = [nn.Parameter(torch.from_numpy(part.copy())) for part in np.split(start, 2)]
    optimizer = Optimizer(parameters, Settings(optimizer=name, **changes))
    reference = Reference(name, start, **changes)
    for step in range(25):
        gradient = generator.standard_normal(12)
        for parameter, part in zip(parameters, np.split(gradient, 2), strict=True):
            parameter.grad = torch.from_numpy(part.copy())
        rate = RATE / (1 + step)
        optimizer.step(rate)
        reference.step(gradient, rate)
    found = np.concatenate([parameter.detach().numpy() for parameter in parameters])
    # Torch clips by 1e-6 less than asked for.
    np.testing.assert_allclose(found, reference.x, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_memory_goes_on_where_it_was(name):
    gradients = np.random.default_rng(0).standard_normal((10, 3)).astype(np.float32)

    def steps(optimizer, parameter, rows):
        for gradient in rows:
            parameter.grad = torch.from_numpy(gradient.copy())
            optimizer.step(RATE)

    def fresh(start):
        parameter = nn.Parameter(start.detach().clone())
        return Optimizer([parameter], Settings(optimizer=name)), parameter

    whole, expected = fresh(torch.ones(3))
    steps(whole, expected, gradients)
    first, parameter = fresh(torch.ones(3))
    steps(first, parameter, gradients[:5])
    second, found = fresh(parameter)
    second.load_memory(first.memory())
    steps(second, found, gradients[5:])
    assert torch.equal(found, expected)
    steps(first, parameter, gradients[5:])  # the memory was a copy
    assert torch.equal(parameter, expected)


def test_memory_of_another_optimiser_is_left():
    parameter = nn.Parameter(torch.ones(3))
    adam, sgd = (Optimizer([parameter], Settings(optimizer=name)) for name in ("adam", "sgd"))
    parameter.grad = torch.ones(3)
    adam.step(RATE)
    sgd.load_memory(adam.memory())
    assert sgd.memory() == {"optimizer": "sgd", "n_steps": 0, "state": {}}


def train(trainer, batches):
    for _ in range(batches):
        if trainer.run_batch():
            trainer.finish_epoch()
    return np.concatenate([w.ravel() for w in trainer.weights().values()])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimiser_trains(name):
    trainer = Trainer(blobs(), small(optimizer=name, learning_rate=0.01))
    before = trainer.evaluate(trainer.validation_rows).total
    train(trainer, 100)
    assert trainer.evaluate(trainer.validation_rows).total < 0.8 * before


def test_adamw_without_decay_is_adam():
    first, second = (
        train(Trainer(blobs(), small(optimizer=name, activation="silu")), 20)
        for name in ("adam", "adamw")
    )
    np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    "changes",
    [{"weight_decay": 1e-30}, {"gradient_clip": 1e9}, {"reconstruction": "masked_mse"}],
    ids=str,
)
def test_leaving_the_written_out_step_keeps_the_course(changes):
    stays, leaves = (Trainer(blobs(), small(learning_rate=0.01)) for _ in "ab")
    train(stays, 15), train(leaves, 15)
    for name, value in changes.items():
        leaves.change(name, value)
    assert isinstance(stays._stepper.step, DenseStep)
    assert isinstance(leaves._stepper.step, AutogradStep)
    np.testing.assert_allclose(train(leaves, 30), train(stays, 30), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "value"), [("weight_decay", 5.0), ("gradient_clip", 1e-9), ("momentum", 0.0)]
)
def test_a_live_setting_acts_on_the_next_batch(name, value):
    settings = small(optimizer="sgd", learning_rate=0.05)
    before, stays, moved = (Trainer(blobs(), settings) for _ in "abc")
    start = train(before, 3)
    train(moved, 3)
    moved.change(name, value)
    moves = np.abs(train(moved, 1) - start).max(), np.abs(train(stays, 4) - start).max()
    if name == "weight_decay":
        assert moves[0] > 2 * moves[1]
    else:
        assert moves[0] < 0.9 * moves[1]


def test_clipping_survives_gradients_beyond_float32():
    parameter = nn.Parameter(torch.zeros(4))
    optimizer = Optimizer([parameter], Settings(optimizer="sgd", gradient_clip=1.0))
    parameter.grad = torch.full((4,), 3e38)
    optimizer.step(RATE)
    assert torch.isfinite(parameter).all()


def test_the_warm_step_of_another_kind_begins_afresh():
    clipped = Trainer(blobs(), small(gradient_clip=1.0))
    train(clipped, 5)
    plain = Trainer(blobs(), small())
    plain.load_memory(clipped.memory())
    assert np.array_equal(train(plain, 5), train(Trainer(blobs(), small()), 5))


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_parameters_may_join_in_later(name):
    settings = small(optimizer=name, momentum=0.9)
    one, other = (nn.Parameter(torch.ones(3)) for _ in "ab")
    optimizer = Optimizer([one, other], settings)
    for joined in (False, True, True):
        optimizer.clear()
        (one.sum() + (other.sum() if joined else 0)).backward()
        before = other.clone()
        optimizer.step(0.1)
        assert torch.equal(other, before) is not joined


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_decays_is_0_before_processors_are_slow_with_it(name):
    parameter = nn.Parameter(torch.ones(5))
    optimizer = Optimizer([parameter], Settings().change(optimizer=name))
    smallest = torch.finfo(torch.float32).tiny
    for step in range(9000):
        parameter.grad = torch.full((5,), 1e-2 * (step == 0))
        optimizer.step(RATE)
        for key, value in optimizer._torch.state[parameter].items():
            if key not in {"step", "exp_avg_sq"}:  # the squares of Adam take a hundred times longer
                assert not ((value != 0) & (value.abs() < smallest)).any()
    sums = [
        v
        for k, v in optimizer._torch.state[parameter].items()
        if k in {"exp_avg", "square_avg", "momentum_buffer"}
    ]
    assert len(sums) == 1
    assert not sums[0].any()


def test_when_it_looks_for_what_has_decayed_is_remembered():
    def trained(stop):
        """Return what is remembered after 60 steps, in an optimiser that took over at `stop`."""
        parameter = nn.Parameter(torch.ones(5))
        optimizer = Optimizer([parameter], Settings())
        for step in range(60):
            if step == stop:
                memory = optimizer.memory()
                optimizer = Optimizer([parameter], Settings())
                optimizer.load_memory(memory)
            parameter.grad = torch.full((5,), 2e-35 * (step < 40))
            optimizer.step(RATE)
        return optimizer.memory()["state"]["0"]["exp_avg"]

    expected = trained(None)
    assert not expected.any()
    for stop in [1, 30, 49, 50, 55]:
        assert np.array_equal(trained(stop), expected)
