"""Which step trains what."""

import pytest
import torch
from scipy.sparse import csr_array

from ae_widgets.engine.choice import fastest_step
from ae_widgets.engine.items import items
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
