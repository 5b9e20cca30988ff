"""Which model scripts runs of this person ran on this machine: one of those may run again when a run is opened."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
from hashlib import blake2b
from pathlib import Path

_lock = threading.Lock()


def note(path: Path, name: str | None, code: bytes) -> None:
    """Remember that a run which the person asked for runs this script. A home that cannot be written is no fault."""
    with _lock, contextlib.suppress(OSError, RuntimeError):
        hashes = _read()
        if (new := _hash(path, name, code)) not in hashes:
            _write({*hashes, new})


def known(path: Path, name: str | None, code: bytes) -> bool:
    """Whether this very script ran here before, in its place, for this class.

    The place counts because a script imports what lies beside it; the class, because any callable that a script
    imports could be named in a config that somebody else wrote.
    """
    return _hash(path, name, code) in _read()


def _hash(path: Path, name: str | None, code: bytes) -> str:
    digest = blake2b(digest_size=32)
    for part in (os.fsencode(path.resolve()), repr(name).encode(), code):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _file() -> Path:
    """The person's own file, of one hash a line."""
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    if given.is_absolute():  # the specification has any other ignored
        base = given
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path.home() / ".local" / "state"
    return base / "mlmagic" / "scripts"


def _read() -> set[str]:
    try:
        return set(_file().read_text(encoding="ascii").split())
    except (OSError, ValueError, RuntimeError):  # none yet, damaged, or no home
        return set()


def _write(hashes: set[str]) -> None:
    path = _file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)  # only the person can read and write it
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write("".join(f"{one}\n" for one in sorted(hashes)))
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
