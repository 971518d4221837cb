"""What modules of the user's are kept from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ae_widgets.exceptions import SettingsError

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["Guard"]


class Guard(NamedTuple):
    """Passes batches through modules of the user's, so that none is taken for what it is not.

    A module may write into what it is given: it gets a copy, since the error is measured
    against the items and the complexity on the codes. And what it returns must have a row
    an item, since one of another shape might be broadcast without a word.

    Attributes
    ----------
    n_values : int
        Values that the encoder gives of an item.
    n_features : int
        Values that the decoder gives back.
    """

    n_values: int
    n_features: int

    def encode(self, encoder: nn.Module, x: Tensor) -> Tensor:
        """Return what the encoder gives of `x`, shape (n, n_values)."""
        return _passed("encoder", encoder, x, self.n_values)

    def decode(self, decoder: nn.Module, code: Tensor) -> Tensor:
        """Return what the decoder gives back of `code`, shape (n, n_features)."""
        return _passed("decoder", decoder, code, self.n_features)


def _passed(name: str, module: nn.Module, values: Tensor, width: int) -> Tensor:
    result: Tensor = module(values.clone())
    if (shape := tuple(result.shape)) != (needed := (len(values), width)):
        msg = f"{name} must return shape {needed} for {needed[0]} items, got {shape}."
        raise SettingsError(msg)
    return result
