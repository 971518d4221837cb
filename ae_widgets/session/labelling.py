"""Labels given by hand while a run trains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ae_widgets.data import NO_LABEL
from ae_widgets.engine.protocol import Label
from ae_widgets.exceptions import DataError
from ae_widgets.session.entries import LABELLED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from ae_widgets.data import Dataset
    from ae_widgets.session.entries import JournalEntry

__all__ = ["Labelling"]


class Labelling:
    """The labels of a session's items: those of the data, and those given since.

    Parameters
    ----------
    dataset : Dataset
        The items, with the labels that they came with.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.names = tuple(str(name) for name in dataset.label_names)
        given = dataset.labels
        self._came_with = given
        self._own = len(self.names)  # names that the data brought
        self.labels: NDArray[np.int32] = (
            np.full(dataset.n_samples, NO_LABEL, np.int32) if given is None else given.copy()
        )

    @property
    def to_train_on(self) -> NDArray[np.int32] | None:
        """The labels that the items came with; None if there are none."""
        return self._came_with

    @property
    def present(self) -> bool:
        """Whether any item has a label."""
        return bool((self.labels != NO_LABEL).any())

    @property
    def notice(self) -> str:
        """What keeps classes from being trained, '' if nothing does."""
        present = np.unique(self.labels[self.labels != NO_LABEL])
        if len(present) > 1:
            return ""
        some = f"a single class, {self.names[present[0]]!r}" if len(present) else "no label"
        return (
            f"There is {some}: classes (delta) are trained once items of two have a label. Pass y, "
            "or label some by hand."
        )

    def give(self, indices: NDArray[np.int64], name: str | None) -> Label:
        """Give items the label called `name`, or none, and return the command that tells it.

        Raises
        ------
        DataError
            If `name` is empty, or there is no item to label.
        """
        if not len(indices):
            msg = "There is no item to label: select some first."
            raise DataError(msg)
        if name is not None and not (isinstance(name, str) and name.strip()):
            msg = (
                f"A label must be a text that is not empty, or None to take it away, got {name!r}."
            )
            raise DataError(msg)
        label = NO_LABEL
        if name is not None:
            name = name.strip()
            if name not in self.names:
                self.names = (*self.names, name)
            label = self.names.index(name)
        # A copy: views may still be reading the labels of before.
        self.labels = self.labels.copy()
        self.labels[indices] = label
        return Label(tuple(indices.tolist()), label, name or "")

    def take_up(self, entries: Iterable[JournalEntry]) -> None:
        """Be as after the labels that stand in a journal."""
        self.labels = self.labels.copy()
        for entry in entries:
            if entry.name == LABELLED:
                label, name, indices = entry.value
                if label >= self._own:
                    self._call(label, name)
                self.labels[list(indices)] = label

    def _call(self, label: int, name: str) -> None:
        """Have this name for a label; those below that older journals leave out are made up."""
        names = [*self.names]
        names += [f"unnamed {number}" for number in range(len(names), label + 1)]
        names[label] = name
        self.names = tuple(names)

    def given_since(self) -> list[Label]:
        """Return the commands that tell a new run which labels differ from the data's.

        Names that no item has any more are among them: labels are numbered by all names.
        """
        before = self._came_with
        if before is None:
            before = np.full_like(self.labels, NO_LABEL)
        changed = np.flatnonzero(self.labels != before)
        given = {*self.labels[changed].tolist(), *range(self._own, len(self.names))}
        return [
            Label(
                tuple(changed[self.labels[changed] == label].tolist()),
                label,
                self.names[label] if label != NO_LABEL else "",
            )
            for label in sorted(given)
        ]
