"""scikit-learn's callbacks on the estimator."""
# ruff: noqa: ARG002  # hooks get what they are given

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ae_widgets import Autoencoder, TrainingError
from tests.engine.data import blobs


def quick(**changes) -> Autoencoder:
    return Autoencoder(**{"hidden_layer_sizes": (8,), "max_iter": 3, "random_state": 0, **changes})


def weights(model):
    return np.concatenate([w.ravel() for w in model._weights().values()])


class Recorder:
    """A callback that notes what it hears and may stop or fail after an epoch."""

    max_propagation_depth = None

    def __init__(self, *, stop_after=None, fail_after=None):
        self.heard, self.scores, self.stop_after, self.fail_after = [], [], stop_after, fail_after
        self.done = 0

    def setup(self, estimator, context):
        self.heard.append("setup")

    def on_fit_task_begin(self, estimator, context):
        self.heard.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        self.heard.append(f"end {context.task_name}")
        if context.task_name != "epoch":
            return False
        self.done += 1
        self.scores.append(fitted_estimator.score(X))
        if self.done == self.fail_after:
            self.fail()
        return self.done == self.stop_after

    def fail(self):
        msg = "no space left"
        raise OSError(msg)

    def teardown(self, estimator, context):
        self.heard.append("teardown")


pytest.importorskip("sklearn.callback")


def test_a_model_that_a_failed_callback_left_is_of_use():
    X, y = blobs(100, 6), np.arange(100) % 2
    detector = quick(contamination=0.1, anomaly_score="latent", max_iter=5)
    grouping = quick(gamma=0.1, n_clusters=3, clustering_start=1, max_iter=5)
    for model in (detector, grouping):
        with pytest.raises(TrainingError, match="after 3 epochs"):
            model.set_callbacks(Recorder(fail_after=3)).fit(X, y)
    assert (detector.predict(X) == -1).sum() == 10
    np.testing.assert_array_equal(grouping.labels_, grouping.predict(X))


def test_a_callback_hears_of_the_fit_and_of_each_epoch():
    X, recorder = blobs(100, 6), Recorder()
    model = quick().set_callbacks(recorder).fit(X)
    epoch = ["begin epoch", "end epoch"]
    assert recorder.heard == ["setup", "begin fit", *epoch * 3, "end fit", "teardown"]
    assert recorder.scores[-1] == model.score(X)
    shorter = quick(max_iter=2).fit(X)
    assert recorder.scores[1] == shorter.score(X)
    assert not hasattr(model, "_callback_fit_ctx")


def test_callbacks_change_nothing_and_are_removed_by_none():
    X, recorder = blobs(100, 6), Recorder()
    model = quick().set_callbacks(recorder)
    copy = clone(model)
    np.testing.assert_array_equal(weights(model.fit(X)), weights(quick().fit(X)))
    assert copy._skl_callbacks == [recorder]
    recorder.heard.clear()
    model.set_callbacks().fit(X)
    assert recorder.heard == []


def test_a_callback_stops_training():
    model = quick(max_iter=50).set_callbacks(Recorder(stop_after=2)).fit(blobs(100, 6))
    assert model.n_iter_ == 2
    assert not model.converged_


def test_an_error_in_a_callback_names_it_and_keeps_the_model():
    X, other = blobs(100, 6), Recorder()
    model = quick(max_iter=50).set_callbacks(other, Recorder(fail_after=2))
    with pytest.raises(
        TrainingError, match=r"callback Recorder raised OSError.*after 2 epochs"
    ) as e:
        model.fit(X)
    assert isinstance(e.value.__cause__, OSError)
    assert model.n_iter_ == 2
    np.testing.assert_array_equal(weights(model), weights(quick(max_iter=2).fit(X)))
    assert other.heard[-1] == "teardown"


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("hook", ["setup", "on_fit_task_begin"])
def test_an_error_before_training_leaves_the_model_that_was(hook, warm):
    class Failing(Recorder):
        pass

    setattr(Failing, hook, lambda self, *_, **__: self.fail())
    X = blobs(100, 6)
    model = quick(warm_start=warm).fit(X)
    before = weights(model)
    said = "no space left. Training has not begun; the estimator is as it was"
    with pytest.raises(TrainingError, match=said):
        model.set_callbacks(Failing()).fit(X if warm else X[:, :3])
    np.testing.assert_array_equal(weights(model), before)
    assert (model.n_iter_, model.transform(X).shape) == (3, (100, 2))
    unfitted = clone(model)
    with pytest.raises(TrainingError, match=said):
        unfitted.fit(X)
    assert not hasattr(unfitted, "n_features_in_")


def test_a_pipeline_hands_its_callbacks_down():
    recorder = Recorder()
    make_pipeline(StandardScaler(), quick()).set_callbacks(recorder).fit(blobs(100, 6))
    assert recorder.heard.count("end epoch") == 3
    assert recorder.heard.count("setup") == 1


def test_scikit_learns_progress_bar(capfd):
    pytest.importorskip("rich")
    from sklearn.callback import ProgressBar

    quick().set_callbacks(ProgressBar()).fit(blobs(100, 6))
    assert "Autoencoder - fit" in capfd.readouterr().out


def test_scikit_learns_scoring_monitor():
    from sklearn.callback import ScoringMonitor

    X = blobs(100, 6)
    monitor = ScoringMonitor(scoring={"score": lambda model, X, _: model.score(X)})
    model = quick().set_callbacks(monitor).fit(X, X)
    epochs = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(epochs) == 3
    assert epochs[-1]["score"] == model.score(X)


def test_what_is_no_callback_is_refused():
    with pytest.raises(TypeError, match="FitCallback"):
        quick().set_callbacks(print)
