"""Numbers as people read them."""

import pytest

from ae_widgets.text import short


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.012345, "0.0123"),
        (7.0, "7"),
        (1234.4, "1,234"),
        (-0.0, "0"),
        (5.43e-4, "0.000543"),
        (1e-7, "1e-7"),
        (-2.345678e9, "-2.35e9"),
        (999_999.9, "1e6"),
        (99_999.9, "100,000"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_three_digits_and_all_before_the_point(value, text):
    assert short(value) == text


def test_other_digits():
    assert short(0.98765, 2) == "0.99"
    assert short(1234.5678, 6) == "1,234.57"
