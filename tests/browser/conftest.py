"""A real Jupyter server, a real browser, and a notebook opened in them."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import sync_playwright

from tests.browser.lab_page import ANY_FRAME, DATA, ENDLESS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Page

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "test-output" / "screenshots"
BROWSER_FLAGS = (
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
)
# What the applications themselves complain of, with any notebook.
PLATFORM_ERRORS = (
    "Cannot read properties of undefined (reading 'schema')",
    "Command 'filebrowser:open-path' not registered",
    "Could not restore the debugger state",
    "Failed to load resource",
)
PATHS = {"lab": "doc/tree", "notebook": "notebooks"}

# The panel of the notebook that the page shows, once its kernel answers.
PANEL = """async (path) => {
  const panel = () => [...(window.jupyterapp?.shell.widgets('main') ?? [])]
    .find((widget) => widget.context?.path === path);
  const deadline = Date.now() + 60000;
  while (!panel()) {
    if (Date.now() > deadline) throw new Error(`${path} did not open`);
    await new Promise(requestAnimationFrame);
  }
  await window.jupyterapp.restored;
  await panel().revealed;
  await panel().sessionContext.ready;
  window.testPanel = panel();
}"""
EXECUTE = """async (code) => {
  const kernel = window.testPanel.sessionContext.session.kernel;
  const future = kernel.requestExecute({ code, store_history: false });
  let text = '';
  let error = '';
  future.onIOPub = ({ header, content }) => {
    if (header.msg_type === 'stream') text += content.text;
    if (header.msg_type === 'execute_result') text += content.data['text/plain'];
    if (header.msg_type === 'error') error = content.traceback.join('\\n');
  };
  await future.done;
  return { text, error };
}"""
CELL_ERRORS = """() => window.testPanel.content.widgets
  .flatMap((cell) => cell.model.outputs?.toJSON() ?? [])
  .filter((output) => output.output_type === 'error')
  .map((output) => output.traceback.join('\\n'))"""
THEME = """async (theme) => {
  await window.jupyterapp.commands.execute('apputils:change-theme', { theme });
}"""
FOLD_SIDE_BAR = """async () => {
  const { commands, shell } = window.jupyterapp;
  if (shell.leftCollapsed === false) await commands.execute('application:toggle-left-area');
}"""


class Server:
    """One Jupyter server for JupyterLab and Notebook 7, with a home of its own."""

    def __init__(self, home: Path) -> None:
        self.files = home / "files"
        self._token = secrets.token_hex(16)
        self._log = home / "server.log"
        environment = {name: v for name, v in os.environ.items() if not name.startswith("JUPYTER")}
        for name in ("config", "data", "runtime"):
            environment[f"JUPYTER_{name.upper()}_DIR"] = str(home / name)
        environment["JUPYTERLAB_SETTINGS_DIR"] = str(home / "settings")
        environment["JUPYTERLAB_WORKSPACES_DIR"] = str(home / "workspaces")
        environment["IPYTHONDIR"] = str(home / "ipython")
        self.files.mkdir()
        notices = home / "settings" / "@jupyterlab" / "apputils-extension"
        notices.mkdir(parents=True)
        (notices / "notification.jupyterlab-settings").write_text(
            json.dumps({"fetchNews": "false", "checkForUpdates": False})
        )
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
        command += [
            f"--ServerApp.root_dir={self.files}",
            "--ServerApp.ip=127.0.0.1",
            "--ServerApp.port=0",
            f"--IdentityProvider.token={self._token}",
            "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
        ]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                command,
                cwd=home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._url = self._wait_for_url(home / "runtime" / f"jpserver-{self._process.pid}.json")

    def address(self, path: str) -> str:
        """Return the URL of a page of the server."""
        return f"{self._url}{path}?{urlencode({'token': self._token, 'reset': ''})}"

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait_for_url(self, runtime_file: Path) -> str:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.poll() is None:
            if runtime_file.is_file() and "Use Control-C" in self._log.read_text():
                url: str = json.loads(runtime_file.read_text())["url"]
                return url
            time.sleep(0.05)
        self.stop()
        pytest.fail(f"The Jupyter server did not start:\n{self._log.read_text()}")


class Notebook:
    """A notebook that is open in a page of the browser."""

    def __init__(self, page: Page, name: str, theme: str) -> None:
        self.page = page
        self.errors: list[str] = []
        self._name = name
        self._theme = theme
        page.on("pageerror", lambda error: self._note_error(str(error)))
        page.on("console", self._note)

    def open(self, url: str) -> None:
        self.page.goto(url)
        self._settle()

    def reload(self) -> None:
        """Save the notebook and load the page anew."""
        self.page.evaluate("() => window.testPanel.context.save()")
        self.page.reload()
        self._settle()

    def run_all(self) -> None:
        """Run all cells, and return when the last has ended."""
        command = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"
        self.page.evaluate(command)
        if errors := self.page.evaluate(CELL_ERRORS):
            pytest.fail(errors[0])

    def run(self, code: str) -> str:
        """Execute `code` in the kernel, as another cell would, and return what it printed."""
        result = self.page.evaluate(EXECUTE, code)
        if result["error"]:
            pytest.fail(result["error"])
        text: str = result["text"].strip()
        return text

    def wait_for(self, condition: str | Callable[[], Any], timeout: float = 30) -> Any:
        """Wait until JavaScript or a function gives something true, and return that."""
        if isinstance(condition, str):
            return self.page.wait_for_function(condition, timeout=timeout * 1000).json_value()
        deadline = time.monotonic() + timeout
        while not (value := condition()):
            if time.monotonic() > deadline:
                pytest.fail(f"Nothing true came within {timeout} s from {condition}.")
            self.page.wait_for_timeout(50)
        return value

    def shot(self, name: str) -> Path:
        """Save a picture of the page."""
        path = SCREENSHOTS / f"{name}.png"
        self.page.screenshot(path=path)
        return path

    def shut_down(self) -> None:
        """End the kernel and leave the page."""
        self.page.evaluate("() => window.testPanel.sessionContext.shutdown()")
        self.page.context.close()

    def _settle(self) -> None:
        self.page.evaluate(PANEL, self._name)
        self.page.evaluate(FOLD_SIDE_BAR)
        self.page.evaluate(THEME, self._theme)
        self.page.wait_for_function(
            "(theme) => document.body.dataset.jpThemeName === theme", arg=self._theme
        )

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note_error(message.text)

    def _note_error(self, text: str) -> None:
        if not any(known in text for known in PLATFORM_ERRORS):
            self.errors.append(text)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("jupyter"))
    yield server
    server.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # A browser may die of its machine; what a page shows is never tried twice.
    died = pytest.mark.flaky(reruns=2, only_rerun=["TargetClosedError"])
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(died)


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable[[], Browser]]:
    found = subprocess.run([ROOT / "tools" / "browser.sh"], check=True, stdout=subprocess.PIPE)
    with sync_playwright() as playwright:
        yield lambda: playwright.chromium.launch(
            executable_path=found.stdout.decode().strip(), args=BROWSER_FLAGS
        )


@pytest.fixture
def browser(launch: Callable[[], Browser]) -> Iterator[Browser]:
    """Start a browser for one test alone, so that one that dies takes no other along."""
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture
def open_notebook(server: Server, browser: Browser) -> Iterator[Callable[..., Notebook]]:
    """Write a notebook of some cells, open it in an application and run all cells."""
    opened: list[Notebook] = []

    def opener(
        cells: list[str],
        *,
        app: str = "lab",
        theme: str = "JupyterLab Light",
        width: int = 1280,
        height: int = 800,
    ) -> Notebook:
        name = f"{next(_numbers)}.ipynb"
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        content = new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata=kernel)
        nbformat.write(content, server.files / name)
        context = browser.new_context(viewport={"width": width, "height": height})
        context.set_default_timeout(60_000)
        notebook = Notebook(context.new_page(), name, theme)
        opened.append(notebook)
        notebook.open(server.address(f"{PATHS[app]}/{name}"))
        notebook.run_all()
        return notebook

    yield opener
    for notebook in opened:
        notebook.shut_down()
    errors = [error for notebook in opened for error in notebook.errors]
    assert not errors, "\n".join(errors)


@pytest.fixture
def open_lab(open_notebook: Callable[..., Notebook]) -> Callable[..., Notebook]:
    """Open a notebook that loads the digits and shows a Lab on them."""

    def opener(*cells: str, **options: Any) -> Notebook:
        notebook = open_notebook([DATA, *(cells or (f"{ENDLESS}\nlab",))], **options)
        notebook.wait_for(ANY_FRAME)
        return notebook

    return opener


_numbers = count()
