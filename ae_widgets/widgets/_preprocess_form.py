"""Steps before the network as fields show them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ae_widgets.data.steps import SCALINGS, KMeansFeatures, PCAFeatures
from ae_widgets.exceptions import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ae_widgets.data.steps import Step

__all__ = ["OWN", "Form", "parse_share", "share_text"]

OWN = "own"


@dataclass(frozen=True)
class Form:
    """Steps as the controls show them: at most one of each kind, in this order.

    Parameters
    ----------
    scaling : str
        A name in `SCALINGS`; '' for none, 'own' for steps that the controls cannot show.
    pca : PCAFeatures or None
        The components, None without.
    kmeans : KMeansFeatures or None
        What k-means appends, None without.
    """

    scaling: str = ""
    pca: PCAFeatures | None = None
    kmeans: KMeansFeatures | None = None

    @classmethod
    def of(cls, steps: Sequence[Step]) -> Form:
        """Return the form that shows `steps`."""
        form = cls(
            scaling=next((step for step in steps if step in SCALINGS), ""),
            pca=next((step for step in steps if isinstance(step, PCAFeatures)), None),
            kmeans=next((step for step in steps if isinstance(step, KMeansFeatures)), None),
        )
        return form if form.steps == tuple(steps) else cls(OWN)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that it shows."""
        return tuple(s for s in (self.scaling, self.pca, self.kmeans) if s)

    def value(self, name: str) -> Any:
        """Return what the field `name` shows."""
        match name:
            case "scaling":
                return self.scaling
            case "pca":
                return self.pca is not None
            case "n_components" | "share":
                kept = self.pca and self.pca.n_components
                return kept if name == "n_components" or isinstance(kept, float) else None
            case "whiten":
                return self.pca is not None and self.pca.whiten
            case "assignment":
                return self.kmeans.assignment if self.kmeans else ""
            case _:
                return (self.kmeans or KMeansFeatures()).n_clusters

    def change(self, name: str, value: Any) -> Form:
        """Return the form with another value in the field `name`."""
        form = self if self.scaling != OWN else Form()
        match name:
            case "scaling":
                return replace(form, scaling=value or "")
            case "pca":
                return replace(form, pca=PCAFeatures() if value else None)
            case "n_components" | "whiten":
                return replace(form, pca=replace(form.pca or PCAFeatures(), **{name: value}))
            case "share":
                return self.change("n_components", value)
            case "assignment" if not value:
                return replace(form, kmeans=None)
            case _:
                kmeans = replace(form.kmeans or KMeansFeatures(), **{name: value})
                return replace(form, kmeans=kmeans)


def parse_share(text: str) -> float | None:
    """Read a share of the variance from a text such as '0.95' or '95 %'; None if it is empty.

    Raises
    ------
    SettingsError
        If it is not above 0 and up to 1.
    """
    said = text.strip()
    if not said:
        return None
    number = said.removesuffix("%").replace(",", ".")
    try:
        share = float(number) if number == said.replace(",", ".") else float(number) / 100
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        msg = (
            f"A share of the variance is above 0 and up to 1, such as 0.95; {said!r} is not. "
            "A number of components is chosen by the slider."
        )
        raise SettingsError(msg)
    return round(share, 12)  # 99.9 / 100 is not 0.999


def share_text(share: float | None) -> str:
    """Write a share as `parse_share` reads it."""
    return "" if share is None else str(share)
