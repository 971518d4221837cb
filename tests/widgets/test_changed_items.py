"""A Lab whose items nobody else can change."""

import numpy as np

from ae_widgets import Lab
from tests.engine.data import blobs

QUICK = {"hidden_layer_sizes": (8,), "max_iter": 3}


def test_a_lab_keeps_a_copy_if_it_is_asked_to():
    X = blobs()
    lab = Lab(X, copy=True, trainer="thread", **QUICK)
    assert not np.shares_memory(lab.session.dataset.features, X)
    lab.set_data(X, copy=True)
    assert not np.shares_memory(lab.session.dataset.features, X)
    lab.set_data(X)
    assert np.shares_memory(lab.session.dataset.features, X)
    lab.close()
