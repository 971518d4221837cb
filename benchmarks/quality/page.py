"""The page that the tables stand on, and how a table is asked for."""

from __future__ import annotations

import argparse
import datetime as dt
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import sklearn
import torch

import ae_widgets

__all__ = ["options", "write"]

PAGE = Path(__file__).parents[2] / "docs" / "quality.md"


def options(about: str | None, *, seeds: int = 10, data: str = "") -> argparse.Namespace:
    """Return what the command line asks for: `seeds` (a range), `write`, and `data` (names).

    Parameters
    ----------
    about : str
        What the script says of itself.
    seeds : int, default=10
        How many seeds there are if nothing is said.
    data : str, default=''
        Names of the data sets, with commas, if some can be left out.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--seeds", type=int, default=seeds, help=f"how many, default {seeds}")
    parser.add_argument("--first", type=int, default=0, help="the first seed, default 0")
    parser.add_argument("--write", action="store_true", help="put the table into docs/quality.md")
    if data:
        parser.add_argument("--data", default=data, help="which, default all")
    asked = parser.parse_args()
    asked.seeds = range(asked.first, asked.first + asked.seeds)
    asked.data = asked.data.split(",") if data else []
    return asked


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
