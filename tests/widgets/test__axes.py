"""Axes hold the values, with round ends and labels that differ."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_widgets.widgets._axes import linear_ticks, log_ticks, number_text

sizes = st.floats(1e-9, 1e9)


@given(sizes)
def test_linear_axes(high):
    ticks = linear_ticks(high)
    assert ticks.low == 0
    assert high <= ticks.high * (1 + 1e-9)
    assert ticks.high <= 2.5 * high
    assert 2 <= len(ticks.labels) <= 7
    assert len({label for _, label in ticks.labels}) == len(ticks.labels)


@given(sizes, sizes)
def test_logarithmic_axes(a, b):
    low, high = sorted((a, b))
    ticks = log_ticks(low, high)
    assert ticks.low <= math.log10(low) + 1e-6
    assert ticks.high >= math.log10(high) - 1e-6
    assert ticks.low < ticks.high
    assert 1 <= len(ticks.labels) <= 7
    assert all(ticks.low <= place <= ticks.high for place, _ in ticks.labels)


@given(sizes, sizes)
def test_labels_side_by_side_do_not_touch(a, b):
    ticks = log_ticks(*sorted((a, b)), letters=22)
    assert 1 <= len(ticks.labels) <= 7
    for (left, one), (right, other) in pairwise(ticks.labels):
        assert 22 * (right - left) / (ticks.high - ticks.low) >= (len(one) + len(other)) / 2 + 1


def test_labels_are_left_out_only_where_they_would_touch():
    def labels(*ends):
        return [label for _, label in log_ticks(*ends, letters=22).labels]

    assert labels(0.005, 6) == ["0.001", "0.01", "0.1", "1", "10"]
    assert labels(3, 90_000) == ["10", "1,000", "100,000"]
    assert labels(9_000, 90_000) == ["5,000", "20,000", "100,000"]
    assert labels(20_000, 20_001) == ["20,000", "50,000"]


@given(sizes)
def test_logarithmic_labels_are_round(low):
    for place, label in log_ticks(low, 1.7 * low).labels:
        assert label.strip("0,.").partition("e")[0] in set("125") | {""}
        assert float(label.replace(",", "")) == pytest.approx(10**place, rel=1e-6)


@pytest.mark.parametrize("high", [0.0, math.nan, math.inf, -1.0])
def test_an_axis_without_values(high):
    assert linear_ticks(high).high == 1


def test_whole_numbers():
    assert [label for _, label in linear_ticks(3, most=8, integer=True).labels] == list("0123")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.15, "0.15"), (20, "20"), (1500, "1,500"), (0.0001, "0.0001"), (1e-7, "1e-7"),
     (2e9, "2e9"), (10, "10"), (0.002, "0.002")],
)  # fmt: skip
def test_numbers(value, text):
    assert number_text(value) == text
