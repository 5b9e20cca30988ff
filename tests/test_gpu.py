"""How busy the GPU is, from answers as NVIDIA's and AMD's documents show them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mlmagic._gpu import Meter, read
from mlmagic.doctor import examine
from tests.runs import until

NVIDIA = "NVIDIA H100 80GB HBM3, 63, 12288, 81559"
ROCM = (
    '{"card0": {"GPU use (%)": "7", "VRAM Total Memory (B)": "68702699520", "VRAM Total Used Memory (B)": "11673600", '
    '"Card Series": "AMD Instinct MI250X"}, "system": {"Driver version": "6.7.0"}}'
)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tmp_path


@pytest.fixture
def meter(tools: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Meter]:
    """One that asks often, and no more after the test."""
    monkeypatch.setattr("mlmagic._gpu.EVERY", 0.02)
    made = Meter()
    yield made
    monkeypatch.setattr("mlmagic._gpu.PATIENCE", -1.0)
    if made._thread is not None:
        made._thread.join(30)


def answer(folder: Path, name: str, text: str, code: int = 0) -> None:
    (folder / name).write_text(
        f"#!/bin/sh\necho \"$@\" > '{folder / name}.asked'\ncat <<'EOF'\n{text}\nEOF\nexit {code}\n"
    )
    (folder / name).chmod(0o755)


def test_nvidia(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(tools, "nvidia-smi", NVIDIA)
    found = {"name": "NVIDIA H100 80GB HBM3", "utilisation": 63, "memoryUsed": 12 * 2**30, "memoryTotal": 81559 * 2**20}
    assert read() == found
    assert (tools / "nvidia-smi.asked").read_text().endswith("-i 0\n")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    assert read() == found
    assert (tools / "nvidia-smi.asked").read_text().endswith("-i 2\n")
    assert "GPU: NVIDIA H100 80GB HBM3, 85.5GB" in examine()


def test_what_the_driver_cannot_tell_is_none(tools: Path) -> None:
    answer(tools, "nvidia-smi", "NVIDIA GB10, [N/A], [N/A], [N/A]")
    assert read() == {"name": "NVIDIA GB10", "utilisation": None, "memoryUsed": None, "memoryTotal": None}


def test_amd(tools: Path) -> None:
    answer(tools, "rocm-smi", ROCM)
    found = read()
    assert found == {
        "name": "AMD Instinct MI250X", "utilisation": 7, "memoryUsed": 11673600, "memoryTotal": 68702699520,
    }  # fmt: skip


@pytest.mark.parametrize(("text", "code"), [("No devices were found", 6), ("what is this", 0), ("", 0)])
def test_no_gpu(tools: Path, text: str, code: int) -> None:
    answer(tools, "nvidia-smi", text, code)
    assert read() is None
    assert "GPU: none found" in examine()


def test_the_meter_asks_while_somebody_wants_to_know(
    tools: Path, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlmagic._gpu.PATIENCE", 0.3)
    answer(tools, "nvidia-smi", NVIDIA)
    until(lambda: (meter.latest() or {}).get("utilisation") == 63)
    answer(tools, "nvidia-smi", NVIDIA.replace("63", "5"))
    until(lambda: (meter.latest() or {}).get("utilisation") == 5)
    thread = meter._thread
    assert thread is not None
    thread.join(10)
    assert not thread.is_alive()
    until(lambda: (meter.latest() or {}).get("utilisation") == 5)


def test_the_meter_asks_again_where_the_tool_fails(tools: Path, meter: Meter) -> None:
    """A driver that is loaded again answers with an error for a while; then it answers."""
    answer(tools, "nvidia-smi", "Failed to initialize NVML: Driver/library version mismatch", 18)
    assert meter.latest() is None
    thread = meter._thread
    until((tools / "nvidia-smi.asked").exists)
    answer(tools, "nvidia-smi", NVIDIA)
    until(lambda: (meter.latest() or {}).get("utilisation") == 63)
    answer(tools, "nvidia-smi", "Unable to determine the device handle for GPU", 15)
    until(lambda: meter.latest() is None)
    answer(tools, "nvidia-smi", NVIDIA)
    until(lambda: (meter.latest() or {}).get("utilisation") == 63)
    assert meter._thread is thread


def test_pauses_grow_while_the_tool_fails(tools: Path, meter: Meter) -> None:
    (tools / "nvidia-smi").write_text(f"#!/bin/sh\ndate +%s.%N >> '{tools}/asked'\nexit 9\n")
    (tools / "nvidia-smi").chmod(0o755)

    def moments() -> list[float]:
        meter.latest()
        return [float(line) for line in (tools / "asked").read_text().split()] if (tools / "asked").exists() else []

    until(lambda: len(moments()) > 5)
    assert np.diff(moments()[:6])[-1] > 0.02 * 2**5


def test_the_meter_gives_up_where_there_is_no_tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    meter = Meter()
    assert meter.latest() is None
    thread = meter._thread
    assert thread is not None
    thread.join(10)
    assert not thread.is_alive()
    assert meter.latest() is None
    assert meter._thread is thread, "nothing is asked again"
