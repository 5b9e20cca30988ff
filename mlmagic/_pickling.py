"""Objects between our own processes: large arrays go over by memory map, never through the pipe.

Pickle protocol 5 hands the buffers of NumPy, pandas and Arrow out of band. They are written to one file, which the
child maps; nothing is copied there. Only what the parent itself sent is ever unpickled.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import pickle
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle

ALIGNMENT = 64
SHARED = Path("/dev/shm")


@dataclass(frozen=True)
class Parcel:
    """A pickled object: its small part, and a file with its buffers at ``(offset, length)`` each."""

    body: bytes
    path: str | None
    places: tuple[tuple[int, int], ...]


def pack(value: Any) -> Parcel:
    """Pickle an object (classes of a notebook by value); :func:`discard` removes its file."""
    buffers: list[pickle.PickleBuffer] = []
    body = cloudpickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    return _with_file(body, [buffer.raw() for buffer in buffers]) if buffers else Parcel(body, None, ())


def _with_file(body: bytes, views: list[memoryview]) -> Parcel:
    directory = _directory(sum(view.nbytes + ALIGNMENT for view in views))
    handle, path = tempfile.mkstemp(prefix=f"mlmagic-{os.getpid()}-", suffix=".buffers", dir=directory)
    places = []
    try:
        with os.fdopen(handle, "wb") as file:
            for view in views:
                file.write(b"\0" * (-file.tell() % ALIGNMENT))
                places.append((file.tell(), view.nbytes))
                file.write(view)
    except OSError:  # a full disk
        Path(path).unlink()
        raise
    return Parcel(body, path, tuple(places))


def pack_whole(value: Any) -> Parcel:
    """Pickle an object without a file: for what may never be unpacked, such as a model nobody touches."""
    return Parcel(cloudpickle.dumps(value, protocol=5), None, ())


def unpack(parcel: Parcel) -> Any:
    """The object again; its arrays are views of the mapped file, copied page by page only where they are written."""
    if parcel.path is None:
        return pickle.loads(parcel.body)
    with Path(parcel.path).open("rb") as file:
        empty = os.fstat(file.fileno()).st_size == 0
        view = memoryview(b"") if empty else memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    return pickle.loads(parcel.body, buffers=[view[start : start + length] for start, length in parcel.places])


def discard(parcel: Parcel) -> None:
    """Remove the parcel's file; a process that has mapped it keeps its view."""
    if parcel.path is not None:
        Path(parcel.path).unlink(missing_ok=True)


def sweep() -> None:
    """Remove the files of processes that were killed before their child had taken them over."""
    for directory in (SHARED, Path(tempfile.gettempdir())):
        for path in directory.glob("mlmagic-*-*.buffers"):
            owner = path.name.split("-")[1]
            if owner.isdigit() and not _lives(int(owner)):
                with contextlib.suppress(OSError):  # somebody else's, or swept by another process
                    path.unlink()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _directory(size: int) -> Path | None:
    """Shared memory where there is room for it, else the temporary directory; a container's may hold only 64 MB."""
    with contextlib.suppress(OSError):
        place = os.statvfs(SHARED)
        if os.access(SHARED, os.W_OK) and place.f_bavail * place.f_frsize > size:
            return SHARED
    return None
