"""Telling data from other data."""

import hashlib

import numpy as np
import pytest

from ae_widgets.data import fingerprint, read_dataset
from ae_widgets.data.fingerprint import Fingerprint, weight_digest
from tests.engine.data import blobs

X = blobs()


@pytest.mark.parametrize(
    "same",
    [X, X.astype(">f4"), np.asfortranarray(X), X.astype(np.float64), X.tolist()],
    ids=["same", "big-endian", "columns first", "float64", "lists"],
)
def test_the_same_values_in_another_form_are_the_same_data(same):
    assert read_dataset(same).fingerprint == Fingerprint(X)


def test_it_is_the_hash_of_shape_and_values():
    expected = hashlib.sha256(b"(120, 6)" + X.tobytes()).hexdigest()
    assert Fingerprint(X).sha256 == expected
    assert Fingerprint(X) == Fingerprint(shape=(120, 6), sha256=expected)
    assert repr(Fingerprint(X)) == f"Fingerprint(120 x 6, {expected[:8]}…)"


def test_it_does_not_depend_on_how_much_is_hashed_at_once(monkeypatch):
    whole = Fingerprint(X).sha256
    monkeypatch.setattr(fingerprint, "CHUNK_BYTES", 100)
    assert Fingerprint(X).sha256 == whole


@pytest.mark.parametrize(
    "other",
    [X[:100], X[:, :5], X[::-1], X.reshape(60, 12), np.nextafter(X, np.float32(2))],
    ids=["fewer", "narrower", "another order", "another shape", "one bit"],
)
def test_other_data_differ(other):
    assert Fingerprint(other) != Fingerprint(X)


def test_memory_mapped_data_are_hashed_as_they_lie(tmp_path):
    X.tofile(tmp_path / "x.f4")
    mapped = np.memmap(tmp_path / "x.f4", np.float32, "r", shape=X.shape)
    assert read_dataset(mapped).fingerprint == Fingerprint(X)


def test_weights_are_told_by_their_values():
    weights = np.arange(1.0, 4)
    assert weight_digest(weights) == hashlib.sha256(weights.tobytes()).hexdigest()
    assert weight_digest(np.arange(6.0)[::2]) == weight_digest(np.array([0.0, 2, 4]))
    assert weight_digest(None) == ""
