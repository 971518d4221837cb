"""From a session's run to a fitted estimator, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator

from ae_widgets.estimator.history import history_attributes
from ae_widgets.estimator.parameters import run_parameters, settings_of
from ae_widgets.exceptions import SettingsError, TrainingError
from ae_widgets.model.network import build_network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ae_widgets.engine.protocol import LossRecord
    from ae_widgets.engine.settings import Settings
    from ae_widgets.model.network import AutoencoderNetwork

    Floats = NDArray[np.float32]

__all__ = ["Run", "RunConversion", "active_dimensions", "at_rest", "finished"]


class Run(Protocol):
    """What is read of a session; `ae_widgets.Session` is one."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""

    @property
    def weights(self) -> dict[str, NDArray[np.float32]] | None:
        """The parameters that the trainer sent last."""

    @property
    def closed(self) -> bool:
        """Whether it has been closed."""

    @property
    def records(self) -> Sequence[LossRecord]:
        """Every measurement of the loss."""

    @property
    def status(self) -> Any:
        """Why the run ended and what its best loss is."""

    @property
    def dataset(self) -> Any:
        """The items."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Parameters of an estimator beside the settings."""

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of the classes."""

    @property
    def latent(self) -> Any:
        """The last picture of the latent space."""

    @property
    def features(self) -> NDArray[np.float32]:
        """What the network is given of them."""

    @property
    def preprocessor(self) -> Any:
        """What makes the one of the other, None if they are the same."""


class RunConversion(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """An estimator made of a session's run, and a run made of an estimator."""

    @classmethod
    def from_session(cls, session: Run) -> Self:
        """Return a fitted estimator with the settings, weights and history of a run.

        If the session was given a DataFrame, it takes frames of the same columns, with or
        without that of the labels; else a row an item, as ``session.dataset.features`` has
        them. Rows of uint8 are divided by 255 if images of uint8 were. What an estimator that
        the run began from looks for, such as `contamination`, is learnt from the session's
        items. The optimiser's memory stays with the run.

        Parameters
        ----------
        session : Session
            While it is training, the weights are those that its trainer sent last.

        Raises
        ------
        TrainingError
            If the run has sent no weights yet, as it does a second after it began to train.
        """
        settings, weights = session.settings, session.weights
        if weights is None:
            msg = "The run has no weights yet. Call start() or step(), and wait a second."
            if session.closed:
                msg = "The session was closed before its run had weights. Train a new one."
            raise TrainingError(msg)
        model = cls()
        known = model.get_params(deep=False)
        told = {name: v for name, v in session.parameters.items() if name in known}
        model.set_params(**run_parameters(settings, known | told))
        for name, value in history_attributes(session).items():
            setattr(model, name, value)
        dataset = session.dataset
        model.n_features_in_ = dataset.n_features
        if dataset.origin.columns:
            model.feature_names_in_ = np.array(dataset.feature_names, object)
        model.preprocessor_ = session.preprocessor
        model.categories_, model._groups = dict(dataset.origin.categories), dataset.groups
        model._divided, model._target = dataset.origin.divided, dataset.origin.target
        network = build_network(
            settings.architecture,
            session.features.shape[1],
            random_state=settings.random_state,
            kind=settings.kind,
        )
        model.network_, model.fitted_settings_ = finished(network, weights), settings
        model.active_dimensions_ = active_dimensions(network, settings.architecture.code_dim)
        model._n_features_out = settings.architecture.code_dim
        model._memory = None
        model._sort_classes()
        model._prepare_anomalies()
        model._fit_anomalies(dataset.features)
        return model

    def start_of_run(self) -> tuple[Settings, dict[str, Floats] | None]:
        """Return the settings of a run as `fit` trains it, and the weights if fitted.

        Raises
        ------
        SettingsError
            If there is an `encoder`, a `decoder` or a dict of `class_weight`, which a run
            cannot take.
        """
        if self.encoder is not None or self.decoder is not None:
            msg = (
                "A session builds its network from settings and cannot take an encoder and a "
                "decoder of your own. Train them with fit()."
            )
            raise SettingsError(msg)
        if isinstance(self.class_weight, Mapping):
            msg = (
                "A session cannot weigh single classes: class_weight must be 'balanced' or None, "
                "or train with fit()."
            )
            raise SettingsError(msg)
        settings = settings_of(self).change(restore_best=bool(self.early_stopping))
        if not hasattr(self, "network_"):
            return settings, None
        return settings, {name: w.copy() for name, w in self._weights().items()}


def finished(network: AutoencoderNetwork, weights: dict[str, Floats]) -> AutoencoderNetwork:
    """Return `network` with `weights`, done with training."""
    tensors = {name: torch.from_numpy(values) for name, values in weights.items()}
    network.fit_heads(tensors)
    network.load_state_dict(tensors)
    return at_rest(network)


def at_rest(network: AutoencoderNetwork) -> AutoencoderNetwork:
    """Return a network that is not trained any more, without gradients.

    Modules of the user's keep theirs: what is frozen there, the user has frozen.
    """
    own = (network.encoder, network.decoder) if network.guard else ()
    kept = {id(parameter) for module in own for parameter in module.parameters()}
    for parameter in network.parameters():
        if id(parameter) not in kept:
            parameter.requires_grad = False
    return network.eval()


def active_dimensions(network: AutoencoderNetwork, code_dim: int) -> int:
    """Return how many dimensions of the code are in use."""
    active = network.active_dimensions()
    return code_dim if active is None else active
