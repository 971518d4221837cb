"""The engine as a scikit-learn estimator, without a widget."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from sklearn.exceptions import ConvergenceWarning

from ae_widgets.data import Dataset
from ae_widgets.engine.checks import check_settings
from ae_widgets.engine.items import items, take
from ae_widgets.engine.memory import memory_errors, training_advice
from ae_widgets.engine.sampling import balance, check_sample_weight
from ae_widgets.engine.settings import SEEDS
from ae_widgets.engine.threads import training_threads
from ae_widgets.engine.trainer import Trainer
from ae_widgets.estimator.anomalies import AnomalyDetection
from ae_widgets.estimator.callbacks import CallbackSupport, Watch, watched
from ae_widgets.estimator.classes import require_one_a_row, weights_of_items
from ae_widgets.estimator.faults import unchanged_if_refused
from ae_widgets.estimator.groups import GroupingAutoencoder
from ae_widgets.estimator.history import TrainingHistory
from ae_widgets.estimator.imputation import Imputation
from ae_widgets.estimator.parameters import settings_of
from ae_widgets.estimator.progress import ProgressBar
from ae_widgets.estimator.recommendation import Recommendation
from ae_widgets.estimator.remarks import (
    warn_of_classes,
    warn_of_code,
    warn_of_columns,
    warn_of_weights,
)
from ae_widgets.estimator.runs import RunConversion, active_dimensions, at_rest, finished
from ae_widgets.estimator.similarity import Similarity
from ae_widgets.losses.reconstruction import network_input
from ae_widgets.model.network import wrap_modules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    import torch
    from numpy.typing import ArrayLike, NDArray
    from sklearn.utils import Tags

    from ae_widgets.engine.protocol import LossRecord
    from ae_widgets.engine.settings import Settings
    from ae_widgets.model.network import AutoencoderNetwork

    Floats = NDArray[np.float32]
    Features = Floats | Any  # or a CSR matrix

__all__ = ["Autoencoder"]

CALL_SECONDS = 0.05
"""Training time after which an interrupt is heard."""


class Autoencoder(
    CallbackSupport,
    RunConversion,
    TrainingHistory,
    GroupingAutoencoder,
    AnomalyDetection,
    Imputation,
    Recommendation,
    Similarity,
):
    """An autoencoder.

    Minimises ``alpha * reconstruction error + beta * complexity of the code (+ gamma *
    clustering + delta * classification)`` with Adam, unless told otherwise. The encoder's
    hidden layers are mirrored by the decoder.

    Parameters
    ----------
    code_dim : int, default=2
        Number of values in an item's code.
    hidden_layer_sizes : tuple of int, default=(128, 64)
        Units of the encoder's hidden layers; may be empty.
    activation, code_activation, output_activation : str
        Activations of the hidden layers, default 'relu'; of the code and of the
        output, default 'identity'. See `ae_widgets.Architecture`.
    alpha : float, default=1.0
        Weight of the reconstruction error.
    beta : float, default=0.0
        Weight of the complexity of the code. With 0, nothing makes a model sparse,
        contractive, variational or gated.
    gamma : float, default=0.0
        Weight of the clustering of the code. Above 0, `predict` tells each item's
        cluster.
    n_clusters : int, default=8
        Clusters.
    clustering : {'dec', 'dcn'}, default='dec'
        'dec' draws the codes to the cluster that they are likely in (Xie 2016; with
        `alpha` above 0 that is IDEC, Guo 2017), 'dcn' to the nearest centre (Yang 2017).
    clustering_start : int, default=50
        Epochs before the clusters begin, where k-means then finds them; fewer if
        training has converged, and at most three quarters of `max_iter`. It finds
        them anew after an epoch in which the codes left their centres.
    delta : float, default=0.0
        Weight of the classification: the cross-entropy of a linear classifier on the
        code, over the items that have a class in `y`. Above 0, `predict` tells each
        item's class.
    reconstruction : str, default='mse'
        The reconstruction error. A mean over the values of an item: 'mse', 'mae',
        'huber' (squared below 1, linear beyond), or 'binary_cross_entropy' (values
        within [0, 1], `output_activation` 'sigmoid'). 'cosine' (one minus the cosine
        of input and output). 'multinomial' (minus the log-likelihood of an item's
        counts, summed over them, under the softmax of the outputs, which are logits:
        leave `output_activation` at 'identity'). 'masked_mse' (a mean over those
        values of an item that are not NaN; the network is given 0 in their place. Of
        a sparse matrix the values that it does not store are missing, and a 0 that it
        stores is a value; where a 0 of an array means 'not rated', put NaN there
        first). The formulas and their
        sources stand in `ae_widgets.losses.reconstruction`.
    complexity : str, default='auto'
        What `beta` penalises. Plain and denoising: 'l1' ('auto'), 'l2',
        'kl_sparsity' or 'effective_dimension'; sparse: 'kl_sparsity' ('auto') or
        'l1'; the other kinds have one each.
    sparsity_target : float, default=0.05
        The mean activation that 'kl_sparsity' aims at: of the codes if `code_activation` is
        'sigmoid', else of their sigmoid, which codes of 'relu' cannot bring below 0.5.
    learning_rate_init : float, default=0.001
        Step size of the optimiser, before `schedule` multiplies it.
    optimizer : {'adam', 'adamw', 'sgd', 'rmsprop'}, default='adam'
        One of torch's optimisers, with its defaults.
    momentum : float, default=0.9
        Share of its last step that 'sgd' repeats.
    weight_decay : float, default=0.0
        Weight of the squared parameters' gradient in each step; with 'adamw'
        the share, times the learning rate, by which each step shrinks them.
    gradient_clip : float or None, default=None
        Largest norm of all parameters' gradient together; None for any.
    schedule : str, default='constant'
        What multiplies the learning rate from epoch to epoch: 'constant', 'cosine'
        (from 1 to 0 over `max_iter` epochs), 'step' (`schedule_factor` every
        `schedule_epochs`), 'exponential' (as much, but a little every epoch) or
        'reduce_on_plateau' (`schedule_factor` after `schedule_patience` epochs
        without improvement). `partial_fit` goes on with it, `fit` begins it anew.
    schedule_factor : float, default=0.5
        By what it is multiplied.
    schedule_epochs : int, default=30
        Epochs in which 'step' and 'exponential' multiply by the factor once.
    schedule_patience : int, default=5
        Epochs that 'reduce_on_plateau' waits; fewer than `n_iter_no_change`.
    class_weight : {'balanced'}, dict or None, default=None
        With 'balanced' all classes in `y` count alike: in the classification, or where
        `delta` is 0 by drawing the items of each as often as those of every other. A dict
        has the weight of each class, 1 for those that it leaves out, which multiplies in
        the same places. A session takes no dict.
    batch_size : int, default=64
        Items a step.
    max_iter : int, default=200
        Largest number of epochs.
    tol : float in [0, 1), default=1e-4
        An epoch improves if its loss is below the best by more than ``tol``
        times the best.
    n_iter_no_change : int, default=10
        Epochs without improvement after which training ends.
    early_stopping : bool, default=False
        Whether to hold items out, to watch their loss in place of the training
        loss, and to end with the weights of the best epoch.
    validation_fraction : float, default=0.1
        Share of the items held out by `early_stopping`.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights of the last one.
    precision : {'float32', 'bf16'}, default='float32'
        Of the matrix products while training; see `ae_widgets.Settings`.
    device : str, default='auto'
        Where `fit` trains: 'cpu', 'cuda', 'cuda:<number>' or 'mps'; 'auto' takes
        CUDA or MPS where present, else the CPU. All else runs on the CPU.
    random_state : int, RandomState instance or None, default=None
        Draws the weights, the held-out items, the order of the batches and all
        noise. The same integer gives bit-identical weights on the same machine.
    verbose : bool, default=False
        Whether `fit` shows a progress bar with the loss parts.
    kind : str, default='plain'
        Kind of model:

        - 'denoising' sees corrupted inputs while it trains (Vincent 2010);
        - 'sparse' has the divergence of the mean activations from
          `sparsity_target` as its complexity (Ng 2011);
        - 'contractive' the squared norm of the encoder's Jacobian (Rifai 2011);
        - 'variational' the divergence of the codes' distributions from the unit
          Gaussian (Kingma & Welling 2014, Higgins 2017); see
          `ae_widgets.losses.complexity.kl_gaussian` for the scale of `beta`;
        - 'gated' the number of dimensions that the code uses, by gates that are
          learnt (Louizos 2018); `beta` of 0.003 closes ten of 16 on digits.
    corruption : {'gaussian', 'masking'}, default='gaussian'
        Whether 'denoising' adds noise or sets values to 0.
    noise : float, default=0.2
        Standard deviation of that noise, or probability of a 0.
    warm_up : float, default=0.0
        Epochs over which the weight of the complexity of a variational or gated
        model grows from 0 to `beta`.
    tied_weights : bool, default=False
        Whether the decoder's weights are the encoder's, transposed.
    normalization : {None, 'batch', 'layer'}, default=None
        Of the hidden layers, before their activation.
    dropout : float in [0, 1), default=0.0
        Probability with which a hidden unit is left out of a training batch.
    trunk : {'dense', 'convolutional'}, default='dense'
        'convolutional' puts convolutions (kernel 3, stride 2) before the hidden
        layers, for images.
    channels : tuple of int, default=(16, 32)
        Channels of their results.
    item_shape : tuple of int, optional
        ``(height, width)`` or ``(height, width, channels)`` of an image, needed by
        'convolutional', or ``(length,)`` of a series. Items are rows of values all the same.
    missing : {'error', 'mask'}, default='error'
        Whether NaN in the items is refused, or such values are left out of the error:
        with 'mask' the error 'mse' becomes 'masked_mse', and `impute` fills them in.
        A plain model is then not shown 30 % of the observed values of each batch, as
        the kind 'denoising' with a `corruption` 'masking' has it, since what learns to
        guess those fills in better; every other kind is trained as it is.
    contamination : float in (0, 0.5], 'auto' or None, default=None
        Share of the items of `fit` that are anomalies, which sets `offset_`: an item is
        one if its `score_samples` is below. `predict`, `decision_function` and
        `fit_predict` are then those of an outlier detector; but with `delta` or `gamma`
        `predict` tells classes or clusters, and there is no `decision_function`.
        'auto' takes for anomalies what is far beyond most of them; see
        `ae_widgets.analysis.anomalies.threshold`. None looks for none.
    anomaly_score : str, default='reconstruction'
        What `score_samples` goes by: 'reconstruction', the error; 'latent', the
        squared Mahalanobis distance of the code from those of the items of `fit`;
        'neighbors', its mean distance from the five nearest of them; or 'combined',
        the error or the distance from the neighbors, whichever is more unusual.
    encoder, decoder : torch.nn.Module, optional
        Modules of your own, ``(n, n_features) -> (n, code_dim)`` and back, in
        place of all the above on layers; `code_dim` is what the encoder returns.
        For the kind 'variational' it returns ``2 * code_dim`` values, means and
        log-variances. They take and return float32 and are in train mode while they are
        trained; parameters with ``requires_grad=False`` stay as they are, the statistics of
        batch norm do not. `fit` trains copies, in `network_`, and leaves these as they
        are: each begins with the weights that it has here.
    preprocess : None, str, PCAFeatures, KMeansFeatures, transformer or a list, default=None
        What is done to the items before the network: 'standard', 'min-max', 'robust' or
        'quantile' scale each feature; `ae_widgets.PCAFeatures` puts components in their
        place ('pca' with its defaults); `ae_widgets.KMeansFeatures` appends what k-means
        knows of an item ('kmeans'); any transformer or pipeline of scikit-learn is
        cloned. `fit` fits them in their order on the items that are trained on, those
        held out left aside; a warm start and `partial_fit` go on with them.
    categorical : None, 'auto' or sequence of str, default=None
        Which columns of a DataFrame hold categories: those of a categorical type, with
        'auto' all of text too, or those of these names. Each category is a feature that
        is 1 or 0, and its reconstruction a probability; see
        `ae_widgets.data.categories`.

    Attributes
    ----------
    network_ : torch.nn.Module
        The trained network, with the modules `encoder` and `decoder`. Layers of ours have
        no gradients any more; to train them on in torch, ``network_.requires_grad_()``.
    fitted_settings_ : Settings
        What it was trained with, whatever the parameters are by now.
    n_iter_ : int
        Epochs trained.
    loss_ : float
        Training loss of the last epoch; NaN if there was none.
    loss_curve_ : list of float
        Training loss of every epoch.
    loss_parts_ : dict of str to list of float
        Each loss part before its weight, of every epoch; NaN before it joined in.
    validation_scores_ : list of float or None
        Minus the loss of the held-out items after every epoch, NaN where none were held
        out; None without `early_stopping`.
    best_loss_ : float
        The lowest loss that was watched.
    active_dimensions_ : int
        Dimensions of the code in use: the open gates of a gated model, all of any
        other.
    converged_ : bool
        Whether training ended because the loss no longer improved.
    classes_ : ndarray of shape (n_classes,)
        The classes in `y`, with `delta`, sorted.
    cluster_centers_ : ndarray of shape (n_clusters, code_dim)
        With `gamma`.
    labels_ : ndarray of shape (n_samples,)
        Cluster of each item of the last `fit` or `partial_fit`, with `gamma`.
    offset_ : float
        The score below which an item is an anomaly; only with `contamination`.
    preprocessor_ : Preprocessor or None
        The fitted `preprocess`.
    categories_ : dict of str to tuple of str
        The categories of each column that has some.
    n_features_in_ : int
        Values of an item; of a column of categories one each.
    feature_names_in_ : ndarray of str
        Their names, if the items came with names.

    Notes
    -----
    The kinds plain and sparse with 'adam' train by compiled loops, several times as fast on
    small data as by torch's automatic gradients, which everything else has: the other kinds,
    `gamma` or `delta` above 0, 'silu', other errors than 'mse', 'mae' and
    'binary_cross_entropy', `normalization`, `dropout`, `tied_weights`, `weight_decay` and
    `gradient_clip`; of sparse items other errors than 'mse' and other outputs than
    'identity'.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X = load_digits().data / 16
    >>> codes = Autoencoder(code_dim=2, random_state=0, max_iter=5).fit_transform(X)
    >>> codes.shape
    (1797, 2)

    Clusters of another kind are found on the code by a pipeline; one of HDBSCAN has
    `fit_predict`, one of a mixture of Gaussians `predict` as well.

    >>> from sklearn.mixture import GaussianMixture
    >>> from sklearn.pipeline import make_pipeline
    >>> autoencoder = Autoencoder(code_dim=8, random_state=0, max_iter=5)
    >>> clusters = make_pipeline(autoencoder, GaussianMixture(10)).fit_predict(X)
    >>> clusters.shape
    (1797,)
    """

    network_: AutoencoderNetwork
    converged_: bool

    def __init__(  # noqa: PLR0913, PLR0915  # scikit-learn's convention: one argument a parameter
        self,
        code_dim: int = 2,
        hidden_layer_sizes: tuple[int, ...] = (128, 64),
        *,
        activation: str = "relu",
        code_activation: str = "identity",
        output_activation: str = "identity",
        alpha: float = 1.0,
        beta: float = 0.0,
        gamma: float = 0.0,
        n_clusters: int = 8,
        clustering: str = "dec",
        clustering_start: int = 50,
        delta: float = 0.0,
        reconstruction: str = "mse",
        complexity: str = "auto",
        sparsity_target: float = 0.05,
        learning_rate_init: float = 1e-3,
        optimizer: str = "adam",
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        gradient_clip: float | None = None,
        schedule: str = "constant",
        schedule_factor: float = 0.5,
        schedule_epochs: int = 30,
        schedule_patience: int = 5,
        class_weight: str | Mapping[Any, float] | None = None,
        batch_size: int = 64,
        max_iter: int = 200,
        tol: float = 1e-4,
        n_iter_no_change: int = 10,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        warm_start: bool = False,
        precision: str = "float32",
        device: str = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
        kind: str = "plain",
        corruption: str = "gaussian",
        noise: float = 0.2,
        warm_up: float = 0.0,
        tied_weights: bool = False,
        normalization: str | None = None,
        dropout: float = 0.0,
        trunk: str = "dense",
        channels: tuple[int, ...] = (16, 32),
        item_shape: tuple[int, ...] | None = None,
        missing: str = "error",
        contamination: float | str | None = None,
        anomaly_score: str = "reconstruction",
        encoder: torch.nn.Module | None = None,
        decoder: torch.nn.Module | None = None,
        preprocess: Any = None,
        categorical: Any = None,
    ) -> None:
        self.code_dim = code_dim
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.code_activation = code_activation
        self.output_activation = output_activation
        self.alpha = alpha
        self.beta = beta
        self.gamma = gamma
        self.n_clusters = n_clusters
        self.clustering = clustering
        self.clustering_start = clustering_start
        self.delta = delta
        self.reconstruction = reconstruction
        self.complexity = complexity
        self.sparsity_target = sparsity_target
        self.learning_rate_init = learning_rate_init
        self.optimizer = optimizer
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.gradient_clip = gradient_clip
        self.schedule = schedule
        self.schedule_factor = schedule_factor
        self.schedule_epochs = schedule_epochs
        self.schedule_patience = schedule_patience
        self.class_weight = class_weight
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.precision = precision
        self.device = device
        self.random_state = random_state
        self.verbose = verbose
        self.kind = kind
        self.corruption = corruption
        self.noise = noise
        self.warm_up = warm_up
        self.tied_weights = tied_weights
        self.normalization = normalization
        self.dropout = dropout
        self.trunk = trunk
        self.channels = channels
        self.item_shape = item_shape
        self.missing = missing
        self.contamination = contamination
        self.anomaly_score = anomaly_score
        self.encoder = encoder
        self.decoder = decoder
        self.preprocess = preprocess
        self.categorical = categorical

    # Training ---------------------------------------------------------------

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike | str | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train on `X`.

        An interrupt ends training after the running batch and keeps the model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The items; numbers, without NaN unless `missing` is 'mask'.
            A sparse matrix is converted to CSR and float32 if it is not, and never
            made dense as a whole. Never written to, nor kept; a C-contiguous float32 array is
            read in place, so that what a callback or another thread writes into it meanwhile
            is trained on from the next batch.
        y : array-like of shape (n_samples,) or str, optional
            Classes, for `delta` and `class_weight`; otherwise only counted. With `delta` an
            item may have none: NaN, None or -1, which is a class only where others are
            negative too or where 1 is the only other one. Or the name of the column of a
            DataFrame that holds them: it is no feature, here and in all that is asked
            later. Handed to the callbacks.
        sample_weight : array-like of shape (n_samples,), optional
            How often each item is drawn, in relation to the others. An epoch is
            then as many draws, with replacement, as there are items to train on.
            `early_stopping` weighs the errors of the held-out items alike.

        Raises
        ------
        SettingsError
            If a parameter is out of its range, the data does not allow it, or the
            device is not present.
        DataError
            If weights are not of the right shape, negative, or all 0, `y` is not one
            class an item or the name of no column, or `item_shape` that of other items.
        NotEnoughMemoryError
            If memory is short; a model that was begun is kept.
        TrainingError
            If a callback raises an error; the model of the epochs trained is kept, or where
            training has not begun that of the last `fit`.
        NonFiniteLossError
            If the loss or the weights become NaN or infinite; the model is that of the
            last completed epoch.

        Warns
        -----
        DataWarning
            Of columns that have no value, are constant or of another scale than the others, or
            where `item_shape` says that they are pixels, of values far beyond 1; and of a code
            that is larger than an item; and, where `delta` is above 0, of classes that look like
            a measurement or an id. Not where training goes on.
        ConvergenceWarning
            If the loss has been more than 100 times that of the first epoch for three, or no
            part of it has a weight.
        """
        warm = self.warm_start and hasattr(self, "network_")
        with unchanged_if_refused(self) as begin:
            X, y = self._split(X, y)
            features = self._check(X, reset=not warm, ensure_min_samples=2)
            require_one_a_row(y, features.shape[0])
            self._prepare_anomalies()
            settings = settings_of(self)
            weight = self._weight_items(features.shape[0], y, sample_weight)
            labels = self._class_numbers(y, features.shape[0], warm=warm, least=2)
            inputs = self._fit_inputs(features, settings, y, warm=warm)
            trainer = self._trainer(inputs, settings, weight, labels, warm=warm)
            if not warm:
                warn_of_columns(self, features, settings)
                if labels is not None:
                    warn_of_classes(labels, self.classes_)
            warn_of_weights(settings)
            data = {"X": X, "y": y, "metadata": {"sample_weight": sample_weight}}
            train = partial(self._train_to_the_end, trainer, features, begin)
            fitted: Self = watched(self, data, trainer.settings.max_iter, train)
        self._warn_of_divergence()
        return fitted

    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike | str | None = None,
        sample_weight: ArrayLike | None = None,
        *,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on `X`, going on from where the last call ended.

        Parameters
        ----------
        X, sample_weight
            As for `fit`.
        y : array-like of shape (n_samples,), optional
            Classes as for `fit`; but once there are some, all items may be without, and -1
            is a class only if it is one of them.
        classes : array-like of shape (n_classes,), optional
            With `delta`, all classes that will come, needed in the first call only; `y` with
            another is then refused. Without, classes join as they come.
        """
        warm = hasattr(self, "network_")
        with unchanged_if_refused(self):
            X, y = self._split(X, y)
            features = self._check(X, reset=not warm)
            require_one_a_row(y, features.shape[0])
            self._prepare_anomalies()
            settings = settings_of(self).change(validation_fraction=0.0)
            weight = self._weight_items(features.shape[0], y, sample_weight)
            labels = self._class_numbers(y, features.shape[0], warm=warm, told=classes)
            inputs = self._fit_inputs(features, settings, y, warm=warm)
            if warm:  # another order of the items than in the last epoch
                seed = (settings.random_state + self.n_iter_) % (SEEDS + 1)
                settings = settings.change(random_state=seed)
            trainer = self._trainer(inputs, settings, weight, labels, warm=warm, go_on=True)
        self._train(trainer, 1, Watch())
        self._conclude(features)
        self._warn_of_divergence()
        return self

    def _conclude(self, features: Features) -> None:
        """Learn of the items what the model is to answer beside its codes."""
        self._note_clusters(features)
        self._fit_anomalies(features)

    def _train_to_the_end(
        self, trainer: Trainer, features: Features, begin: Callable[[], None], watch: Watch
    ) -> Self:
        begin()
        try:
            self._train(trainer, trainer.settings.max_iter, watch)
        except Exception:  # the model is kept, and is to be of use
            with suppress(Exception):
                self._conclude(features)
            raise
        self._conclude(features)
        return self

    def _train(self, trainer: Trainer, epochs: int, watch: Watch) -> None:
        trainer.best.keeps = bool(len(trainer.validation_rows))
        own = trainer.network if trainer.network.guard else None
        try:
            with (
                memory_errors(training_advice(trainer.settings)),
                training_threads(trainer.settings, self.n_features_in_, own),
                ProgressBar(epochs, shown=self.verbose) as tell,
            ):
                for record in _epochs(trainer, epochs, watch):
                    self._note(record, trainer.stopping.best_loss)
                    tell(record)
                    if watch.end_epoch(partial(self._fitted_until_here, trainer)):
                        break
        except KeyboardInterrupt:  # the user has seen enough of it
            message = f"Interrupted in epoch {trainer.epoch + 1}. The model is kept as it is."
            warnings.warn(message, ConvergenceWarning, stacklevel=5)
        finally:
            self._keep(trainer)

    def _trainer(  # noqa: PLR0913  # what to train on, and from where
        self,
        features: Features,
        settings: Settings,
        sample_weight: NDArray[np.float64] | None,
        labels: NDArray[np.int32] | None,
        *,
        warm: bool,
        go_on: bool = False,
    ) -> Trainer:
        own = self.encoder is not None or self.decoder is not None
        n_samples = None if go_on else features.shape[0]  # of `partial_fit`, a part of them
        data = Dataset(features)
        check_settings(
            settings,
            lambda: data.value_range,
            n_features=data.n_features,
            n_samples=n_samples,
            own_modules=own,
        )
        network = None
        if own:
            network, code_dim = _wrapped(self.encoder, self.decoder, features, settings)
            settings = settings.change(code_dim=code_dim)
        self._watch_losses(settings, go_on=warm and go_on)
        if not warm:
            self._begin_history(validates=settings.validation_fraction > 0)
            warn_of_code(settings, features.shape[1])
        weights = self._weights() if warm else None
        with memory_errors(training_advice(settings)):
            trainer = Trainer(features, settings, weights, sample_weight, network, labels)
        if warm:
            if self._memory is not None:
                trainer.load_memory(self._memory, schedule=go_on)
            trainer.epoch = self.n_iter_  # a warm-up goes on, too
        self._tell_of_classes(trainer.guidance)
        return trainer

    def _weight_items(
        self, n_samples: int, y: ArrayLike | None, sample_weight: ArrayLike | None
    ) -> NDArray[np.float64] | None:
        """Return how often each item is drawn, None for each once."""
        weight = check_sample_weight(sample_weight, n_samples)
        if isinstance(self.class_weight, Mapping) and not self.delta:
            return weights_of_items(self.class_weight, y, weight, n_samples)
        return balance(None if self.delta else self.class_weight, y, weight, n_samples)

    def _keep(self, trainer: Trainer) -> None:
        # The trainer's own: nothing is copied, and the trainer is not used any more.
        if trainer.best.weights is not None:
            trainer.load_weights(trainer.best.weights)
        for name, value in _outcome(trainer, at_rest(trainer.network.cpu())).items():
            setattr(self, name, value)
        self._memory = trainer.memory(copy=False)

    def _fitted_until_here(self, trainer: Trainer) -> dict[str, Any]:
        """Return the attributes of an estimator whose training ends now."""
        # A copy, since the parameters in training may be parts of one large array.
        network = copy.deepcopy(trainer.network).cpu()
        return _outcome(trainer, finished(network, trainer.best.weights or trainer.weights()))

    def _weights(self) -> dict[str, Floats]:
        return {name: value.numpy() for name, value in self.network_.state_dict().items()}

    def __sklearn_tags__(self) -> Tags:
        """Describe the estimator to scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        tags.input_tags.allow_nan = self._takes_missing
        return tags


def _outcome(trainer: Trainer, network: AutoencoderNetwork) -> dict[str, Any]:
    """Return the attributes of an estimator that ends training with `network`."""
    code_dim = trainer.settings.architecture.code_dim
    return {
        "network_": network,
        "fitted_settings_": trainer.settings,
        "active_dimensions_": active_dimensions(network, code_dim),
        "_n_features_out": code_dim,
        "converged_": trainer.stopping.converged,
    }


def _wrapped(
    encoder: Any, decoder: Any, features: Features, settings: Settings
) -> tuple[AutoencoderNetwork, int]:
    """Return a network of copies of two modules, tried with two items, and its `code_dim`."""
    error, seed = settings.reconstruction, settings.random_state
    x = network_input(error, take(items(features), slice(2), error).clone())
    return wrap_modules(encoder, decoder, x, random_state=seed, kind=settings.kind)


def _epochs(trainer: Trainer, epochs: int, watch: Watch) -> Iterator[LossRecord]:
    """Train for at most `epochs` epochs, until it converges, and yield each one's losses."""
    for _ in range(epochs):
        watch.begin_epoch()
        while not trainer.run(trainer.batches_within(CALL_SECONDS)):
            pass
        yield trainer.finish_epoch()
        if trainer.stopping.converged:
            return
