"""What every test starts from."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the cheap tests before the dear ones."""
    items.sort(key=_cost)


def _cost(item: pytest.Item) -> int:
    if item.get_closest_marker("browser"):
        return 3
    if item.path.suffix == ".ipynb":
        return 2
    return 1 if item.get_closest_marker("package") else 0


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("needs a CUDA device")


@pytest.fixture(autouse=True)
def seed() -> None:
    """Start every test from the same random state."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 (libraries fall back on the global state)


class _Failures(logging.Handler):
    """Keeps what ipywidgets logs instead of raising it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.messages.append(logging.Formatter().format(record))


@pytest.fixture(autouse=True)
def no_hidden_failures() -> Iterator[None]:
    """Fail a test in which a widget's handler raised: ipywidgets only logs that."""
    failures = _Failures()
    logger = logging.getLogger("traitlets")
    logger.addHandler(failures)
    yield
    logger.removeHandler(failures)
    assert not failures.messages, "\n".join(failures.messages)
