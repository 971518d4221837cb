"""Settings that are valid alone but not for the data at hand (no torch)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ae_widgets.data.steps import SCALINGS, show_steps
from ae_widgets.engine.kinds import KINDS
from ae_widgets.exceptions import DataError, SettingsError
from ae_widgets.losses import TAKES_MISSING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ae_widgets.engine.settings import Settings

__all__ = ["check_clusters", "check_settings", "idle_kind", "nothing_weighs", "roomy_code"]

OF_A_RANGE = TAKES_MISSING | {"multinomial", "binary_cross_entropy"}
"""Kinds of reconstruction error that not every value allows."""


def check_settings(  # noqa: PLR0913  # what there is to know of the data
    settings: Settings,
    value_range: Callable[[], tuple[float, float]],
    *,
    n_features: int | None = None,
    n_samples: int | None = None,
    missing: bool = False,
    own_modules: bool = False,
    of_session: bool = False,
) -> None:
    """Check `settings` against the data.

    Parameters
    ----------
    settings : Settings
        What is to be trained.
    value_range : callable
        Returns the smallest and the largest value that the network is given, NaN left out;
        NaN if there is none. Asked only where it matters: it takes a pass over the data.
    n_features : int, optional
        How many values of an item it is given, if they must be those of an image for a
        convolutional trunk.
    n_samples : int, optional
        How many items there are, if there must be one at least for each cluster.
    missing : bool, default=False
        Whether some values are NaN.
    own_modules : bool, default=False
        Whether the network is the user's: its outputs are not known and not checked.
    of_session : bool, default=False
        Whether they are a session's, whose network is changed with the next run.

    Raises
    ------
    SettingsError
        If the reconstruction error is binary cross-entropy and the features or
        the network's outputs can leave [0, 1]; if it is multinomial and a feature
        is negative or the network's outputs are no logits; if values are missing and
        it is not made for that; if there are more clusters than items; or if the trunk
        is convolutional and an item is no image.
    DataError
        If every value is missing.
    """
    kind = settings.reconstruction
    if missing and kind not in TAKES_MISSING:
        msg = (
            f"{kind} needs every value, but some are missing (NaN). Fill them in, or choose "
            "masked_mse (missing='mask'), which leaves them out."
        )
        raise SettingsError(msg)
    low, high = value_range() if kind in OF_A_RANGE else (0.0, 0.0)
    if math.isnan(low):
        msg = "X has no value that is not missing (NaN). Check how it was read."
        raise DataError(msg)
    if settings.gamma and n_samples is not None:
        check_clusters(settings.n_clusters, n_samples)
    if n_features is not None and not own_modules:
        _check_trunk(settings, n_features)
    if kind == "multinomial" and low < 0:
        whose, advice = "feature value", "Shift or clip them"
        if settings.preprocess:
            whose, advice = f"value that {_made(settings)} of X", "Leave preprocess out"
        msg = (
            f"multinomial needs counts or ratings that are not negative, but the smallest {whose} "
            f"is {low:g}. {advice}, or choose mse or mae."
        )
        raise SettingsError(msg)
    if kind == "binary_cross_entropy":
        _check_unit_range(settings, low, high)
    if not own_modules:
        _check_output(settings, " (it applies to the next run)" if of_session else "")


def check_clusters(n_clusters: int, n_samples: int) -> None:
    """Refuse more clusters than items.

    Raises
    ------
    SettingsError
        If there are.
    """
    if n_clusters > n_samples:
        msg = f"n_clusters is {n_clusters:,}, but there are {n_samples:,} items. Lower it."
        raise SettingsError(msg)


def _check_output(settings: Settings, when: str) -> None:
    """Refuse an output activation that does not suit the reconstruction error."""
    kind, output = settings.reconstruction, settings.architecture.output_activation
    if kind == "multinomial" and output != "identity":
        msg = (
            f"multinomial takes the outputs for logits, but output_activation is {output!r}. "
            f"Choose 'identity'{when}, or another reconstruction error."
        )
        raise SettingsError(msg)
    if kind == "binary_cross_entropy" and output != "sigmoid":
        msg = (
            "binary_cross_entropy needs outputs within [0, 1], but output_activation is "
            f"{output!r}. Choose 'sigmoid'{when}, or mse or mae."
        )
        raise SettingsError(msg)


def _check_unit_range(settings: Settings, low: float, high: float) -> None:
    if low < 0 or high > 1:
        which, advice = "these", "Scale them, or"
        if settings.preprocess:
            which = f"those that {_made(settings)} of X"
            advice = (
                "Let preprocess end with 'quantile', or with 'min-max' if no item is held out; or"
            )
        msg = (
            f"binary_cross_entropy needs features within [0, 1], {which} go from {low:g} to "
            f"{high:g}. {advice} choose mse or mae."
        )
        raise SettingsError(msg)


def _check_trunk(settings: Settings, n_features: int) -> None:
    """Refuse a convolutional trunk for items of another size than its images."""
    try:
        settings.architecture.check_n_features(n_features)
    except SettingsError:
        if all(step in SCALINGS for step in settings.preprocess):
            raise
        msg = (
            f"A convolutional trunk needs images, but {_made(settings)} {n_features:,} values of "
            f"an item, which are no image of shape {settings.architecture.item_shape}. Choose "
            "trunk='dense', or leave out of preprocess what does not keep the pixels."
        )
        raise SettingsError(msg) from None


def _made(settings: Settings) -> str:
    return f"preprocess={show_steps(settings.preprocess)} makes"


def nothing_weighs(settings: Settings) -> str:
    """Say so if no part of the loss has a weight; '' if one has."""
    if settings.alpha or settings.beta or settings.gamma or settings.delta:
        return ""
    return "Every weight of the loss is 0: training changes nothing. Raise alpha (α)."


def idle_kind(settings: Settings) -> str:
    """Say so if what a kind of model is about has no weight; '' if it has one, or needs none."""
    usual = KINDS[settings.kind].beta
    if settings.beta or not usual:
        return ""
    return f"beta (β) is 0, so nothing makes the model {settings.kind}: try {usual:g}."


def roomy_code(code_dim: int, n_features: int) -> str:
    """Say so if a code has room for a copy of the item; '' if it has not."""
    if code_dim <= n_features:
        return ""
    return f"The code has {code_dim} values and an item only {n_features}: it can copy its inputs."
