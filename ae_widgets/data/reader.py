"""The border: whatever a person passes in becomes a `Dataset` or one clear error."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.data.columns import numeric_array
from ae_widgets.data.dataset import Dataset, Origin
from ae_widgets.data.features import to_float32
from ae_widgets.data.images import is_folder, read_images
from ae_widgets.data.labels import read_labels
from ae_widgets.data.remarks import CHANNELS, remarks
from ae_widgets.data.sources import read_table
from ae_widgets.data.sparse import is_sparse, to_csr
from ae_widgets.exceptions import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ae_widgets.data.table import Table

__all__ = ["check_size", "read_dataset"]

DIVIDED = "The uint8 images were divided by 255: values go from 0 to 1."


def read_dataset(  # noqa: PLR0913  # what a person can tell of the data
    X: Any,
    y: Any = None,
    *,
    item_shape: Any = None,
    allow_nan: bool = False,
    scales: bool = True,
    categorical: Any = None,
    copy: bool = False,
) -> Dataset:
    """Return data and labels of any common form as a `Dataset`.

    The input is never written to. A C-contiguous float32 array, a
    `numpy.memmap` included, is used in place, and so are the arrays of a float32
    CSR matrix that names each place once, unless `copy` is true: what is written into
    them later, the dataset sees. Everything else is copied.

    Parameters
    ----------
    X : array-like, tensor, sparse matrix, DataFrame, Bunch, Dataset or path of a folder
        The items: a row each of shape (n_samples, n_features), or an image each
        of shape (n_samples, height, width) or (n_samples, height, width,
        channels). uint8 images are divided by 255. DataFrames may be of pandas,
        polars or pyarrow. Of a scikit-learn Bunch ``data``, ``target``,
        ``feature_names``, ``target_names`` and ``images`` are used. A folder holds
        pictures, which `read_images` reads, in the size of `item_shape` if that is said.
        Sparse matrices of scipy stay sparse, in CSR form. A Dataset is taken as it is,
        with `y` in place of its labels.
    y : array-like or str, optional
        One label an item, or the name of the column of `X` that holds them.
        `labels.read_labels` says how labels are read.
    item_shape : tuple of int, optional
        ``(height, width)`` or ``(height, width, channels)`` of an item if the
        rows of `X` are flattened images; ``(length,)`` if they are series, each drawn
        as a line.
    allow_nan : bool, default=False
        Whether values may be missing: NaN, or whatever else says so, like None and
        pandas.NA. They stay NaN, which can be trained on with missing='mask'.
    scales : bool, default=True
        Whether to notice that a column is of another scale than the others.
    categorical : None, 'auto' or sequence of str, default=None
        Which columns of a DataFrame hold categories: those of a categorical type, with
        'auto' all columns of text too, or those of these names. Each of the 20 most
        frequent categories becomes a feature that is 1 or 0, all others 'other';
        `ae_widgets.data.categories` tells why.
    copy : bool, default=False
        Whether what would be used in place is copied as well, into memory.

    Returns
    -------
    Dataset
        Float32 features, finite but for what is missing, labels, names and notices.

    Raises
    ------
    DataError
        If this is no data to train on; the message says what to do.
    """
    if is_folder(X):
        X, item_shape = _read_folder(X, item_shape), None
    if isinstance(X, Dataset) and item_shape is None and not isinstance(y, str):
        data = _apart(X, X.features) if copy else X
        return data if y is None else _labelled(data, y)
    table = read_table(X, y if isinstance(y, str) else None, categorical)
    target = table.target if y is None or isinstance(y, str) else y
    read = _read_sparse if is_sparse(table.values) else _read_dense
    data = read(table, item_shape, allow_nan=allow_nan, scales=scales)
    if copy:
        data = _apart(data, table.values)
    if target is None:
        return data
    if isinstance(y, str):
        data = replace(data, origin=replace(data.origin, target=y))
    return _labelled(data, target, None if y is not None else table.target_names)


def _apart(data: Dataset, given: Any) -> Dataset:
    """Return data whose features share no memory with what was passed in."""
    pairs = zip(_arrays(data.features), _arrays(given), strict=False)
    if not any(np.may_share_memory(own, other) for own, other in pairs):
        return data
    features = data.features.copy() if data.sparse else np.array(data.features)
    return replace(data, features=features)


def _arrays(features: Any) -> list[NDArray[Any]]:
    """Return the arrays that hold features, of a sparse matrix its values first."""
    if not is_sparse(features):
        return [features]
    names = ("data", "indices", "indptr")
    return [getattr(features, name) for name in names if hasattr(features, name)]


def _labelled(data: Dataset, target: Any, target_names: Sequence[Any] | None = None) -> Dataset:
    labels = read_labels(target, data.n_samples, target_names)
    notices = tuple(dict.fromkeys([*data.notices, *labels.notices]))
    origin = replace(data.origin, classes=labels.classes)
    return replace(
        data, labels=labels.labels, label_names=labels.names, notices=notices, origin=origin
    )


def _read_dense(table: Table, item_shape: Any, *, allow_nan: bool, scales: bool) -> Dataset:
    values, shape, notices = _items(table.values, item_shape, table.item_shape)
    values = numeric_array(table, values)
    image = shape is not None and len(shape) > 1
    scaled = image and table.values.dtype == np.uint8
    features = to_float32(table, values, divisor=255 if scaled else None, allow_nan=allow_nan)
    if scaled:
        notices.append(DIVIDED)
    names = table.names or _feature_names(values.shape[1], shape)
    origin = Origin(table.columns, table.categories, divided=scaled)
    notices += [*table.notices, *remarks(features, names, scales=scales, shape=shape)]
    return Dataset(features, None, (), names, shape, tuple(notices), table.groups, origin=origin)


def _read_sparse(table: Table, item_shape: Any, *, allow_nan: bool, scales: bool) -> Dataset:
    shape = table.item_shape
    if item_shape is not None:
        shape = _checked_shape(item_shape, table.values.shape[-1])
    scaled = shape is not None and len(shape) > 1 and table.values.dtype == np.uint8
    features = to_csr(table, divisor=255 if scaled else None, allow_nan=allow_nan)
    names = table.names or _feature_names(features.shape[1], shape)
    notices = remarks(features, names, scales=scales, shape=shape)
    if scaled:
        notices.insert(0, DIVIDED)
    return Dataset(features, None, (), names, shape, tuple(notices), origin=Origin(divided=scaled))


def _read_folder(folder: Any, item_shape: Any) -> Dataset:
    if item_shape is None:
        return read_images(folder)
    sizes = tuple(item_shape) if isinstance(item_shape, (tuple, list)) else (item_shape,)
    grey = {2: True, 3: sizes[-1] == 1}.get(len(sizes))
    return read_images(folder, size=sizes[:2], grey=grey)


def _items(
    values: NDArray[Any], item_shape: Any, known_shape: tuple[int, ...] | None
) -> tuple[NDArray[Any], tuple[int, ...] | None, list[str]]:
    """Return one item a row, the shape of an item, and what was noticed."""
    notices: list[str] = []
    _check_dimensions(values)
    shape = known_shape
    if values.ndim == 4 and values.shape[3] not in CHANNELS and values.shape[1] in CHANNELS:  # noqa: PLR2004 -- images with channels
        values = np.moveaxis(values, 1, 3)
        notices.append("The images came channels first and were turned to channels last.")
    if values.ndim > 2:  # noqa: PLR2004 -- images
        shape = values.shape[1:]
    flat = values.reshape(len(values), -1)
    if item_shape is not None:
        return flat, _checked_shape(item_shape, flat.shape[1]), notices
    if shape is not None and len(shape) == 3:  # noqa: PLR2004 -- height, width, channels
        if shape[2] == 1:
            shape = shape[:2]
        elif shape[2] not in CHANNELS:
            notices.append(
                f"Images of {shape[2]} channels cannot be drawn: items are shown as profiles."
            )
            shape = None
    return flat, shape, notices


def _check_dimensions(values: NDArray[Any]) -> None:
    """Refuse what is no table and no images, in scikit-learn's words."""
    if values.ndim != 1 and 0 not in values.shape and values.ndim <= 4:  # noqa: PLR2004
        return
    if not len(values):
        msg = (
            f"Found array with 0 sample(s) (shape={values.shape}) while a minimum of 1 is "
            "required. Check what selected the rows of X."
        )
    elif values.ndim == 1 and values.dtype.kind == "V":
        msg = "X has named fields. Make a table of it first: pandas.DataFrame(X)."
    elif values.ndim == 1 and values.dtype.kind in "USTO":
        msg = (
            "X is a list of texts or objects, not of rows of numbers. Of documents, pass "
            "ae_widgets.data.read_text(X); turn other texts into numbers."
        )
    elif values.ndim == 1:
        msg = (
            f"Expected 2D array, got 1D array instead: X has {len(values):,} values. Reshape your "
            "data: X.reshape(-1, 1) if it has a single feature, X.reshape(1, -1) if it is a single "
            "item."
        )
    elif values.ndim > 4:  # noqa: PLR2004
        msg = (
            f"X has {values.ndim} dimensions, shape {values.shape}; at most 4 are read: (items, "
            "height, width, channels). Flatten its items: X.reshape(len(X), -1)."
        )
    else:
        msg = (
            f"Found array with 0 feature(s) (shape={values.shape}) while a minimum of 1 is "
            "required. Check what selected the columns of X."
        )
    raise DataError(msg)


def _checked_shape(item_shape: Any, n_features: int) -> tuple[int, ...]:
    sizes = item_shape if isinstance(item_shape, (tuple, list)) else ()
    whole = all(isinstance(n, Integral) and not isinstance(n, bool) and int(n) > 0 for n in sizes)
    if not whole or len(sizes) not in {1, 2, 3} or (*sizes, 1, 1)[2] not in CHANNELS:
        msg = (
            "item_shape must be (height, width) or (height, width, channels) with 1, 3 or 4 "
            f"channels, or (length,) of a series, got {item_shape!r}."
        )
        raise DataError(msg)
    shape = tuple(int(n) for n in sizes)
    check_size(shape, n_features)
    return shape


def check_size(item_shape: tuple[int, ...], n_features: int) -> None:
    """Refuse the shape of an item that stands for another number of values.

    Raises
    ------
    DataError
        If it does.
    """
    if math.prod(item_shape) != n_features:
        msg = (
            f"item_shape={item_shape} stands for {math.prod(item_shape):,} values, but an item of "
            f"X has {n_features:,} features. Pass the shape of one item."
        )
        raise DataError(msg)


def _feature_names(n_features: int, shape: tuple[int, ...] | None) -> tuple[str, ...]:
    """Name pixels and points in time by their place, other features as scikit-learn does."""
    if shape is None:
        return tuple(f"x{i}" for i in range(n_features))
    if len(shape) == 1:
        return tuple(f"t = {i}" for i in range(n_features))
    places = itertools.product(*(range(n) for n in shape))
    return tuple(f"pixel {', '.join(map(str, place))}" for place in places)
