"""Weights that break in the last update before anybody looks: no loss has shown it."""

import numpy as np
import pytest
import torch

from ae_widgets import Autoencoder, NonFiniteLossError, SettingsError
from ae_widgets.engine.finite import LastFinite, are_finite, are_moderate, weights_of
from ae_widgets.engine.trainer import Trainer
from ae_widgets.model.network import build_network, wrap_modules
from tests.engine.data import blobs, small
from tests.engine.test_state import same

# Each step multiplies the weights by -1e6, while what they put out stays within bounds:
# the loss is finite until, in the seventh step, they are infinite.
BREAKING = {
    "optimizer": "sgd", "momentum": 0.0, "weight_decay": 1e3, "activation": "tanh",
    "code_activation": "tanh", "output_activation": "sigmoid", "hidden_layer_sizes": (8,),
    "validation_fraction": 0.1,
}  # fmt: skip
# Adam moves each weight by the learning rate: they stay finite, what they put out does not.
DEEP = {"hidden_layer_sizes": (8,) * 8, "validation_fraction": 0.1}


def run(trainer, batches):
    for _ in range(batches):
        trainer.run_batch()


def finite(weights):
    return all(np.isfinite(values).all() for values in weights.values())


def test_sums_beyond_float32_are_of_finite_weights():
    network = torch.nn.Linear(4, 4)
    assert are_finite(network)
    with torch.no_grad():
        network.weight.fill_(1e38)
    assert not torch.isfinite(network.weight.sum())
    assert are_finite(network)
    for value in (np.nan, np.inf, -np.inf):
        with torch.no_grad():
            network.weight[1, 2] = value
        assert not are_finite(network)


@pytest.mark.parametrize(("validation_fraction", "batch_size"), [(0.1, 18), (0.0, 20)])
def test_weights_that_break_in_the_last_update_of_an_epoch_are_undone(
    validation_fraction, batch_size
):
    changes = {"validation_fraction": validation_fraction, "batch_size": batch_size}
    trainer = Trainer(blobs(), small(**BREAKING | changes, learning_rate=1e3))
    n_batches = trainer.steps_per_epoch
    run(trainer, n_batches)
    trainer.finish_epoch()  # weights of 1e35, and finite
    assert (trainer.epoch, trainer.has_finite_weights) == (1, True)
    kept = trainer.weights()
    trainer.change("batch_size", 1000)  # the next update is the last of its epoch
    assert trainer.run_batch()
    assert not trainer.has_finite_weights
    with pytest.raises(NonFiniteLossError) as caught:
        trainer.finish_epoch()
    assert str(caught.value).startswith(
        f"Loss became NaN at step {n_batches + 1} (learning rate 1000). "
        "Weights restored to the end of epoch 1. Try a lower learning rate"
    )
    assert all(np.array_equal(kept[name], value) for name, value in trainer.weights().items())
    assert (trainer.epoch, trainer.progress) == (1, 1.0)
    trainer.change("learning_rate", 1e-9)
    trainer.change("weight_decay", 0.0)
    trainer.run_batch()  # and training can go on
    assert trainer.finish_epoch().epoch == 2


@pytest.mark.parametrize("validation_fraction", [0.1, 0.0])
def test_weights_that_only_put_out_what_is_infinite_are_undone(validation_fraction):
    trainer = Trainer(blobs(), small(**DEEP | {"validation_fraction": validation_fraction}))
    run(trainer, trainer.steps_per_epoch - 1)
    trainer.change("learning_rate", 1e3)
    assert trainer.run_batch()
    assert trainer.has_finite_weights
    said = rf"Loss became (NaN|infinite) at step {trainer.steps_per_epoch} .*epoch 0"
    with pytest.raises(NonFiniteLossError, match=said):
        trainer.finish_epoch()
    fresh = Trainer(blobs(), small(**DEEP | {"validation_fraction": validation_fraction}))
    for name, value in fresh.weights().items():
        assert np.array_equal(trainer.weights()[name], value)


@pytest.mark.parametrize(
    ("changes", "scale"),
    [(DEEP, 1), ({"hidden_layer_sizes": (8,), "optimizer": "sgd"}, 1e18)],
    ids=["the loss", "the weights"],
)
@pytest.mark.parametrize("early_stopping", [False, True])
def test_an_overflow_in_the_only_update_is_no_fitted_model(changes, scale, early_stopping):
    changes = {name: v for name, v in changes.items() if name != "validation_fraction"}
    X = blobs() * np.float32(scale)
    model = Autoencoder(
        **changes, batch_size=1000, max_iter=1, learning_rate_init=1e3, random_state=0,
        early_stopping=early_stopping,
    )  # fmt: skip
    with pytest.raises(NonFiniteLossError, match=r"at step 1 .*the end of epoch 0"):
        model.fit(X)
    assert finite(model._weights())
    assert np.isfinite(model.reconstruct(X)).all()


def test_weights_to_begin_with_must_be_finite():
    model = Autoencoder(hidden_layer_sizes=(8,), max_iter=1, random_state=0).fit(blobs())
    with torch.no_grad():
        next(model.network_.parameters()).fill_(float("nan"))
    with pytest.raises(SettingsError, match=r"weights to begin with are NaN .*warm_start=False"):
        model.partial_fit(blobs())


@pytest.mark.parametrize("scale", [1.0, 1e6, 1e25, np.nan, np.inf])
def test_what_is_moderate_puts_out_what_is_finite(scale):
    network = Trainer(blobs(), small(hidden_layer_sizes=(8, 8))).network
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(scale)
    squares = network(torch.from_numpy(blobs()))[1] ** 2
    assert are_moderate(network) == (scale == 1.0)
    assert squares.isfinite().all() or not are_moderate(network)


def drawn():
    return build_network(small().architecture, 6, random_state=0)


def filled(network, value):
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(value)
    return network


def test_the_way_back_is_to_the_weights_kept_last_or_else_given_or_else_drawn():
    network, given = filled(drawn(), 1.0), weights_of(filled(drawn(), 1.0))
    last = LastFinite(network, None, drawn)
    assert same(last.weights, weights_of(drawn()))
    last = LastFinite(network, given, drawn)
    assert last.weights is given
    filled(network, 2.0)
    last.keep(0)  # the run began with those
    assert (last.weights, last.epoch) == (given, 0)
    last.keep(3)
    filled(network, 4.0)
    last.keep(3)
    assert (same(last.weights, weights_of(filled(drawn(), 2.0))), last.epoch) == (True, 3)


def test_the_way_back_of_own_modules_is_to_what_they_began_with():
    own = [torch.nn.Linear(6, 2), torch.nn.Linear(2, 6)]
    network, _ = wrap_modules(*own, torch.from_numpy(blobs()), random_state=0)
    last = LastFinite(network, None, drawn)
    filled(network, 2.0)
    assert np.array_equal(last.weights["encoder.weight"], own[0].weight.detach().numpy())
    with pytest.raises(SettingsError, match="or modules with other weights"):
        LastFinite(filled(network, float("inf")), None, drawn)
    assert str(last.error(float("inf"), 1000, 0.1, moved=False)) == (
        "Loss became infinite at step 1,000 (learning rate 0.1). Weights restored to the end of "
        "epoch 0. No weight had moved by then. Look at what your encoder and decoder return, or "
        "scale the data."
    )
