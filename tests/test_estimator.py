"""The engine through scikit-learn's interface."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from torch import nn

from ae_widgets import (
    Autoencoder,
    DataError,
    NonFiniteLossError,
    Session,
    SettingsError,
    TrainingError,
)
from ae_widgets.engine.trainer import Trainer
from tests.engine.data import blobs


def quick(**changes) -> Autoencoder:
    return Autoencoder(**{"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0, **changes})


def weights(model):
    return np.concatenate([w.ravel() for w in model._weights().values()])


UNEQUAL = dict.fromkeys(
    [
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weight_equivalence_on_sparse_data",
    ],
    "weights are how often an item is drawn: with other items the draws, and the batches, are "
    "others",
)


@parametrize_with_checks(
    [
        quick(),
        quick(early_stopping=True, activation="silu"),
        quick(reconstruction="masked_mse", optimizer="adamw", schedule="cosine"),
        quick(kind="variational", beta=1e-3, dropout=0.1, normalization="batch", tied_weights=True),
    ],
    expected_failed_checks=lambda _: UNEQUAL,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_codes_reconstructions_and_scores_belong_together():
    X = blobs(120, 6)
    model = quick(code_dim=3).fit(X)
    codes = model.transform(X)
    assert codes.shape == (120, 3)
    assert codes.dtype == np.float32
    np.testing.assert_allclose(model.inverse_transform(codes), model.reconstruct(X), rtol=1e-5)
    errors = ((model.reconstruct(X) - X) ** 2).mean(axis=1)
    np.testing.assert_allclose(model.score_samples(X), -errors, rtol=1e-4)
    assert model.score(X) == pytest.approx(-errors.mean(), rel=1e-5)


def test_learns_more_of_digits_than_pca():
    X = load_digits().data / 16
    model = Autoencoder(random_state=0, max_iter=60).fit(X)
    pca = PCA(2).fit(X)
    residual = X - pca.inverse_transform(pca.transform(X))
    assert -model.score(X) < (residual**2).mean()
    assert model.loss_curve_[-1] < model.loss_curve_[0] / 3


@pytest.mark.parametrize("activation", ["relu", "silu"])  # by hand, and by autograd
def test_the_same_seed_gives_the_same_bits(activation):
    X = blobs(100, 6)
    first, second = (quick(activation=activation).fit(X) for _ in range(2))
    assert weights(first).tobytes() == weights(second).tobytes()
    other = quick(activation=activation, random_state=1).fit(X)
    assert weights(first).tobytes() != weights(other).tobytes()


def test_fitting_leaves_global_states_alone():
    np.random.seed(3)  # noqa: NPY002  # the global state is what is looked at
    torch.manual_seed(3)
    expected = np.random.random(), torch.rand(1).item()  # noqa: NPY002
    threads = torch.get_num_threads()
    np.random.seed(3)  # noqa: NPY002  # the global state is what is looked at
    torch.manual_seed(3)
    quick().fit(blobs(50, 4))
    assert (np.random.random(), torch.rand(1).item()) == expected  # noqa: NPY002
    assert torch.get_num_threads() == threads


def test_early_stopping_keeps_the_weights_of_the_best_epoch():
    X = blobs(60, 10)
    model = quick(early_stopping=True, max_iter=300, learning_rate_init=0.05, n_iter_no_change=4)
    model.fit(X)
    assert model.converged_
    assert model.n_iter_ == len(model.loss_curve_) == len(model.validation_scores_) < 300
    best = int(np.argmax(model.validation_scores_)) + 1
    assert best < model.n_iter_
    shorter = clone(model).set_params(max_iter=best).fit(X)
    np.testing.assert_array_equal(weights(model), weights(shorter))


def test_training_loss_is_watched_without_early_stopping():
    model = quick(max_iter=500, learning_rate_init=0.05, tol=0.5, n_iter_no_change=2)
    model.fit(blobs(60, 4))
    assert model.converged_
    assert model.validation_scores_ is None
    assert model.n_iter_ < 500


@pytest.mark.parametrize("activation", ["relu", "silu"])
def test_warm_start_goes_on(activation):
    X = blobs(100, 6)
    model = quick(warm_start=True, activation=activation, max_iter=4).fit(X)
    before = model.loss_
    model.fit(X)
    assert model.n_iter_ == len(model.loss_curve_) == 8
    assert model.loss_ < before


def test_partial_fit_trains_one_epoch_a_call():
    X = blobs(100, 6)
    model = quick()
    for epoch in range(1, 6):
        assert model.partial_fit(X).n_iter_ == epoch
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    fitted = quick(max_iter=1).fit(X)
    np.testing.assert_array_equal(weights(quick().partial_fit(X)), weights(fitted))
    with pytest.raises(ValueError, match="features"):
        model.partial_fit(blobs(100, 5))


def test_pickle_keeps_everything_and_is_small():
    X = blobs(100, 6)
    model = quick(hidden_layer_sizes=(50,)).fit(X)
    data = pickle.dumps(model)
    assert len(data) < 6 * weights(model).nbytes
    copy = pickle.loads(data)  # noqa: S301  # our own
    np.testing.assert_array_equal(copy.transform(X), model.transform(X))
    np.testing.assert_array_equal(weights(copy.partial_fit(X)), weights(model.partial_fit(X)))


def test_works_in_a_pipeline_and_a_grid_search():
    X = load_digits().data[:300]
    pipeline = make_pipeline(MinMaxScaler(), quick(max_iter=40))
    search = GridSearchCV(pipeline, {"autoencoder__code_dim": [1, 8]}, n_jobs=2, cv=2)
    search.fit(X)
    assert search.best_params_ == {"autoencoder__code_dim": 8}


def test_names_of_columns_in_and_out():
    frame = pd.DataFrame(blobs(50, 3), columns=["a", "b", "c"])
    model = quick().set_output(transform="pandas").fit(frame)
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]
    codes = model.transform(frame)
    assert codes.columns.tolist() == ["autoencoder0", "autoencoder1"]
    assert codes.index.equals(frame.index)


@pytest.mark.parametrize(
    "changes",
    [{}, {"trunk": "convolutional", "item_shape": (2, 2)}, {"activation": "silu"}],
    ids=str,
)
def test_a_batch_larger_than_the_data_needs_no_memory_for_it(changes):
    X = blobs(20, 4)
    whole = quick(batch_size=20, max_iter=2, **changes).fit(X)
    larger = quick(batch_size=10**9, max_iter=2, **changes).fit(X)
    assert np.array_equal(weights(larger), weights(whole))
    quick(batch_size=10**9, max_iter=1).fit(csr_array(X))


def test_an_interrupt_keeps_the_model(monkeypatch):
    run, batches = Trainer.run, []

    def interrupted(self, max_batches):
        batches.append(max_batches)
        if len(batches) > 7:
            raise KeyboardInterrupt
        return run(self, max_batches)

    monkeypatch.setattr(Trainer, "batches_within", lambda *_: 1)
    monkeypatch.setattr(Trainer, "run", interrupted)
    X = blobs(64 * 3, 4)
    with pytest.warns(ConvergenceWarning, match="Interrupted in epoch 3. The model is kept"):
        model = quick(max_iter=100).fit(X)
    assert model.n_iter_ == 2
    assert model.transform(X).shape == (len(X), 2)


def test_a_loss_without_any_weight_is_told_of():
    X = blobs(100, 6)
    with pytest.warns(ConvergenceWarning, match="Every weight of the loss is 0"):
        model = quick(alpha=0).fit(X)
    assert model.n_iter_ > 0
    quick(alpha=0, beta=1e-3).fit(X)  # a warning is an error here


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"alpha": -1.0}, "alpha must be"),
        ({"gamma": 0.1, "n_clusters": 1000}, "n_clusters"),
        ({"reconstruction": "binary_cross_entropy"}, "binary_cross_entropy needs"),
        ({"random_state": 2**64}, "random_state must be an integer of at most 4294967295"),
    ],
)
def test_a_fit_that_is_refused_changes_nothing(changes, fault):
    X = blobs(100, 6)
    model = quick(preprocess="standard", max_iter=3).fit(X)
    before, codes = dict(vars(model)), model.transform(X)
    model.set_params(preprocess="min-max", **changes)
    with pytest.raises(SettingsError, match=fault):
        model.fit(5 * X[:, :5] - 1)
    learnt = {name for name in vars(model) if name.endswith("_")}
    assert learnt == {name for name in before if name.endswith("_")}
    assert all(vars(model)[name] is before[name] for name in learnt)
    np.testing.assert_array_equal(model.transform(X), codes)


def test_a_loss_that_is_not_finite_keeps_the_last_good_model():
    X = blobs(100, 6) * np.float32(1e25)
    model = quick(learning_rate_init=1e3, max_iter=50)
    with pytest.raises(NonFiniteLossError, match="Scale the data"):
        model.fit(X)
    assert np.isfinite(weights(model)).all()


def test_a_loss_that_is_not_finite_in_the_first_epoch_is_none():
    model = quick(learning_rate_init=500)
    with pytest.raises(NonFiniteLossError):
        model.fit(blobs(100, 6) * np.float32(1e25))
    assert model.n_iter_ == 0
    assert np.isnan(model.loss_)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"code_dim": 0}, "code_dim must be an integer from 1"),
        ({"alpha": -1}, "alpha must be a number"),
        ({"complexity": "l3"}, "complexity must be one of"),
        ({"learning_rate_init": 0}, "learning_rate"),
        ({"early_stopping": "no"}, "early_stopping must be True or False, got 'no'"),
        ({"warm_start": 1}, "warm_start must be True or False, got 1"),
        ({"verbose": "False"}, "verbose must be True or False, got 'False'"),
        ({"reconstruction": "binary_cross_entropy"}, "binary_cross_entropy needs"),
    ],
)
def test_a_bad_parameter_is_named(changes, message):
    with pytest.raises(SettingsError, match=message):
        quick(**changes).fit(blobs(20, 3))


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.zeros((4, 3)), r"shape \(n_samples, 2\), got \(4, 3\)"),
        (np.empty((0, 2)), r"shape \(n_samples, 2\), got \(0, 2\)"),
        ("a", "Codes must be numbers: could not convert"),
        ([[0.0, 1.0], [np.nan, 0.0]], "finite, got nan in row 1, column 0. Leave that row out"),
    ],
    ids=["shape", "none", "text", "nan"],
)
def test_codes_that_are_none_are_refused(codes, message):
    model = quick().fit(blobs(20, 3))
    with pytest.raises(DataError, match=message):
        model.inverse_transform(codes)


def test_verbose_shows_a_bar_and_quiet_shows_nothing(capfd):
    quick().fit(blobs(50, 4))
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
    quick(verbose=True, beta=0.1).fit(blobs(50, 4))
    shown = capfd.readouterr().err
    assert "5/5" in shown
    assert "reconstruction=" in shown
    assert "complexity=" in shown


def test_without_scikit_learns_callbacks_all_else_works(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.callback", None)  # as before version 1.9
    model = quick().fit(blobs(50, 4))
    assert model.n_iter_ == 5
    with pytest.raises(ImportError, match=r"Callbacks need scikit-learn 1\.9 or later"):
        model.set_callbacks(object())


def test_importing_the_package_loads_neither_torch_nor_widgets():
    code = "import ae_widgets, sys; print({'torch', 'sklearn', 'ipywidgets'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_importing_the_estimator_adds_no_library_to_those_it_builds_on():
    loaded = "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    bases = "import sklearn.base, sklearn.utils.validation, torch, scipy.special, sys;" + loaded
    ours = "from ae_widgets import Autoencoder; import sys;" + loaded
    base, own = (
        set(
            subprocess.run(
                [sys.executable, "-c", code], check=True, capture_output=True, text=True
            ).stdout.split()
        )
        for code in (bases, ours)
    )
    assert own - base <= {"ae_widgets", "_virtualenv"}


# Kinds of model --------------------------------------------------------------------


def test_a_gated_model_of_digits_uses_half_its_dimensions_and_beats_pca():
    X = load_digits().data / 16
    model = Autoencoder(code_dim=16, kind="gated", beta=3e-3, max_iter=60, random_state=0).fit(X)
    n = model.active_dimensions_
    assert 0 < n < 8
    assert (model.transform(X).std(axis=0) > 0).sum() == n
    pca = PCA(n).fit(X)
    residual = X - pca.inverse_transform(pca.transform(X))
    assert -model.score(X) < 0.75 * (residual**2).mean()


@pytest.mark.parametrize("kind", ["variational", "gated", "denoising"])
def test_codes_of_every_kind_are_without_noise_and_outlive_pickling(kind):
    X = blobs(60, 6)
    model = quick(kind=kind, dropout=0.2, normalization="batch").fit(X)
    np.testing.assert_array_equal(model.transform(X), model.transform(X))
    np.testing.assert_allclose(
        model.inverse_transform(model.transform(X)), model.reconstruct(X), rtol=1e-5
    )
    copy = pickle.loads(pickle.dumps(model))  # noqa: S301  # our own
    np.testing.assert_array_equal(copy.transform(X), model.transform(X))
    # The noise goes on where it was, too.
    np.testing.assert_array_equal(weights(copy.partial_fit(X)), weights(model.partial_fit(X)))
    assert model.active_dimensions_ <= 2


def test_a_warm_up_goes_on_from_call_to_call():
    model, shares = quick(kind="variational", beta=0.5, warm_up=3), []
    for _ in range(5):
        model.partial_fit(blobs(64, 6))
        error, complexity = (model.loss_parts_[p][-1] for p in ("reconstruction", "complexity"))
        shares.append((model.loss_ - error) / complexity)
    # One batch an epoch, each with the weight that its beginning has.
    assert shares == pytest.approx([0, 0.5 / 3, 1 / 3, 0.5, 0.5], rel=1e-4, abs=1e-6)


def test_a_convolutional_trunk_is_told_the_shape_of_the_items():
    X = load_digits().data[:200] / 16
    model = quick(trunk="convolutional", channels=(4,), item_shape=(8, 8), max_iter=20).fit(X)
    assert any(isinstance(layer, nn.Conv2d) for layer in model.network_.encoder)
    assert model.reconstruct(X).shape == X.shape
    assert model.loss_curve_[-1] < model.loss_curve_[0] / 1.5


# Modules of one's own ----------------------------------------------------------------


def own(**changes):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder = nn.Sequential(nn.Linear(6, 16), nn.GELU(), nn.Dropout(0.1), nn.Linear(16, 3))
        decoder = nn.Sequential(nn.Linear(3, 16), nn.GELU(), nn.Linear(16, 6))
    return Autoencoder(
        encoder=encoder, decoder=decoder, **{"max_iter": 30, "random_state": 0, **changes}
    )


def test_own_modules_are_trained_as_copies():
    X = blobs(150, 6)
    model = own(learning_rate_init=0.01)
    before = [p.clone() for p in model.encoder.parameters()]
    model.fit(X)
    assert model.transform(X).shape == (150, 3)
    assert model.loss_curve_[-1] < model.loss_curve_[0] / 3
    for was, parameter in zip(before, model.encoder.parameters(), strict=True):
        assert torch.equal(was, parameter)
        assert parameter.requires_grad
    assert isinstance(model.network_.encoder[1], nn.GELU)
    again = clone(model).fit(X)
    np.testing.assert_array_equal(weights(model), weights(again))


def test_own_modules_go_on_after_pickling_and_with_warm_start():
    X = blobs(100, 6)
    model = own(warm_start=True, max_iter=4).fit(X)
    copy = pickle.loads(pickle.dumps(model))  # noqa: S301  # our own
    assert copy.fit(X).n_iter_ == 8
    np.testing.assert_array_equal(weights(copy), weights(model.fit(X)))


@pytest.mark.parametrize("kind", ["contractive", "gated", "sparse"])
def test_own_modules_can_be_of_any_kind(kind):
    model = own(kind=kind, beta=1e-3, max_iter=3).fit(blobs(50, 6))
    assert np.isfinite(model.loss_curve_).all()


def test_own_modules_that_do_not_fit_are_refused_before_training():
    with pytest.raises(SettingsError, match=r"decoder must return \(n, 5\) for \(n, 3\)"):
        own().set_params(encoder=nn.Linear(5, 3)).fit(blobs(20, 5))
    with pytest.raises(SettingsError, match="must both be torch modules"):
        own(max_iter=1).set_params(decoder=None).fit(blobs(20, 6))


class FailsOnMany(nn.Linear):
    def forward(self, x):
        if len(x) > 2:
            msg = "too many"
            raise ValueError(msg)
        return super().forward(x)


def test_own_modules_that_fail_while_training_are_named():
    failed = r"^encoder failed on a batch of shape \(20, 6\), with ValueError: too many$"
    model = own(batch_size=20).set_params(encoder=FailsOnMany(6, 3))
    with pytest.raises(TrainingError, match=failed):
        model.fit(blobs(20, 6))
    model.set_params(batch_size=2).fit(blobs(20, 6))
    for ask in (model.transform, model.reconstruct, model.score_samples, model.score):
        with pytest.raises(SettingsError, match=failed):
            ask(blobs(20, 6))
    model = own(reconstruction="binary_cross_entropy", output_activation="identity")
    outside = (
        "binary_cross_entropy failed on what your decoder returned, which must lie from 0 to 1"
    )
    with pytest.raises(TrainingError, match=outside):
        model.fit(blobs(20, 6))


class Root(nn.Module):
    def forward(self, x):
        return x.sqrt()  # NaN below 0


def test_own_modules_that_return_nan_from_the_start_are_looked_at_first():
    model = own().set_params(encoder=nn.Sequential(Root(), nn.Linear(6, 3)))
    said = "No weight had moved by then. Look at what your encoder and decoder return, or scale the"
    with pytest.raises(NonFiniteLossError, match=said):
        model.fit(-blobs(20, 6))


class OneValue(nn.Linear):
    """Returns a single value an item for a batch of some size."""

    def __init__(self, code_dim, n_features, n_odd):
        super().__init__(code_dim, n_features)
        self.n_odd = n_odd

    def forward(self, code):
        output = super().forward(code)
        return output[:, :1] if len(code) == self.n_odd else output


@pytest.mark.parametrize("kind", ["mse", "mae", "huber", "cosine", "multinomial"])
def test_own_modules_that_return_another_shape_for_some_batch_are_named(kind):
    wanted = r"decoder must return shape \(4, 6\) for 4 items, got \(4, 1\)"
    model = own(reconstruction=kind, batch_size=8).set_params(decoder=OneValue(3, 6, n_odd=4))
    with pytest.raises(TrainingError, match=wanted):
        model.fit(blobs(20, 6))
    model.set_params(batch_size=10).fit(blobs(20, 6))
    for ask in (model.reconstruct, model.score_samples, model.score):
        with pytest.raises(SettingsError, match=wanted):
            ask(blobs(4, 6))


def test_own_modules_may_write_into_what_they_are_given():
    X = blobs(60, 6) - np.float32(0.5)
    encoder = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(6, 3))
    decoder = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(3, 6))
    model = own(beta=0.1, max_iter=3).set_params(encoder=encoder, decoder=decoder)
    apart = clone(model)
    apart.encoder[0].inplace = apart.decoder[0].inplace = False
    np.testing.assert_array_equal(weights(model.fit(X)), weights(apart.fit(X)))
    assert model.loss_parts_ == apart.loss_parts_
    expected = -np.square(model.reconstruct(X) - X).mean()
    assert model.score(X) == pytest.approx(expected, rel=1e-5)
    assert not (model.transform(X) >= 0).all()


class AddsInPlace(nn.Linear):
    def forward(self, x):
        return super().forward(x.add_(1))


@pytest.mark.parametrize(
    "encoder",
    [AddsInPlace(6, 3), nn.Sequential(nn.Dropout(0.9, inplace=True), nn.Linear(6, 3))],
    ids=["adds", "drops out"],
)
def test_the_error_is_that_of_the_items_whatever_own_modules_write_into(encoder):
    decoder = nn.Linear(3, 6)
    for parameter in decoder.parameters():
        nn.init.zeros_(parameter)
    model = own(learning_rate_init=1e-9, max_iter=1).set_params(encoder=encoder, decoder=decoder)
    assert model.fit(np.full((32, 6), 4, np.float32)).loss_ == pytest.approx(16, rel=1e-5)


class Detached(nn.Linear):
    def forward(self, code):
        return super().forward(code).detach()


def test_own_modules_without_a_gradient_are_told_so():
    depends_on_none = "The loss depends on no parameter that can be trained"
    with pytest.raises(TrainingError, match=depends_on_none):
        own().set_params(decoder=Detached(3, 6)).fit(blobs(20, 6))
    frozen = own(alpha=0, beta=1.0)
    frozen.encoder.requires_grad_(requires_grad=False)
    with pytest.raises(TrainingError, match=depends_on_none):
        frozen.fit(blobs(20, 6))
    frozen.decoder.requires_grad_(requires_grad=False)
    with pytest.raises(SettingsError, match=r"all of these are frozen: requires_grad_\(True\)"):
        frozen.fit(blobs(20, 6))


def test_modules_of_a_fitted_model_are_trained_again():
    X = blobs(60, 6)
    first = own(max_iter=3).fit(X)
    network = first.network_
    again = own(max_iter=3).set_params(encoder=network.encoder, decoder=network.decoder).fit(X)
    for was, now in zip(network.parameters(), again.network_.parameters(), strict=True):
        assert not torch.equal(was, now)
    assert again.loss_ < first.loss_
    first.encoder.requires_grad_(requires_grad=False)
    frozen = own(max_iter=3).set_params(encoder=first.encoder).fit(X)
    assert not any(p.requires_grad for p in frozen.network_.encoder.parameters())
    for was, now in zip(
        first.encoder.parameters(), frozen.network_.encoder.parameters(), strict=True
    ):
        assert torch.equal(was, now)


class Uncopied(nn.Linear):
    def __deepcopy__(self, _memo):
        msg = "it holds a lock"
        raise TypeError(msg)


def test_own_modules_that_cannot_be_copied_are_refused():
    with pytest.raises(SettingsError, match=r"copy\.deepcopy fails: it holds a lock"):
        own().set_params(encoder=Uncopied(6, 3)).fit(blobs(20, 6))


def test_a_session_cannot_take_own_modules():
    with pytest.raises(SettingsError, match="cannot take an encoder and a decoder of your own"):
        Session(own(), blobs(20, 6))
