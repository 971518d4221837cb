"""A session that trains nothing, for views."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from ae_widgets import Settings
from ae_widgets.data import Dataset
from ae_widgets.session import LatentFrame, Reconstructions, Status

N_SAMPLES, SHAPE = 6, (2, 2)


class FakeSession:
    """Keeps what it is told and answers at once."""

    def __init__(self, *, labels=True, item_shape=SHAPE):
        self.dataset = Dataset(
            features=np.linspace(0, 1, N_SAMPLES * 4, dtype=np.float32).reshape(N_SAMPLES, 4),
            labels=np.array([0, 1, -1, 0, 1, 0], dtype=np.int32) if labels else None,
            label_names=("a", "b") if labels else (),
            feature_names=("w", "x", "y", "z"),
            item_shape=item_shape,
        )
        given = self.dataset.labels
        self.labels = np.full(N_SAMPLES, -1, np.int32) if given is None else given
        self.label_names = self.dataset.label_names
        self.settings = Settings().change(hidden_layer_sizes=(3,), code_dim=2)
        self.pending = {}
        self.preprocessor = None
        self.drawn = self.inputs = self.dataset
        self.status = Status()
        self.active_dimensions = None
        self.latent = None
        self.clusters = None
        self.focus, self.hovering = None, False
        self.selection = np.empty(0, dtype=np.int64)
        self.asked = []
        self.unanswered = None  # a list, to keep requests instead of answering
        self.scale = 0.5
        self._observers = defaultdict(list)

    def n_inputs(self, _settings):
        return self.dataset.n_features

    def observe(self, topic, callback):
        self._observers[topic].append(callback)
        return lambda: self._observers[topic].remove(callback)

    def observers(self):
        return sum(map(len, self._observers.values()))

    def notify(self, topic):
        for callback in tuple(self._observers[topic]):
            callback()

    def frame(self, number, *, exact=True, epoch=None, clusters=None, classes=None):
        """Have a frame appear."""
        self.clusters = clusters
        n_samples = self.dataset.n_samples
        codes = np.full((n_samples, 2), number, dtype=np.float32)
        self.latent = LatentFrame(
            number=number,
            step=number,
            epoch=number if epoch is None else epoch,
            exact=exact,
            codes=codes,
            errors=np.arange(n_samples, dtype=np.float32),
            positions=codes,
            limits=(-1.0, 2.0, -3.0, 4.0),
            axis_labels=("code 1", "code 2"),
            classes=classes,
        )
        self.notify("latent")

    def state(self, state):
        """Have the run enter a state."""
        self.status = Status(state=state)
        self.notify("status")

    def point(self, index, *, hovering=False):
        self.asked.append(("point", index))
        self.focus, self.hovering = index, hovering
        self.notify("focus")

    def select(self, indices):
        self.selection = np.unique(np.asarray(indices, dtype=np.int64))
        self.asked.append(("select", self.selection.tolist()))
        self.notify("selection")

    def request_latent(self):
        self.asked.append("latent")

    def request_clusters(self):
        self.asked.append("clusters")

    def request_reconstructions(self, indices, callback):
        rows = np.asarray(indices, dtype=np.int64)
        self.asked.append(("reconstruct", rows.tolist()))
        inputs = self.dataset.features[rows]
        errors = rows / 5 * self.scale
        answer = Reconstructions(rows, inputs, inputs * self.scale, errors, 3.0)
        if self.unanswered is None:
            callback(answer)
        else:
            self.unanswered.append(lambda: callback(answer))
