"""The parameters of an estimator as the settings of a run, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from ae_widgets.data.steps import as_parameter
from ae_widgets.engine.kinds import KINDS
from ae_widgets.engine.missing import settings_in_force
from ae_widgets.engine.settings import Settings
from ae_widgets.exceptions import SettingsError
from ae_widgets.model.architecture import Architecture

__all__ = ["run_parameters", "settings_of"]

NO_PARAMETERS = {"architecture", "learning_rate", "restore_best"}
"""Settings that an estimator has under other names, or not at all."""


def settings_of(model: Any) -> Settings:
    """Return the settings of a run that trains as an estimator is told to.

    Parameters
    ----------
    model : Autoencoder

    Raises
    ------
    SettingsError
        If a parameter is out of its range; under the name that the estimator has for it.
    """
    seed = _seed(model.random_state)
    for name in ("early_stopping", "warm_start", "verbose"):
        value = getattr(model, name)
        level = name == "verbose" and isinstance(value, Integral)  # scikit-learn has levels
        if not isinstance(value, (bool, np.bool_)) and not level:
            msg = f"{name} must be True or False, got {value!r}."
            raise SettingsError(msg)
    names = {field.name for kind in (Settings, Architecture) for field in fields(kind)}
    values = {name: getattr(model, name) for name in names - NO_PARAMETERS}
    values |= settings_in_force(model.reconstruction, model.missing, model.kind)
    values["learning_rate"] = model.learning_rate_init
    if isinstance(model.class_weight, Mapping):
        values["class_weight"] = None  # that of single classes is told to the trainer itself
    values["validation_fraction"] = model.validation_fraction if model.early_stopping else 0.0
    try:
        return Settings().change(**values | {"random_state": seed})
    except SettingsError as error:
        error.args = (re.sub(r"\blearning_rate\b", "learning_rate_init", str(error)),)
        raise


def run_parameters(settings: Settings, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of an estimator that trains as the run does.

    Parameters
    ----------
    settings : Settings
        The run's settings.
    defaults : dict
        Every parameter of the estimator; those that are no settings are kept.
    """
    values = dict(defaults)
    for name in defaults:
        setting = "learning_rate" if name == "learning_rate_init" else name
        for holder in (settings, settings.architecture):
            if hasattr(holder, setting):
                values[name] = getattr(holder, setting)
    if settings.complexity == KINDS[settings.kind].complexities[0]:
        values["complexity"] = "auto"
    values["preprocess"] = as_parameter(settings.preprocess)
    values["missing"] = "error"  # 'mask' is in the settings: the error and the corruption
    values["early_stopping"] = settings.validation_fraction > 0
    if not settings.validation_fraction:
        values["validation_fraction"] = defaults["validation_fraction"]
    return values


def _seed(random_state: Any) -> int:
    """Return an integer, drawn if `random_state` is none."""
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool):
        return int(random_state)
    try:
        return int(check_random_state(random_state).randint(2**31 - 1))
    except ValueError as error:
        msg = (
            "random_state must be an integer of at least 0, a numpy.random.RandomState or None, "
            f"got {random_state!r}."
        )
        if isinstance(random_state, np.random.Generator):
            msg += " Pass an integer that it draws: int(generator.integers(2**31))."
        raise SettingsError(msg) from error
