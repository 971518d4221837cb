"""What an estimator does to the items before its network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator

from ae_widgets.engine.preprocess import fit_preprocessor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from ae_widgets.data.preprocess import Preprocessor
    from ae_widgets.engine.settings import Settings

    Floats = NDArray[np.float32]
    Features = Floats | Any  # or a CSR matrix

__all__ = ["Preprocessing"]


class Preprocessing(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Items into what the network is given, and back."""

    preprocessor_: Preprocessor | None

    def _fit_inputs(
        self, features: Features, settings: Settings, y: ArrayLike | None, *, warm: bool
    ) -> Features:
        """Return what the network is trained on, fitting the steps unless it goes on."""
        if not warm:
            self.preprocessor_ = fit_preprocessor(features, settings, y)
        return self._inputs(features)

    def _inputs(self, features: Features) -> Features:
        """Return what the network is given of items."""
        made = getattr(self, "preprocessor_", None)
        return features if made is None else made.transform(features)

    def _originals(self, outputs: Floats) -> Floats:
        """Return the network's outputs as items, or as they are if a step cannot be undone."""
        made = getattr(self, "preprocessor_", None)
        return made.inverse_transform(outputs) if made is not None and made.invertible_ else outputs
