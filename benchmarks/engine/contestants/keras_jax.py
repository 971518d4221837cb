"""Keras on JAX."""

from contestants import _keras

prepare = _keras.contestant("jax")
