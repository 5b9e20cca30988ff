"""A run's directory and stream: who holds it, how files come into being whole, what stays after a crash."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path, PurePosixPath
from typing import IO

from mlmagic.errors import OutputError
from mlmagic.events import Artifact, Event, Table, decode, encode

EVENTS, LOCK, STOP, REPORT, CONFIG = "events.jsonl", ".lock", ".stop", "report.json", "config.yaml"
PREVIOUS = ".previous"
CHECKPOINTS, TABLES, TEXT_LOG = "checkpoints", "tables", "training.log"
HALF_WRITTEN, RESERVE = ".mlmagic-", ".reserve"
OWN = frozenset({EVENTS, STOP, REPORT, CONFIG, CHECKPOINTS, TABLES, TEXT_LOG})


class RunDirectory:
    """A directory that this process holds for one run, from :meth:`claim` to :meth:`release`.

    The hold is an advisory lock on a file in it, so it ends with the process, however that ends.
    """

    def __init__(self, path: Path, lock: IO[str]) -> None:
        self.path = path
        # Where an earlier run that lay here went.
        self.set_aside: Path | None = None
        self._lock = lock
        self._stream: FileIO | None = None

    @classmethod
    def claim(cls, path: Path | None, name: str) -> RunDirectory:
        """Make and hold ``path``, or ``runs/NAME-N`` with the first free N.

        What a finished run left in ``path`` moves to ``.previous/N/``; what a killed one had half written goes.

        Raises
        ------
        OutputError
            If the directory cannot be written, a living run holds it, or files of the user's own lie where the run
            would write its config, report or log.
        """
        try:
            path = _next_free(Path("runs"), name) if path is None else _make(path)
            _spare_foreign(path)
            lock = (path / LOCK).open("a")
        except OSError as error:
            raise _unwritable(path or Path("runs"), error) from None
        if not _hold(lock):
            lock.close()
            raise OutputError(
                f"{path} belongs to a run that is still going",
                solution="Choose another outputDir, or stop that run first: %mlstop, or where another process runs it "
                f"mlmagic.attach({str(path)!r}).stop()",
            )
        # Whole: the notebook may change its working directory while the run goes on.
        directory = cls(path.absolute(), lock)
        _remove_half_written(directory.path)
        directory.set_aside = _set_aside(directory.path)
        return directory

    def append(self, event: Event, time: float) -> None:
        """Write one event to the stream, ``time`` seconds after the run began.

        Raises
        ------
        OSError
            If it cannot be written; the stream then ends with the event before.
        """
        if self._stream is None:
            self._stream = (self.path / EVENTS).open("ab", buffering=0)
        whole = self._stream.seek(0, os.SEEK_END)  # cutting a half-written line off does not move the stream
        line = f'{{"time":{time:.3f},{encode(event)[1:]}\n'.encode(errors="backslashreplace")
        try:
            written = self._stream.write(line)
            if written < len(line):  # a full disk may take a part before it refuses
                self._stream.write(line[written:])
        except OSError:
            self._stream.truncate(whole)
            raise

    def stop_asked(self) -> bool:
        """Whether another process asked this run to stop, by :func:`ask_to_stop`."""
        return (self.path / STOP).exists()

    def give_way_to(self, finished: Path) -> Path:
        """Leave the place to a finished run that is taken instead of this one; gives where that run now lies.

        One that was set aside from here moves back; for one that lies elsewhere this directory disappears.
        """
        self.release()
        for name in OWN - {CHECKPOINTS, TABLES}:
            (self.path / name).unlink(missing_ok=True)
        if finished.parent.parent == self.path:
            for item in list(finished.iterdir()):
                item.rename(self.path / item.name)
            finished.rmdir()
            return self.path
        with contextlib.suppress(OSError):  # the user's own files may lie there too
            (self.path / LOCK).unlink()
            self.path.rmdir()
        return finished

    def release(self) -> None:
        """Let the directory go. Releasing twice is fine."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self._lock.close()


def shown(path: Path) -> str:
    """A path as a person reads it: from the working directory where it lies below that, else whole."""
    with contextlib.suppress(OSError, ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def living(path: Path) -> bool:
    """Whether a process holds this run's directory now."""
    try:
        # To read: who asks may be allowed no more. Shared, so that those who ask do not take each other for a run.
        with (path / LOCK).open() as lock:
            return not _try_lock(lock, fcntl.LOCK_SH)
    except OSError:
        return False


def ask_to_stop(path: Path, by: str) -> None:
    """Ask the process that holds this run to stop it and keep its best."""
    write_whole(path / STOP, by.encode())


def read_events(path: Path) -> Iterator[tuple[float, Event]]:
    """Time and event of each finished line of a run's stream."""
    # As bytes: a line may end in the middle of a letter.
    with (path / EVENTS).open("rb") as stream:
        for line in stream:
            if line.endswith(b"\n") and (found := parse_line(line)):
                yield found


def parse_line(line: bytes) -> tuple[float, Event] | None:
    """Time and event of one line of a stream.

    None for what this version does not know or cannot read, and for a file outside the run's directory: who opens the
    run of somebody else shall not read or move other files.
    """
    try:
        body = json.loads(line)
        seconds = float(body.pop("time"))
        event = decode(body)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    if event is None or (isinstance(event, (Artifact, Table)) and _leads_out(event.path)):
        return None
    return seconds, event


def write_whole(path: Path, content: bytes | Callable[[Path], object]) -> Path:
    """Write a file so that it is there whole or not at all, also after a crash.

    Parameters
    ----------
    path
        Where it will be.
    content
        Its bytes, or a function that writes them to the path it is given (same suffix, same directory).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}{HALF_WRITTEN}", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        if callable(content):
            content(temporary)
        else:
            temporary.write_bytes(content)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_UMASK)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


# Reading the mask means setting it, which other threads would notice: once, at import.
_UMASK = os.umask(0o022)
os.umask(_UMASK)


def _next_free(parent: Path, name: str) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    pattern = re.compile(re.escape(name) + r"-(\d+)")
    taken = [int(found[1]) for item in parent.iterdir() if (found := pattern.fullmatch(item.name))]
    number = max(taken, default=0) + 1
    while True:
        try:
            (parent / f"{name}-{number}").mkdir()
        except FileExistsError:  # another process was faster
            number += 1
        else:
            return parent / f"{name}-{number}"


def _make(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _leads_out(path: str) -> bool:
    place = PurePosixPath(path)
    return place.is_absolute() or ".." in place.parts or not place.parts


def _remove_half_written(path: Path) -> None:
    """Remove what :func:`write_whole` was at when its process was killed; the directory is held, so nobody is at it."""
    ours = re.compile(rf"\..+{re.escape(HALF_WRITTEN)}[a-z0-9_]{{8}}(\.[^.]+)?")
    (path / RESERVE).unlink(missing_ok=True)
    for place in (path, path / CHECKPOINTS, path / TABLES):
        for item in place.glob(f".*{HALF_WRITTEN}*"):
            if ours.fullmatch(item.name):
                with contextlib.suppress(OSError):
                    item.unlink()


def _set_aside(path: Path) -> Path | None:
    """Move what an earlier run wrote, and nothing else: the directory may hold the user's own files too."""
    if not (path / EVENTS).exists():
        return None
    home = path / PREVIOUS
    home.mkdir(exist_ok=True)
    number = max((int(item.name) for item in home.iterdir() if item.name.isdigit()), default=0) + 1
    target = home / str(number)
    target.mkdir()
    written = {Path(event.path).parts[0] for _, event in read_events(path) if isinstance(event, (Artifact, Table))}
    for name in written | OWN:
        if (path / name).exists():
            (path / name).rename(target / name)
    return target


def _spare_foreign(path: Path) -> None:
    """Refuse a directory whose files have a run's names, but come from none."""
    if (path / EVENTS).exists() or (path / LOCK).exists():
        return
    found = [name for name in (CONFIG, REPORT, TEXT_LOG) if (path / name).exists()]
    if found:
        raise OutputError(
            f"{path} has {' and '.join(found)} that no run of mlmagic wrote, and this run would write over",
            solution=f"Choose a directory of its own, such as outputDir: {path / 'run'}",
        )


def _hold(lock: IO[str]) -> bool:
    """Whether the directory is this run's now; one who only asks by :func:`living` is gone after a moment."""
    for _ in range(20):
        if _try_lock(lock, fcntl.LOCK_EX):
            return True
        time.sleep(0.005)
    return False


def _try_lock(lock: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"Cannot write the run's directory {str(path)!r}: {error.strerror or error}",
        stderr=f"{type(error).__name__}: {error}",
        solution="Choose an outputDir where you may write",
    )
