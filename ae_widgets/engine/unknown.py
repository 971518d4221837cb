"""What to do about a setting that there is not (no torch)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ae_widgets.data.hints import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ELSEWHERE", "unknown_setting"]

SAME = {
    "learning_rate_init": "Its name is 'learning_rate' here.",
    "early_stopping": "Items are held out by validation_fraction, the share of them, and "
    "restore_best has a run end with the weights of its best epoch.",
    "l1": "Choose complexity='l1' with beta, its weight: the sum of a code's absolute values.",
    "l2": "Choose complexity='l2' with beta, its weight: the sum of a code's squares; or "
    "weight_decay, the weight of the squared parameters.",
}
"""Names elsewhere, also in `Autoencoder`, of what is done otherwise by a setting."""

ELSEWHERE = {
    "learning_rate": ("lr", "eta", "step_size"),
    "max_iter": (
        "epoch", "epochs", "n_epochs", "num_epochs", "nb_epoch", "max_epochs", "n_iter",
        "iterations", "max_iterations",
    ),
    "batch_size": ("batch", "bs", "minibatch_size"),
    "code_dim": (
        "n_components", "bottleneck", "bottleneck_dim", "bottleneck_size", "latent", "latent_dim",
        "latent_dims", "latent_size", "n_latent", "encoding_dim", "encoding_size", "embedding_dim",
        "code_size", "z_dim",
    ),
    "hidden_layer_sizes": (
        "hidden", "layers", "layer_sizes", "hidden_layers", "hidden_dim", "hidden_dims",
        "hidden_size", "hidden_sizes", "hidden_units", "n_hidden", "units",
    ),
    "beta": ("kl_weight", "kld_weight", "kl_beta"),
    "optimizer": ("optim", "opt", "solver"),
    "reconstruction": ("loss", "loss_fn", "criterion", "reconstruction_loss"),
    "random_state": ("seed", "random_seed"),
    "validation_fraction": (
        "val_split", "validation_split", "val_fraction", "val_size", "validation_size",
        "test_size",
    ),
    "n_iter_no_change": ("patience", "early_stopping_patience"),
    "tol": ("min_delta",),
    "gradient_clip": ("clip", "clipnorm", "clip_norm", "grad_clip", "max_grad_norm"),
    "weight_decay": ("wd", "l2_reg"),
    "dropout": ("drop", "dropout_rate", "p_dropout"),
    "normalization": ("batch_norm", "batchnorm", "layer_norm", "layernorm"),
    "preprocess": ("scale", "scaler", "scaling", "normalize", "standardize"),
    "n_clusters": ("k", "num_clusters"),
    "schedule": ("scheduler", "lr_scheduler", "lr_schedule"),
    "kind": ("model", "model_type", "variant"),
    "device": ("gpu", "use_gpu", "accelerator"),
}  # fmt: skip
"""Setting -> its names in other libraries."""

MEANT = {name: setting for setting, names in ELSEWHERE.items() for name in names}

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
        meant = MEANT.get(name.lower())
        asked = f"Did you mean {meant!r}?" if meant else did_you_mean(name, known)
        advice = SAME.get(name) or asked or listed
    return f"Unknown setting {name!r}. {advice}"
