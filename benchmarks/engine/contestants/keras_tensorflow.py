"""Keras on TensorFlow."""

from contestants import _keras

prepare = _keras.contestant("tensorflow")
