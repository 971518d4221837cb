"""Settings that are valid alone but not for the data at hand (no torch)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ae_widgets.exceptions import DataError, SettingsError
from ae_widgets.losses import TAKES_MISSING

if TYPE_CHECKING:
    from ae_widgets.engine.settings import Settings

__all__ = ["check_settings", "roomy_code"]


def check_settings(
    settings: Settings,
    value_range: tuple[float, float],
    *,
    n_samples: int | None = None,
    missing: bool = False,
    own_modules: bool = False,
) -> None:
    """Check `settings` against the data.

    Parameters
    ----------
    settings : Settings
        What is to be trained.
    value_range : tuple of float
        The smallest and the largest feature value, NaN left out; NaN if there is none.
    n_samples : int, optional
        How many items there are, if there must be one at least for each cluster.
    missing : bool, default=False
        Whether some values are NaN.
    own_modules : bool, default=False
        Whether the network is the user's: its outputs are not known and not checked.

    Raises
    ------
    SettingsError
        If the reconstruction error is binary cross-entropy and the features or
        the network's outputs can leave [0, 1]; if it is multinomial and a feature
        is negative or the network's outputs are no logits; if values are missing and
        it is not made for that; or if there are more clusters than items.
    DataError
        If every value is missing.
    """
    kind, (low, high) = settings.reconstruction, value_range
    if missing and kind not in TAKES_MISSING:
        msg = (
            f"{kind} needs every value, but some are missing (NaN). Fill them in, or choose "
            "masked_mse (missing='mask'), which leaves them out."
        )
        raise SettingsError(msg)
    if math.isnan(low):
        msg = "X has no value that is not missing (NaN). Check how it was read."
        raise DataError(msg)
    if settings.gamma and n_samples is not None and settings.n_clusters > n_samples:
        msg = f"n_clusters is {settings.n_clusters:,}, but there are {n_samples:,} items. Lower it."
        raise SettingsError(msg)
    if kind == "multinomial" and low < 0:
        msg = (
            f"multinomial needs counts or ratings that are not negative, but the smallest feature "
            f"value is {low:g}. Shift or clip them, or choose mse or mae."
        )
        raise SettingsError(msg)
    output = settings.architecture.output_activation
    if kind == "multinomial" and output != "identity" and not own_modules:
        msg = (
            f"multinomial takes the outputs for logits, but output_activation is {output!r}. "
            "Choose 'identity' (it applies to the next run), or another reconstruction error."
        )
        raise SettingsError(msg)
    if kind == "binary_cross_entropy":
        _check_cross_entropy(settings, low, high, own_modules=own_modules)


def _check_cross_entropy(settings: Settings, low: float, high: float, *, own_modules: bool) -> None:
    if low < 0 or high > 1:
        msg = (
            f"binary_cross_entropy needs features within [0, 1], these go from {low:g} to "
            f"{high:g}. Scale them, or choose mse or mae."
        )
        raise SettingsError(msg)
    if settings.architecture.output_activation != "sigmoid" and not own_modules:
        msg = (
            "binary_cross_entropy needs outputs within [0, 1], but output_activation is "
            f"{settings.architecture.output_activation!r}. Choose 'sigmoid' (it applies to the "
            "next run), or mse or mae."
        )
        raise SettingsError(msg)


def roomy_code(code_dim: int, n_features: int) -> str:
    """Say so if a code has room for a copy of the item; '' if it has not."""
    if code_dim <= n_features:
        return ""
    return f"The code has {code_dim} values and an item only {n_features}: it can copy its inputs."
