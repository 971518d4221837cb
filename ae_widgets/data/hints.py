"""What somebody who misspelt a name may have meant."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["did_you_mean"]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the question whether the closest of the names was meant, '' if none is close.

    Case, and all that is no letter or digit, do not matter.
    """
    plain = {_plain(one): one for one in known}
    close = get_close_matches(_plain(name), plain, n=1, cutoff=0.75)
    return f"Did you mean {plain[close[0]]!r}?" if close else ""


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
