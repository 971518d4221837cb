"""MNIST with its labels, from the archive that benchmarks/engine keeps."""

from __future__ import annotations

import sys
import tarfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "engine"))

from data import _mnist_archive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Labels = NDArray[np.uint8]

__all__ = ["mnist_split"]

IMAGES, LABELS = 3, 1  # dimensions of an idx file of either


@cache
def mnist_split() -> tuple[Floats, Labels, Floats, Labels]:
    """Return training images and labels, test images and labels; images from 0 to 1, flat."""
    with tarfile.open(_mnist_archive()) as archive:
        parts = [
            _read(archive, f"{part}-{kind}-ubyte")
            for part in ("train", "t10k")
            for kind in ("images-idx3", "labels-idx1")
        ]
    images, labels, test, test_labels = parts
    return _flat(images), labels, _flat(test), test_labels


def _read(archive: tarfile.TarFile, name: str) -> NDArray[np.uint8]:
    content = archive.extractfile(f"package/data/{name}").read()
    dimensions = content[3]
    if content[2] != 8 or dimensions not in {IMAGES, LABELS}:  # noqa: PLR2004  # 8: bytes
        msg = f"{name} is no idx file of images or labels: it begins with {content[:4]!r}."
        raise ValueError(msg)
    shape = np.frombuffer(content, ">i4", dimensions, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def _flat(images: NDArray[np.uint8]) -> Floats:
    return images.reshape(len(images), -1).astype(np.float32) / 255
