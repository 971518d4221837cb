"""The networks built from an `Architecture`, or around modules that exist."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import nn

from ae_widgets.exceptions import SettingsError, short_of_memory
from ae_widgets.model.guard import Guard
from ae_widgets.model.kinds import NETWORKS, AutoencoderNetwork, GatedNetwork
from ae_widgets.model.layers import BATCH_NORMS, build_decoder, build_encoder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from ae_widgets.model.architecture import Architecture

__all__ = ["AutoencoderNetwork", "build_network", "evaluating", "wrap_modules"]

_HALVED = (
    " The code is half of the {} values that the encoder gives: with kind='variational' these are "
    "means and log-variances, 2 * code_dim in all."
)


def build_network(
    architecture: Architecture, n_features: int, *, random_state: int, kind: str = "plain"
) -> AutoencoderNetwork:
    """Build the network with PyTorch's default initialisation.

    The weights are drawn as after ``torch.manual_seed(random_state)``, encoder
    first, so that the same layers written by hand start equal. The global random
    state of torch is left as it was.

    Parameters
    ----------
    architecture : Architecture
        Layers and activations.
    n_features : int
        Values of one item.
    random_state : int
        Seed of the weights.
    kind : str, default='plain'
        Kind of model, a name in `NETWORKS`.

    Raises
    ------
    SettingsError
        If the items cannot have the architecture's `item_shape`.
    """
    architecture.check_n_features(n_features)
    code_units = architecture.code_dim * (2 if kind == "variational" else 1)
    with _seeded(random_state):
        encoder = build_encoder(architecture, n_features, code_units=code_units)
        decoder = build_decoder(architecture, n_features, encoder)
    return _network(kind, encoder, decoder, architecture.code_dim)


def wrap_modules(
    encoder: object, decoder: object, x: Tensor, *, random_state: int, kind: str = "plain"
) -> tuple[AutoencoderNetwork, int]:
    """Build a network around copies of two modules, after a trial with one batch.

    Parameters
    ----------
    encoder, decoder : torch.nn.Module
        ``(n, n_features) -> (n, code_dim)``, for the kind 'variational'
        ``(n, 2 * code_dim)``, and ``(n, code_dim) -> (n, n_features)``.
    x : Tensor of shape (n, n_features), float32
        Some items to try them with.
    random_state : int
        Seed of whatever the modules draw on the way, such as lazy layers' weights.
    kind : str, default='plain'
        Kind of model, a name in `NETWORKS`.

    Returns
    -------
    network : AutoencoderNetwork
    code_dim : int
        Values of an item's code, as the encoder gives them.

    Raises
    ------
    SettingsError
        If one is no module, fails, or returns another shape than it needs to; or
        if there is nothing to train in them.
    """
    if not isinstance(encoder, nn.Module) or not isinstance(decoder, nn.Module):
        msg = f"encoder and decoder must both be torch modules, got {encoder!r} and {decoder!r}."
        raise SettingsError(msg)
    if kind == "contractive" and any(isinstance(m, BATCH_NORMS) for m in encoder.modules()):
        msg = (
            "encoder must have no batch norm for the kind 'contractive', since with it the code of "
            "an item depends on the others. Use layer norm."
        )
        raise SettingsError(msg)
    # Both at once, so that what they share stays shared.
    try:
        own_encoder, own_decoder = copy.deepcopy((encoder, decoder))
    except Exception as error:
        msg = f"encoder and decoder are trained as copies, but copy.deepcopy fails: {error}."
        raise SettingsError(msg) from error
    shares = 2 if kind == "variational" else 1
    n, n_features = x.shape
    with _seeded(random_state), torch.no_grad():
        returned = f"(n, {'2 * ' * (shares - 1)}code_dim)"
        given, encoder_writes = _tried("encoder", own_encoder, x, returned)
        if given.ndim != 2 or len(given) != n or given.shape[1] % shares:  # noqa: PLR2004  # a matrix
            needed = "(n, 2 * code_dim), means and log-variances" if shares > 1 else "(n, code_dim)"
            raise SettingsError(_misfit("encoder", x, given, needed))
        code = given[:, : given.shape[1] // shares]
        # An encoder that gives the code alone, for one, fails in the decoder.
        why = _HALVED.format(given.shape[1]) if shares > 1 else ""
        output, decoder_writes = _tried("decoder", own_decoder, code, f"(n, {n_features})", why)
        if output.shape != x.shape:
            raise SettingsError(_misfit("decoder", code, output, f"(n, {n_features})") + why)
    network = _network(kind, own_encoder, own_decoder, code.shape[1])
    if not any(p.requires_grad for p in network.parameters()):
        frozen = any(True for _ in network.parameters())
        which = "all of these are frozen: requires_grad_(True)" if frozen else "these have none"
        msg = f"encoder and decoder must have parameters to train, {which}."
        raise SettingsError(msg)
    network.guard = Guard(given.shape[1], n_features, encoder_writes, decoder_writes)
    return network, code.shape[1]


def _tried(
    name: str, module: nn.Module, x: Tensor, needed: str, why: str = ""
) -> tuple[Tensor, bool]:
    """Return what a module makes of a copy of `x`, and whether it wrote into that.

    `why` is added where it fails.
    """
    given = x.clone()
    version = given._version  # noqa: SLF001  # torch counts what is done in place
    try:
        with evaluating(module):
            result = module(given)
    except Exception as error:
        if short_of_memory(error):
            raise
        msg = (
            f"{name} must take float32 items of shape {_shape(x)} and return {needed}, "
            f"but it failed with {type(error).__name__}: {error}{why}"
        )
        raise SettingsError(msg) from error
    if not isinstance(result, torch.Tensor):
        msg = f"{name} must return one tensor of shape {needed}, got {type(result).__name__}."
        raise SettingsError(msg)
    if not result.is_floating_point():
        kind = str(result.dtype).removeprefix("torch.")
        msg = f"{name} must return a tensor of floats, such as float32, got {kind}."
        raise SettingsError(msg)
    # One that drops out in place does so while it is trained.
    may_write = any(getattr(part, "inplace", False) for part in module.modules())
    return result, may_write or given._version != version  # noqa: SLF001  # as above


def _misfit(name: str, x: Tensor, found: Tensor, needed: str) -> str:
    return f"{name} must return {needed} for {_shape(x)}, with n={len(x)} got {tuple(found.shape)}."


def _shape(x: Tensor) -> str:
    return f"(n, {', '.join(str(size) for size in x.shape[1:])})"


def _network(
    kind: str, encoder: nn.Module, decoder: nn.Module, code_dim: int
) -> AutoencoderNetwork:
    if kind == "gated":
        return GatedNetwork(encoder, decoder, code_dim)
    return NETWORKS[kind](encoder, decoder)


@contextmanager
def _seeded(random_state: int) -> Iterator[None]:
    """Draw with this seed on the CPU, and leave torch's random state as it was."""
    with torch.random.fork_rng(devices=[]):
        # Not `torch.manual_seed`: it seeds accelerators as well, whose state is not forked.
        torch.default_generator.manual_seed(random_state)
        yield


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Use `module` as after training: no dropout, running statistics in batch norm."""
    module.eval()
    try:
        yield
    finally:
        module.train()
