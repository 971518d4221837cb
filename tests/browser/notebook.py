"""A notebook that is open in a page of the browser."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import ConsoleMessage, Error, Page

SCREENSHOTS = Path(__file__).parents[2] / "test-output" / "screenshots"
# What the applications themselves complain of, with any notebook.
PLATFORM_ERRORS = (
    "Canceled future for",  # as the page of a test is left
    "Cannot read properties of undefined (reading 'schema')",
    "Command 'filebrowser:open-path' not registered",
    "Could not restore the debugger state",
    "[anywidget] Failed to initialize model",  # of a busy page; test_revive.py shows it mended
    "Failed to load resource",
)
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
OPEN = """async (path) => {
  await window.jupyterapp.commands.execute('docmanager:open', { path, factory: 'Notebook' });
}"""
EXECUTE_IN = """async (kernel, code) => {
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
EXECUTE = f"(code) => ({EXECUTE_IN})(window.testPanel.sessionContext.session.kernel, code)"
# The page must show none of the widgets any more when they are closed.
LEAVE = f"""async (code) => {{
  const {{ id, name }} = window.testPanel.sessionContext.session.kernel;
  const {{ kernels }} = window.jupyterapp.serviceManager;
  const kernel = kernels.connectTo({{ model: {{ id, name }}, handleComms: false }});
  window.testPanel.dispose();
  const result = await ({EXECUTE_IN})(kernel, code);
  kernel.dispose();
  return result;
}}"""
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

FORGET = """
import ae_widgets, ipywidgets
from ae_widgets.session import publisher
from ae_widgets.widgets._view import TRAITS_LOCK
for run in ae_widgets.runs(): run.close()
publisher.flush()
with TRAITS_LOCK:  # no view is in the middle of making its parts
    ipywidgets.Widget.close_all()
get_ipython().run_line_magic('reset', '-f')
__import__('gc').collect()
"""


class Notebook:
    """A notebook that is open in a page of the browser."""

    def __init__(self, page: Page, name: str, theme: str) -> None:
        self.page = page
        self.errors: list[str] = []
        self._name = name
        self._theme = theme
        page.on("pageerror", self._note_error)
        page.on("console", self._note)

    def load(self, url: str) -> None:
        """Load the page of the notebook."""
        self.page.goto(url)
        self._settle()

    def open_in_place(self) -> None:
        """Open the notebook in a page of JupyterLab that shows no other one any more."""
        self.page.evaluate(OPEN, self._name)
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
        return self._execute(EXECUTE, code)

    def wait_for(self, condition: str | Callable[[], Any], timeout: float = 60) -> Any:
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

    def set_theme(self, theme: str) -> None:
        self.page.evaluate(THEME, theme)
        self.page.wait_for_function(
            "(theme) => document.body.dataset.jpThemeName === theme", arg=theme
        )

    def leave(self) -> None:
        """Close the notebook, and remove what it left from its kernel, which serves the next."""
        self._execute(LEAVE, FORGET)
        self.page.remove_listener("pageerror", self._note_error)
        self.page.remove_listener("console", self._note)

    def _execute(self, how: str, code: str) -> str:
        result = self.page.evaluate(how, code)
        if result["error"]:
            pytest.fail(result["error"])
        text: str = result["text"].strip()
        return text

    def _settle(self) -> None:
        self.page.evaluate(PANEL, self._name)
        self.page.evaluate(FOLD_SIDE_BAR)
        self.set_theme(self._theme)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note_error(message.text)

    def _note_error(self, error: Error | str) -> None:
        if not any(known in str(error) for known in PLATFORM_ERRORS):
            self.errors.append(str(error))
