"""Products are rounded where that saves time."""

import pytest
import torch

from ae_widgets.engine import rounding
from ae_widgets.engine.compiled import product_step
from ae_widgets.engine.compiled.dense_step import DenseStep
from ae_widgets.engine.trainer import Trainer
from tests.engine.data import blobs, small

saves_time = rounding._saves_time.__wrapped__  # before it is replaced for all tests


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"architecture": "x86_64", "cpu_name": "Intel Xeon", "amx_bf16": True}, True),
        ({"architecture": "x86_64", "cpu_name": "Intel Xeon", "avx512_bf16": True}, False),
        ({"architecture": "x86_64", "cpu_name": "AMD EPYC", "avx512_bf16": True}, True),
        ({"architecture": "x86_64", "cpu_name": "AMD EPYC", "avx512_bf16": False}, False),
        ({"architecture": "aarch64"}, True),
    ],
)
def test_it_is_a_matter_of_the_processor(known, expected, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: known, raising=False)
    assert saves_time() is expected


def test_an_older_torch_that_does_not_tell_does_what_is_asked_for(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert saves_time()


def test_where_it_saves_none_a_run_goes_on_in_float32(monkeypatch):
    monkeypatch.setattr(rounding, "_saves_time", lambda: False)
    monkeypatch.setattr(product_step, "LARGE", 12 * 100)
    large = {"precision": "bf16", "hidden_layer_sizes": (100,)}
    assert type(Trainer(blobs(60, 12), small(**large))._stepper.step) is DenseStep
    by_autograd = Trainer(blobs(60, 12), small(**large, activation="silu"))
    assert by_autograd._stepper.step._rounded is False
