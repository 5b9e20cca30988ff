"""A JupyterLab server of the tests' own: on the loopback, with a home, a port and a token of its own."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# What a proxy variable of the machine says is not for the loopback.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/apputils-extension/themes": {"theme": "JupyterLab Light", "adaptive-theme": False},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False, "renameUntitledFileOnSave": False},
    "@jupyterlab/extensionmanager-extension/plugin": {"enabled": False},
}


class Server:
    """One JupyterLab server on the loopback, with a home of its own.

    Parameters
    ----------
    home
        An empty directory; configuration, settings and the notebooks (``root``) live in it.
    """

    def __init__(self, home: Path) -> None:
        self.root = home / "notebooks"
        self.root.mkdir(parents=True)
        self.kept: set[str] = set()
        self.token = secrets.token_hex(16)
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = home / "server.log"
        _write_settings(home / "settings")
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                _command(self.port, self.token, self.root), env=_environment(home), stdout=log, stderr=log, cwd=home
            )
        until(self._answers, 60, lambda: f"JupyterLab did not start:\n{self.log.read_text()[-2000:]}")

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"JupyterLab ended:\n{self.log.read_text()[-2000:]}")
        try:
            self.api("GET", "status")
        except OSError:
            return False
        return True

    def api(self, method: str, path: str, body: Any = None, root: str = "api") -> Any:
        """Call the server's REST API, ``path`` counted from ``/api/`` or another root; gives the decoded answer."""
        request = urllib.request.Request(
            f"{self.url}/{root}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}", "Content-Type": "application/json"},
        )
        with _open(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def kernel_id(self, notebook: str) -> str | None:
        """The kernel of a notebook, None where it has none."""
        ids = [s["kernel"]["id"] for s in self.api("GET", "sessions") if s["path"] == notebook and s["kernel"]]
        return ids[0] if ids else None

    def workspace(self, name: str) -> dict[str, Any]:
        """What the server knows of a page's layout, nothing before the page has told it."""
        try:
            data: dict[str, Any] = self.api("GET", f"workspaces/{name}", root="lab/api")["data"]
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return {}
        return data

    def shutdown_kernels(self) -> None:
        """End every session, as "Shut Down All Kernels" does, but for the notebooks in ``kept``."""
        for session in self.api("GET", "sessions"):
            if session["path"] in self.kept:
                continue
            try:
                self.api("DELETE", f"sessions/{session['id']}")
            except urllib.error.HTTPError as error:
                if error.code != 404:  # 404: the page was faster
                    raise

    def close(self) -> None:
        """End the server and its kernels."""
        self.kept.clear()
        self.shutdown_kernels()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def until(condition: Callable[[], Any], timeout: float, message: Callable[[], str]) -> None:
    """Poll something that has no event of its own."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, message()
        time.sleep(0.05)


def _command(port: int, token: str, root: Path) -> list[str]:
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": root,
        "ServerApp.allow_root": True,
        "ServerApp.open_browser": False,
        "IdentityProvider.token": token,
        "LabApp.expose_app_in_browser": True,
        "LabApp.extension_manager": "readonly",
        "LabApp.news_url": "None",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    return [sys.executable, "-m", "jupyterlab", *(f"--{key}={value}" for key, value in options.items())]


def _environment(home: Path) -> dict[str, str]:
    own = {
        "HOME": home,
        "IPYTHONDIR": home / "ipython",
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        # Notebooks under test import the tests' own made-up data.
        "PYTHONPATH": Path(__file__).parents[2],
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "JPY_", "IPYTHON"))}
    return inherited | {key: str(value) for key, value in own.items()}


def _write_settings(directory: Path) -> None:
    for plugin, values in SETTINGS.items():
        path = directory / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
