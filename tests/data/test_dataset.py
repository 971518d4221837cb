import numpy as np
import pytest

from ae_widgets.data import Dataset


def test_says_how_large_it_is():
    dataset = Dataset(np.zeros((3, 5), np.float32))
    assert (dataset.n_samples, dataset.n_features) == (3, 5)


def test_value_range_is_computed_once():
    features = np.array([[1, -2], [7, 3]], np.float32)
    dataset = Dataset(features)
    assert dataset.value_range == (-2.0, 7.0)
    features[:] = 0
    assert dataset.value_range == (-2.0, 7.0)


def test_missing_values_are_told_and_left_out_of_the_range():
    dataset = Dataset(np.array([[1, np.nan], [7, 3]], np.float32))
    assert dataset.has_missing
    assert dataset.value_range == (1.0, 7.0)
    assert not Dataset(np.zeros((3, 5), np.float32)).has_missing


def test_cannot_be_changed():
    with pytest.raises(AttributeError):
        Dataset(np.zeros((1, 1), np.float32)).labels = None
