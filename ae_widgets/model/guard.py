"""What modules of the user's are kept from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ae_widgets.exceptions import SettingsError, short_of_memory

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["Guard"]


class Guard(NamedTuple):
    """Passes batches through modules of the user's, so that none is taken for what it is not.

    A module that writes into what it is given gets a copy, since the error is measured against
    the items and the complexity on the codes. And what a module returns must have a row an
    item, since another shape might be broadcast without a word.

    Attributes
    ----------
    n_values : int
        Values that the encoder gives of an item.
    n_features : int
        Values that the decoder gives back.
    encoder_writes, decoder_writes : bool
        Whether it writes into what it is given.
    """

    n_values: int
    n_features: int
    encoder_writes: bool
    decoder_writes: bool

    def encode(self, encoder: nn.Module, x: Tensor) -> Tensor:
        """Return what the encoder gives of `x`, shape (n, n_values)."""
        given = x.clone() if self.encoder_writes else x
        return _passed("encoder", encoder, given, self.n_values)

    def decode(self, decoder: nn.Module, code: Tensor) -> Tensor:
        """Return what the decoder gives back of `code`, shape (n, n_features)."""
        given = code.clone() if self.decoder_writes else code
        return _passed("decoder", decoder, given, self.n_features)


def _passed(name: str, module: nn.Module, x: Tensor, width: int) -> Tensor:
    try:
        result: Tensor = module(x)
    except Exception as error:
        if short_of_memory(error):
            raise
        shape, kind = tuple(x.shape), type(error).__name__
        msg = f"{name} failed on a batch of shape {shape}, with {kind}: {error}"
        raise SettingsError(msg) from error
    if result.shape != (len(x), width):
        got = tuple(result.shape)
        msg = f"{name} must return shape {(len(x), width)} for {len(x)} items, got {got}."
        raise SettingsError(msg)
    return result
