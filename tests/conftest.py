"""What many tests need: a directory of their own to run in, no run left behind, and a word where a framework lacks."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session", autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What mlmagic remembers of the person who tests stays out of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working directory. Runs that a test leaves going are stopped after it."""
    from mlmagic.jobs import QUEUE

    monkeypatch.chdir(tmp_path)
    yield tmp_path
    QUEUE.resize(1)
    for job in [job for job in QUEUE.jobs if not job.state.finished]:
        job.stop()
        assert job.wait(30), f"{job.id} does not end"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--partial",
        action="store_true",
        help="skip what needs a framework that is not installed, where it would fail otherwise",
    )


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    if not parent.config.getoption("--partial"):
        return None
    return _Partial.from_parent(parent, path=module_path)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--partial"):
        return
    for item in items:
        for framework in _frameworks(item) & _not_installed():
            item.add_marker(pytest.mark.skip(f"{framework} is not installed"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    with _skipped_without(item):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    with _skipped_without(item):
        yield


@contextmanager
def _skipped_without(item: pytest.Item) -> Iterator[None]:
    """Skip a test that fails since Python finds no module of a framework, wherever that was said."""
    try:
        yield
    except Exception as error:
        missing = [name for name in _not_installed() if f"No module named '{_modules()[name]}" in str(error)]
        if not (missing and item.config.getoption("--partial")):
            raise
        pytest.skip(f"{missing[0]} is not installed")


class _Partial(pytest.Module):
    """A module that is skipped where it imports a framework that is not installed."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        try:
            return super().collect()
        except self.CollectError as error:
            missing = getattr(error.__cause__, "name", None)
            if missing is None or missing.partition(".")[0] not in _modules().values():
                raise
            pytest.skip(f"{missing} is not installed", allow_module_level=True)


@cache
def _modules() -> dict[str, str]:
    """What each framework is imported as, by its name in a config."""
    from mlmagic.executors import EXECUTORS

    return {name: entry.module for name, entry in EXECUTORS.items()}


@cache
def _not_installed() -> set[str]:
    return {name for name, module in _modules().items() if find_spec(module) is None}


def _frameworks(item: pytest.Item) -> set[str]:
    """The frameworks that a test is given: as a parameter of its own, or as a part of one."""
    given = getattr(getattr(item, "callspec", None), "params", {}).values()
    parts = [part for value in given for part in (value if isinstance(value, tuple) else (value,))]
    return {part for part in parts if isinstance(part, str) and part in _modules()}
