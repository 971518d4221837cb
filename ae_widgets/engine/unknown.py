"""What to do about a setting that there is not (no torch)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ae_widgets.data.hints import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["unknown_setting"]

SAME = {
    "learning_rate_init": "Its name is 'learning_rate' here.",
    "early_stopping": "Items are held out by validation_fraction, the share of them, and "
    "restore_best has a run end with the weights of its best epoch.",
}
"""Parameters of `Autoencoder` that are settings of another name."""

ONLY_ESTIMATOR = {"contamination", "anomaly_score", "warm_start", "verbose", "encoder", "decoder"}
"""Parameters of `Autoencoder` that no setting stands for."""

ONLY_AT_START = {"missing", "categorical", "sample_weight", "trainer"}
"""Arguments of a session that are no settings."""


def unknown_setting(name: str, known: Iterable[str]) -> str:
    """Return what to say of a setting that is none of the `known` ones."""
    known = sorted(known)
    if name in ONLY_ESTIMATOR:
        advice = (
            f"It is a parameter of Autoencoder alone: pass (Autoencoder({name}=...), X), or fit it."
        )
    elif name in ONLY_AT_START:
        advice = f"It can be told only where a session begins: Session(X, {name}=...)."
    else:
        listed = f"Known settings: {', '.join(known)}."
        advice = SAME.get(name) or did_you_mean(name, known) or listed
    return f"Unknown setting {name!r}. {advice}"
