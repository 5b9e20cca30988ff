"""One JupyterLab server and one Chromium for all browser tests of a process; a fresh page for each."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser._dashboard import Dashboard
from tests.browser._lab import Lab, Traffic
from tests.browser._server import Server
from tests.browser.cells import PENGUINS, forest, network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Playwright, ProxySettings

# The browser itself calls home too: for components, time, safe browsing. None of that belongs in a test, and two things
# make sure of it: no name but the loopback's can be looked up, and whatever is not on the loopback goes to a proxy that
# is not there. (A route of playwright's that refuses would do too, but it turns the browser's cache off.)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
NOWHERE: ProxySettings = {"server": "http://127.0.0.1:9", "bypass": "127.0.0.1, localhost"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A JupyterLab server with settings and a home of its own."""
    server = Server(tmp_path_factory.mktemp("lab"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def context(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    # One for all tests; a workspace of Lab's is new each time.
    context = launch(playwright, tmp_path_factory.mktemp("chromium"))
    context.set_default_timeout(20_000)
    yield context
    context.close()


def launch(playwright: Playwright, profile: Path, scale: float = 1.5) -> BrowserContext:
    """A Chromium; what it read of Lab's 20 MB stays in its profile, compiled, so that the next page comes sooner."""
    return playwright.chromium.launch_persistent_context(
        profile,
        executable_path=_chromium(playwright),
        args=FLAGS,
        proxy=NOWHERE,
        viewport={"width": 1280, "height": 1100},
        device_scale_factor=scale,
    )


def _chromium(playwright: Playwright) -> str | None:
    """The system's Chromium where there is one, else playwright's own; `.ci/chromium` looks in the same order."""
    system = next(filter(_runs, (os.environ.get("MLMAGIC_CHROMIUM"), "chromium", "chromium-browser")), None)
    if not system and not Path(playwright.chromium.executable_path).exists():
        pytest.fail("There is no Chromium: run `make chromium`, or name one in MLMAGIC_CHROMIUM")
    return system and shutil.which(system)


@pytest.fixture(scope="session")
def browser(context: BrowserContext) -> Browser:
    """That Chromium, for a page that is unlike the others."""
    assert context.browser
    return context.browser


@pytest.fixture
def traffic() -> Iterator[Traffic]:
    """Every address asked for in this test; one that leaves the machine fails it."""
    traffic = Traffic()
    yield traffic
    assert not traffic.outside, f"requests left this machine: {traffic.outside}"


@pytest.fixture
def lab(server: Server, context: BrowserContext, traffic: Traffic) -> Iterator[Lab]:
    """A page of JupyterLab, nothing open yet; its kernels end with the test."""
    page = context.new_page()
    traffic.watch(page)
    lab = Lab(server, page, traffic)
    yield lab
    page.close()
    server.shutdown_kernels()
    assert not lab.errors, f"the page complained: {lab.errors}"


@pytest.fixture(scope="session")
def forest_notebook(server: Server, context: BrowserContext) -> str:
    """A saved notebook whose kernel has trained a forest and lives on until all tests are done."""
    page = context.new_page()
    lab = Lab(server, page, Traffic())
    lab.open(PENGUINS, forest(), name="forest.ipynb")
    lab.run(0)
    lab.run(1)
    Dashboard(lab, 1).ended("success")
    lab.save()
    server.kept.add(lab.name)
    page.close()
    return lab.name


@pytest.fixture
def finished(lab: Lab, forest_notebook: str) -> Dashboard:
    """The dashboard of a forest that was trained, in a page that is new to its kernel."""
    lab.open(name=forest_notebook)
    return Dashboard(lab, 1).ended("success")


@pytest.fixture(scope="session")
def warm_notebook(server: Server, context: BrowserContext) -> str:
    """A notebook of two cells, the penguins and a network on them, whose kernel lives on with all imports done."""
    page = context.new_page()
    lab = Lab(server, page, Traffic())
    lab.open(PENGUINS, network(), network(1), name="warm.ipynb")
    lab.run(0)
    lab.run(2)
    Dashboard(lab, 2).ended("success")
    lab.write(PENGUINS, network(), name=lab.name)
    server.kept.add(lab.name)
    page.close()
    return lab.name


@pytest.fixture
def warm(lab: Lab, warm_notebook: str) -> Iterator[Lab]:
    """That notebook in a page of the test's own; what still runs at the end is stopped."""
    lab.open(name=warm_notebook)
    yield lab
    ended = "all(job.stop() or job.wait(20) for job in list(jobs.QUEUE.jobs))"
    assert lab.execute(f"from mlmagic import jobs\n{ended}") == "True"


def _runs(name: str | None) -> bool:
    # Ubuntu's `chromium-browser` may be a stub that only names another package manager.
    return (
        bool(name)
        and bool(shutil.which(name))
        and not subprocess.run([name, "--version"], capture_output=True).returncode
    )
