"""TensorFlow, imported so that it is quiet and leaves the GPU to others too."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from mlmagic.errors import FrameworkNotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE = "tensorflow"

_lock = threading.Lock()


def tensorflow() -> Any:
    """Import TensorFlow on first use.

    Raises
    ------
    FrameworkNotFound
        If it is not installed.
    """
    with _lock:  # standard error is the process' own, so one thread at a time
        if MODULE not in sys.modules:
            return _first()
        # It is there from the first moment of its import: where another thread is at it, this waits for its end.
        import tensorflow as tf

        return tf


def _first() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors only; read once, at import
    try:
        with _silent():
            import tensorflow as tf

            gpus = tf.config.list_physical_devices("GPU")
    except ModuleNotFoundError as error:
        if error.name != MODULE:
            raise
        raise FrameworkNotFound(
            "TensorFlow not found in Python environment",
            stderr="ModuleNotFoundError: No module named 'tensorflow'",
            solution="Install TensorFlow: pip install tensorflow",
        ) from None
    # Else the first operation takes all memory of every GPU, and no other framework or process has any.
    with contextlib.suppress(RuntimeError):  # the GPU is in use already
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
    return tf


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Drop what C++ writes to standard error: before TensorFlow has read its log level it tells of CPU and GPU."""
    error = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(error, 2)
        os.close(error)
