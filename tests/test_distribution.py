"""The wheel and the sdist, built on a machine without Node, and the wheel in use."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.package

ROOT = Path(__file__).parents[1]
LEFT_BEHIND = (".*cache", ".git", ".venv", "dist", "node_modules", "static", "test-output")
BUILT = {
    f"ae_widgets/static/{name}.js"
    for name in ("label_field", "latent_scatter", "network_drawing", "reconstruction_view")
}
TRY_OUT = """
from sklearn.datasets import load_iris
import ae_widgets
lab = ae_widgets.Lab(*load_iris(return_X_y=True), max_iter=2)
lab.start()
lab.wait(timeout=60)
print(ae_widgets.__file__, *lab.codes.shape)
"""


@pytest.fixture(scope="session")
def distributions(tmp_path_factory):
    """Build from a copy of the sources, with nothing but a shell on the PATH."""
    home = tmp_path_factory.mktemp("distributions")
    shutil.copytree(ROOT, home / "source", ignore=shutil.ignore_patterns(*LEFT_BEHIND))
    (home / "bin").mkdir()
    (home / "bin" / "sh").symlink_to("/bin/sh")
    command = [sys.executable, "-m", "build", "--outdir", home, home / "source"]
    environment = os.environ | {"PATH": str(home / "bin")}
    result = subprocess.run(
        command, check=False, env=environment, capture_output=True, text=True, cwd=home
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return home


@pytest.fixture(scope="session")
def wheel(distributions):
    (wheel,) = distributions.glob("*.whl")
    return wheel


def test_wheel_has_the_package_with_its_front_end_and_nothing_else(distributions, wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    source = distributions / "source"
    files = [path for path in (source / "ae_widgets").rglob("*") if path.is_file()]
    # What Python and numba cached beside the modules stays behind.
    kept = [path for path in files if path.parent.name != "__pycache__"]
    package = {path.relative_to(source).as_posix() for path in kept}
    assert package >= BUILT
    assert {name for name in names if ".dist-info/" not in name} == package


def test_sdist_has_the_built_front_end_and_its_sources(distributions):
    (sdist,) = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= BUILT | {"LICENSE", "frontend/package-lock.json", "hatch_build.py"}
    assert not [name for name in names if "node_modules" in name]


def test_installed_wheel_trains(wheel, tmp_path):
    venv.create(tmp_path / "env", symlinks=True)
    python = tmp_path / "env" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", wheel], check=True)
    # The dependencies are those of this environment; a line in a .pth file adds them
    # without the .pth files beside them, so that the checkout stays out of sight.
    paths = {"base": tmp_path / "env", "platbase": tmp_path / "env"}
    packages = Path(sysconfig.get_path("purelib", "venv", paths))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))

    result = subprocess.run(
        [python, "-c", TRY_OUT], cwd=tmp_path, check=True, stdout=subprocess.PIPE, text=True
    )
    where, *shape = result.stdout.split()
    assert Path(where).is_relative_to(packages)
    assert shape == ["150", "2"]
