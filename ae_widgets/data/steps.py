"""What is done to the items before the network, in plain values (no scikit-learn)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from ae_widgets.data.hints import did_you_mean
from ae_widgets.exceptions import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ASSIGNMENTS",
    "SCALINGS",
    "KMeansFeatures",
    "Own",
    "PCAFeatures",
    "Step",
    "as_parameter",
    "describe_steps",
    "read_steps",
    "show_steps",
    "steps_from",
]

SCALINGS = ("standard", "min-max", "robust", "quantile")
"""Scalings of each feature, by name."""

ASSIGNMENTS = ("distances", "one-hot", "soft")
"""What k-means tells the network of an item."""


@dataclass(frozen=True)
class PCAFeatures:
    """Principal components in place of the features.

    Parameters
    ----------
    n_components : int, float in (0, 1] or None, default=0.95
        How many; or, as a float, the share of the variance that they keep at least;
        None or 1.0 for all of them.
    whiten : bool, default=False
        Whether each component is brought to variance 1.

    Raises
    ------
    SettingsError
        If a value is of the wrong type or out of its range.
    """

    n_components: int | float | None = 0.95
    whiten: bool = False

    def __post_init__(self) -> None:
        n = self.n_components
        if isinstance(n, Integral) and not isinstance(n, bool) and n >= 1:
            object.__setattr__(self, "n_components", int(n))
        elif isinstance(n, Real) and not isinstance(n, Integral) and 0 < n <= 1:
            object.__setattr__(self, "n_components", float(n))
        elif n is not None:
            msg = (
                "n_components must be an integer of at least 1, a share of the variance as a float "
                f"above 0 and up to 1, or None, got {n!r}."
            )
            raise SettingsError(msg)
        if not isinstance(self.whiten, bool):
            msg = f"whiten must be True or False, got {self.whiten!r}."
            raise SettingsError(msg)


@dataclass(frozen=True)
class KMeansFeatures:
    """What k-means knows of an item, beside its features, which stay as they are.

    The centres are looked for in 20,000 items at most.

    Parameters
    ----------
    n_clusters : int >= 2, default=8
        How many clusters, and how many features are appended.
    assignment : {'distances', 'one-hot', 'soft'}, default='distances'
        - 'distances': from each centre, as the root mean square over the features, which
          is in their units: from 0 to 1 if they are;
        - 'one-hot': 1 for the nearest centre, 0 for all others;
        - 'soft': shares that add up to 1, by Student's t kernel as in DEC (J. Xie et al.,
          "Unsupervised deep embedding for clustering analysis", ICML 2016, equation 1, one
          degree of freedom), with squared distances measured by their mean within the
          clusters, so that the scale of the features does not matter.

    Raises
    ------
    SettingsError
        If a value is of the wrong type or out of its range.
    """

    n_clusters: int = 8
    assignment: str = "distances"

    def __post_init__(self) -> None:
        n = self.n_clusters
        if not isinstance(n, Integral) or isinstance(n, bool) or n < 2:  # noqa: PLR2004  # one tells nothing
            msg = f"n_clusters must be an integer of at least 2, got {n!r}."
            raise SettingsError(msg)
        object.__setattr__(self, "n_clusters", int(n))
        if self.assignment not in ASSIGNMENTS:
            msg = f"assignment must be one of {', '.join(ASSIGNMENTS)}, got {self.assignment!r}."
            raise SettingsError(msg)


@dataclass(frozen=True)
class Own:
    """A transformer of the user's, which stays in the process that it was made in.

    Parameters
    ----------
    text : str
        How it prints.
    transformer : object, optional
        It, with `fit` and `transform`; None where only the text is known, which is so in
        the trainer and in what was read from a file.
    """

    text: str
    transformer: Any = None

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            msg = f"The text of a step must be a text, got {self.text!r}."
            raise SettingsError(msg)

    def __reduce__(self) -> tuple[type[Own], tuple[str]]:
        return Own, (self.text,)


Step = str | PCAFeatures | KMeansFeatures | Own

NAMED: dict[str, type[PCAFeatures | KMeansFeatures]] = {
    "pca": PCAFeatures,
    "kmeans": KMeansFeatures,
}


def read_steps(preprocess: Any) -> tuple[Step, ...]:
    """Return what `preprocess=` asks for as steps, in the order in which they are taken.

    Parameters
    ----------
    preprocess : None, str, PCAFeatures, KMeansFeatures, transformer or a list of these
        'standard', 'min-max', 'robust' or 'quantile' scale each feature; 'pca' and
        'kmeans' stand for `PCAFeatures` and `KMeansFeatures` with their defaults. A
        transformer is any object of scikit-learn's with `fit` and `transform`.

    Raises
    ------
    SettingsError
        If a name is unknown or something is no transformer.
    """
    if preprocess is None:
        return ()
    several = isinstance(preprocess, (list, tuple))
    return tuple(_step(step) for step in (preprocess if several else (preprocess,)))


def _step(step: Any) -> Step:
    if isinstance(step, (PCAFeatures, KMeansFeatures, Own)):
        return step
    if isinstance(step, str):
        if step in NAMED:
            return NAMED[step]()
        if step in SCALINGS:
            return step
        known = (*SCALINGS, *NAMED)
        msg = f"preprocess must be one of {', '.join(known)}, got {step!r}."
        raise SettingsError(f"{msg} {did_you_mean(step, known)}".strip())
    if isinstance(step, type) or not all(hasattr(step, name) for name in ("fit", "transform")):
        msg = (
            f"preprocess must be a name ({', '.join((*SCALINGS, *NAMED))}), PCAFeatures(...), "
            "KMeansFeatures(...), a transformer with fit and transform, or a list of these, "
            f"got {step!r}."
        )
        raise SettingsError(msg)
    return Own(" ".join(str(step).split()), step)


def as_parameter(steps: Sequence[Step]) -> Any:
    """Return the `preprocess=` that `read_steps` reads as these steps."""
    values = [s.transformer if isinstance(s, Own) and s.transformer else s for s in steps]
    return None if not values else values[0] if len(values) == 1 else values


def show_steps(steps: Sequence[Step]) -> str:
    """Return steps as a person writes them after `preprocess=`."""
    names: dict[Step, str] = {made(): name for name, made in NAMED.items()}
    shown = [s.text if isinstance(s, Own) else repr(names.get(s, s)) for s in steps]
    return shown[0] if len(shown) == 1 else f"[{', '.join(shown)}]"


def describe_steps(steps: Sequence[Step]) -> list[Any]:
    """Return steps as JSON holds them; of a transformer of the user's only its text."""
    described: list[Any] = []
    for step in steps:
        match step:
            case str():
                described.append(step)
            case Own(text=text):
                described.append({"step": "own", "text": text})
            case _:
                name = "pca" if isinstance(step, PCAFeatures) else "kmeans"
                described.append({"step": name, **asdict(step)})
    return described


def steps_from(values: Any) -> tuple[Step, ...]:
    """Return the steps that `describe_steps` described.

    Raises
    ------
    SettingsError
        If they were not.
    """
    if not isinstance(values, list):
        msg = f"preprocess must be a list, got {values!r:.80}."
        raise SettingsError(msg)
    return tuple(_described(value) for value in values)


def _described(value: Any) -> Step:
    if isinstance(value, str):
        return _step(value)
    try:
        options = dict(value)
        return {**NAMED, "own": Own}[options.pop("step")](**options)
    except (TypeError, ValueError, KeyError) as error:
        if isinstance(error, SettingsError):
            raise
        msg = f"preprocess has a step of another version: {value!r:.80}."
        raise SettingsError(msg) from error
