"""What the package promises as a whole: its version, its names, its requirements."""

import importlib.metadata
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import ae_widgets

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def loaded_after(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after `code`."""
    code += "\nimport sys; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return set(result.stdout.decode().split())


def test_version_is_that_of_the_front_end_and_of_the_installed_package():
    front_end = json.loads((ROOT / "frontend" / "package.json").read_text())
    assert ae_widgets.__version__ == front_end["version"]
    assert importlib.metadata.version("ae_widgets") == ae_widgets.__version__


def test_exported_names_are_sorted_and_there():
    assert ae_widgets.__all__ == sorted(ae_widgets.__all__)
    for name in ae_widgets.__all__:
        assert getattr(ae_widgets, name).__module__.startswith("ae_widgets.")
    assert set(ae_widgets.__all__) <= set(dir(ae_widgets))


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Labb'"):
        ae_widgets.Labb  # noqa: B018 (asking for it is the test)


def test_import_loads_neither_torch_nor_a_widget_library():
    heavy = {"torch", "sklearn", "pandas", "ipywidgets", "anywidget", "bqplot", "IPython"}
    assert not heavy & loaded_after("import ae_widgets")


def test_the_kernel_never_needs_torch():
    assert "torch" not in loaded_after("from ae_widgets import Lab, Session")


def test_each_requirement_is_pinned_within_its_range():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    pins = {canonicalize_name(name): version for name, version in pins.items()}
    extras = PROJECT["optional-dependencies"].values()
    for line in [*PROJECT["dependencies"], *(line for extra in extras for line in extra)]:
        requirement = Requirement(line)
        version = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{line}, and {version} is pinned"
