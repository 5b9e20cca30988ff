"""How busy the GPU is, from answers as NVIDIA's and AMD's documents show them."""

from __future__ import annotations

import os
from pathlib import Path

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


def test_the_meter_asks_while_somebody_wants_to_know(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlmagic._gpu.EVERY", 0.01)
    monkeypatch.setattr("mlmagic._gpu.PATIENCE", 0.3)
    answer(tools, "nvidia-smi", NVIDIA)
    meter = Meter()
    until(lambda: (meter.latest() or {}).get("utilisation") == 63)
    answer(tools, "nvidia-smi", NVIDIA.replace("63", "5"))
    until(lambda: (meter.latest() or {}).get("utilisation") == 5)
    thread = meter._thread
    assert thread is not None
    thread.join(10)
    assert not thread.is_alive()
    until(lambda: (meter.latest() or {}).get("utilisation") == 5)
