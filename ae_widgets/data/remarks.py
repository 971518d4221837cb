"""What is worth knowing of items that can be trained on all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ae_widgets.data.features import constant_features
from ae_widgets.data.scales import scale_notice
from ae_widgets.data.sparse import is_sparse, sparse_remarks
from ae_widgets.data.table import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["remarks"]


def remarks(features: Any, names: Sequence[str], *, scales: bool = True) -> list[str]:
    """Say that there is a single item, which features are constant, and which drowns others.

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
    if is_sparse(features):
        return sparse_remarks(features, names, scales=scales)
    if len(features) == 1:
        return ["X has a single row: there is nothing to validate on and one code to show."]
    said = []
    constant = constant_features(features)
    if constant.size:
        are = "is" if constant.size == 1 else "are"
        which = listing([repr(names[i]) for i in constant])
        said.append(f"{constant.size:,} of {features.shape[1]:,} features {are} constant: {which}.")
    if scales and (notice := scale_notice(features, names)):
        said.append(notice)
    return said
