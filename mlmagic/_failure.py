"""From whatever was raised to one clean error: a kind, a cause, the user's own last frames."""

from __future__ import annotations

import errno
import os
import re
import sysconfig
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from mlmagic.errors import MLError, OutOfMemory, OutputError, TrainingFailure

if TYPE_CHECKING:
    from types import FrameType

FRAMES = 6
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}
# Some libraries write their errors in bold.
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_OURS = f"{Path(__file__).parent}{os.sep}"
_INSTALLED = tuple({sysconfig.get_path(key) for key in ("purelib", "platlib", "stdlib", "platstdlib")})


def as_error(raised: BaseException) -> MLError:
    """The error that a run ends with when ``raised`` escapes from it."""
    if isinstance(raised, MLError):
        return raised
    cause = _COLOURS.sub("", f"{type(raised).__name__}: {raised}") if str(raised) else type(raised).__name__
    if isinstance(raised, MemoryError):
        return OutOfMemory("The machine ran out of memory", stderr=cause)
    if isinstance(raised, OSError) and raised.errno in _NO_ROOM:
        return no_room(raised)
    frames = user_frames(raised)
    if frames:
        return TrainingFailure(cause, stderr=frames, solution="Mend the line shown above and run the cell again")
    # A library refused: its own words tell more than its frames, which the log has.
    first, _, rest = cause.partition("\n")
    return TrainingFailure(first, stderr=rest.strip() or None)


def no_room(error: OSError) -> OutputError:
    """The error for a file that could not be written."""
    name = f" {error.filename}" if error.filename else ""
    return OutputError(
        f"Cannot write{name}: {error.strerror or error}",
        stderr=f"{type(error).__name__}: {error}",
        solution="Make room on that disk or choose another outputDir; what is in memory stays in the report",
    )


def user_frames(raised: BaseException) -> str:
    """The last frames of the user's own code, as a traceback shows them; empty where there are none."""
    frames = [frame for frame in traceback.extract_tb(raised.__traceback__) if _is_users(frame.filename)]
    if not frames:
        return ""
    text = "".join(traceback.format_list(frames[-FRAMES:]))
    return _COLOURS.sub("", text + "".join(traceback.format_exception_only(raised)))


def users_lines(frame: FrameType) -> str:
    """The last frames of the user's own code that are running, as a traceback shows them."""
    frames = [found for found in traceback.extract_stack(frame) if _is_users(found.filename)]
    return "".join(traceback.format_list(frames[-FRAMES:]))


def _is_users(filename: str) -> bool:
    # Cells are called "<ipython-input-...>" or a file in a temporary directory; frozen modules "<frozen ...>"; what a
    # library has compiled by Cython by the place in its sources.
    if filename.endswith((".pyx", ".pxi")) and not os.path.isabs(filename):
        return False
    return not filename.startswith((_OURS, "<frozen", *_INSTALLED))
