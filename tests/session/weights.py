"""The weights of two runs, compared."""

import numpy as np


def assert_same_weights(one, two):
    assert one.weights.keys() == two.weights.keys()
    for name, value in one.weights.items():
        assert np.array_equal(two.weights[name], value), name
