"""What made a run what it is: enough to train it again, bit for bit.

The file is JSON, UTF-8, one object, on one line:

==========  ===============================================================
format      "ae_widgets journal"
schema      `SCHEMA`; another number is refused
versions    of Python, numpy, torch, scikit-learn and ae_widgets, by name
data        {"shape": [n_samples, n_features], "sha256": of shape and values,
            "labels": SHA-256 of the labels, '' for none; absent in older files,
            "sample_weight": of the items' weights, likewise}
settings    those that the run began with; the architecture's nested
trainer     "process" or "thread"
seeded      whether the first weights were drawn by the seed
steps       batches trained
state       [state, reason] of the run, as in `Status`
entries     each change of a live setting: step, epoch, name, value, before
sha256      of all of this but itself, as JSON with sorted keys and no spaces
==========  ===============================================================
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, get_args, overload

import numpy as np

from ae_widgets.data.fingerprint import Fingerprint, weight_digest
from ae_widgets.engine.launch import TRAINERS
from ae_widgets.engine.protocol import Change, Label, Replay, Resume, RunState, Scheduled
from ae_widgets.engine.settings import LIVE_SETTINGS
from ae_widgets.exceptions import DataError, JournalError
from ae_widgets.session.entries import (
    LABELLED,
    RESUMED,
    JournalEntry,
    count_from,
    entries_from,
    settings_from,
    settings_values,
)
from ae_widgets.session.files import PICKLE, is_pickle, read_bytes, write_atomically

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ae_widgets.data import Dataset
    from ae_widgets.engine.settings import Settings

__all__ = ["Journal", "versions"]

FORMAT = "ae_widgets journal"

SCHEMA = 1
"""Number of the file's layout, raised when it changes."""

MAX_BYTES = 2**26
"""Largest journal that is read: some half a million changes."""

REASONS = ("", "asked", "batch", "epoch", "converged", "max_iter", "stopped")


def versions() -> dict[str, str]:
    """Return the versions that the weights may depend on, by name."""
    import ae_widgets

    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": version("torch"),
        "scikit-learn": version("scikit-learn"),
        "ae_widgets": ae_widgets.__version__,
    }


@dataclass(frozen=True, repr=False)
class Journal(Sequence[JournalEntry]):
    """Everything that a run's weights depend on; `Session.replay` trains it again.

    It is the sequence of its changes, in the order in which they came into force.

    Attributes
    ----------
    settings : Settings
        Those that the run began with, its seed among them.
    data : Fingerprint
        What tells the items from others.
    steps : int
        Batches trained.
    entries : tuple of JournalEntry
        The changes.
    state : tuple of str
        State and reason of the run, as in `Status`.
    trainer : {'process', 'thread'}
        Where it trained.
    labels : str or None
        What tells the labels that the items came with from others, '' for none; None in
        a journal that was written before labels were told.
    sample_weight : str or None
        The same of the weights of the items.
    seeded : bool
        Whether the seed drew the first weights. If not, the run began from those of a
        fitted estimator, or that a trainer had left when it died, and cannot be replayed.
    versions : dict of str to str
        Of Python, numpy, torch, scikit-learn and ae_widgets.
    """

    settings: Settings
    data: Fingerprint
    steps: int = 0
    entries: tuple[JournalEntry, ...] = ()
    state: tuple[RunState, str] = ("idle", "")
    trainer: str = "process"
    seeded: bool = True
    labels: str | None = None
    sample_weight: str | None = None
    versions: Mapping[str, str] = field(default_factory=versions, hash=False)

    @overload
    def __getitem__(self, index: int) -> JournalEntry: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[JournalEntry, ...]: ...
    def __getitem__(self, index: int | slice) -> JournalEntry | tuple[JournalEntry, ...]:
        return self.entries[index]

    def __len__(self) -> int:
        return len(self.entries)

    def __repr__(self) -> str:
        return (
            f"Journal({len(self):,} changes in {self.steps:,} steps, "
            f"random_state={self.settings.random_state}, {self.data})"
        )

    @property
    def halted(self) -> tuple[RunState, str]:
        """The state in which a run stands that was taken up from here."""
        state, reason = self.state
        if state in ("paused", "finished"):
            return state, reason
        return ("paused", "asked") if self.steps else ("idle", "")

    @property
    def last_settings(self) -> Settings:
        """The settings in force after the last change."""
        changes = {entry.name: entry.value for entry in self.entries if entry.name in LIVE_SETTINGS}
        return self.settings.change(**changes)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the journal to a JSON file, whole or not at all.

        Parameters
        ----------
        path : path-like
            The file; one that is there is replaced.

        Raises
        ------
        JournalError
            If it cannot be written, or would be too large to be read; a file that was there
            is untouched.
        """
        try:
            values = self.to_dict()
            told = {**values, "sha256": _digest(values)}
            data = json.dumps(told, separators=(",", ":"), allow_nan=False).encode()
        except (TypeError, ValueError) as error:
            msg = f"The settings hold something that JSON cannot: {error}."
            raise JournalError(msg) from error
        if len(data) > MAX_BYTES:
            msg = (
                f"The journal takes {len(data) / 1e6:,.0f} MB, and no more than "
                f"{MAX_BYTES / 1e6:,.0f} MB are read: save the run itself by Session.save, or give "
                "the labels of many items as y."
            )
            raise JournalError(msg)
        write_atomically(path, lambda file: file.write(data), JournalError)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Journal:
        """Read what `save` wrote.

        Parameters
        ----------
        path : path-like
            The file. No code in it is ever run.

        Raises
        ------
        JournalError
            If it cannot be read, is damaged, or is no journal of this schema.
        """
        data = read_bytes(path, MAX_BYTES, "journal", JournalError)
        try:
            values = json.loads(data)
        except (ValueError, RecursionError) as error:
            what = PICKLE if is_pickle(data) else f"It is damaged or no journal: {error}."
            msg = f"Could not read the journal {str(path)!r}. {what}"
            raise JournalError(msg) from error
        said = values.pop("sha256", None) if isinstance(values, dict) else None
        try:
            journal = cls.from_dict(values)
        except JournalError as error:
            msg = f"Could not read the journal {str(path)!r}. {error}"
            raise JournalError(msg) from error
        if said != _digest(values):
            msg = f"Could not read the journal {str(path)!r}. It is damaged or was edited."
            raise JournalError(msg)
        return journal

    def to_dict(self) -> dict[str, Any]:
        """Return the journal as JSON holds it; see this module's description."""
        beside = {"labels": self.labels, "sample_weight": self.sample_weight}
        told = {name: digest for name, digest in beside.items() if digest is not None}
        return {
            "format": FORMAT,
            "schema": SCHEMA,
            "versions": dict(self.versions),
            "data": {"shape": list(self.data.shape), "sha256": self.data.sha256, **told},
            "settings": settings_values(self.settings),
            "trainer": self.trainer,
            "seeded": self.seeded,
            "steps": self.steps,
            "state": list(self.state),
            "entries": [asdict(entry) for entry in self.entries],
        }

    @classmethod
    def from_dict(cls, values: Any) -> Journal:
        """Return the journal that `to_dict` described.

        Raises
        ------
        JournalError
            If a value is missing, of the wrong type or out of its range.
        """
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            msg = "It is no journal of ae_widgets."
            raise JournalError(msg)
        if values.get("schema") != SCHEMA:
            by = values.get("versions")
            writer = by.get("ae_widgets") if isinstance(by, dict) else None
            msg = (
                f"It has schema {values.get('schema')!r} and this version reads {SCHEMA}: open it "
                f"with the ae_widgets that wrote it ({writer or 'not said which'})."
            )
            raise JournalError(msg)
        try:
            return cls._checked(values)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            msg = f"It is damaged or was edited: {what}"
            raise JournalError(msg) from error

    @classmethod
    def _checked(cls, values: dict[str, Any]) -> Journal:
        steps, (state, reason) = count_from(values, "steps"), values["state"]
        if state not in get_args(RunState) or reason not in REASONS:
            msg = f"state must be one of a run, got {values['state']!r}."
            raise ValueError(msg)
        if values["trainer"] not in TRAINERS or not isinstance(values["seeded"], bool):
            msg = "trainer must be 'process' or 'thread', and seeded true or false."
            raise ValueError(msg)
        data, said = values["data"], {str(k): str(v) for k, v in values["versions"].items()}
        settings = settings_from(values["settings"])
        return cls(
            settings=settings,
            data=Fingerprint(shape=tuple(map(int, data["shape"])), sha256=str(data["sha256"])),
            steps=steps,
            entries=entries_from(values["entries"], settings, steps),
            state=(state, reason),
            trainer=values["trainer"],
            seeded=values["seeded"],
            labels=str(data["labels"]) if "labels" in data else None,
            sample_weight=str(data["sample_weight"]) if "sample_weight" in data else None,
            versions=said,
        )

    def require_data(self, dataset: Dataset, weight: NDArray[np.float64] | None) -> None:
        """Check that `dataset` is what the run was trained on, its items weighted by `weight`.

        Raises
        ------
        DataError
            If it is not; the message tells both shapes, or what is with the labels or weights.
        """
        data = dataset.fingerprint
        if data == self.data:
            self._require_labels(dataset.label_digest)
            self._require_weight(weight_digest(weight))
            return
        ours, theirs = (" x ".join(f"{n:,}" for n in d.shape) for d in (data, self.data))
        differs = (
            "both are the same shape, but values differ" if ours == theirs else f"this is {ours}"
        )
        msg = f"This is not the data of the run: that was {theirs}, {differs}. Pass the same X."
        raise DataError(msg)

    def _require_labels(self, labels: str) -> None:
        if self.labels is None or labels == self.labels:
            return
        if not labels:
            msg = "The run had labels, and there are none: pass the same y."
        elif not self.labels:
            msg = "The run had no labels: leave y out."
        else:
            msg = "These are not the labels of the run: X is the same, y is not. Pass the same y."
        raise DataError(msg)

    def _require_weight(self, weight: str) -> None:
        if self.sample_weight is None or weight == self.sample_weight:
            return
        if not weight:
            msg = "The run had a sample_weight, and there is none: pass the same sample_weight."
        elif not self.sample_weight:
            msg = "The run had no sample_weight: leave it out."
        else:
            msg = "This is not the sample_weight of the run. Pass the same sample_weight."
        raise DataError(msg)

    def replay(self) -> Replay:
        """Return the command that trains the run again.

        Raises
        ------
        JournalError
            If the run did not begin from its seed.
        """
        if not self.seeded:
            msg = (
                "This run cannot be replayed: it began not from its seed but from weights that "
                "were there, of a fitted estimator or left by a trainer that had died. Keep it "
                "with Session.save and Session.load, or train one from the seed: after "
                "Session.reset, or of an estimator that is not fitted."
            )
            raise JournalError(msg)
        commands = tuple((entry.step, _command(entry)) for entry in self.entries)
        return Replay(commands, self.steps, self.halted)


def _command(entry: JournalEntry) -> Scheduled:
    if entry.name == RESUMED:
        return Resume()
    if entry.name == LABELLED:
        label, name, indices = entry.value
        return Label(indices, label, name)
    return Change(entry.name, entry.value)


def _digest(values: dict[str, Any]) -> str:
    """Return the hash of what a journal says, however it is laid out."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
