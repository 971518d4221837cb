"""What is worth knowing of items that can be trained on all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.data.features import constant_features, empty_features
from ae_widgets.data.scales import scale_notice
from ae_widgets.data.sparse import constant_columns, empty_columns, is_sparse, size_notice
from ae_widgets.data.table import listing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["remarks"]

UNKNOWN = "missing in every item, so that nothing tells what to fill in"


def remarks(features: Any, names: Sequence[str], *, scales: bool = True) -> list[str]:
    """Say that there is a single item, which features tell nothing, and which drowns others.

    Parameters
    ----------
    features : ndarray or CSR matrix of shape (n_samples, n_features), float32
        Of a matrix, each place named once; its empty items are told of as well.
    names : sequence of str
        One a feature.
    scales : bool, default=True
        Whether to compare the scales of the columns.

    Returns
    -------
    list of str
        One sentence or two each.
    """
    n_samples, n_features = features.shape
    if n_samples == 1:
        return ["X has a single row: there is nothing to validate on and one code to show."]
    sparse = is_sparse(features)
    constant = constant_columns(features) if sparse else constant_features(features)
    unknown = empty_columns(features) if sparse else empty_features(features)
    said = _told("features", n_features, constant, "constant", lambda i: repr(names[i]))
    said += _told("features", n_features, unknown, UNKNOWN, lambda i: repr(names[i]))
    if sparse:
        empty = np.flatnonzero(np.diff(features.indptr) == 0)
        said += _told("items", n_samples, empty, "empty", str)
    notice = size_notice if sparse else scale_notice
    if scales and (scale := notice(features, names)):
        said.append(scale)
    return said


def _told(
    what: str, total: int, found: NDArray[np.intp], how: str, name: Callable[[int], str]
) -> list[str]:
    """Return a sentence on how many are so and which, none if none is."""
    if not found.size:
        return []
    are = "is" if found.size == 1 else "are"
    which = listing([name(i) for i in found])
    return [f"{found.size:,} of {total:,} {what} {are} {how}: {which}."]
