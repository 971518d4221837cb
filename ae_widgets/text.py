"""Numbers as people read them."""

from __future__ import annotations

import math

__all__ = ["short"]


def short(value: float, digits: int = 3) -> str:
    """Write a number to some significant digits, but no digit before the point left out.

    Far from 1 it is a power of ten. The front end's ``short`` writes it alike.

    Parameters
    ----------
    value : float
    digits : int, default=3

    Examples
    --------
    >>> [short(0.012345), short(1234.5), short(5.43e-5)]
    ['0.0123', '1,234', '5.43e-5']
    """
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return f"{value:g}"
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    exponent = int(power)
    if not -4 <= exponent < 6:  # noqa: PLR2004  (readable in full)
        return f"{_trimmed(mantissa)}e{exponent}"
    return _trimmed(f"{value:,.{max(0, digits - 1 - exponent)}f}")


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
