"""Matrix products of compiled loops: right, the same wherever arrays lie, and on one thread."""

import ctypes
import itertools

import numpy as np
import pytest
import torch
from threadpoolctl import ThreadpoolController

from ae_widgets import blas
from ae_widgets.jit import gram, product

SHAPES = [(7, 13, 5), (64, 16, 64), (5, 784, 128), (256, 1, 64), (1, 64, 3), (300, 33, 17)]


def drawn(*shape, seed=0, offset=0):
    """Return values that begin `offset` floats behind a multiple of 64 bytes."""
    room = np.empty(np.prod(shape, dtype=int) + 32, np.float32)
    start = -(room.ctypes.data // 4) % 16 + offset
    array = room[start : start + np.prod(shape, dtype=int)].reshape(shape)
    array[:] = np.random.default_rng(seed).standard_normal(shape)
    return array


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("turned", [*itertools.product([False, True], repeat=2)], ids=str)
@pytest.mark.parametrize("kept", [0.0, 1.0])
def test_a_product_is_that_of_numpy(shape, turned, kept):
    n, middle, width = shape
    left = drawn(middle, n).T if turned[0] else drawn(n, middle)
    right = drawn(width, middle, seed=1).T if turned[1] else drawn(middle, width, seed=1)
    out = drawn(n, width, seed=2)
    expected = left.astype(float) @ right + kept * out
    product(left, right, out, kept)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5 * middle)


@pytest.mark.parametrize("shape", [(3, 0, 2), (0, 3, 2), (3, 2, 0)], ids=str)
@pytest.mark.parametrize(("kept", "expected"), [(0.0, 0.0), (1.0, 5.0)])
def test_a_product_of_nothing_adds_nothing_and_prints_nothing(shape, kept, expected, capfd):
    n, middle, width = shape
    out = np.full((n, width), 5.0, np.float32)
    product(drawn(n, middle), drawn(middle, width), out, kept)
    assert (out == expected).all()
    assert capfd.readouterr() == ("", "")  # where BLAS complains


def test_a_product_takes_no_matrix_with_gaps():
    with pytest.raises(TypeError, match="BLAS takes no matrix with gaps"):
        product(drawn(4, 6)[:, ::2], drawn(3, 2), drawn(4, 2), 0.0)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_bits_do_not_depend_on_where_arrays_lie(shape):
    n, middle, width = shape

    def bits(*offsets):
        left, right = drawn(n, middle, offset=offsets[0]), drawn(width, middle, offset=offsets[1])
        out, back = drawn(n, width, offset=offsets[2]), drawn(width, middle, offset=offsets[0])
        with blas.one_thread():
            product(left, right.T, out, 0.0)
            product(out.T, left, back, 0.0)
        return out.tobytes(), back.tobytes()

    offsets = np.random.default_rng(3).integers(0, 16, (12, 3))
    assert {bits(*each) for each in offsets} == {bits(0, 0, 0)}


def test_gram_is_the_product_of_a_matrix_with_itself():
    matrix, out = drawn(50, 9), drawn(9, 9)
    gram(matrix, out)
    np.testing.assert_allclose(out, matrix.T.astype(float) @ matrix, rtol=1e-5, atol=1e-4)
    assert (out == out.T).all()


def test_one_thread_is_for_the_time_being():
    def threads():
        return [library["num_threads"] for library in ThreadpoolController().info()]

    before = threads()
    with blas.one_thread():
        libraries = ThreadpoolController().select(internal_api="openblas").info()
        assert {library["num_threads"] for library in libraries} <= {1}
    assert threads() == before


@pytest.mark.parametrize("why", ["another processor", "no such library", "it hides its own"])
def test_the_blas_is_that_of_scipy_where_torch_has_none_for_us(why, monkeypatch):
    expected = blas.get_cython_function_address("scipy.linalg.cython_blas", "sgemm")
    monkeypatch.setattr(blas, "_of_torch", blas._of_torch.__wrapped__)
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: why != "no such library")
    features = {"sse4a": why == "another processor"}
    monkeypatch.setattr(blas.binding, "get_host_cpu_features", lambda: features)
    if why == "it hides its own":
        monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert blas.address("sgemm") == expected
    with blas.one_thread():
        pass
    blas.stay_on_this_thread()
