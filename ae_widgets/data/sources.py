"""Anything a person passes in as X, recognised and read into a `Table`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from numbers import Number
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from ae_widgets.data.categories import no_columns
from ae_widgets.data.columns import is_missing
from ae_widgets.data.dataset import Dataset
from ae_widgets.data.frames import as_frame, no_frame, read_frame
from ae_widgets.data.images import is_folder
from ae_widgets.data.sparse import is_sparse
from ae_widgets.data.table import Table, show
from ae_widgets.exceptions import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["read_array", "read_table"]

MAX_DENSE_BYTES = 200_000_000
"""Sparse labels are made dense up to this size."""

LOADERS = {
    ".npy": "numpy.load", ".npz": "numpy.load", ".parquet": "pandas.read_parquet",
    ".feather": "pandas.read_feather", ".json": "pandas.read_json",
    ".xlsx": "pandas.read_excel", ".xls": "pandas.read_excel",
}  # fmt: skip
"""Ending of a file's name -> what reads it; pandas.read_csv reads the rest."""

PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"}
"""Endings of pictures, whose folder is read."""

WANTED = "Pass an array, a list of rows, a DataFrame or a scikit-learn Bunch"


def read_table(X: Any, label: str | None = None, categorical: Any = None) -> Table:
    """Return the values of X and what X says about them.

    Parameters
    ----------
    X : object
        What was passed in.
    label : str, optional
        Name of the column of a frame that holds the labels.
    categorical : None, 'auto' or sequence of str
        Which columns of a frame hold categories, beside those of such a type.

    Raises
    ------
    DataError
        If X is nothing that holds items with features.
    """
    if isinstance(X, Dataset):
        return Table(
            X.features,
            X.feature_names or None,
            item_shape=X.item_shape,
            groups=X.groups,
            categories=X.origin.categories,
            columns=X.origin.columns,
        )
    if isinstance(X, dict) and "data" in X and hasattr(X, "data"):
        return _read_bunch(X, label, categorical)
    frame = as_frame(X)
    if frame is not None:
        table = read_frame(frame, label, categorical)
        named = all(isinstance(name, str) for name in frame.columns)
        return replace(table, columns=named or bool(table.categories))
    if categorical is not None:
        raise no_columns()
    if label is not None:
        raise no_frame(label)
    return Table(X if is_sparse(X) else read_array(X, "X"))


def read_array(data: Any, name: str) -> NDArray[Any]:
    """Return an array, tensor, small sparse matrix or nested list as an array.

    No copy is made of an array; memory-mapped arrays stay so.

    Parameters
    ----------
    data : object
        What was passed in.
    name : str
        How a message calls it.

    Raises
    ------
    DataError
        If `data` is no array and cannot be read as one.
    """
    _refuse(data, name)
    if isinstance(data, np.ma.MaskedArray):
        return _filled(data)
    if isinstance(data, np.memmap):
        return data
    if hasattr(data, "detach") and hasattr(data, "numpy"):
        return _read_tensor(data, name)
    if is_sparse(data):
        return _read_sparse(data, name)
    return _stacked(_converted(data, name), name)


def _read_bunch(bunch: Any, label: str | None, categorical: Any) -> Table:
    table = read_table(bunch.data, label, categorical)
    shape = tuple(np.shape(bunch.images)[1:]) if hasattr(bunch, "images") else None
    names = bunch.get("feature_names")
    named = table.names is None and names is not None and table.values.ndim > 1
    if named and len(names) == table.values.shape[1]:
        table = replace(table, names=tuple(str(name) for name in names))
    if shape is not None and np.prod(shape) != np.prod(table.values.shape[1:]):
        shape = None  # the pictures were not what `data` was made from
    if table.target is None:
        table = replace(table, target=bunch.get("target"), target_names=bunch.get("target_names"))
    return replace(table, item_shape=shape)


def _refuse(data: Any, name: str) -> None:
    """Raise for what can be told by its type to be no data."""
    msg = ""
    if data is None:
        msg = f"{name} is None. {WANTED}."
    elif isinstance(data, (str, PurePath)):
        msg = _path_advice(str(data), name)
    elif isinstance(data, (bytes, bytearray)):
        msg = f"{name} is bytes. {WANTED}."
    elif isinstance(data, Mapping):
        msg = f"{name} is a dict. Make a table of it first: pandas.DataFrame({name})."
    elif isinstance(data, Iterator):
        msg = f"{name} is a generator, which can be read only once. Pass list({name})."
    elif isinstance(data, AbstractSet):
        msg = f"{name} is a set, which has no order. Pass sorted({name}) or a list."
    elif isinstance(data, (Number, np.generic)):
        msg = f"{name} is a single value, {show(data)}. {WANTED}."
    elif not _is_array_like(data):
        msg = f"{name}, of type {type(data).__name__}, cannot be read as an array. {WANTED}."
    if msg:
        raise DataError(msg)


def _path_advice(path: str, name: str) -> str:
    """Say what to do about a path of no folder."""
    suffix = PurePath(path).suffix.lower()
    if suffix in PICTURES:
        return f"{name} is the path of a picture. Pass that of its folder: all in it are read."
    if is_folder(path):
        return f"{name} is a folder. If of pictures: ae_widgets.data.read_images({show(path)})."
    if not suffix and not _exists(path):
        return f"There is no folder {show(path)}. Check the path, or load a file first."
    reader = LOADERS.get(suffix, "pandas.read_csv")
    return f"{name} is a path; load it first, e.g. {reader}({show(path)})."


def _exists(path: str) -> bool:
    try:
        return Path(path).expanduser().exists()
    except (OSError, ValueError):  # no path at all, such as a text of a megabyte
        return False


def _is_array_like(data: Any) -> bool:
    own = ("__array__", "__array_interface__", "__buffer__", "detach", "tocsr")
    # Python tells of C types' buffers by `__buffer__` only from 3.12 on.
    return isinstance(data, (Sequence, memoryview)) or any(hasattr(data, a) for a in own)


def _filled(masked: Any) -> NDArray[Any]:
    """Return a masked array with None in the place of what is masked."""
    plain: NDArray[Any] = masked.data
    if np.ma.is_masked(masked):
        plain = plain.astype(object)
        plain[np.ma.getmaskarray(masked)] = None
    return plain


def _read_tensor(tensor: Any, name: str) -> NDArray[Any]:
    try:
        tensor = tensor.detach().cpu()
        # numpy has no bfloat16 and no 8-bit floats; float32 holds them all.
        small = str(tensor.dtype).rpartition(".")[2].startswith(("bfloat", "float8"))
        return np.asarray((tensor.float() if small else tensor).numpy())
    except (TypeError, RuntimeError) as error:
        msg = f"{name} is a tensor that has no numpy form: {error}"
        raise DataError(msg) from error


def _read_sparse(matrix: Any, name: str) -> NDArray[Any]:
    size = int(np.prod(matrix.shape, dtype=object)) * matrix.dtype.itemsize
    if size <= MAX_DENSE_BYTES:
        return np.asarray(matrix.toarray())
    shape = " by ".join(f"{n:,}" for n in matrix.shape)
    msg = f"{name} is sparse, {shape}. Pass a dense array of one value an item."
    raise DataError(msg)


def _converted(data: Any, name: str) -> NDArray[Any]:
    if isinstance(data, (list, tuple)) and data and hasattr(data[0], "detach"):
        data = [_read_tensor(one, name) if hasattr(one, "detach") else one for one in data]
    try:
        array = np.asarray(data)
        if array.dtype.kind in "US" and not hasattr(data, "dtype"):
            array = np.asarray(data, dtype=object)  # numbers beside the text stay numbers
    except Exception as error:  # whatever a foreign __array__ raises
        raise _unreadable(data, name, error) from error
    if array.ndim == 0:
        msg = f"{name} is a single value, {show(array)}. {WANTED}."
        raise DataError(msg)
    return array


def _unreadable(data: Any, name: str, error: Exception) -> DataError:
    shapes = [_shape(row) for row in data] if isinstance(data, (list, tuple)) else []
    for row, shape in enumerate(shapes):
        if shape != shapes[0]:
            return DataError(
                f"{name} is ragged: row 0 has {_size(shapes[0])}, row {row} has {_size(shape)}. "
                "Give every row the same number of values."
            )
    kind, why = type(data).__name__, str(error).rstrip(".")
    return DataError(f"{name}, of type {kind}, cannot be read as an array: {why}. {WANTED}.")


def _stacked(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Stack a one-dimensional array of arrays, e.g. of images."""
    if array.ndim != 1 or array.dtype.kind != "O" or not len(array):
        return array
    known = [value for value in array if not is_missing(value)]
    if known and isinstance(known[0], dict):
        msg = f"{name} is a list of dicts. Make a table of it first: pandas.DataFrame({name})."
        raise DataError(msg)
    if not known or isinstance(known[0], (str, bytes)) or not np.ndim(known[0]):
        return array
    rows = [_converted(value, f"{name}[{i}]") if np.ndim(value) else value
            for i, value in enumerate(array)]  # fmt: skip
    try:
        return np.stack(rows)
    except (ValueError, TypeError) as error:
        raise _unreadable(rows, name, error) from error


def _shape(row: Any) -> tuple[int, ...] | None:
    try:
        return tuple(np.shape(row))
    except ValueError:
        return (len(row),)


def _size(shape: tuple[int, ...] | None) -> str:
    if not shape:
        return "a single value"
    if len(shape) == 1:
        return f"{shape[0]:,} value{'' if shape[0] == 1 else 's'}"
    return f"shape {shape}"
