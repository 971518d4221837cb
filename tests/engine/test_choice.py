"""Which step trains what."""

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from ae_widgets.engine.choice import Stepper
from ae_widgets.engine.device_step import DeviceStep
from ae_widgets.engine.guidance import Guidance
from ae_widgets.engine.items import items
from ae_widgets.engine.step import Noted
from ae_widgets.losses.objective import Objective
from ae_widgets.model.network import build_network, wrap_modules
from tests.engine.data import blobs, small

CPU, ELSEWHERE = torch.device("cpu"), torch.device("meta")
IMAGES = {"trunk": "convolutional", "channels": (2,), "item_shape": (2, 3)}


def make(settings, features=None, device=CPU, network=None):
    features = blobs(20, 6) if features is None else features
    if network is None:
        network = build_network(settings.architecture, 6, random_state=0, kind=settings.kind)
    guidance = Guidance(network.heads, settings, None, np.arange(20, dtype=np.int32), 20)
    objective = Objective(settings, None, guidance)
    return Stepper(network, items(features), objective, guidance, device)


def chosen(*what, **how):
    return type(make(*what, **how).step).__name__


def own():
    modules = torch.nn.Linear(6, 2), torch.nn.Linear(2, 6)
    return wrap_modules(*modules, torch.from_numpy(blobs(20, 6)), random_state=0)[0]


def with_centers():
    network = build_network(small().architecture, 6, random_state=0)
    network.heads.set_centers(torch.zeros(3, 2))
    return network


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "DenseStep"),
        ({"kind": "variational"}, "AutogradStep"),
        (IMAGES, "ConvolutionalStep"),
        ({**IMAGES, "normalization": "batch"}, "AutogradStep"),
    ],
)
def test_the_fastest_that_applies_is_chosen(changes, expected):
    assert chosen(small(**changes)) == expected


def test_sparse_items_have_a_step_of_their_own():
    assert chosen(small(), csr_array(blobs(20, 6))) == "SparseStep"


@pytest.mark.parametrize("network", [own, with_centers])
def test_what_no_written_out_step_knows_is_left_to_autograd(network):
    assert chosen(small(gamma=0.1), network=network()) == "AutogradStep"


@pytest.mark.parametrize("network", [own, with_centers])
def test_another_device_has_its_step_whatever_is_trained(network):
    assert chosen(small(gamma=0.1), device=ELSEWHERE, network=network()) == "DeviceStep"


def test_a_step_trains_on_until_the_heads_are_others():
    network = build_network(small().architecture, 6, random_state=0)
    heads, stepper = network.heads, make(small(gamma=0.1), network=network)
    first = stepper.step
    assert type(first).__name__ == "DenseStep"
    stepper.follow_heads()
    stepper.take_fastest()
    assert stepper.step is first
    heads.set_centers(torch.zeros(3, 2))
    stepper.follow_heads()
    second = stepper.step
    assert type(second).__name__ == "AutogradStep"
    heads.set_centers(None)  # autograd, once begun, goes on
    stepper.follow_heads()
    stepper.take_fastest()
    assert stepper.step is not second
    assert type(stepper.step).__name__ == "AutogradStep"


def test_another_step_goes_on_at_the_scheduled_learning_rate():
    stepper = make(small(gamma=0.1))
    stepper.step.learning_rate = 1e-5
    stepper._network.heads.set_centers(torch.zeros(3, 2))
    stepper.follow_heads()
    assert type(stepper.step).__name__ == "AutogradStep"
    assert stepper.step.learning_rate == 1e-5


def trained(step):
    codes, errors = np.zeros((20, 2), np.float32), np.zeros(20, np.float32)
    step.train(np.arange(20, dtype=np.int32), 10, Noted(codes, errors, np.zeros(2)))
    return step.memory()


def means(memory):
    """Return Adam's mean gradients, as torch has them."""
    return np.concatenate([s["exp_avg"].ravel() for s in memory["optimizer"]["state"].values()])


def test_a_step_on_another_device_goes_on_with_the_optimisers_memory():
    network = build_network(small().architecture, 6, random_state=0)
    first, *rest = trained(make(small(), network=network).step)
    stepper = make(small(), network=network)
    what = network, blobs(20, 6), stepper._objective, small()
    stepper.step = DeviceStep(*what, CPU)
    stepper.load_memory((first, *rest))
    memory = stepper.step.memory()
    np.testing.assert_allclose(means(memory), 0.1 * first, rtol=1e-5)  # beta_1 is 0.9
    assert not np.array_equal(means(trained(stepper.step)), means(memory))
    stepper.load_memory(memory)
    np.testing.assert_array_equal(means(stepper.step.memory()), means(memory))


def test_a_run_that_went_on_with_autograd_does_so_again():
    stepper = make(small())
    first = stepper.step
    stepper.take_up(first.memory())
    assert stepper.step is first
    stepper.take_up({"of": "autograd"})
    assert type(stepper.step).__name__ == "AutogradStep"
