"""Starts modules of this package in processes of their own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["command", "environment"]


def command(module: str) -> list[str]:
    """Return the command that runs a module of this package with this interpreter."""
    return [sys.executable, "-P", "-m", module]


def environment() -> dict[str, str]:
    """Return an environment that lets it find this very package, installed or not."""
    home = str(Path(__file__).parents[1])
    paths = [home, os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
