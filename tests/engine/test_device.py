"""Training on another device: which one, and the same numbers with fewer readings."""

import numpy as np
import pytest
import torch

from ae_widgets import Autoencoder, Settings, SettingsError
from ae_widgets.engine import device as device_module
from ae_widgets.engine.device import find_device, fits_on, present_devices
from ae_widgets.engine.device_step import DeviceStep
from ae_widgets.engine.step import AutogradStep, Noted
from ae_widgets.engine.trainer import Trainer
from ae_widgets.losses.objective import Objective
from ae_widgets.model.network import build_network
from tests.engine.data import blobs

CPU = torch.device("cpu")
SETTINGS = Settings(
    learning_rate=1e-2, alpha=0.7, beta=0.2, complexity="effective_dimension"
).change(hidden_layer_sizes=(8,), activation="silu")


def make(kind, features, *, settings=SETTINGS, **options):
    network = build_network(settings.architecture, features.shape[1], random_state=0)
    step = kind(network, features, Objective(settings), settings, **options)
    return step, network


def parameters(network):
    return np.concatenate([p.detach().cpu().numpy().ravel() for p in network.parameters()])


def notes(n, code_dim=2):
    codes, errors = np.zeros((n, code_dim), np.float32), np.zeros(n, np.float32)
    return Noted(codes, errors, np.zeros(2))


@pytest.mark.parametrize("resident", [True, False])
@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_many_batches_in_one_call_are_those_of_autograd(resident, precision):
    X, settings = blobs(100, 6), SETTINGS.change(precision=precision)
    rows = np.random.default_rng(0).permutation(100).astype(np.int32)
    results = []
    for kind, options in [
        (DeviceStep, {"device": CPU, "resident": resident}),
        (AutogradStep, {}),
    ]:
        step, network = make(kind, X, settings=settings, **options)
        noted = notes(100)
        assert step.train(rows, 16, noted) == (100, None)
        results.append((noted, parameters(network)))
    (ours, weights), (theirs, expected) = results
    np.testing.assert_array_equal(weights, expected)
    np.testing.assert_array_equal(ours.codes, theirs.codes)
    np.testing.assert_array_equal(ours.errors, theirs.errors)
    np.testing.assert_allclose(ours.sums, theirs.sums, rtol=1e-12)


def test_no_batches_are_no_work():
    step, _ = make(DeviceStep, blobs(32, 6), device=CPU)
    assert step.train(np.empty(0, np.int32), 16, notes(0)) == (0, None)


def test_codes_that_nobody_wants_are_not_read():
    noted = notes(32)._replace(codes=np.empty((0, 2), np.float32))
    step, _ = make(DeviceStep, blobs(32, 6), device=CPU)
    assert step.train(np.arange(32, dtype=np.int32), 16, noted) == (32, None)
    assert (noted.errors > 0).all()


def test_the_first_loss_that_is_not_finite_is_found_afterwards():
    X = blobs(64, 6)
    X[40] = np.inf
    step, _ = make(DeviceStep, X, device=CPU)
    noted = notes(64)
    n_items, total = step.train(np.arange(64, dtype=np.int32), 16, noted)
    assert n_items == 32  # item 40 is in the third batch
    assert not np.isfinite(total)
    assert np.isfinite(noted.sums).all()
    assert (noted.errors[:32] > 0).all()
    assert (noted.errors[32:] == 0).all()


def test_the_optimisers_memory_goes_on():
    X, rows = blobs(64, 6), np.arange(64, dtype=np.int32)
    step, network = make(DeviceStep, X, device=CPU)
    step.train(rows, 16, notes(64))
    other, copy = make(DeviceStep, X, device=CPU)
    copy.load_state_dict(network.state_dict())
    other.load_memory(step.memory())
    for one in (step, other):
        one.train(rows, 16, notes(64))
    np.testing.assert_array_equal(parameters(network), parameters(copy))


def test_nothing_is_read_back_between_batches():
    """On torch's device without values, reading one raises."""
    X = blobs(64, 6)
    step, _ = make(DeviceStep, X, device=torch.device("meta"))
    results = step._queue(np.arange(64, dtype=np.int32), 16)
    assert results.parts.shape == (4, 2)
    assert results.codes.shape == (64, 2)
    assert results.errors.shape == (64,)
    with pytest.raises(NotImplementedError):
        results.parts.cpu()


def test_a_trainer_on_a_device_trains_as_on_the_cpu(monkeypatch):
    X, settings = blobs(100, 6), SETTINGS.change(batch_size=16)
    trainers = [Trainer(X, settings), Trainer(X, settings)]
    network, objective = trainers[1].network, trainers[1].objective
    trainers[1]._stepper.step = DeviceStep(network, X, objective, settings, CPU)
    records = []
    for trainer in trainers:
        while not trainer.run_batch():
            pass
        records.append(trainer.finish_epoch())
    assert records[0].train == records[1].train
    assert records[0].validation == records[1].validation


def test_auto_is_the_cpu_where_there_is_nothing_else():
    present = present_devices()
    assert present[-1] == "cpu"
    assert find_device("cpu") == CPU
    assert find_device("auto") == torch.device(present[0])


@pytest.mark.parametrize(
    ("present", "auto"),
    [(("cpu",), "cpu"), (("mps", "cpu"), "mps"), (("cuda:0", "cuda:1", "cpu"), "cuda:0")],
)
def test_auto_takes_an_accelerator(monkeypatch, present, auto):
    monkeypatch.setattr(device_module, "present_devices", lambda: present)
    assert find_device("auto") == torch.device(auto)


def test_a_device_that_is_missing_lists_those_present(monkeypatch):
    monkeypatch.setattr(device_module, "present_devices", lambda: ("cuda:0", "cpu"))
    assert find_device("cuda") == torch.device("cuda:0")
    message = r"device='cuda:3' is not present here. Present: auto, cuda:0, cpu"
    with pytest.raises(SettingsError, match=message):
        Autoencoder(device="cuda:3").fit(blobs(20, 3))


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:a", 0, None])
def test_a_name_that_is_no_device_is_refused(name):
    with pytest.raises(SettingsError, match="device must be auto, cpu, cuda"):
        Settings(device=name)


def test_data_of_half_the_free_memory_lies_on_the_device(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (1000, 8000))
    cuda = torch.device("cuda:0")
    assert fits_on(cuda, 500)
    assert not fits_on(cuda, 501)
    assert fits_on(CPU, 10**15)


@pytest.mark.gpu
@pytest.mark.parametrize("early_stopping", [False, True])
def test_cuda_trains_like_the_cpu(early_stopping):
    X = blobs(500, 20)
    options = {"random_state": 0, "max_iter": 10, "early_stopping": early_stopping}
    on_cpu, on_cuda = (Autoencoder(device=name, **options).fit(X) for name in ("cpu", "cuda"))
    np.testing.assert_allclose(on_cuda.loss_curve_, on_cpu.loss_curve_, rtol=0.02)
    assert on_cuda.transform(X).shape == (500, 2)
    assert on_cuda.partial_fit(X).n_iter_ == 11


@pytest.mark.gpu
def test_cuda_learns_balanced_classes():
    X = blobs(200, 20)
    model = Autoencoder(
        device="cuda", delta=1.0, class_weight="balanced", random_state=0, max_iter=3
    ).fit(X, np.arange(200) % 3)
    assert np.isfinite(model.loss_parts_["classification"]).all()


@pytest.mark.gpu
@pytest.mark.parametrize("resident", [True, False])
def test_cuda_gives_the_cpus_numbers(resident):
    X, rows = blobs(100, 6), np.arange(100, dtype=np.int32)
    results = []
    for name in ("cpu", "cuda"):
        step, network = make(DeviceStep, X, device=torch.device(name), resident=resident)
        noted = notes(100)
        step.train(rows, 16, noted)
        results.append((noted, parameters(network)))
    np.testing.assert_allclose(results[1][0].sums, results[0][0].sums, rtol=1e-4)
    np.testing.assert_allclose(results[1][1], results[0][1], rtol=1e-3, atol=1e-5)
