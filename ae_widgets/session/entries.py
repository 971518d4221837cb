"""What a journal is made of, and how it is read from plain values."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

from ae_widgets.data.steps import describe_steps, steps_from
from ae_widgets.engine.settings import LIVE_SETTINGS, Settings
from ae_widgets.exceptions import SettingsError
from ae_widgets.model import Architecture

__all__ = [
    "LABELLED",
    "RESUMED",
    "JournalEntry",
    "count_from",
    "entries_from",
    "settings_from",
    "settings_values",
]

LABELLED = "label"
"""Name of the entry that items were given a class."""

RESUMED = "resume"
"""Name of the entry that a run which had converged or failed was told to go on."""

MAX_CLASSES = 2**20
"""More than a label can stand for in a file, which has names made up for those left out."""


@dataclass(frozen=True)
class JournalEntry:
    """One change of a control.

    Attributes
    ----------
    step, epoch
        Batches and epochs completed when it came into force.
    name, value
        The setting and its new value; 'label' and the class, its name and the indices of
        the items that were given it; or 'resume' and None where a run that had converged or
        failed was told to go on.
    before
        Its value until then.
    """

    step: int
    epoch: float
    name: str
    value: Any
    before: Any = None


def settings_values(settings: Settings) -> dict[str, Any]:
    """Return settings as JSON holds them."""
    plain = asdict(replace(settings, preprocess=()))
    return {**plain, "preprocess": describe_steps(settings.preprocess)}


def settings_from(values: Any) -> Settings:
    """Return the settings that `settings_values` turned into `values`.

    A setting that is not named has its default: it is newer than the file.

    Raises
    ------
    SettingsError
        If a setting is unknown or out of its range.
    """
    if not isinstance(values, dict) or not isinstance(values.get("architecture", {}), dict):
        msg = f"settings must be an object, got {values!r:.80}."
        raise SettingsError(msg)
    architecture = values.get("architecture", {})
    try:
        steps = steps_from(values.get("preprocess", []))
        nested = {"architecture": Architecture(**architecture), "preprocess": steps}
        return Settings(**{**values, **nested})
    except TypeError as error:
        msg = f"settings of another version: {error}."
        raise SettingsError(msg) from error


def entries_from(values: Any, settings: Settings, steps: int) -> tuple[JournalEntry, ...]:
    """Return the entries that `dataclasses.asdict` turned into `values`.

    Raises
    ------
    TypeError, ValueError
        If one cannot have happened in `steps` steps of a run that began with `settings`.
    """
    entries: list[JournalEntry] = []
    for value in values:
        entry = JournalEntry(**value)
        count_from(value, "step", entries[-1].step if entries else 0, steps)
        if entry.name not in LIVE_SETTINGS | {RESUMED, LABELLED}:
            msg = f"{entry.name!r} cannot have been changed at step {entry.step}."
            raise ValueError(msg)
        if entry.name == LABELLED:
            entry = replace(entry, value=_label_from(entry.value))
        elif entry.name != RESUMED:
            settings = settings.change(**{entry.name: entry.value})
        if not isinstance(entry.epoch, (int, float)) or not math.isfinite(entry.epoch):
            msg = f"epoch must be a finite number, got {entry.epoch!r}."
            raise ValueError(msg)
        entries.append(entry)
    return tuple(entries)


def _label_from(value: Any) -> tuple[int, str, tuple[int, ...]]:
    """Return a class, its name and items, or raise ValueError if they are none."""
    label, name, indices = value
    for number in (label, *indices):
        if not isinstance(number, int) or isinstance(number, bool) or number < -1:
            msg = f"a class and items must be whole numbers, got {number!r}."
            raise ValueError(msg)
    if label >= MAX_CLASSES:
        msg = f"a class must be below {MAX_CLASSES:,}, got {label:,}."
        raise ValueError(msg)
    return label, str(name), tuple(indices)


def count_from(values: dict[str, Any], name: str, low: int = 0, high: int = 2**62) -> int:
    """Return the integer called `name`, or raise ValueError if it is out of range."""
    value = values[name]
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        msg = f"{name} must be an integer from {low} to {high}, got {value!r}."
        raise ValueError(msg)
    return value
