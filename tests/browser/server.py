"""One Jupyter server for JupyterLab and Notebook 7, and the kernel of its notebooks."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

if TYPE_CHECKING:
    from pathlib import Path


class Server:
    """One Jupyter server for JupyterLab and Notebook 7, with a home of its own."""

    def __init__(self, home: Path) -> None:
        self.files = home / "files"
        self._token = secrets.token_hex(16)
        self._kernel: dict[str, str] | None = None
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

    def connect(self, path: str) -> None:
        """Give a notebook its kernel: the one of the notebook before, where that still lives."""
        body = {"path": path, "name": path, "type": "notebook"}
        kernel = self._kernel or {"name": "python3"}
        session = self._ask("POST", "api/sessions", {**body, "kernel": kernel})
        self._kernel = {"id": session["kernel"]["id"]}

    def discard_kernel(self) -> None:
        """End the kernel, so that the next notebook gets another one."""
        if self._kernel is not None:
            self._ask("DELETE", f"api/kernels/{self._kernel['id']}")
            self._kernel = None

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = Request(  # noqa: S310 - the address is the one of our own server
            f"{self._url}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self._token}"},
            method=method,
        )
        with urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
            return json.loads(answer.read() or "null")

    def _wait_for_url(self, runtime_file: Path) -> str:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.poll() is None:
            known = runtime_file.read_text() if runtime_file.is_file() else ""
            # The file is there before what it says.
            if known.rstrip().endswith("}") and "Use Control-C" in self._log.read_text():
                url: str = json.loads(known)["url"]
                return url
            time.sleep(0.05)
        self.stop()
        pytest.fail(f"The Jupyter server did not start:\n{self._log.read_text()}")
