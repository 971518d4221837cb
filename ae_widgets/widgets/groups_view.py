"""How well clusters and classes fit the labels, and whether the network overfits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np

from ae_widgets.analysis.overfitting import advice
from ae_widgets.data import NO_LABEL
from ae_widgets.engine.settings import OBJECTIVE_SETTINGS
from ae_widgets.text import short
from ae_widgets.widgets._controls import Dropdown, PlainLabel, ToggleButtons, row
from ae_widgets.widgets._score_tables import (
    CLUSTER_LABELS,
    class_table,
    cluster_table,
    confusion_table,
    mistaken_text,
)
from ae_widgets.widgets._style import style_sheet
from ae_widgets.widgets._tips import Tips
from ae_widgets.widgets._view import PageView

if TYPE_CHECKING:
    from ae_widgets.analysis.groups import ClassScores
    from ae_widgets.engine import Settings
    from ae_widgets.session import GroupScores, Session

__all__ = ["GroupsView"]

REFRESH = 1.0  # seconds between two looks while training
EMPTY = "What clusters and classes are worth appears here with the first exact picture of the codes"
METHOD_LABELS = {"trained": "trained, or k-means"}
METHOD_TOOLTIP = (
    "How clusters are found on the codes, for these scores and for the colours of the scatter: "
    "training is not touched. HDBSCAN finds their number, and leaves items in none"
)
NO_CLASSES = "Classes are learnt with δ above 0 and labels of two classes or more."
NOT_STARTED = "Classes are learnt once the run trains: press Start."
NO_CLASSES_YET = "Classes are learnt from the next batch on."
MIN_CLASSES = 2


class GroupsView(PageView, ipywidgets.VBox):
    """Scores of the clusters and of the classes, and the confusion matrix.

    The clusters are those that are trained or, with γ at 0, k-means of the codes, unless
    another way to find them is chosen; see `Session.choose_clusters`. All is of the last
    picture whose codes come from the weights of one moment.

    Parameters
    ----------
    session : Session
        The run to look at.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._build()
        tips = Tips([self._body])
        super().__init__(children=[style_sheet(), self._body, self._hint, tips])
        self.add_class("ae-groups")
        self._follow("latent", self._ask, messages=0, interval=REFRESH)
        self._follow("labels", self._ask, messages=0)
        self._follow("clusters", self._show_method)
        self._follow("groups", self._show, messages=7, interval=REFRESH)
        self._follow("losses", self._show_gap, messages=2, interval=REFRESH)
        self._follow("settings", self._show_notes, messages=2)
        self._follow("status", self._show_notes, messages=2, key=self._state)

    def _build(self) -> None:
        self._clusters, self._classes, self._matrix = (ipywidgets.HTML("") for _ in range(3))
        self._gap, self._mistaken = PlainLabel(), PlainLabel()
        self._hint = ipywidgets.Label(EMPTY)
        self._hint.add_class("ae-empty")
        self._method = Dropdown(
            options=[(METHOD_LABELS.get(name, label), name) for name, label in
                     CLUSTER_LABELS.items()],
            value=self.session.cluster_method,
            description="By",
            tooltip=METHOD_TOOLTIP,
        )  # fmt: skip
        self._method.add_class("ae-cluster-method")
        self._method.observe(self._choose, names=["value"])
        for note in (self._gap, self._mistaken):
            note.add_class("ae-groups-note")
        self._split = ToggleButtons(
            options=[("Training", "training"), ("Held-out", "held_out")],
            value="held_out",
            tooltips=["Of the items that are trained on", "Of the items that are held out"],
        )
        for name in ("ae-segmented", "ae-away"):
            self._split.add_class(name)
        self._split.observe(
            lambda _: self._post("groups", self._show, messages=6, interval=0), names=["value"]
        )
        self._matrix.add_class("ae-matrix")
        head = row(self._split, self._mistaken, css_class="ae-groups-head")
        self._right = ipywidgets.VBox(children=[head, self._matrix])
        middle = ipywidgets.VBox(children=[self._classes, self._gap])
        left = ipywidgets.VBox(children=[self._method, self._clusters])
        self._body = row(left, middle, self._right, css_class="ae-groups-body")

    def _wake(self) -> None:
        self._ask()
        self._post("losses", self._show_notes, messages=3)

    def _ask(self) -> None:
        if self._active and not self.session.closed:
            self.session.request_groups()

    def _choose(self, change: dict[str, Any]) -> None:
        if not self.session.closed:
            self.session.choose_clusters(change["new"])

    def _show_method(self) -> None:
        self._method.value = self.session.cluster_method

    # What is shown -----------------------------------------------------------------

    def _show(self) -> None:
        scores = self.session.last_groups
        self._show_hint()
        if scores is None:
            return
        self._clusters.value = cluster_table(scores.clusters, scores.method)
        self._show_classes(scores)
        self._show_gap()

    def _show_classes(self, scores: GroupScores) -> None:
        if scores.training is None or scores.held_out is None:
            self._classes.value = self._matrix.value = ""
            self._split.add_class("ae-away")
            self._mistaken.value = self._why_no_classes()
            return
        self._split.remove_class("ae-away")
        self._classes.value = class_table(scores.training, scores.held_out)
        chosen: ClassScores = getattr(scores, self._split.value)
        self._mistaken.value = mistaken_text(chosen.counts, scores.names)
        self._matrix.value = confusion_table(chosen.counts, scores.names)

    def _why_no_classes(self) -> str:
        labels = self.session.labels
        several = len(np.unique(labels[labels != NO_LABEL])) >= MIN_CLASSES
        if not (several and self.session.settings.delta):
            return NO_CLASSES
        return NOT_STARTED if self._state() == "idle" else NO_CLASSES_YET

    def _show_notes(self) -> None:
        self._show_gap()
        scores = self.session.last_groups
        if self._active and scores is not None and scores.training is None:
            self._mistaken.value = self._why_no_classes()

    def _show_hint(self) -> None:
        none = self.session.last_groups is None
        (self._hint.remove_class if none else self._hint.add_class)("ae-hidden")

    def _show_gap(self) -> None:
        if not self._active:
            return
        self._show_hint()  # the losses are those of a new run first
        self._gap.value = self._gap_text()

    def _gap_text(self) -> str:
        training, validation = self._losses()
        if not training:
            return ""
        text = f"Loss {short(training[-1], 4)}"
        if validation:
            gap = (validation[-1] - training[-1]) / abs(training[-1]) if training[-1] else math.nan
            share = f" ({gap:+.0%})" if math.isfinite(gap) else ""
            text = f"{text}, held-out {short(validation[-1], 4)}{share}"
        settings = self.session.settings
        said = advice(training, validation, _remedies(settings), self._class_scores())
        return f"{text}. {said}{self._kept()}"

    def _class_scores(self) -> tuple[ClassScores, ClassScores] | None:
        """Return what is known of the classes on both sorts of items, if they are trained."""
        scores = self.session.last_groups
        if scores is None or scores.training is None or scores.held_out is None:
            return None
        return (scores.training, scores.held_out) if self.session.settings.delta else None

    def _state(self) -> str:
        return self.session.status.state

    def _kept(self) -> str:
        """Say with which weights a run that trains will end, if not with the last ones."""
        status = self.session.status
        kept = self.session.settings.restore_best and status.best_epoch is not None
        if not kept or not status.live:
            return ""
        return f" The run ends with the weights of its best epoch, so far {status.best_epoch:,}."

    def _losses(self) -> tuple[list[float], list[float]]:
        """Return the losses of the epochs since the objective was changed last."""
        changes = [e.step for e in self.session.journal if e.name in OBJECTIVE_SETTINGS]
        epochs = [r for r in self.session.records if r.complete]
        # Of those that a change came in the middle of, too: else there is nothing to tell.
        since = [r for r in epochs if not changes or r.step > changes[-1]] or epochs[-1:]
        held_out = [r.validation.total for r in since if r.validation is not None]
        return [r.train.total for r in since], held_out


def _remedies(settings: Settings) -> list[str]:
    """Return what helps against overfitting and is not in use, as the controls call it."""
    unused = {
        "Dropout": not settings.architecture.dropout,
        "Kind: denoising": settings.kind != "denoising",
        "Weight decay": not settings.weight_decay,
    }
    stopping = "a shorter Patience" if settings.restore_best else "Best weights"
    names = [name for name, free in unused.items() if free]
    return [*names, f"{stopping} under Optimiser and stopping"]
