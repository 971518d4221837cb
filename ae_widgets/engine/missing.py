"""What a run does about values that are missing (no torch)."""

from __future__ import annotations

from typing import Any

from ae_widgets.exceptions import SettingsError
from ae_widgets.losses import TAKES_MISSING

__all__ = ["HIDDEN", "MISSING", "error_in_force", "settings_in_force"]

MISSING = ("error", "mask")
"""Whether NaN is refused, or left out of the reconstruction error."""

HIDDEN = 0.3
"""Share of the observed values that a plain model is not shown while it trains.

Found on wine and diabetes, where 0.2 to 0.5 fill in better than none by a tenth; see
docs/quality.md.
"""


def error_in_force(reconstruction: Any, missing: Any) -> Any:
    """Return the reconstruction error that is asked for, together with `missing`.

    Parameters
    ----------
    reconstruction : str
        One of `ae_widgets.losses.RECONSTRUCTIONS`.
    missing : {'error', 'mask'}
        'mask' makes 'mse' a 'masked_mse'; it goes with no other error.

    Raises
    ------
    SettingsError
        If `missing` is unknown, or masks for an error that is not made for it.
    """
    if not isinstance(missing, str) or missing not in MISSING:
        msg = f"missing must be one of {', '.join(MISSING)}, got {missing!r}."
        raise SettingsError(msg)
    if missing == "error" or not isinstance(reconstruction, str) or reconstruction in TAKES_MISSING:
        return reconstruction
    if reconstruction != "mse":
        msg = (
            "missing='mask' leaves missing values out of the squared error, and has no counterpart "
            f"for {reconstruction!r} yet. Choose reconstruction='mse', or fill the values in."
        )
        raise SettingsError(msg)
    return "masked_mse"


def settings_in_force(reconstruction: Any, missing: Any, kind: Any) -> dict[str, Any]:
    """Return the settings that `missing` brings.

    With 'mask' a plain model becomes a denoising one that is shown only a part of the
    observed values and learns to give all of them back, which is what filling in
    asks of it (P. Vincent et al., JMLR 11, 2010, section 3.3). Other kinds stay.

    Parameters
    ----------
    reconstruction, missing, kind
        What is asked for.

    Raises
    ------
    SettingsError
        As `error_in_force`.
    """
    settings = {"reconstruction": error_in_force(reconstruction, missing)}
    if missing == "mask" and kind == "plain":
        settings |= {"kind": "denoising", "corruption": "masking", "noise": HIDDEN}
    return settings
