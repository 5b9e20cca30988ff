"""What many tests need: a directory of their own to run in, and no run left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
