"""What is worth knowing of items that can be trained on all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.data.features import constant_features, empty_features
from ae_widgets.data.scales import (
    brightness_notice,
    pixel_notice,
    rounding_notice,
    scale_notice,
    spreads,
)
from ae_widgets.data.sparse import constant_columns, empty_columns, is_sparse, size_notice
from ae_widgets.data.table import listing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["CHANNELS", "remarks"]

CHANNELS = (1, 3, 4)
"""Channels that can be drawn: grey, RGB and RGBA."""

FAR = 1e5
"""From here on steps of float32 are larger than 0.0078."""

UNKNOWN = "missing in every item, so that nothing tells what to fill in"


def remarks(
    features: Any,
    names: Sequence[str],
    *,
    scales: bool = True,
    shape: Sequence[int] | None = None,
    constant: bool = True,
) -> list[str]:
    """Say that there is a single item, which features tell nothing, and what is out of scale.

    Parameters
    ----------
    features : ndarray or CSR matrix of shape (n_samples, n_features), float32
        Of a matrix, each place named once; its empty items are told of as well.
    names : sequence of str
        One a feature.
    scales : bool, default=True
        Whether to compare the scales of the columns, or to look at that of images. What is
        too far from 0 for float32 is told in any case.
    shape : sequence of int, optional
        Of an item that is an image or a series, whose values share a scale.
    constant : bool, default=True
        Whether to name the features that are the same in every item; not if they look like
        pixels, of which those at the border often are.

    Returns
    -------
    list of str
        One sentence or two each.
    """
    n_samples, n_features = features.shape
    if n_samples == 1:
        return ["X has a single row: there is nothing to validate on and one code to show."]
    sparse = is_sparse(features)
    said: list[str] = []
    pixels = "" if sparse or shape is not None or not scales else pixel_notice(features)

    def tell(how: str, found: NDArray[np.intp]) -> None:
        said.extend(_told("features", n_features, found, how, lambda i: repr(names[i])))

    if constant and not pixels:
        found = (constant_columns if sparse else constant_features)(features)
        tell("constant", found)
        if not sparse and (np.abs(features[0, found]) >= FAR).any():
            said[-1] += (
                " If one does vary, it is so far from 0 that float32 rounds all of it away: "
                "subtract its mean before."
            )
    tell(UNKNOWN, (empty_columns if sparse else empty_features)(features))
    if sparse:
        empty = np.flatnonzero(np.diff(features.indptr) == 0)
        said += _told("items", n_samples, empty, "empty", str)
    said += [pixels] if pixels else _scale(features, names, shape, scales=scales)
    if shape is not None and _channels_first(tuple(shape)):
        height, width, channels = shape
        said.append(
            f"item_shape={tuple(shape)} are images of height {height}, width {width} and "
            f"{channels} channels. If their channels come first, put them last: "
            "np.moveaxis(images, 1, -1)."
        )
    return said


def _channels_first(shape: tuple[int, ...]) -> bool:
    """Whether a shape looks like torch's order of an image's axes."""
    return len(shape) == 3 and shape[0] in CHANNELS and shape[2] not in CHANNELS  # noqa: PLR2004


def _scale(
    features: Any, names: Sequence[str], shape: Sequence[int] | None, *, scales: bool
) -> list[str]:
    """Return what there is to say of scales."""
    found = []
    if shape is not None:
        found += [brightness_notice(features)] if scales and len(shape) > 1 else []
    elif is_sparse(features):
        found += [size_notice(features, names)] if scales else []
    else:
        spread = spreads(features)
        found += [scale_notice(spread, names)] if scales else []
        found += [rounding_notice(features, spread, names)]
    return [notice for notice in found if notice]


def _told(
    what: str, total: int, found: NDArray[np.intp], how: str, name: Callable[[int], str]
) -> list[str]:
    """Return a sentence on how many are so and which, none if none is."""
    if not found.size:
        return []
    are = "is" if found.size == 1 else "are"
    which = listing([name(i) for i in found])
    return [f"{found.size:,} of {total:,} {what} {are} {how}: {which}."]
