"""The steps before the network, fitted on the items that are trained on (no torch)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ae_widgets.data.steps import as_parameter
from ae_widgets.engine.split import split_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from ae_widgets.data.preprocess import Preprocessor
    from ae_widgets.engine.settings import Settings

__all__ = ["fit_preprocessor"]


def fit_preprocessor(
    features: Any,
    settings: Settings,
    y: ArrayLike | None = None,
    groups: Sequence[tuple[int, int]] = (),
) -> Preprocessor | None:
    """Return the steps of `settings`, fitted; None if there is nothing to do.

    Parameters
    ----------
    features : ndarray or CSR matrix of shape (n_samples, n_features), float32
        All items; those that `settings` hold out are not looked at.
    settings : Settings
        The steps, the share that is held out, and the seed.
    y : array-like of shape (n_samples,), optional
        Handed to transformers of the user's.
    groups : sequence of (start, stop), default=()
        One-hot features, as for `Preprocessor`.

    Raises
    ------
    SettingsError
        If a step cannot be fitted; the message names it.
    """
    if not settings.preprocess and not groups:
        return None
    from sklearn.utils import _safe_indexing

    from ae_widgets.data.preprocess import Preprocessor

    n_samples = features.shape[0]
    rows, _ = split_rows(n_samples, settings.validation_fraction, settings.random_state)
    if len(rows) < n_samples:
        features = features[rows]
        y = None if y is None else _safe_indexing(y, rows)
    made = Preprocessor(
        as_parameter(settings.preprocess), groups=groups, random_state=settings.random_state
    )
    return made.fit(features, y)
