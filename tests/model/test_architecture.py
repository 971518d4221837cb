import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_widgets.exceptions import SettingsError
from ae_widgets.model.architecture import (
    ACTIVATIONS,
    MAX_WIDTH,
    OUTPUT_ACTIVATIONS,
    Architecture,
)

NAMES = [field.name for field in dataclasses.fields(Architecture)]
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.text(),
    st.decimals(), st.fractions(), st.just(10**400), st.sampled_from(ACTIVATIONS),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner))
)


def message(**values):
    with pytest.raises(SettingsError) as caught:
        Architecture(**values)
    return str(caught.value)


def test_decoder_mirrors_the_encoder():
    assert Architecture((5, 3), 2).layer_sizes(8) == (8, 5, 3, 2, 3, 5, 8)
    assert Architecture((), 2).layer_sizes(8) == (8, 2, 8)


def test_parameters_are_weights_and_biases():
    assert Architecture((), 2).n_parameters(8) == (8 * 2 + 2) + (2 * 8 + 8)
    assert Architecture((3,), 1).n_parameters(4) == 15 + 4 + 6 + 16


@pytest.mark.parametrize("sizes", [[5, 3], (5, 3), (np.int64(5), np.int32(3)), np.array([5, 3])])
def test_sizes_become_a_tuple_of_int(sizes):
    kept = Architecture(sizes).hidden_layer_sizes
    assert kept == (5, 3)
    assert all(type(size) is int for size in kept)


def test_numbers_in_an_array_are_integers_as_in_a_list():
    assert Architecture(item_shape=np.array([8, 8])).item_shape == (8, 8)
    assert message(hidden_layer_sizes=np.array([16.5])).endswith("from 1 to 65,536, got 16.5.")
    assert "got [5, 3]" in message(hidden_layer_sizes=np.array([[5, 3]]))


def test_one_size_is_one_layer():
    assert Architecture(16).hidden_layer_sizes == (16,)


@pytest.mark.parametrize("value", [0, -1, 2.5, "3", True, None, MAX_WIDTH + 1])
def test_widths_are_positive_integers(value):
    limits = f"from 1 to 65,536, got {value!r}."
    assert message(code_dim=value) == f"code_dim must be an integer {limits}"
    for name in ("hidden_layer_sizes", "channels", "item_shape"):
        assert message(**{name: (8, value)}) == f"{name} must be integers, each {limits}"


@pytest.mark.parametrize("value", [None, "16", 16.0, {16}])
def test_hidden_layer_sizes_are_a_tuple(value):
    assert message(hidden_layer_sizes=value) == (
        f"hidden_layer_sizes must be a tuple of integers, got {value!r}."
    )


@pytest.mark.parametrize("name", ["activation", "code_activation"])
def test_activations_are_known(name):
    for activation in ACTIVATIONS:
        assert getattr(Architecture(**{name: activation}), name) == activation
    assert message(**{name: "softmax"}) == (
        f"{name} must be one of relu, leaky_relu, elu, silu, tanh, sigmoid, identity, "
        "got 'softmax'."
    )


def test_output_activations_are_known():
    for activation in OUTPUT_ACTIVATIONS:
        assert Architecture(output_activation=activation).output_activation == activation
    assert message(output_activation="elu") == (
        "output_activation must be one of identity, sigmoid, relu, tanh, got 'elu'."
    )


@given(st.sampled_from(NAMES), VALUES)
def test_any_value_is_taken_or_refused(name, value):
    try:
        architecture = Architecture(**{name: value})
    except SettingsError as error:
        assert str(error).startswith(f"{name} must be ")  # noqa: PT017 -- no error is right too
    else:
        assert architecture.n_parameters(3) > 0
