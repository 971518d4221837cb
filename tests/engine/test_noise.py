"""What is random in a step, kept and taken up."""

import numpy as np
import torch

from ae_widgets.engine.noise import Noise
from ae_widgets.model.network import build_network
from tests.engine.data import small

X = torch.ones(8, 6)
SETTINGS = small(kind="denoising", noise=1.0)


def noise(random_state=0):
    network = build_network(SETTINGS.architecture, 6, random_state=0, kind="denoising")
    return Noise(network, random_state)


def drawn(noise):
    return noise.train_on(X, SETTINGS).code


def test_it_is_drawn_on_from_where_another_was():
    first, second = noise(), noise(1)
    drawn(first)
    second.load_memory(first.memory())
    assert torch.equal(drawn(second), drawn(first))


def test_the_memory_of_another_type_of_device_leaves_the_seed():
    own = noise()
    own.load_memory((np.zeros(16, np.uint8), None))  # as CUDA has it
    assert torch.equal(drawn(own), drawn(noise()))
