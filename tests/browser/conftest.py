"""A real Jupyter server, a real browser, and a notebook opened in them."""

from __future__ import annotations

import subprocess
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Error, sync_playwright

from tests.browser.lab_page import ANY_FRAME, DATA, ENDLESS, FIRST
from tests.browser.notebook import Notebook
from tests.browser.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page, Playwright

ROOT = Path(__file__).parents[2]
BROWSER_FLAGS = (
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
)
PATHS = {"lab": "doc/tree", "notebook": "notebooks"}


class Desk:
    """A browser and a kernel that serve one notebook after the other.

    To start a browser, JupyterLab and a kernel takes longer than most tests. So a page of
    JupyterLab whose test went well is kept for the next; after a failure all is started anew.
    """

    def __init__(self, server: Server, playwright: Playwright) -> None:
        self._server = server
        self._playwright = playwright
        self._browser: Browser | None = None
        self._free: Page | None = None

    def open(self, cells: list[str], app: str, theme: str, size: tuple[int, int]) -> Notebook:
        """Write a notebook of some cells and open it in an application."""
        name = f"{next(_numbers)}.ipynb"
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        content = new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata=kernel)
        nbformat.write(content, self._server.files / name)
        self._server.connect(name)
        page, self._free = (self._free, None) if app == "lab" else (None, self._free)
        notebook = Notebook(page or self._new_page(), name, theme)
        notebook.page.set_viewport_size({"width": size[0], "height": size[1]})
        if page:
            notebook.open_in_place()
        else:
            notebook.load(self._server.address(f"{PATHS[app]}/{name}"))
        return notebook

    def put_away(self, notebook: Notebook, app: str) -> None:
        """Close a notebook, and keep its page where another may be opened in it."""
        try:
            notebook.leave()
        except (Error, pytest.fail.Exception):
            self.discard()
            raise
        if app == "lab" and not notebook.errors and self._free is None:
            self._free = notebook.page
        else:
            notebook.page.context.close()

    def discard(self) -> None:
        """End the browser and the kernel."""
        self._free = None
        if self._browser:
            self._browser.close()
            self._browser = None
        self._server.discard_kernel()

    def _new_page(self) -> Page:
        if self._browser is None or not self._browser.is_connected():
            found = subprocess.run([ROOT / "tools" / "browser.sh"], check=True, capture_output=True)
            self._browser = self._playwright.chromium.launch(
                executable_path=found.stdout.decode().strip(), args=BROWSER_FLAGS
            )
        context = self._browser.new_context()
        context.set_default_timeout(60_000)
        return context.new_page()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    item.stash[_went_well] = report.passed
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # A browser may die of its machine; what a page shows is never tried twice.
    died = pytest.mark.flaky(reruns=2, only_rerun=["TargetClosedError"])
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(died)


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    server = Server(tmp_path_factory.mktemp("jupyter"))
    with sync_playwright() as playwright:
        desk = Desk(server, playwright)
        yield desk
        desk.discard()
    server.stop()


@pytest.fixture
def open_notebook(desk: Desk, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """Write a notebook of some cells, open it in an application and run all cells."""
    opened: list[tuple[Notebook, str]] = []

    def opener(
        cells: list[str],
        *,
        app: str = "lab",
        theme: str = "JupyterLab Light",
        width: int = 1280,
        height: int = 800,
    ) -> Notebook:
        notebook = desk.open(cells, app, theme, (width, height))
        opened.append((notebook, app))
        notebook.run_all()
        return notebook

    yield opener
    if not request.node.stash[_went_well]:
        desk.discard()
        return
    for notebook, app in opened:
        desk.put_away(notebook, app)
    errors = [error for notebook, _ in opened for error in notebook.errors]
    assert not errors, "\n".join(errors)


@pytest.fixture
def open_lab(open_notebook: Callable[..., Notebook]) -> Callable[..., Notebook]:
    """Open a notebook that loads the digits and shows a Lab on them."""

    def opener(*cells: str, **options: Any) -> Notebook:
        notebook = open_notebook([DATA, *(cells or (f"{ENDLESS}\nlab",))], **options)
        notebook.wait_for(ANY_FRAME, FIRST)
        return notebook

    return opener


_numbers = count()
_went_well = pytest.StashKey[bool]()
