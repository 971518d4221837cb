"""Settings that are valid alone but not for the data at hand (no torch)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ae_widgets.exceptions import SettingsError

if TYPE_CHECKING:
    from ae_widgets.engine.settings import Settings

__all__ = ["check_settings"]


def check_settings(
    settings: Settings, value_range: tuple[float, float], *, own_modules: bool = False
) -> None:
    """Check `settings` against the smallest and largest feature value.

    The outputs of modules of the user's own are not known and are not checked.

    Raises
    ------
    SettingsError
        If the reconstruction error is binary cross-entropy and the features or
        the network's outputs can leave [0, 1].
    """
    if settings.reconstruction != "binary_cross_entropy":
        return
    low, high = value_range
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
