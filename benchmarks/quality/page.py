"""The page that the tables stand on, and how a table is asked for."""

from __future__ import annotations

import argparse
import datetime as dt
import platform
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import sklearn
import torch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # what is measured is the tree that this file stands in

import ae_widgets  # noqa: E402  # of that tree

__all__ = ["CLUSTPY", "EPOCHS", "PEERS", "PYOD", "Peer", "options", "reasons", "write"]

PAGE = ROOT / "docs" / "quality.md"

EPOCHS: dict[str, int] = {}
"""Parameters that `--epochs` gives to every autoencoder of ours, in place of a script's own."""


class Peer(NamedTuple):
    """A library that is compared with if it is there.

    Attributes
    ----------
    name : str
        As it calls itself.
    package : str
        What pip calls it, which is what Python imports too.
    """

    name: str
    package: str

    def absence(self) -> str:
        """Return why it cannot be asked, nothing if it can."""
        try:
            import_module(self.package)
        except ImportError as error:
            return f"{error}; benchmarks/quality/README.md says how to install it"
        return ""


PYOD, CLUSTPY = PEERS = Peer("PyOD", "pyod"), Peer("ClustPy", "clustpy")


def options(
    about: str | None, *, seeds: int = 10, first: int = 0, data: str = "", keeps: bool = False
) -> argparse.Namespace:
    """Return what the command line asks for.

    That is `seeds` (a range), `write`, `page` and, where it was said, `data` (names) and `kept`.

    Parameters
    ----------
    about : str
        What the script says of itself.
    seeds : int, default=10
        How many seeds there are if nothing is said.
    first : int, default=0
        The first of them, likewise.
    data : str, default=''
        Names of the data sets, with commas, if some can be left out.
    keeps : bool, default=False
        Whether figures can be kept in a file.
    """
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=seeds, help=f"how many, default {seeds}")
    parser.add_argument("--first", type=int, default=first, help=f"the first seed, default {first}")
    parser.add_argument("--write", action="store_true", help="put the table into the page")
    parser.add_argument("--page", type=Path, default=PAGE, help="default docs/quality.md")
    parser.add_argument(
        "--epochs", type=int, help="of ours, in place of its own: only to see whether it runs"
    )
    if keeps:
        parser.add_argument(
            "--kept", type=Path, help="file of figures: what stands there is not measured again"
        )
    if data:
        parser.add_argument("--data", default=data, help=f"with commas, of {data}; default all")
    asked = parser.parse_args()
    if asked.epochs:
        if asked.write and asked.page.resolve() == PAGE:
            parser.error("a table of other epochs is no result of ours: name another --page")
        EPOCHS.update(max_iter=asked.epochs, n_iter_no_change=asked.epochs)
    asked.seeds = range(asked.first, asked.first + asked.seeds)
    asked.data = asked.data.split(",") if data else []
    if unknown := sorted(set(asked.data) - set(data.split(","))):
        parser.error(f"there is no data set {unknown[0]!r}: choose from {data}")
    return asked


def reasons(*peers: Peer) -> str:
    """Return a line for each peer that a table has to do without, with the reason."""
    absent = {peer.name: peer.absence() for peer in peers}
    return "".join(f"\nNot measured: {name}: {why}.\n" for name, why in absent.items() if why)


def write(name: str, text: str, page: Path = PAGE) -> None:
    """Put `text` between the markers that have that name."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    before, found, rest = page.read_text("utf-8").partition(begin)
    if not found:
        msg = f"{page} has no marker {begin.strip()}."
        raise ValueError(msg)
    _, _, after = rest.partition(end)
    parts = [
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, ae_widgets {ae_widgets.__version__}",
        f"PyTorch {torch.__version__}",
        f"scikit-learn {sklearn.__version__}",
        *_versions(),
        f"Python {platform.python_version()}.",
    ]
    page.write_text(f"{before}{begin}\n{text}\n{', '.join(parts)}\n\n{end}{after}", "utf-8")


def _versions() -> list[str]:
    found = []
    for peer in PEERS:
        try:
            found.append(f"{peer.name} {version(peer.package)}")
        except PackageNotFoundError:
            continue
    return found
