"""Items pass through the network as after training, and only where they are needed."""

import pytest
import torch

from ae_widgets.engine import KINDS
from ae_widgets.engine.passing import Passing
from ae_widgets.model import Architecture
from ae_widgets.model.network import build_network
from tests.engine.data import blobs

CPU = torch.device("cpu")


@pytest.mark.parametrize("kind", list(KINDS))
def test_what_the_complexity_is_measured_on_is_that_of_the_kind(kind):
    x = torch.from_numpy(blobs(50, 6))
    architecture = Architecture(code_dim=3, hidden_layer_sizes=(8,))
    network = build_network(architecture, 6, random_state=0, kind=kind)
    rows = torch.arange(0, 50, 3)
    passing = Passing(network, x, CPU)
    codes, _ = passing.encode("mse", rows)
    with torch.no_grad():
        expected = network.penalised(x[rows], codes)
    torch.testing.assert_close(passing.penalised("mse", rows, codes), expected)
    if network.penalises_codes:
        assert Passing(network, None, CPU).penalised("mse", rows, codes) is codes
