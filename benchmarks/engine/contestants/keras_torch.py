"""Keras on torch."""

from contestants import _keras

prepare = _keras.contestant("torch")
