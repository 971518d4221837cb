"""A folder of pictures as a data set."""

from __future__ import annotations

import itertools
import warnings
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ae_widgets.data.dataset import NO_LABEL, Dataset
from ae_widgets.data.table import listing
from ae_widgets.exceptions import DataError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from numpy.typing import NDArray
    from PIL import Image

T = TypeVar("T")

__all__ = ["DEFAULT_SIZE", "is_folder", "read_images"]

DEFAULT_SIZE = (32, 32)
"""Height and width to which pictures are brought."""

GREY = ("1", "L", "LA", "I", "F", "I;16", "I;16B", "I;16L")
"""Pillow's modes without colour."""


def is_folder(X: Any) -> bool:
    """Whether `X` is the path of a folder that is there."""
    try:
        return isinstance(X, (str, PurePath)) and Path(X).expanduser().is_dir()
    except (OSError, ValueError):  # no path at all, such as a text of a megabyte
        return False


def read_images(
    folder: str | os.PathLike[str],
    *,
    size: tuple[int, int] = DEFAULT_SIZE,
    grey: bool | None = None,
) -> Dataset:
    """Return the pictures in a folder and in those within it, by Pillow.

    Each is turned upright as its camera says, cut to the proportions of `size` around
    its middle, scaled, and given values from 0 to 1. Its label is the folder within
    `folder` that it lies in. They come in the order of their paths.

    Parameters
    ----------
    folder : path-like
        Where they are; a ``~`` at its start is expanded.
    size : (height, width), default=(32, 32)
        Of every picture.
    grey : bool, optional
        Whether they are read without colour; by default if none has any. Else they have
        three channels; what is transparent is on white.

    Returns
    -------
    Dataset
        Of ``item_shape`` (height, width) or (height, width, 3). Files that end like a
        picture and cannot be read as one are left out, and named in its notices.

    Raises
    ------
    DataError
        If there is no such folder or no picture in it, or the size is none.
    """
    root = Path(folder).expanduser()
    if not root.is_dir():
        msg = f"{str(folder)!r} is no folder. Pass one that holds pictures."
        raise DataError(msg)
    shape = _checked_size(size)
    from PIL import Image

    endings = Image.registered_extensions()
    paths = sorted(p for p in root.rglob("*") if p.suffix.lower() in endings and p.is_file())
    if grey is None:
        grey = all(mode in GREY for mode in (_tried(p, lambda i: i.mode) for p in paths) if mode)
    pixels = [_tried(path, lambda image: _pixels(image, shape, grey=grey)) for path in paths]
    read = [path for path, values in zip(paths, pixels, strict=True) if values is not None]
    if not read:
        where = f" ({len(paths):,} files end like one)" if paths else ""
        msg = f"There is no picture that Pillow can read in {str(folder)!r}{where}."
        raise DataError(msg)
    features = np.stack([values for values in pixels if values is not None]).reshape(len(read), -1)
    item_shape = shape if grey else (*shape, 3)
    labels, names = _labels([path.relative_to(root) for path in read])
    broken = sorted(str(path.relative_to(root)) for path in set(paths) - set(read))
    places = itertools.product(*(range(n) for n in item_shape))
    return Dataset(
        features,
        labels,
        names,
        tuple(f"pixel {', '.join(map(str, place))}" for place in places),
        item_shape,
        (_notice(broken, len(paths)),) if broken else (),
    )


def _checked_size(size: Any) -> tuple[int, int]:
    sizes = tuple(size) if isinstance(size, (tuple, list)) else ()
    whole = all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in sizes)
    if len(sizes) != 2 or not whole or min(sizes) < 1:  # noqa: PLR2004  # height and width
        msg = f"size must be (height, width), two integers of at least 1, got {size!r}."
        raise DataError(msg)
    return int(sizes[0]), int(sizes[1])


def _tried(path: Path, look: Callable[[Image.Image], T]) -> T | None:
    """Return what `look` sees of a picture, None if it cannot be read."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # A picture of a billion pixels in a small file is no picture to read.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                return look(image)
    except Exception:  # noqa: BLE001  # whatever Pillow's readers raise of damaged files
        return None


def _pixels(image: Image.Image, shape: tuple[int, int], *, grey: bool) -> NDArray[np.float32]:
    """Return values from 0 to 1, shape (height, width) or (height, width, 3)."""
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I;16") or upright.mode == "I":
        upright = Image.fromarray((np.asarray(upright).astype(np.int64) >> 8).astype(np.uint8))
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        ground = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(ground, upright)
    fitted = ImageOps.fit(upright.convert("L" if grey else "RGB"), shape[::-1])
    return np.asarray(fitted, np.float32) / np.float32(255)


def _labels(paths: list[Path]) -> tuple[NDArray[np.int32] | None, tuple[str, ...]]:
    """Return the first folder of each path as its label; none for files beside the folders."""
    folders = [path.parts[0] if len(path.parts) > 1 else "" for path in paths]
    names = tuple(sorted({folder for folder in folders if folder}))
    if not names:
        return None, ()
    places = {name: i for i, name in enumerate(names)}
    return np.array([places.get(folder, NO_LABEL) for folder in folders], np.int32), names


def _notice(broken: list[str], total: int) -> str:
    are, names = ("is", "was") if len(broken) == 1 else ("are", "were")
    return (
        f"{len(broken):,} of {total:,} files {are} damaged or too large and {names} left out: "
        f"{listing([*map(repr, broken)])}."
    )
