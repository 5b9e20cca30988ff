"""Prints and warnings of a run's thread go to its log; everybody else's go where they always went."""

from __future__ import annotations

import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

Sink = Callable[[str, str], None]

_sinks: dict[int, Sink] = {}
# By thread, whose warnings are shown once and which were.
_told: dict[int, tuple[str, set[str]]] = {}
_lock = threading.Lock()
# Of the rows that were looked at just then: a few, a batch, or as many as there may be.
_SHAPE = re.compile(r"\((?:None|\d+)(?:, ?(?:None|\d+))*,?\)")


class _ByThread:
    """Stands in for a standard stream: text of a run's thread goes to its sink, the rest passes through."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._partial: dict[int, str] = {}

    def write(self, text: str) -> int:
        thread = threading.get_ident()
        sink = _sinks.get(thread)
        if sink is None:
            return self.stream.write(text)
        *lines, rest = (self._partial.pop(thread, "") + text).split("\n")
        if rest:
            self._partial[thread] = rest
        # Progress bars end a line with a carriage return; only the last state of it is worth a line.
        for line in lines:
            sink(line.rpartition("\r")[2] or line.rstrip("\r"), "output")
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def finish(self, thread: int, sink: Sink) -> None:
        """Log what was printed without a newline at the end."""
        if rest := self._partial.pop(thread, ""):
            sink(rest.rpartition("\r")[2] or rest, "output")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def captured(sink: Sink) -> Iterator[None]:
    """Send this thread's prints and warnings to ``sink(text, level)`` while the block runs.

    A block inside another has them to itself. ``warnings.catch_warnings`` would change the whole process, so the hook
    that shows a warning is shared and looks at the thread instead.
    """
    thread = threading.get_ident()
    with _lock:
        _install()
        before = _sinks.get(thread)
        _sinks[thread] = sink
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, _ByThread):
                stream.finish(thread, sink)
        with _lock:
            if before is None:
                del _sinks[thread]
            else:
                _sinks[thread] = before
            if not _sinks:
                _uninstall()


@contextmanager
def once(package: str, told: set[str]) -> Iterator[None]:
    """Show each warning that a package's own code gives this thread one time only while the block runs.

    Python compares whole texts: the same about a batch of another shape would be another.

    Parameters
    ----------
    package
        The directory below which the code lies.
    told
        What was shown before, shapes aside; it grows.
    """
    thread = threading.get_ident()
    before = _told.get(thread)
    _told[thread] = (package, told)
    try:
        yield
    finally:
        if before is None:
            del _told[thread]
        else:
            _told[thread] = before


@contextmanager
def without(unwanted: re.Pattern[str]) -> Iterator[None]:
    """Keep what matches from this thread's log while the block runs."""
    sink = _sinks.get(threading.get_ident())
    if sink is None:
        yield
        return
    with captured(lambda text, level: None if unwanted.search(text) else sink(text, level)):
        yield


def _again(thread: int, filename: str, text: str) -> bool:
    """Whether it was shown before, where that is to be known."""
    package, told = _told.get(thread, ("", set()))
    if not package or not filename.startswith(package):
        return False
    what = _SHAPE.sub("", text)
    known = what in told
    told.add(what)
    return known


def _install() -> None:
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, _ByThread):
            setattr(sys, name, _ByThread(stream))
    if warnings.showwarning is not _show:
        _Shown.original = warnings.showwarning
        warnings.showwarning = _show


def _uninstall() -> None:
    # Somebody may have put a stream of their own over ours meanwhile; then ours stays below it and passes through.
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, _ByThread):
            setattr(sys, name, stream.stream)
    if warnings.showwarning is _show:
        warnings.showwarning = _Shown.original


class _Shown:
    original: Any = staticmethod(warnings.showwarning)


def _show(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    thread = threading.get_ident()
    sink = _sinks.get(thread)
    if sink is None or file is not None:
        _Shown.original(message, category, filename, lineno, file, line)
    elif not _again(thread, filename, str(message)):
        sink(f"{category.__name__}: {message}", "warning")
