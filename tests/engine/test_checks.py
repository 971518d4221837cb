"""Settings against the data."""

import pytest

from ae_widgets import DataError, PCAFeatures, SettingsError
from ae_widgets.engine.checks import check_settings
from ae_widgets.losses import RECONSTRUCTIONS
from tests.engine.data import small

NAN = float("nan")


@pytest.mark.parametrize("kind", RECONSTRUCTIONS)
def test_values_from_0_to_1_suit_every_error(kind):
    output = "identity" if kind == "multinomial" else "sigmoid"
    check_settings(small(reconstruction=kind, output_activation=output), lambda: (0.0, 1.0))


@pytest.mark.parametrize("kind", ["mse", "mae", "huber", "cosine"])
def test_the_range_is_not_looked_for_where_it_does_not_matter(kind):
    check_settings(small(reconstruction=kind), lambda: pytest.fail("it was looked for"))


def test_multinomial_takes_logits():
    settings = small(reconstruction="multinomial", output_activation="sigmoid")
    with pytest.raises(SettingsError, match="logits, but output_activation is 'sigmoid'"):
        check_settings(settings, lambda: (0.0, 1.0))
    check_settings(settings, lambda: (0.0, 1.0), own_modules=True)


@pytest.mark.parametrize(
    ("kind", "output", "wanted"),
    [("multinomial", "sigmoid", "identity"), ("binary_cross_entropy", "identity", "sigmoid")],
)
def test_only_a_session_has_a_next_run(kind, output, wanted):
    settings = small(reconstruction=kind, output_activation=output)
    with pytest.raises(SettingsError, match=f"Choose '{wanted}', or"):
        check_settings(settings, lambda: (0.0, 1.0))
    with pytest.raises(SettingsError, match=rf"'{wanted}' \(it applies to the next run\), or"):
        check_settings(settings, lambda: (0.0, 1.0), of_session=True)


@pytest.mark.parametrize("kind", ["mse", "mae", "huber", "cosine", "masked_mse"])
def test_values_of_any_size_suit_most(kind):
    check_settings(small(reconstruction=kind), lambda: (-1e30, 1e30))


def test_counts_are_not_negative_and_the_smallest_is_named():
    check_settings(small(reconstruction="multinomial"), lambda: (0.0, 900.0))
    with pytest.raises(SettingsError) as caught:
        check_settings(small(reconstruction="multinomial"), lambda: (-3.5, 900.0))
    assert str(caught.value) == (
        "multinomial needs counts or ratings that are not negative, but the smallest feature value "
        "is -3.5. Shift or clip them, or choose mse or mae."
    )


@pytest.mark.parametrize("kind", RECONSTRUCTIONS)
def test_missing_values_suit_the_masked_error_alone(kind):
    settings = small(reconstruction=kind, output_activation="sigmoid")
    if kind == "masked_mse":
        check_settings(settings, lambda: (0.0, 1.0), missing=True)
        return
    with pytest.raises(SettingsError, match=rf"^{kind} needs every value, but some are missing"):
        check_settings(settings, lambda: (0.0, 1.0), missing=True)


def test_nothing_but_missing_values_is_refused():
    with pytest.raises(DataError, match="no value that is not missing"):
        check_settings(small(reconstruction="masked_mse"), lambda: (NAN, NAN), missing=True)


# What the items' own values are not the cause of ---------------------------------------


def refusal(value_range, n_features=None, **changes):
    with pytest.raises(SettingsError) as caught:
        check_settings(small(**changes), lambda: value_range, n_features=n_features)
    return str(caught.value)


def test_values_out_of_range_by_preprocess_name_it_and_steps_that_keep_within():
    said = refusal((-2.0, 1.5), reconstruction="binary_cross_entropy", preprocess="standard")
    assert said == (
        "binary_cross_entropy needs features within [0, 1], those that preprocess='standard' makes "
        "of X go from -2 to 1.5. Let preprocess end with 'quantile', or with 'min-max' if no item "
        "is held out; or choose mse or mae."
    )
    said = refusal((-2.0, 1.5), reconstruction="multinomial", preprocess=["standard", "pca"])
    assert said == (
        "multinomial needs counts or ratings that are not negative, but the smallest value that "
        "preprocess=['standard', 'pca'] makes of X is -2. Leave preprocess out, or choose mse or "
        "mae."
    )


def test_no_convolutions_over_what_preprocess_makes_of_images():
    images = {"trunk": "convolutional", "item_shape": (2, 3)}
    pca = PCAFeatures(5)
    assert refusal((0.0, 1.0), 5, **images, preprocess=["standard", pca]) == (
        "A convolutional trunk needs images, but preprocess=['standard', PCAFeatures(n_components="
        "5, whiten=False)] makes 5 values of an item, which are no image of shape (2, 3). Choose "
        "trunk='dense', or leave out of preprocess what does not keep the pixels."
    )
    # A scaling keeps their number: it is the shape that is wrong.
    said = refusal((0.0, 1.0), 5, **images, preprocess="standard")
    assert said.startswith("item_shape must have 5 values, as the items have")
    check_settings(
        small(**images, preprocess=pca), lambda: (0.0, 1.0), n_features=5, own_modules=True
    )
    check_settings(small(**images, preprocess="standard"), lambda: (0.0, 1.0), n_features=6)
