"""The page that the tables stand on."""

from __future__ import annotations

import datetime as dt
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import sklearn
import torch

import ae_widgets

__all__ = ["write"]

PAGE = Path(__file__).parents[2] / "docs" / "quality.md"


def write(name: str, text: str) -> None:
    """Put `text` between the markers that have that name."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    before, found, rest = PAGE.read_text("utf-8").partition(begin)
    if not found:
        msg = f"{PAGE} has no marker {begin.strip()}."
        raise ValueError(msg)
    _, _, after = rest.partition(end)
    parts = [
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, ae_widgets {ae_widgets.__version__}",
        f"PyTorch {torch.__version__}",
        f"scikit-learn {sklearn.__version__}",
        *_peers(),
        f"Python {platform.python_version()}.",
    ]
    PAGE.write_text(f"{before}{begin}\n{text}\n{', '.join(parts)}\n\n{end}{after}", "utf-8")


def _peers() -> list[str]:
    found = []
    for package, name in (("pyod", "PyOD"), ("clustpy", "ClustPy")):
        try:
            found.append(f"{name} {version(package)}")
        except PackageNotFoundError:
            continue
    return found
