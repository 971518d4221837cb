"""The parameters of an estimator as settings, and back."""

from dataclasses import fields

import pytest

from ae_widgets import Architecture, Autoencoder, Settings, SettingsError
from ae_widgets.estimator.parameters import NO_PARAMETERS, run_parameters, settings_of


def test_every_other_setting_is_a_parameter():
    names = {f.name for kind in (Settings, Architecture) for f in fields(kind)}
    assert names - NO_PARAMETERS == names & set(Autoencoder().get_params())


@pytest.mark.parametrize(
    "told",
    [
        {"code_dim": 3, "channels": (4,), "alpha": 0.5, "kind": "sparse", "momentum": 0.1},
        {"learning_rate_init": 0.5, "early_stopping": True, "validation_fraction": 0.3},
        {"preprocess": "standard", "random_state": 7, "schedule": "cosine", "device": "cpu"},
    ],
)
def test_parameters_are_settings_and_those_again_the_parameters(told):
    model, defaults = Autoencoder(**{"random_state": 0, **told}), Autoencoder().get_params()
    settings = settings_of(model)
    for name, value in told.items():
        if name not in {"learning_rate_init", "early_stopping", "preprocess"}:
            assert settings.value(name) == value
    assert run_parameters(settings, defaults) == model.get_params()


def test_nothing_is_held_out_without_early_stopping():
    assert settings_of(Autoencoder(validation_fraction=0.3)).validation_fraction == 0


def test_errors_have_the_names_of_the_parameters():
    with pytest.raises(SettingsError, match=r"^learning_rate_init must be a number"):
        settings_of(Autoencoder(learning_rate_init="fast"))
