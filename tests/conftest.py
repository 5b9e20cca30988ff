"""What many tests need: a directory of their own to run in, and no run left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
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
