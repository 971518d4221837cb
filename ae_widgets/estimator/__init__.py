"""The engine as a scikit-learn estimator, without a widget."""

from ae_widgets.estimator.autoencoder import Autoencoder

__all__ = ["Autoencoder"]
