"""What those who show a run or wait for it need of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlmagic._kept import Kept
    from mlmagic.config import RunConfig
    from mlmagic.state import RunState


class Run(Protocol):
    """A run, be it a job of this process or one that was attached."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def table(self) -> str:
        """What the notebook calls the table of predictions; empty where nothing is bound to it."""
        ...

    @property
    def path(self) -> Path: ...
    @property
    def config(self) -> RunConfig: ...
    @property
    def state(self) -> RunState: ...
    @property
    def elapsed(self) -> float: ...
    @property
    def kept(self) -> Kept | None: ...
    def wait(self, timeout: float | None = None, *, results: bool = False) -> bool: ...
    def stop(self, by: str = ...) -> None: ...
    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]: ...
