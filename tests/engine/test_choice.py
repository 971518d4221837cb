"""Which step trains what."""

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from ae_widgets.engine.choice import Stepper, fastest_step
from ae_widgets.engine.guidance import Guidance
from ae_widgets.engine.items import items
from ae_widgets.losses.objective import Objective
from ae_widgets.model.network import build_network
from tests.engine.data import blobs, small

CPU, GPU = torch.device("cpu"), torch.device("cuda")
IMAGES = {"trunk": "convolutional", "channels": (2,), "item_shape": (2, 3)}


def chosen(settings, features=None, device=CPU, **how):
    how = {"own_modules": False, "guided": False, **how}
    features = blobs(20, 6) if features is None else features
    return fastest_step(settings, items(features), device, **how).__name__


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


@pytest.mark.parametrize("how", [{"own_modules": True}, {"guided": True}])
def test_what_no_written_out_step_knows_is_left_to_autograd(how):
    assert chosen(small(), **how) == "AutogradStep"


def test_another_device_has_its_step_whatever_is_trained():
    assert chosen(small(), device=GPU, own_modules=True, guided=True) == "DeviceStep"


@pytest.fixture
def heads_and_stepper():
    settings, rows = small(gamma=0.1), np.arange(20, dtype=np.int32)
    network = build_network(settings.architecture, 6, random_state=0)
    guidance = Guidance(network.heads, settings, None, rows, 20)
    objective = Objective(settings, None, guidance)
    return network.heads, Stepper(network, items(blobs(20, 6)), objective, guidance, CPU)


def test_a_step_trains_on_until_the_heads_are_others(heads_and_stepper):
    heads, stepper = heads_and_stepper
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


def test_a_run_that_went_on_with_autograd_does_so_again(heads_and_stepper):
    _, stepper = heads_and_stepper
    first = stepper.step
    stepper.take_up(first.memory())
    assert stepper.step is first
    stepper.take_up({"of": "autograd"})
    assert type(stepper.step).__name__ == "AutogradStep"
