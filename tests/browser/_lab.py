"""One notebook in a real JupyterLab, and the handles by which a test drives it.

Nothing here waits by the clock: every wait is for a state of the page or the server. The page gives JupyterLab's own
application object (``--expose-app-in-browser``), so that a state is asked of Lab and not guessed from pixels.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from tests.browser._server import until

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Error, Locator, Page

    from tests.browser._server import Server

SCREENSHOTS = Path(__file__).parents[2] / "test-output" / "screenshots"
CELL = "window.jupyterapp.shell.currentWidget.content.model.cells.get(index)"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass
class Traffic:
    """Every address that a page asked for."""

    urls: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Record what this page asks for from now on, its sockets too."""
        page.on("request", lambda request: self.urls.append(request.url))
        page.on("websocket", lambda socket: self.urls.append(socket.url))

    @property
    def outside(self) -> list[str]:
        """The addresses that are not on this machine."""
        return [url for url in self.urls if not is_local(url)]


def is_local(url: str) -> bool:
    """Whether an address stays on this machine."""
    parts = urlsplit(url)
    return parts.scheme in {"data", "blob", "about", "file"} or parts.hostname in LOOPBACK


class Lab:
    """One notebook open in one page of JupyterLab; cells are counted from 0."""

    def __init__(self, server: Server, page: Page, traffic: Traffic) -> None:
        self.server = server
        self.page = page
        self.traffic = traffic
        self.name = ""
        self.errors: list[str] = []
        page.on("pageerror", self._note)
        page.on("console", self._hear)
        # Lab asks before it leaves a notebook that was changed; a test that reloads means it.
        page.on("dialog", lambda dialog: dialog.accept())

    def _note(self, error: Error) -> None:
        self._complain(f"{error}\n{error.stack}")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._complain(f"{message.text} ({message.location.get('url', '')})")

    def _complain(self, text: str) -> None:
        # ipywidgets' own words where a notebook is opened without its kernel, which some tests do.
        if not ("@jupyter-widgets/jupyterlab-manager" in text and re.search("'kernel'|widget model not found", text)):
            self.errors.append(text)

    # -- files

    def write(self, *cells: str, name: str = "test.ipynb") -> Path:
        """Write a notebook of code cells into the server's folder."""
        notebook = new_notebook(cells=[new_code_cell(source) for source in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = self.server.root / name
        nbformat.write(notebook, path)
        return path

    def read(self, name: str | None = None) -> Any:
        """Read a notebook as it lies on disk."""
        return nbformat.read(self.server.root / (name or self.name), as_version=4)

    # -- the page

    def open(self, *cells: str, name: str = "test.ipynb", kernel: bool = True) -> Lab:
        """Open a notebook, written first when cells are given; ``kernel=False`` opens it without starting one."""
        if cells:
            self.write(*cells, name=name)
        self.name = name
        # A workspace of its own each time: Lab then restores no tab of an earlier test.
        workspace = f"w{secrets.token_hex(4)}"
        self.page.goto(f"{self.server.url}/lab/workspaces/{workspace}?reset&token={self.server.token}")
        self._wait_for_app()
        self.page.evaluate(
            """async ([path, kernel]) => {
                const kernelPreference = {shouldStart: kernel, autoStartDefault: kernel};
                const options = {path, factory: 'Notebook', kernelPreference};
                const opened = await window.jupyterapp.commands.execute('docmanager:open', options);
                await opened.context.ready;
                await opened.revealed;
            }""",
            [name, kernel],
        )
        self._wait_for_notebook(kernel)
        if self.page.evaluate("() => document.body.dataset.jpThemeLight") == "false":
            self.theme(dark=False)  # Lab may not have saved that an earlier test went back to it
        return self

    def reload(self) -> None:
        """Load the page anew; the kernel lives on."""
        # Lab tells the server what is open some time after it was opened, and a new page opens what the server knows.
        # A notebook that is opened before Lab's restorer listens is told with the next change of the layout, so there
        # is one: both ways, since a side bar that is folded away already is no change.
        self.page.evaluate("() => { const shell = window.jupyterapp.shell; shell.expandLeft(); shell.collapseLeft(); }")
        until(self._layout_saved, 20, lambda: f"Lab has not saved that {self.name} is open: {self._layout()}")
        self.page.reload()
        self._wait_for_app()
        self._wait_for_notebook(kernel=True)

    def _layout(self) -> dict[str, Any]:
        workspace = urlsplit(self.page.url).path.rpartition("/")[2]
        layout: dict[str, Any] = self.server.workspace(workspace).get("layout-restorer:data", {})
        return layout

    def _layout_saved(self) -> bool:
        return bool(self._layout().get("main", {}).get("current") == f"notebook:{self.name}")

    def _wait_for_app(self) -> None:
        self.page.wait_for_function("() => window.jupyterapp !== undefined", timeout=60_000)
        self.page.evaluate("async () => { await window.jupyterapp.restored; }")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=60_000)

    def _wait_for_notebook(self, kernel: bool) -> None:
        self.page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget?.content?.widgets?.length > 0", timeout=60_000
        )
        if kernel:
            self.wait_idle()

    def command(self, name: str, **arguments: Any) -> Any:
        """Run one of JupyterLab's commands, such as ``docmanager:save``."""
        return self.page.evaluate(
            "async ([name, args]) => { await window.jupyterapp.commands.execute(name, args); }", [name, arguments]
        )

    def theme(self, dark: bool) -> None:
        """Switch between Lab's dark and light theme."""
        name = "JupyterLab Dark" if dark else "JupyterLab Light"
        self.command("apputils:change-theme", theme=name)
        self.page.wait_for_function(
            "name => document.body.dataset.jpThemeName === name && !document.querySelector('#jupyterlab-splash')",
            arg=name,
        )

    def save(self) -> None:
        """Save the notebook, as Ctrl+S does."""
        self.page.evaluate("async () => { await window.jupyterapp.shell.currentWidget.context.save(); }")

    def trusted(self) -> bool:
        """Whether Lab trusts every code cell that has outputs."""
        return bool(
            self.page.evaluate(
                """() => window.jupyterapp.shell.currentWidget.content.widgets
                    .filter(cell => cell.model.type === 'code' && cell.model.outputs.length)
                    .every(cell => cell.model.trusted)"""
            )
        )

    # -- cells

    def cell(self, index: int) -> Locator:
        """The cell's element, scrolled to (Lab renders far cells only when they come near)."""
        self.page.evaluate(
            """async index => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                await notebook.scrollToItem(index);
            }""",
            index,
        )
        return self.page.locator(f'.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell[data-windowed-list-index="{index}"]')

    def add(self, code: str) -> int:
        """Append a code cell; gives its index."""
        return int(
            self.page.evaluate(
                """code => {
                    const model = window.jupyterapp.shell.currentWidget.content.model;
                    model.sharedModel.addCell({cell_type: 'code', source: code});
                    return model.cells.length - 1;
                }""",
                code,
            )
        )

    def run(self, index: int, wait: bool = True, timeout: float = 60) -> None:
        """Click into the cell and press Shift+Enter; ``wait`` until the kernel has answered."""
        # After a restart the new number may equal the old one, so the old one goes first.
        self.page.evaluate(f"index => {{ {CELL}.sharedModel.execution_count = null; }}", index)
        editor = self.cell(index).locator(".cm-content")
        editor.click()
        editor.press("Shift+Enter")
        if wait:
            self.wait_done(index, timeout)

    def run_all(self, timeout: float = 240) -> None:
        """Run every cell, as "Run All Cells" does, until the last has run or one has failed that should not."""
        self.command("notebook:run-all-cells")
        self.page.wait_for_function(
            """() => {
                const all = [...window.jupyterapp.shell.currentWidget.content.model.cells];
                const cells = all.filter(cell => cell.type === 'code');
                const fails = cell => cell.outputs.toJSON().some(output => output.output_type === 'error');
                const may = cell => (cell.getMetadata('tags') ?? []).includes('raises-exception');
                const ran = cell => cell.executionState !== 'running' && cell.executionCount !== null;
                return cells.every(ran) || cells.some(cell => fails(cell) && !may(cell));
            }""",
            timeout=timeout * 1000,
        )

    def execute(self, code: str, timeout: float = 60) -> str:
        """Append a cell, run it and give its text."""
        index = self.add(code)
        self.run(index, timeout=timeout)
        return self.text(index).strip()

    def wait_done(self, index: int, timeout: float = 60) -> None:
        """Wait until the cell that was run has its answer from the kernel."""
        self.page.wait_for_function(
            f"index => {CELL}.executionState !== 'running' && {CELL}.executionCount !== null",
            arg=index,
            timeout=timeout * 1000,
        )

    def prompt(self, index: int) -> int | None:
        """The number in the cell's prompt, None before its first run and while it waits for its turn."""
        count: int | None = self.page.evaluate(f"index => {CELL}.executionCount", index)
        return count

    def output(self, index: int) -> Locator:
        """The outputs of a cell, one element each, hidden ones too."""
        return self.cell(index).locator(".jp-OutputArea-child")

    def text(self, index: int) -> str:
        """What a person reads under the cell now; what is hidden is left out."""
        shown = self.output(index).locator(".jp-OutputArea-output").filter(visible=True).all_inner_texts()
        return re.sub(r"\n{2,}", "\n", "\n".join(shown))

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """The cell's outputs as the notebook's model holds them."""
        found: list[dict[str, Any]] = self.page.evaluate(f"index => {CELL}.outputs.toJSON()", index)
        return found

    # -- the kernel

    def wait_idle(self, timeout: float = 60) -> None:
        """Wait until the kernel is connected and idle."""
        self.page.wait_for_function(
            """() => {
                const kernel = window.jupyterapp.shell.currentWidget?.context?.sessionContext?.session?.kernel;
                return kernel?.connectionStatus === 'connected' && kernel.status === 'idle';
            }""",
            timeout=timeout * 1000,
        )

    def interrupt(self) -> None:
        """Interrupt the kernel, as the square button does."""
        self.server.api("POST", f"kernels/{self._kernel()}/interrupt")

    def restart(self) -> None:
        """Restart the kernel and wait for the new one."""
        self.page.evaluate(
            "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.restartKernel(); }"
        )
        self.wait_idle()

    def shutdown(self) -> None:
        """End the kernel and wait until the page knows."""
        self.page.evaluate("async () => { await window.jupyterapp.shell.currentWidget.sessionContext.shutdown(); }")
        until(lambda: self.server.kernel_id(self.name) is None, 20, lambda: "the kernel is still there")

    def _kernel(self) -> str:
        kernel = self.server.kernel_id(self.name)
        assert kernel is not None, f"{self.name} has no kernel"
        return kernel

    # -- pictures

    def screenshot(self, name: str, target: Locator | None = None) -> Path:
        """Save ``test-output/screenshots/NAME.png``, of the whole page or of one element."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{quote(name, safe='-_.')}.png"
        self.page.evaluate("() => document.fonts.ready.then(() => true)")
        (target or self.page).screenshot(path=path, animations="disabled")
        return path

    def panel(self) -> Locator:
        """The open notebook, for a picture without Lab's side bars."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook")

    def width(self, pixels: int, height: int = 1100) -> None:
        """Set the window's width; the side bars are folded away, so the cell is nearly as wide."""
        self.page.set_viewport_size({"width": pixels, "height": height})
        self.page.evaluate("() => { window.jupyterapp.shell.collapseLeft(); window.jupyterapp.shell.collapseRight(); }")
