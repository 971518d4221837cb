"""What was meant by a name that is not known."""

import pytest

from ae_widgets.data.hints import did_you_mean

NAMES = ("standard", "min-max", "learning_rate", "beta")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("minmax", "min-max"), ("Standard", "standard"), ("learning_rat", "learning_rate"),
        ("LearningRate", "learning_rate"), ("betta", "beta"),
    ],
)  # fmt: skip
def test_the_closest_name_is_asked_for(name, meant):
    assert did_you_mean(name, NAMES) == f"Did you mean {meant!r}?"


@pytest.mark.parametrize("name", ["", "scale", "trees", "γ"])
def test_nothing_is_asked_where_nothing_is_close(name):
    assert not did_you_mean(name, NAMES)
