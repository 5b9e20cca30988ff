"""What the driver's own tool tells of the GPU: who needs no framework for it asks here.

It is asked by a thread of its own, since an answer can take a second, and only as long as somebody wants to know.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

# Seconds between questions, the most between them where the tool fails, and without anybody who wants to know.
EVERY, LONGEST, PATIENCE = 1.0, 60.0, 5.0
_MIB = 2**20


class Meter:
    """How busy the GPU is, and its memory, as they were a second ago."""

    def __init__(self) -> None:
        self._latest: dict[str, Any] | None = None
        self._asked = 0.0
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def latest(self) -> dict[str, Any] | None:
        """The keys of ``Usage.device``; None before the first answer, and while no tool answers."""
        with self._lock:
            self._asked = time.monotonic()
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="mlmagic gpu", daemon=True)
                self._thread.start()
        return self._latest

    def _watch(self) -> None:
        pause = EVERY
        while True:
            found = read()
            with self._lock:
                self._latest = found
                if found is None and not _installed():
                    return  # there is nothing to ask again: the thread that has ended stays
                if time.monotonic() - self._asked > PATIENCE:
                    self._thread, self._latest = None, None
                    return
            # A driver that is busy or starts again answers later.
            pause = EVERY if found else min(2 * pause, LONGEST)
            time.sleep(pause)


METER = Meter()


def read() -> dict[str, Any] | None:
    """Name, utilisation in per cent, and memory in bytes of the GPU that training uses; None where no tool answers."""
    for command, parse in _TOOLS:
        try:
            done = subprocess.run([*command, *_chosen(command)], capture_output=True, text=True, timeout=10, check=True)
        except (OSError, subprocess.SubprocessError):
            continue
        with contextlib.suppress(ValueError, KeyError, StopIteration):  # a tool of another version
            return parse(done.stdout)
    return None


def _installed() -> bool:
    return any(shutil.which(command[0]) for command, _ in _TOOLS)


def _chosen(command: list[str]) -> list[str]:
    """The first of the devices that CUDA may see, which frameworks take."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0].strip()
    return ["-i", visible or "0"] if command[0] == "nvidia-smi" else []


def _nvidia(text: str) -> dict[str, Any]:
    name, busy, used, total = (part.strip() for part in text.splitlines()[0].rsplit(",", 3))
    sizes = {"memoryUsed": _number(used), "memoryTotal": _number(total)}
    found = {key: value and value * _MIB for key, value in sizes.items()}
    return {"name": name, "utilisation": _number(busy), **found}


def _rocm(text: str) -> dict[str, Any]:
    card: Mapping[str, str] = next(value for key, value in json.loads(text).items() if key.startswith("card"))
    return {
        "name": card.get("Card Series") or card.get("Card series") or "AMD GPU",
        "utilisation": _number(card["GPU use (%)"]),
        "memoryUsed": _number(card["VRAM Total Used Memory (B)"]),
        "memoryTotal": _number(card["VRAM Total Memory (B)"]),
    }


def _number(text: str) -> int | None:
    """None for what the tool cannot tell: "[N/A]"."""
    return int(text) if text.isdigit() else None


_TOOLS: tuple[tuple[list[str], Callable[[str], dict[str, Any]]], ...] = (
    (
        [
            "nvidia-smi",
            "--query-gpu=name,utilization.gpu,memory.used,memory.total",
            "--format=csv,noheader,nounits",
        ],
        _nvidia,
    ),
    (["rocm-smi", "--showproductname", "--showuse", "--showmeminfo", "vram", "--json"], _rocm),
)
