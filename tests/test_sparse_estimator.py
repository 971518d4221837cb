"""The estimator on sparse matrices."""

import pickle
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
from scipy.sparse import coo_array, csc_matrix, csr_array, csr_matrix, random_array
from sklearn.base import clone

from ae_widgets import Autoencoder, NonFiniteLossError, SettingsError
from ae_widgets.data.sparse import value_range
from ae_widgets.engine import items
from ae_widgets.engine.compiled.sparse_step import SparseStep
from ae_widgets.engine.step import AutogradStep
from ae_widgets.engine.trainer import Trainer
from tests.engine.data import small

SPARSE = random_array(
    (150, 40), density=0.1, format="csr", dtype=np.float32, rng=np.random.default_rng(0)
)
DENSE = SPARSE.toarray()


def quick(**changes) -> Autoencoder:
    return Autoencoder(**{"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0, **changes})


def weights(model):
    return np.concatenate([w.ravel() for w in model._weights().values()])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"hidden_layer_sizes": (), "code_activation": "relu", "beta": 0.1},
        {"early_stopping": True},
        {"activation": "silu"},
        {"output_activation": "sigmoid", "reconstruction": "binary_cross_entropy"},
        {"reconstruction": "mae"},
        {"reconstruction": "multinomial"},
        {"optimizer": "sgd", "learning_rate_init": 0.1},
        {"kind": "variational", "beta": 0.1},
        {"normalization": "batch", "early_stopping": True},
        {"encoder": torch.nn.Linear(40, 2), "decoder": torch.nn.Linear(2, 40)},
    ],
)
def test_sparse_items_give_the_same_model_as_dense_ones(changes):
    mine, expected = quick(**changes).fit(SPARSE), quick(**changes).fit(DENSE)
    close = {"rtol": 1e-3, "atol": 1e-4}
    np.testing.assert_allclose(weights(mine), weights(expected), **close)
    np.testing.assert_allclose(mine.loss_curve_, expected.loss_curve_, rtol=1e-4)
    for function in ("transform", "reconstruct", "score_samples"):
        values = getattr(mine, function)(SPARSE)
        assert values.dtype == np.float32
        np.testing.assert_allclose(values, getattr(mine, function)(DENSE), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(values, getattr(expected, function)(SPARSE), **close)
    assert mine.score(SPARSE) == pytest.approx(mine.score(DENSE), rel=1e-5)
    if mine.validation_scores_ is not None:
        np.testing.assert_allclose(mine.validation_scores_, expected.validation_scores_, rtol=1e-4)


@pytest.mark.parametrize("kind", [csr_matrix, csc_matrix, coo_array])
@pytest.mark.parametrize("dtype", [np.float64, np.int64])
def test_every_format_and_type_is_converted(kind, dtype):
    values = np.round(5 * DENSE).astype(dtype)
    expected = quick().fit(csr_array(values.astype(np.float32)))
    mine = quick().fit(kind(values))
    np.testing.assert_array_equal(weights(mine), weights(expected))
    np.testing.assert_array_equal(mine.transform(kind(values)), mine.transform(csr_array(values)))


def test_places_named_twice_are_added_up_and_the_input_stays():
    half = SPARSE.data / 2
    indptr, indices = 2 * SPARSE.indptr, np.repeat(SPARSE.indices, 2)
    twice = csr_array((np.repeat(half, 2), indices, indptr), shape=SPARSE.shape)
    mine = quick().fit(twice)
    np.testing.assert_array_equal(weights(mine), weights(quick().fit(SPARSE)))
    assert twice.nnz == 2 * SPARSE.nnz
    np.testing.assert_allclose(mine.score(twice), mine.score(DENSE), rtol=1e-5)


def test_the_same_seed_gives_the_same_bits_and_goes_on():
    first, second = (quick().fit(SPARSE) for _ in range(2))
    assert weights(first).tobytes() == weights(second).tobytes()
    steps = quick()
    for _ in range(5):
        steps.partial_fit(SPARSE)
    assert steps.n_iter_ == 5
    assert steps.loss_curve_[-1] < steps.loss_curve_[0]


def test_sparse_and_dense_items_in_turn():
    model = quick(max_iter=3).fit(SPARSE)
    before = model.loss_
    assert model.partial_fit(DENSE).partial_fit(SPARSE).n_iter_ == 5
    assert model.loss_ < before
    model.set_params(reconstruction="mae").partial_fit(SPARSE).partial_fit(DENSE)
    assert np.isfinite(model.loss_)


def test_pickle_and_copies_of_the_network_are_as_small_as_the_network():
    model = quick(hidden_layer_sizes=(50,)).fit(SPARSE)
    size = weights(model).nbytes
    assert len(pickle.dumps(model)) < 4 * size
    assert len(pickle.dumps(model.network_)) < 2 * size
    copy = pickle.loads(pickle.dumps(model))  # noqa: S301  # our own
    np.testing.assert_array_equal(copy.transform(SPARSE), model.transform(SPARSE))
    before = weights(model)
    copy.partial_fit(SPARSE)
    np.testing.assert_array_equal(weights(model), before)
    np.testing.assert_array_equal(weights(copy), weights(model.partial_fit(SPARSE)))


@pytest.mark.parametrize("changes", [{}, {"early_stopping": True}, {"kind": "denoising"}])
def test_what_is_not_stored_is_missing_where_the_error_leaves_that_out(changes):
    X = SPARSE.copy()
    X.data[::7] = np.nan
    X.data[1::7] = 0  # a value like any other
    values = X.toarray()
    values[csr_array((np.ones(X.nnz), X.indices, X.indptr), shape=X.shape).toarray() == 0] = np.nan
    assert np.isnan(values).sum() == X.shape[0] * X.shape[1] - X.nnz + len(X.data[::7])
    model = quick(reconstruction="masked_mse", **changes)
    mine, expected = clone(model).fit(X), clone(model).fit(values)
    np.testing.assert_allclose(weights(mine), weights(expected), rtol=1e-4, atol=1e-6)
    for function in ("transform", "reconstruct", "score_samples"):
        theirs = getattr(mine, function)(values)
        np.testing.assert_allclose(getattr(mine, function)(X), theirs, rtol=1e-4, atol=1e-6)
    known = np.isfinite(values)
    squares = np.where(known, np.square(mine.reconstruct(X) - np.nan_to_num(values)), 0)
    mean = squares.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    mean[~known.any(axis=1)] = np.inf  # nothing tells how usual such an item is
    np.testing.assert_allclose(mine.score_samples(X), -mean, rtol=1e-4, atol=1e-7)


def test_items_are_drawn_by_weight():
    weight = np.r_[np.zeros(75), np.ones(75)]
    mine, expected = (quick().fit(x, sample_weight=weight) for x in (SPARSE, DENSE))
    np.testing.assert_allclose(weights(mine), weights(expected), rtol=1e-3, atol=1e-4)


def test_values_that_are_left_out_count_as_zero():
    assert value_range(csr_array([[-1.0, np.nan]])) == (-1, 0)
    assert value_range(csr_array([[0, 0.5]])) == (0, 0.5)
    assert value_range(csr_array([[-2.0, 0]])) == (-2, 0)
    assert value_range(csr_array((3, 4))) == (0, 0)
    model = quick(reconstruction="binary_cross_entropy", output_activation="sigmoid")
    assert np.isfinite(model.fit(csr_array(DENSE.clip(0, 1))).loss_)
    with pytest.raises(SettingsError, match="from 0 to 2"):
        model.fit(csr_array([[0.0, 2.0], [1.0, 0.0]]))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(bad):
    X = SPARSE.copy()
    X.data[3] = bad
    with pytest.raises(ValueError, match=r"X has (NaN|infinite values)"):
        quick().fit(X)


def test_a_loss_that_is_not_finite_keeps_the_last_good_model():
    model = quick(learning_rate_init=1e3, max_iter=50)
    with pytest.raises(NonFiniteLossError, match="Try a lower learning rate"):
        model.fit(SPARSE * np.float32(1e18))
    assert np.isfinite(weights(model)).all()


def test_items_are_made_dense_a_few_at_a_time(monkeypatch):
    model = quick().fit(SPARSE)
    functions = model.transform, model.reconstruct, model.score_samples
    expected = [function(SPARSE) for function in functions]
    monkeypatch.setattr(items, "CHUNK_BYTES", 4 * 40 * 7)
    assert items.chunk_rows(40) == 7
    for function, values in zip(functions, expected, strict=True):
        np.testing.assert_allclose(function(SPARSE), values, rtol=1e-5, atol=1e-6)
    assert items.chunk_rows(10**9) == 1


def test_another_error_takes_another_step_and_keeps_the_memory():
    trainer = Trainer(SPARSE, small())
    assert isinstance(trainer._stepper.step, SparseStep)
    trainer.run_batch()
    first = trainer.memory()["step"][0]
    trainer.change("reconstruction", "mae")
    assert isinstance(trainer._stepper.step, AutogradStep)
    state = trainer.memory()["step"]["optimizer"]["state"]
    means = np.concatenate([part["exp_avg"].ravel() for part in state.values()])
    np.testing.assert_allclose(10 * means, first, rtol=1e-5, atol=1e-9)
    trainer.run_batch()
    codes, errors = trainer.encode(torch.arange(10))
    output, same = trainer.reconstruct(torch.arange(10))
    assert codes.shape == (10, 2)
    torch.testing.assert_close(errors, same)
    residual = output.numpy() - DENSE[:10]
    np.testing.assert_allclose(errors.numpy(), np.abs(residual).mean(axis=1), rtol=1e-4)


def test_codes_of_the_training_pass():
    trainer = Trainer(SPARSE, small())
    trainer.pass_latent()
    while not trainer.run_batch():
        pass
    trainer.finish_epoch()
    codes, errors = trainer.pass_latent()
    assert codes.shape == (150, 2)
    assert torch.isfinite(errors).all()


@pytest.mark.slow
def test_a_huge_matrix_needs_memory_for_its_values_alone():
    code = """
        import resource, sys
        import numpy as np
        from scipy.sparse import csr_array
        from ae_widgets import Autoencoder

        def peak():
            unit = 2**20 if sys.platform == "darwin" else 2**10
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit

        model = Autoencoder(code_dim=4, hidden_layer_sizes=(), batch_size=2000, max_iter=1)
        model.fit(csr_array(np.eye(9))).transform(csr_array(np.eye(9)))  # imports and compiles
        before = peak()
        n = 100_000
        generator = np.random.default_rng(0)
        starts = np.arange(n + 1) * 5
        columns = np.sort(generator.integers(0, n, (n, 5)), axis=1).ravel()
        X = csr_array((np.ones(5 * n, np.float32), columns, starts), shape=(n, n))
        X.sum_duplicates()
        model.fit(X)
        assert model.transform(X).shape == (n, 4)
        assert np.isfinite(model.score_samples(X[:500])).all()
        print(peak() - before)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        check=True, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    # Dense it has 40 GB, and one batch of it 800 MB.
    assert float(done.stdout) < 200
