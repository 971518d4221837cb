"""Everything about one run in one notebook cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from ae_widgets.exceptions import AEWidgetsError, DataError
from ae_widgets.session import Session, publisher
from ae_widgets.text import short
from ae_widgets.widgets._cell import current_cell, take_over
from ae_widgets.widgets._controls import Panel
from ae_widgets.widgets._saved_output import SavedOutput
from ae_widgets.widgets._style import style_sheet
from ae_widgets.widgets._tabs import Tabs
from ae_widgets.widgets._view import SessionView, close_inner
from ae_widgets.widgets.anomaly_desk import AnomalyDesk
from ae_widgets.widgets.architecture_controls import ArchitectureControls
from ae_widgets.widgets.groups_view import GroupsView
from ae_widgets.widgets.label_row import LabelRow
from ae_widgets.widgets.latent_scatter import LatentScatter
from ae_widgets.widgets.loss_controls import LossControls
from ae_widgets.widgets.loss_plot import LossPlot
from ae_widgets.widgets.preprocess_controls import PreprocessControls
from ae_widgets.widgets.ranking_view import RankingView
from ae_widgets.widgets.reconstruction_view import ReconstructionView
from ae_widgets.widgets.training_controls import TrainingControls

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from ae_widgets.engine import Settings
    from ae_widgets.engine.protocol import StepUnit
    from ae_widgets.estimator import Autoencoder
    from ae_widgets.session import Status

__all__ = ["Lab"]


class Lab(SessionView, ipywidgets.VBox):
    """Train an autoencoder in the background and see what it does.

    Parameters
    ----------
    X : array-like, sparse matrix, DataFrame, Bunch, path of a folder of pictures, or Session
        The items, one a row; or a session to show.
    y : array-like of shape (n_samples,), optional
        Labels; they colour the latent space and, with `delta` above 0, are trained on.
    labels : array-like, optional
        The labels in ``Lab(estimator, X, y)``, which opens an `Autoencoder` with its
        settings and, if it is fitted, its weights.
    item_shape : tuple of int, optional
        ``(height, width)`` or ``(height, width, channels)`` if an item is an image,
        ``(length,)`` if it is a series.
    categorical : None, 'auto' or sequence of str, optional
        Which columns of a DataFrame hold categories, beside those of such a type.
    settings : Settings, optional
        Settings to begin with.
    preset : {'deep', 'simple'}, optional
        A named set of settings, applied on top of `settings`.
    copy : bool, default=False
        Whether to keep a copy of the items, so that nothing that is written into the array
        later matters. Without one a float32 array is kept in place, and a change of it during
        a run shows in the views, though the training process does not see it; `Session`
        says more.
    trainer : {'process', 'thread'}, default='process'
        Where to train. A process keeps its speed while a cell runs Python code.
    to_find : sparse matrix of shape (n_users, n_items), optional
        Ratings that were held out of `X`: a page tells how many of them would be
        recommended, see `RankingView`.
    **changes
        Single settings, applied last, such as ``beta=0.1``, ``code_dim=3`` or
        ``preprocess=['standard', PCAFeatures(20)]``, and what else a `Session` takes, such
        as ``missing='mask'``.

    Raises
    ------
    DataError
        If the data cannot be trained on.
    SettingsError
        If a setting is unknown or out of its range.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> lab = Lab(load_digits())  # doctest: +SKIP
    >>> lab.start()  # doctest: +SKIP
    """

    _owns = False  # until there is a session

    def __init__(  # noqa: PLR0913  (as `Session`)
        self,
        X: Any,
        y: Any = None,
        labels: ArrayLike | None = None,
        *,
        item_shape: tuple[int, ...] | None = None,
        categorical: Any = None,
        settings: Settings | None = None,
        preset: str | None = None,
        copy: bool = False,
        trainer: str = "process",
        to_find: Any = None,
        **changes: Any,
    ) -> None:
        if isinstance(X, Session):
            self.session = X
        else:
            self.session = Session(
                X, y, labels, item_shape=item_shape, categorical=categorical,
                settings=settings, preset=preset, copy=copy, trainer=trainer, **changes,
            )  # fmt: skip
        self._owns = not isinstance(X, Session)
        self._trainer = trainer
        try:
            self._parts = self._build(to_find)
        except DataError:
            if self._owns:
                self.session.close()
            raise
        super().__init__(children=self._parts)
        self.add_class("ae-lab")
        self._follow("status", self._refresh_saved, key=self._rest)
        self._free_replies()
        for earlier in take_over(self, current_cell()):
            self._replace(earlier)
        if self._owns:
            self.session.prepare()

    def _build(self, to_find: Any = None) -> list[ipywidgets.Widget]:
        session = self.session
        pages = [] if to_find is None else [("Held-out ratings", RankingView(session, to_find))]
        self.training = TrainingControls(session)
        self.architecture = ArchitectureControls(session)
        self.preprocess = PreprocessControls(session)
        self.loss = LossControls(session)
        self.scatter = LatentScatter(session)
        self.labelling = LabelRow(session)
        self.reconstruction = ReconstructionView(session)
        self.plot = LossPlot(session)
        self.anomalies = AnomalyDesk(session)
        self.groups = GroupsView(session)
        self.tabs = Tabs(
            "Run",
            ("Loss curves", self.plot),
            ("Anomalies", self.anomalies),
            ("Classes and clusters", self.groups),
            *pages,
            css_class="ae-lab-plot",
        )
        self._saved = SavedOutput(session)
        controls = ipywidgets.VBox(
            children=[
                Panel(
                    "Model",
                    Panel("Preprocess", self.preprocess, css_class="ae-section", folded=True),
                    self.architecture,
                ),
                Panel("Loss", self.loss),
            ]
        )
        controls.add_class("ae-lab-controls")
        parts = [
            self.training,
            controls,
            Panel("Latent space", self.labelling, self.scatter, css_class="ae-lab-scatter"),
            Panel("Items", self.reconstruction, css_class="ae-lab-items"),
            self.tabs,
        ]
        grid = ipywidgets.Box(children=parts)
        grid.add_class("ae-lab-grid")
        return [style_sheet(), grid]

    def _replace(self, earlier: Lab) -> None:
        """End what an earlier run of the same cell left behind."""
        if not earlier._owns or earlier.session is self.session:
            SessionView.close(earlier)
            return
        status, number = earlier.session.status, earlier.session.number
        earlier.close()
        if status.live:
            self.session.say(
                f"The earlier run {number} of this cell was stopped at epoch {status.epoch:,}."
            )

    # The session's commands --------------------------------------------------------

    def start(self) -> None:
        """Train in the background; after the end of a run, begin a new one."""
        self.session.start()

    def pause(self) -> None:
        """Stop between two batches; `resume` goes on."""
        self.session.pause()

    def resume(self) -> None:
        """Go on training."""
        self.session.resume()

    def step(self, unit: StepUnit = "epoch") -> None:
        """Train one 'batch', or to the end of the 'epoch', then pause."""
        self.session.step(unit)

    def stop(self) -> None:
        """End the run between two batches; the model and the history are kept."""
        self.session.stop()

    def reset(self) -> None:
        """Begin anew with fresh weights and the settings shown."""
        self.session.reset()

    def wait(self, timeout: float | None = None) -> Status:
        """Wait until the run pauses or ends, and bring every view up to date.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most.

        Raises
        ------
        TimeoutError
            If it still trains then; it goes on.
        TrainingError
            If the run ended with an error.
        """
        try:
            return self.session.wait(timeout)
        finally:
            publisher.flush()
            self._saved.refresh(repr(self), wait=True)

    def set_data(
        self,
        X: Any,
        y: ArrayLike | None = None,
        *,
        item_shape: tuple[int, ...] | None = None,
        categorical: Any = None,
        copy: bool = False,
    ) -> None:
        """Go on with other data and the same settings, in a new session.

        Parameters
        ----------
        X, y, item_shape, categorical, copy
            As for the class.

        Raises
        ------
        DataError
            If the data cannot be trained on; the Lab keeps what it has.
        """
        try:
            session = Session(
                X, y, item_shape=item_shape, categorical=categorical, copy=copy,
                settings=self.session.settings, trainer=self._trainer,
            )  # fmt: skip
        except AEWidgetsError as error:
            self.session.say(str(error), error=True)
            raise
        old_session, owned = self.session, self._owns
        old_parts: tuple[ipywidgets.Widget, ...] = tuple(self._parts)
        saved = self._saved
        self._unfollow()
        self.session, self._owns = session, True
        self._parts = self._build()
        self._saved.take_places(saved)
        self._post("parts", self._show_parts, messages=2, interval=0)
        publisher.flush()
        for part in old_parts:
            close_inner(part)
        if owned:
            old_session.close()
        self._follow("status", self._refresh_saved, key=self._rest)
        self.session.prepare()

    def _show_parts(self) -> None:
        self.children = self._parts

    def close(self) -> None:
        """End the training of this Lab's own session and close all its widgets."""
        super().close()
        if self._owns:
            self.session.close()

    # What is known -------------------------------------------------------------------

    @property
    def codes(self) -> NDArray[np.float32]:
        """Codes of all items, shape (n_samples, code_dim)."""
        return self.session.codes

    @property
    def selection(self) -> NDArray[np.int64]:
        """Indices of the selected items."""
        return self.session.selection

    @property
    def history(self) -> pd.DataFrame:
        """Every loss part per epoch, for training and validation."""
        return self.session.history

    @property
    def estimator(self) -> Autoencoder:
        """A fitted `Autoencoder` with the settings, weights and history of this run.

        If the items are a DataFrame it takes frames of the same columns, else a row an
        item, as ``session.dataset.features`` has them. It is a copy: neither changes the
        other. While the run is training its weights are those that the trainer sent last;
        pause it to have the present ones.

        Raises
        ------
        TrainingError
            If the run has not trained yet.
        """
        from ae_widgets.estimator import Autoencoder

        return Autoencoder.from_session(self.session)

    @property
    def error(self) -> Exception | None:
        """What ended the run with an error, or None."""
        return self.session.error

    def __repr__(self) -> str:
        dataset, status = self.session.dataset, self.session.status
        parts = [
            f"{dataset.n_samples:,} items × {dataset.n_features:,} features",
            f"epoch {status.epoch:,} of {status.max_iter:,}",
        ]
        if status.loss is not None:
            parts.append(
                f"{'val' if status.watched == 'validation' else 'train'} {short(status.loss, 4)}"
            )
        parts.append(status.state + (f": {status.reason}" if status.reason else ""))
        return f"Lab({', '.join(parts)})"

    # Outputs -------------------------------------------------------------------------

    def _ipython_display_(self) -> None:
        """Show the live widget, and under it the picture that a saved notebook needs."""
        from IPython.display import display

        if self.comm is None:
            display({"text/plain": repr(self)}, raw=True)  # type: ignore[no-untyped-call]
            return
        display(self._repr_mimebundle_(), raw=True)  # type: ignore[no-untyped-call]
        self._saved.show(repr(self))

    def _rest(self) -> tuple[str, int]:
        """Change when the run comes to rest, not with every batch."""
        status = self.session.status
        return status.state, -1 if status.busy else status.step

    def _refresh_saved(self) -> None:
        if not self.session.status.busy:
            self._saved.refresh(repr(self))
