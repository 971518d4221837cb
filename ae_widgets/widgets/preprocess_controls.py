"""What is done to the items before the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bqplot
import numpy as np

from ae_widgets.data.steps import ASSIGNMENTS, SCALINGS, Own, read_steps
from ae_widgets.widgets._controls import Checkbox, IntField, IntSlider, PlainLabel, TextField
from ae_widgets.widgets._preprocess_form import OWN, Form, parse_share, share_text
from ae_widgets.widgets._settings_controls import SettingsControls
from ae_widgets.widgets._style import style_sheet

if TYPE_CHECKING:
    from ae_widgets.engine import Settings
    from ae_widgets.session import Session

__all__ = ["PreprocessControls"]

MAX_POINTS = 256
"""Points of the curve."""

MAX_DOTS = 20
"""Points of it that are large enough to be clicked beside each other."""

FITTING = "Fitting it on the items …"
CURVE, CHOSEN = "#0072B2", "#D55E00"  # Okabe-Ito; the style sheet has them for each theme
TOOLTIPS = {
    "scaling": "Brings every feature to a like scale: standard (mean 0, spread 1), min-max (0 to "
    "1), robust (median and quartiles) or quantile (ranks, 0 to 1)",
    "pca": "Gives the network principal components in place of the features; reconstructions are "
    "shown as items all the same",
    "n_components": "How many components: with more, less of the items is lost before the network",
    "share": "How much of the variance the components keep at least, such as 0.95; their number "
    "follows. Empty where the number is chosen",
    "whiten": "Brings every component to spread 1, so that small ones count as much as large ones",
    "assignment": "Appends what k-means knows of an item: its distance from each centre, the "
    "nearest centre, or shares of all; the features themselves stay",
    "n_clusters": "How many clusters k-means looks for",
}


class PreprocessControls(SettingsControls):
    """Scaling, components and clusters, with the variance that the components keep.

    Parameters
    ----------
    session : Session
        The run before whose network it happens. Before the first start a change applies
        at once, afterwards to the next run.
    """

    ASIDE = frozenset(TOOLTIPS)  # what is asked for is fitted on the items

    def __init__(self, session: Session) -> None:
        super().__init__(session, TOOLTIPS)
        self._said = PlainLabel()
        self._said.add_class("ae-note")
        self._build_curve()
        slider = IntSlider(min=1, max=max(1, session.dataset.n_features), readout=True)
        self._begin(
            style_sheet(),
            self._choice("scaling", "Scaling", _scalings),
            self._field("pca", "PCA", Checkbox(indent=False)),
            self._field("n_components", "Components", slider, when=_has_pca),
            self._field(
                "share",
                "Variance kept",
                TextField(placeholder="such as 0.95"),
                when=_has_pca,
                read=parse_share,
                text=share_text,
            ),
            self._figure,
            self._said,
            self._field("whiten", "Whiten", Checkbox(indent=False), when=_has_pca),
            self._choice("assignment", "k-means", _assignments),
            self._field("n_clusters", "How many", IntField(), when=_has_clusters),
            self._message,
        )
        self.add_class("ae-preprocess")
        self._follow("variance", self._show_curve, messages=4)
        self._follow("settings", self._show_curve, messages=4, key=self._pca)

    def _build_curve(self) -> None:
        self._x = bqplot.LinearScale(min=0, max=1, allow_padding=False)
        self._y = bqplot.LinearScale(min=0, max=1, allow_padding=False)
        scales, nothing = {"x": self._x, "y": self._y}, np.zeros(0, np.float32)
        self._line = bqplot.Lines(x=nothing, y=nothing, scales=scales, colors=[CURVE])
        self._place = bqplot.Lines(x=nothing, y=nothing, scales=scales, colors=[CHOSEN])
        self._dots = bqplot.Scatter(
            x=nothing, y=nothing, scales=scales, colors=[CURVE], default_size=24
        )
        self._dots.on_element_click(self._clicked)
        self._x_axis = bqplot.Axis(scale=self._x, grid_lines="none")
        percent = {str(place): f"{place:.0%}" for place in (0, 0.5, 1)}
        y_axis = bqplot.Axis(
            scale=self._y, side="left", tick_values=[0, 0.5, 1], tick_labels=percent
        )
        self._figure = bqplot.Figure(
            marks=[self._line, self._place, self._dots],
            axes=[self._x_axis, y_axis],
            fig_margin={"top": 8, "bottom": 20, "left": 40, "right": 12},
            padding_x=0, padding_y=0, display_toolbar=False,
            background_style={"fill": "none"},
        )  # fmt: skip
        self._figure.add_class("ae-variance")
        self._rows["curve"] = self._figure
        self._when["curve"] = _has_pca

    # Handlers --------------------------------------------------------------------

    def _change(self, name: str, value: Any) -> None:
        form = _form(self._planned())
        if name == "share" and value is None:  # the number stays that there is
            name, value = "n_components", self._set(self._planned(), "n_components")
        if value != OWN and form.value(name) != value:
            self.session.change(preprocess=form.change(name, value).steps)

    def _clicked(self, _mark: bqplot.Mark, event: dict[str, Any]) -> None:
        index = event.get("data", {}).get("index")
        if isinstance(index, int) and 0 <= index < len(self._dots.x):
            self._ask("n_components", round(float(self._dots.x[index])))

    # What is shown -----------------------------------------------------------------

    def _set(self, settings: Settings, name: str) -> Any:
        form = _form(settings)
        if name != "n_components":
            return form.value(name)
        if form.pca is None:
            return 1
        return self.session.n_inputs(settings) - (form.kmeans.n_clusters if form.kmeans else 0)

    def _pca(self) -> object:
        """Return what the curve and the place on it depend on."""
        planned = self._planned()
        return planned.preprocess, planned.validation_fraction, planned.random_state

    def _show(self) -> None:
        planned = self._planned()
        form, slider = _form(planned), self._fields["n_components"]
        if form.pca is not None:
            self.session.request_explained_variance()
            chosen = self._value(planned, "n_components")
            kept = self.session.explained_variance
            self._showing = True
            slider.max = max(chosen, slider.max if kept is None else len(kept))
            self._showing = False
        super()._show()
        self._show_words()

    def _show_busy(self) -> None:
        self._show_words()

    def _show_words(self) -> None:
        with self._said.hold_sync():  # one message
            self._said.value = FITTING if self._asked else self._in_words(self._planned())
            self._said.tooltip = self._said.value  # long steps do not fit in a line

    def _show_curve(self) -> None:
        kept, planned = self.session.explained_variance, self._planned()
        if kept is None or not len(kept) or _form(planned).pca is None:
            return
        chosen = min(self._value(planned, "n_components"), len(kept))
        self._x_axis.tick_labels = {str(place): f"{place:,}" for place in (1, len(kept))}
        self._x_axis.tick_values = np.array([1, len(kept)])
        self._x.max = len(kept)
        for mark, most in ((self._line, MAX_POINTS), (self._dots, MAX_DOTS)):
            at = np.unique(np.linspace(1, len(kept), most).round().astype(int))
            with mark.hold_sync():
                mark.x, mark.y = at.astype(np.float32), kept[at - 1].astype(np.float32)
        asked = _form(planned).value("share")
        share = float(kept[chosen - 1]) if asked is None else asked
        with self._place.hold_sync():
            self._place.x = np.array([0, chosen, chosen], np.float32)
            self._place.y = np.array([share, share, 0], np.float32)
        self._show()

    def _in_words(self, planned: Settings) -> str:
        """Say what the curve shows, or what steps there are that the fields cannot show."""
        form, kept = _form(planned), self.session.explained_variance
        if form.scaling == OWN:
            texts = (s.text if isinstance(s, Own) else str(s) for s in planned.preprocess)
            return ", ".join(texts)
        if form.pca is None:
            return ""
        chosen = self._value(planned, "n_components")
        if kept is None or not 0 < chosen <= len(kept):
            return f"{chosen:,} components"
        return f"{chosen:,} of {len(kept):,} keep {kept[chosen - 1]:.1%} of the variance"


def _form(settings: Settings) -> Form:
    return Form.of(read_steps(settings.preprocess))


def _scalings(settings: Settings) -> list[tuple[str, str]]:
    own = [("own steps", OWN)] if _form(settings).scaling == OWN else []
    return [("none", ""), *((name, name) for name in SCALINGS), *own]


def _assignments(_settings: Settings) -> list[tuple[str, str]]:
    return [("none", ""), *((name, name) for name in ASSIGNMENTS)]


def _has_pca(settings: Settings) -> bool:
    return _form(settings).pca is not None


def _has_clusters(settings: Settings) -> bool:
    return _form(settings).kmeans is not None
