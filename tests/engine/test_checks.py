"""Settings against the data."""

import pytest

from ae_widgets import DataError, SettingsError
from ae_widgets.engine.checks import check_settings
from ae_widgets.losses import RECONSTRUCTIONS
from tests.engine.data import small

NAN = float("nan")


@pytest.mark.parametrize("kind", RECONSTRUCTIONS)
def test_values_from_0_to_1_suit_every_error(kind):
    output = "identity" if kind == "multinomial" else "sigmoid"
    check_settings(small(reconstruction=kind, output_activation=output), (0.0, 1.0))


def test_multinomial_takes_logits():
    settings = small(reconstruction="multinomial", output_activation="sigmoid")
    with pytest.raises(SettingsError, match="logits, but output_activation is 'sigmoid'"):
        check_settings(settings, (0.0, 1.0))
    check_settings(settings, (0.0, 1.0), own_modules=True)


@pytest.mark.parametrize("kind", ["mse", "mae", "huber", "cosine", "masked_mse"])
def test_values_of_any_size_suit_most(kind):
    check_settings(small(reconstruction=kind), (-1e30, 1e30))


def test_counts_are_not_negative_and_the_smallest_is_named():
    check_settings(small(reconstruction="multinomial"), (0.0, 900.0))
    with pytest.raises(SettingsError) as caught:
        check_settings(small(reconstruction="multinomial"), (-3.5, 900.0))
    assert str(caught.value) == (
        "multinomial needs counts or ratings that are not negative, but the smallest feature value "
        "is -3.5. Shift or clip them, or choose mse or mae."
    )


@pytest.mark.parametrize("kind", RECONSTRUCTIONS)
def test_missing_values_suit_the_masked_error_alone(kind):
    settings = small(reconstruction=kind, output_activation="sigmoid")
    if kind == "masked_mse":
        check_settings(settings, (0.0, 1.0), missing=True)
        return
    with pytest.raises(SettingsError, match=rf"^{kind} needs every value, but some are missing"):
        check_settings(settings, (0.0, 1.0), missing=True)


def test_nothing_but_missing_values_is_refused():
    with pytest.raises(DataError, match="no value that is not missing"):
        check_settings(small(reconstruction="masked_mse"), (NAN, NAN), missing=True)
