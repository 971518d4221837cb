import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_widgets import Autoencoder
from ae_widgets.engine.settings import (
    ARCHITECTURE_SETTINGS,
    LIVE_SETTINGS,
    PRESETS,
    Settings,
)
from ae_widgets.engine.unknown import ELSEWHERE
from ae_widgets.exceptions import SettingsError
from ae_widgets.model.architecture import Architecture

OWN = [field.name for field in dataclasses.fields(Settings) if field.name != "architecture"]
NAMES = sorted({*OWN, *ARCHITECTURE_SETTINGS})
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.text(),
    st.decimals(), st.fractions(),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner))
)


def message(**values):
    with pytest.raises(SettingsError) as caught:
        Settings().change(**values)
    return str(caught.value)


def test_a_change_leaves_the_rest():
    before = Settings(alpha=3, learning_rate=0.01)
    after = before.change(beta=0.5, code_dim=7)
    assert after.value("beta") == 0.5
    assert after.value("code_dim") == 7
    assert after.alpha == 3.0
    assert after.architecture.hidden_layer_sizes == before.architecture.hidden_layer_sizes
    assert (before.beta, before.architecture.code_dim) == (0.0, 2)


def test_an_architecture_and_parts_of_it_may_change_together():
    settings = Settings().change(architecture=Architecture((9,)), code_dim=3)
    assert settings.architecture == Architecture((9,), 3)


def test_numbers_become_plain():
    settings = Settings(alpha=np.float32(0.5), batch_size=np.int64(8), beta=1)
    assert [type(settings.value(n)) for n in ("alpha", "batch_size", "beta")] == [float, int, float]


def test_an_unknown_name_lists_the_known_ones():
    text = message(trees=1)
    assert text.startswith("Unknown setting 'trees'. Known settings: activation, alpha, ")
    assert text.endswith("warm_up, weight_decay.")


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("learning_rat", "Did you mean 'learning_rate'?"),
        ("learning_rate_init", "Its name is 'learning_rate' here."),
        ("lr", "Did you mean 'learning_rate'?"),
        ("LR", "Did you mean 'learning_rate'?"),
        ("eta", "Did you mean 'learning_rate'?"),
        ("min_delta", "Did you mean 'tol'?"),
        ("n_components", "Did you mean 'code_dim'?"),
        ("patience", "Did you mean 'n_iter_no_change'?"),
        (
            "l1",
            "Choose complexity='l1' with beta, its weight: the sum of a code's absolute values.",
        ),
        (
            "early_stopping",
            (
                "Items are held out by validation_fraction, the share of them, and restore_best "
                "has a run end with the weights of its best epoch."
            ),
        ),
        (
            "contamination",
            (
                "It is a parameter of Autoencoder alone: pass (Autoencoder(contamination=...), X), "
                "or fit it."
            ),
        ),
        ("missing", "It can be told only where a session begins: Session(X, missing=...)."),
    ],
)
def test_an_unknown_name_says_what_to_do(name, advice):
    assert message(**{name: 1}) == f"Unknown setting {name!r}. {advice}"


def test_names_of_other_libraries_stand_for_settings_and_for_one_only():
    assert set(ELSEWHERE) <= {*NAMES}
    names = [name for names in ELSEWHERE.values() for name in names]
    assert len(set(names)) == len(names)
    assert not {*names} & {*NAMES, *Autoencoder().get_params()}


def test_no_parameter_of_the_estimator_is_left_without_advice():
    for name in set(Autoencoder().get_params()) - {*NAMES}:
        assert "Known settings" not in message(**{name: 1})


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("alpha", -1, "a number from 0 to 1e+12"),
        ("beta", float("nan"), "a number from 0 to 1e+12"),
        ("beta", "1", "a number from 0 to 1e+12"),
        ("alpha", True, "a number from 0 to 1e+12"),
        ("sparsity_target", 0, "a number between 0 and 1"),
        ("sparsity_target", 1, "a number between 0 and 1"),
        ("learning_rate", 0, "a number from 1e-12 to 1000"),
        ("tol", -1e-9, "a number from 0 to 0.9999"),
        ("tol", 1, "a number from 0 to 0.9999"),  # no loss above 0 would ever be better
        ("validation_fraction", 1, "a number from 0 to 0.99"),
        ("batch_size", 0, "an integer of at least 1"),
        ("batch_size", 2.0, "an integer of at least 1"),
        ("max_iter", True, "an integer of at least 1"),
        ("n_iter_no_change", None, "an integer of at least 1"),
        ("random_state", -1, "an integer of at least 0"),
        ("reconstruction", "rmse", "one of mse, mae, binary_cross_entropy, huber, cosine, "),
        ("optimizer", "lion", "one of adam, adamw, sgd, rmsprop"),
        ("momentum", 1, "a number from 0 to 0.9999"),
        ("weight_decay", -1, "a number from 0 to 1000"),
        ("gradient_clip", 0, "None or a number from 1e-12 to 1e+12"),
        ("schedule", None, "one of constant, cosine, step, exponential, reduce_on_plateau"),
        ("schedule_factor", 1, "a number between 0 and 1"),
        ("schedule_epochs", 0, "an integer of at least 1"),
        ("schedule_patience", 0.5, "an integer of at least 1"),
        ("complexity", "l3", "one of l1, l2, kl_sparsity, effective_dimension"),
    ],
)
def test_a_wrong_value_says_what_is_wanted(name, value, wanted):
    text = message(**{name: value})
    assert text.startswith(f"{name} must be {wanted}")
    assert text.endswith(f", got {value!r}.")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alpha", 10**400),
        ("reconstruction", np.array(["mse", "mae"])),
        ("activation", np.array(["relu", "elu"])),
        ("architecture", 3),
    ],
)
def test_values_that_cannot_even_be_compared_are_refused(name, value):
    assert message(**{name: value}).startswith(f"{name} must be ")


def test_what_is_no_architecture_is_refused_beside_a_part_of_it():
    assert message(architecture=3, code_dim=2) == "architecture must be an Architecture, got 3."


def test_what_waits_for_the_next_run():
    waiting = set(NAMES) - LIVE_SETTINGS
    later = {"validation_fraction", "optimizer", "random_state", "precision", "device", "kind"}
    later |= {"preprocess"}
    assert waiting == ARCHITECTURE_SETTINGS | later


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_settings(name):
    settings = Settings().change(**PRESETS[name])
    for setting, value in PRESETS[name].items():
        assert settings.value(setting) == value


def test_the_simple_preset_is_one_layer_each_way():
    architecture = Settings().change(**PRESETS["simple"]).architecture
    assert architecture.layer_sizes(784) == (784, 32, 784)
    assert (architecture.code_activation, architecture.output_activation) == ("relu", "sigmoid")


@given(st.sampled_from(NAMES), VALUES)
def test_any_value_is_taken_or_refused(name, value):
    try:
        settings = Settings().change(**{name: value})
    except SettingsError as error:
        assert str(error).startswith(f"{name} must be ")  # noqa: PT017 -- no error is right too
    else:
        assert Settings().change(**{name: settings.value(name)}) == settings


@pytest.mark.parametrize("corruption", ["gaussian", "masking"])
@pytest.mark.parametrize("names", [("noise", "beta", "corruption"), ("corruption", "noise")])
def test_settings_in_turn_are_valid_at_each_step(corruption, names):
    ways = {"gaussian": Settings(noise=5.0), "masking": Settings(corruption="masking", noise=0.5)}
    wanted = ways.pop(corruption)
    (reached,) = ways.values()
    for name in wanted.in_turn(names):
        reached = reached.change(**{name: wanted.value(name)})
    assert reached == wanted
